#!/usr/bin/python3
"""What one slow replica costs: the time of reads with three replicas, one of which
answers 20 ms late, against the time with all of them well.

The slow one stands behind a forwarder that holds back what it says. Two relevos, one
of which reaches that replica directly and one through the forwarder, take turns; p99 is over all statements of a round, as pgbench logged
them; the figure is the median ratio. Bound: 1.3.

    tests/bench/slow_replica.py [--rounds 5] [--seconds 5] [--clients 16] [--delay 20ms] [--json FILE]

For comparison, --balance round_robin shows what is lost by sharing blindly.
"""

import argparse
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from delay_gate import DelayGate  # noqa: E402
from stage import Stage  # noqa: E402


def pgbench(stage, proxy, clients, seconds):
    """Latencies in milliseconds, sorted; how many statements db4 got."""
    for old in stage.directory.glob("times.*"):
        old.unlink()
    before = reads(proxy)
    done = subprocess.run(
        [stage.cluster.bin / "pgbench", "-n", "-S", "-c", str(clients), "-j", "1", "-T", str(seconds),
         "-l", "--log-prefix", stage.directory / "times", "-h", "127.0.0.1", "-p", str(proxy.port), "-U", "app", "app"],
        capture_output=True, text=True, timeout=seconds + 60,
        env={**os.environ, "PGPASSWORD": stage.cluster.passwords["app"]})
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    times = sorted(int(line.split()[2]) / 1000 for log in stage.directory.glob("times.*")
                   for line in log.read_text().splitlines())
    return times, reads(proxy) - before


def reads(proxy):
    found = re.findall(r'^relevo_queries_total{([^}]*)} ([0-9.e+]+)', proxy.get("/metrics"), re.M)
    return sum(float(value) for labels, value in found if '"db4"' in labels)


def at(times, share):
    return times[min(len(times) - 1, int(len(times) * share))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--delay", default="20ms")
    parser.add_argument("--balance", default="least_outstanding")
    parser.add_argument("--json")
    options = parser.parse_args()
    delay_s = float(options.delay.removesuffix("ms")) / 1000
    ratios, rounds = [], []
    with contextlib.ExitStack() as closing:
        stage = closing.enter_context(Stage("postgres", replicas=3))
        gate = DelayGate(stage.cluster.ports["db4"], delay_s)
        closing.callback(gate.close)
        subprocess.run([stage.cluster.bin / "pgbench", "-i", "-q", "-s", "5", "-h", "127.0.0.1", "-p",
                        str(stage.cluster.ports["db1"]), "-U", "app", "app"], check=True, capture_output=True,
                       env={**os.environ, "PGPASSWORD": stage.cluster.passwords["app"]})
        proxies = {}
        for name, port in (("well", stage.cluster.ports["db4"]), ("slow", gate.port)):
            directory = stage.directory / name
            directory.mkdir(mode=0o755)
            ports = {**stage.cluster.ports, "db4": port}
            proxies[name] = stage.harness.Relevo(stage.cluster, directory, {"workers": 1, "cluster": {
                "routing": {"balance": options.balance},
                "nodes": [{"name": node, "address": f"127.0.0.1:{at}"} for node, at in ports.items()],
                "failover": {"mode": "off"}}})
            closing.callback(proxies[name].kill)
            proxies[name].start()
            proxies[name].await_healthy()
        time.sleep(2)  # the monitor's last answers are of the slow kind
        for number in range(options.rounds):
            measured = {}
            for name in ("well", "slow")[::1 if number % 2 == 0 else -1]:
                times, of_slow = pgbench(stage, proxies[name], options.clients, options.seconds)
                measured[name] = {"p50_ms": at(times, 0.5), "p99_ms": at(times, 0.99), "max_ms": times[-1],
                                  "statements": len(times), "db4": of_slow / len(times)}
            ratio = measured["slow"]["p99_ms"] / measured["well"]["p99_ms"]
            ratios.append(ratio)
            rounds.append(measured)
            print(f"round {number + 1}: p99 {measured['well']['p99_ms']:.2f} ms, with a slow replica "
                  f"{measured['slow']['p99_ms']:.2f} ms (p50 {measured['well']['p50_ms']:.2f}, "
                  f"{measured['slow']['p50_ms']:.2f}); db4's part {measured['well']['db4']:.1%}, "
                  f"{measured['slow']['db4']:.2%}: {ratio:.2f}", flush=True)
    median = statistics.median(ratios)
    print(f"median {median:.2f} (best {min(ratios):.2f}, worst {max(ratios):.2f}), bound 1.3")
    if options.json:
        Path(options.json).write_text(json.dumps({"ratios": ratios, "rounds": rounds}, indent=2))
    return 0 if median <= 1.3 else 1


if __name__ == "__main__":
    sys.exit(main())

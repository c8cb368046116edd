#!/usr/bin/python3
"""CPU of the proxy process per query: relevo against PgBouncer, in one run.

Both stand in front of the same server and take turns, round by round, so that
whatever else the machine does hits both. The figure is utime + stime of the proxy
process (all threads) over the transactions that pgbench counted; `pgbench -S` is
one query each. A ratio travels between machines, microseconds do not.

    tests/bench/pgbench_cpu.py [--rounds 7] [--seconds 5] [--clients 16] [--json FILE]

RELEVO_BUILD_DIR names the build (default build/release). PgBouncer older than
1.21 knows no prepared statements in transaction mode; it is then measured in
session mode for them, which is the easier job, and the output says so. A newer one may
be taken from another Debian, as root:

    debootstrap --variant=minbase --include=pgbouncer trixie ROOT && mount --bind /tmp ROOT/tmp
    RELEVO_PGBOUNCER_ROOT=ROOT tests/bench/pgbench_cpu.py
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))
os.environ.setdefault("RELEVO_BUILD_DIR", str(Path(__file__).resolve().parents[2] / "build" / "release"))

import harness  # noqa: E402


def pgbouncer_version():
    chroot = ["chroot", harness.PGBOUNCER_ROOT] if harness.PGBOUNCER_ROOT else []
    text = subprocess.run([*chroot, "/usr/sbin/pgbouncer", "--version"],
                          capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.search(r"(\d+)\.(\d+)", text).groups()))


class PgBouncer(harness.Server):
    def __init__(self, cluster, directory, pool_mode):
        super().__init__(directory)
        self.name = f"pgbouncer ({pool_mode} mode)"
        prepared = "max_prepared_statements = 200" if pgbouncer_version() >= (1, 21) else ""
        # Without a log line per connection, as one would run it under load; so is relevo.
        harness.start_pgbouncer(self, cluster, pool_mode, 20,
                                f"log_connections = 0\nlog_disconnections = 0\n{prepared}")


def measure(server, cluster, mode, clients, seconds):
    """(CPU microseconds per transaction, transactions per second)"""
    before = server.cpu_seconds()
    done = subprocess.run(
        [cluster.bin / "pgbench", "-n", "-S", "-M", mode, "-c", str(clients), "-j", "1", "-T", str(seconds),
         "-h", "127.0.0.1", "-p", str(server.port), "-U", "app", "app"],
        capture_output=True, text=True, timeout=seconds + 60,
        env={**os.environ, "PGPASSWORD": cluster.passwords["app"]})
    if done.returncode != 0:
        raise SystemExit(f"pgbench through {server.name} failed:\n{done.stderr}")
    used = server.cpu_seconds() - before
    count = int(re.search(r"actually processed: (\d+)", done.stdout)[1])
    return used / count * 1e6, count / seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--modes", nargs="+", default=["simple", "prepared"])
    parser.add_argument("--replicas", type=int, default=1, help="0: no splitting to do")
    parser.add_argument("--json")
    options = parser.parse_args()

    directory = Path(tempfile.mkdtemp(prefix="relevo-bench-"))
    directory.chmod(0o711)
    servers = []
    cluster = harness.Cluster(directory / "cluster", replicas=options.replicas)
    try:
        for name in ("relevo", "transaction", "session"):
            (directory / name).mkdir(mode=0o755)
        relevo = harness.Relevo(cluster, directory / "relevo",
                                {"log": {"level": "warning"}, "workers": 1})  # PgBouncer has one thread, too
        servers.append(relevo)
        if not os.environ.get("RELEVO_BENCH_WITHOUT_RELEVO"):  # to try this script by itself
            relevo.start().await_healthy()
        else:
            relevo = None
        bouncers = {mode: PgBouncer(cluster, directory / mode, mode) for mode in ("transaction", "session")}
        servers += bouncers.values()
        subprocess.run([cluster.bin / "pgbench", "-i", "-q", "-s", "10", "-h", "127.0.0.1",
                        "-p", str(cluster.ports["db1"]), "-U", "app", "app"], check=True, capture_output=True,
                       env={**os.environ, "PGPASSWORD": cluster.passwords["app"]})
        cluster.await_replicas()

        result = {}
        for mode in options.modes:
            easier = mode == "prepared" and pgbouncer_version() < (1, 21)
            contenders = [bouncers["session" if easier else "transaction"]]
            if relevo:
                contenders.insert(0, relevo)
            for contender in contenders:  # warm: caches, pools, plans
                measure(contender, cluster, mode, options.clients, 1)
            samples = {contender.name: [] for contender in contenders}
            for number in range(options.rounds):
                # Whoever goes first changes with each round.
                for contender in contenders if number % 2 == 0 else reversed(contenders):
                    cpu_us, tps = measure(contender, cluster, mode, options.clients, options.seconds)
                    samples[contender.name].append((cpu_us, tps))
                    harness.say(f"{mode:9} round {number + 1}/{options.rounds}  {contender.name:28} "
                                f"{cpu_us:6.2f} us CPU/query  {tps:8.0f} queries/s")
            result[mode] = {name: {"cpu_us": statistics.median(s[0] for s in values),
                                   "tps": statistics.median(s[1] for s in values),
                                   "all_cpu_us": [round(s[0], 3) for s in values]}
                            for name, values in samples.items()}
            if relevo:
                theirs = next(name for name in samples if name != "relevo")
                ratios = [ours[0] / other[0] for ours, other in zip(samples["relevo"], samples[theirs])]
                result[mode]["ratio"] = {"median": statistics.median(ratios), "worst": max(ratios), "best": min(ratios)}

        print(f"\nCPU of the proxy per query, {options.clients} clients, median of {options.rounds} rounds")
        for mode, figures in result.items():
            for name, values in figures.items():
                if name != "ratio":
                    print(f"  {mode:9} {name:28} {values['cpu_us']:6.2f} us   {values['tps']:8.0f} queries/s")
            if "ratio" in figures:
                print("  {:9} relevo / PgBouncer             {median:.2f}   (best {best:.2f}, worst {worst:.2f})".format(
                    mode, **figures["ratio"]))
        if options.json:
            Path(options.json).write_text(json.dumps(result, indent=2) + "\n")
        return 0 if all(f.get("ratio", {"median": 0})["median"] <= 1 for f in result.values()) else 1
    finally:
        for server in servers:
            server.kill()
        cluster.destroy()
        harness.shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())

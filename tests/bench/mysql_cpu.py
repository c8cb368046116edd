#!/usr/bin/python3
"""CPU of the proxy process per point select: relevo against HAProxy as a bare TCP
relay, in one run.

Both stand in front of the same servers and take turns, round by round, so that
whatever else the machine does hits both. The figure is utime + stime of the proxy
process (all threads) over the queries that sysbench counted. HAProxy forwards bytes
to the primary and knows nothing of them; relevo classifies every statement and
spreads them over primary and replicas. A ratio travels between machines,
microseconds do not.

    tests/bench/mysql_cpu.py [--rounds 7] [--seconds 5] [--clients 16] [--json FILE]
    tests/bench/mysql_cpu.py --modes text compressed

`text`: each query as text (COM_QUERY). `prepared`: prepared once a session and then
executed, parameters and rows in binary (COM_STMT_EXECUTE). `compressed`: text, with
zlib between client and relevo, which HAProxy leaves to the server: no bound, it shows
what a client's compression costs. Exit code 0: the median ratio is at most 1.2 in
the two others. Which build is measured: stage.py.
"""

import argparse
import json
import re
import socket
import statistics
import subprocess
import sys
from pathlib import Path

from stage import Stage

BOUND = 1.2
ROWS = 10000
# The relay passes on what its clients send, which is plain: MySQL's servers would offer TLS.
PLAIN = {"log": {"level": "warning"}, "workers": 1, "cluster": {"server_tls": {"mode": "disable"}}}


def haproxy(stage):
    """One thread, as relevo has one worker; no log, no checks, no splice."""
    server = stage.harness.Server(stage.directory / "haproxy")
    server.directory.mkdir(mode=0o755)
    server.name = "HAProxy"
    configuration = server.directory / "haproxy.cfg"
    configuration.write_text(f"""
global
    nbthread 1
    maxconn 1000
defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h
listen mysql
    bind 127.0.0.1:{server.port}
    server primary 127.0.0.1:{stage.cluster.ports["db1"]}
""")
    server.spawn(["/usr/sbin/haproxy", "-db", "-f", configuration])
    stage.harness.wait_until(lambda: answers(server.port), "HAProxy listens")
    return server


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def sysbench(stage, port, mode, clients, command, *more):
    done = subprocess.run(
        ["sysbench", "oltp_point_select", "--db-driver=mysql", "--mysql-host=127.0.0.1", f"--mysql-port={port}",
         "--mysql-user=app", f"--mysql-password={stage.cluster.passwords['app']}", "--mysql-db=app",
         "--mysql-ssl=off", "--tables=1", f"--table-size={ROWS}", f"--threads={clients}",
         f"--db-ps-mode={'auto' if mode == 'prepared' else 'disable'}",
         f"--mysql-compression={'on' if mode == 'compressed' else 'off'}", *more, command],
        capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise SystemExit(f"sysbench {command} failed:\n{done.stdout[-2000:]}{done.stderr}")
    return done.stdout


def measure(stage, server, mode, clients, seconds):
    """(CPU microseconds per query, queries per second)"""
    before = server.cpu_seconds()
    output = sysbench(stage, server.port, mode, clients, "run", f"--time={seconds}")
    used = server.cpu_seconds() - before
    count = int(re.search(r"^\s+total:\s+(\d+)", output, re.M)[1])
    return used / count * 1e6, count / seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--modes", nargs="+", default=["text", "prepared"])
    parser.add_argument("--replicas", type=int, default=1, help="0: no splitting to do")
    parser.add_argument("--json")
    options = parser.parse_args()

    with Stage("mysql", replicas=options.replicas, relevo=PLAIN) as stage:
        stage.proxy.start().await_healthy()
        sysbench(stage, stage.cluster.ports["db1"], "text", 1, "prepare")
        stage.cluster.await_replicas()
        relay = haproxy(stage)
        try:
            result = compare(stage, [stage.proxy, relay], options)
        finally:
            relay.kill()

    print(f"\nCPU of the proxy per point select, {options.clients} clients, median of {options.rounds} rounds")
    for mode, figures in result.items():
        for name in ("relevo", "HAProxy"):
            print(f"  {mode:9} {name:18} {figures[name]['cpu_us']:6.2f} us   {figures[name]['qps']:8.0f} queries/s")
        print("  {:9} relevo / HAProxy    {median:.2f}   (best {best:.2f}, worst {worst:.2f})".format(
            mode, **figures["ratio"]))
    if options.json:
        Path(options.json).write_text(json.dumps(result, indent=2) + "\n")
    bounded = [figures for mode, figures in result.items() if mode != "compressed"]
    return 0 if all(figures["ratio"]["median"] <= BOUND for figures in bounded) else 1


def compare(stage, contenders, options):
    result = {}
    for mode in options.modes:
        for contender in contenders:  # warm: caches, pools, prepared statements
            measure(stage, contender, mode, options.clients, 1)
        samples = {contender.name: [] for contender in contenders}
        for number in range(options.rounds):
            # Whoever goes first changes with each round.
            for contender in contenders if number % 2 == 0 else reversed(contenders):
                cpu_us, qps = measure(stage, contender, mode, options.clients, options.seconds)
                samples[contender.name].append((cpu_us, qps))
                stage.harness.say(f"{mode:9} round {number + 1}/{options.rounds}  {contender.name:8} "
                                  f"{cpu_us:6.2f} us CPU/query  {qps:8.0f} queries/s")
        ratios = [ours[0] / other[0] for ours, other in zip(samples["relevo"], samples["HAProxy"])]
        result[mode] = {name: {"cpu_us": statistics.median(s[0] for s in values),
                               "qps": statistics.median(s[1] for s in values),
                               "all_cpu_us": [round(s[0], 3) for s in values]}
                        for name, values in samples.items()}
        result[mode]["ratio"] = {"median": statistics.median(ratios), "worst": max(ratios), "best": min(ratios)}
    return result


if __name__ == "__main__":
    sys.exit(main())

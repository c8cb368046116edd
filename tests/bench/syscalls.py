#!/usr/bin/python3
"""System calls per query of Relevo and of those it is compared with, counted by strace.

pgbench -S with 16 clients through each, while strace counts what the thread that serves
them asks of the kernel. strace slows them all down, so that fewer events come with one
epoll_wait than would otherwise: compare the columns with each other.

    tests/bench/syscalls.py [--seconds 5] [--modes simple prepared]

Target: no more than the floor's plus a tenth. Exit code 0: it is kept.
"""

import argparse
import collections
import contextlib
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import contenders
import workloads
from run_stage import Bench

SHOWN = 0.005  # calls a query; what is rarer goes into the sum alone


def thread_of(pid):
    """The one that serves clients: Relevo's monitor has another."""
    for comm in Path(f"/proc/{pid}/task").glob("*/comm"):
        if comm.read_text() == "worker0\n":
            return comm.parent.name
    return pid


def count(stage, contender, mode, seconds):
    """{system call: how many a query}"""
    workload = workloads.Pgbench(mode, arguments=("-S", "-M", mode))
    workload.pgbench(stage, contender, "-T", 1)  # warm
    output = stage.directory / "strace"
    tracer = subprocess.Popen(["strace", "-c", "-o", output, "-p", str(thread_of(contender.server.process.pid))],
                              stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)  # while it attaches, nothing is asked: an idle proxy's calls are few
        queries = workload.pgbench(stage, contender, "-T", seconds)
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait(30)
    calls = collections.Counter()
    for line in output.read_text().splitlines():
        if found := re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", line):
            if found[2] != "total":
                calls[found[2]] += int(found[1])
    return {name: number / queries for name, number in calls.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--modes", nargs="+", default=["simple", "prepared"])
    options = parser.parse_args()

    kept = True
    with Bench("postgres", tls=False) as stage, contextlib.ExitStack() as ending:
        stage.proxy.start().await_healthy()
        workloads.prepare(stage)
        field = [contenders.Contender("Relevo", stage.proxy.port, stage.proxy), contenders.floor(stage),
                 contenders.haproxy(stage), contenders.pgbouncer(stage, "")]
        for one in field[1:]:
            if one:
                ending.callback(one.server.kill)
        for mode in options.modes:
            able = [one for one in field if one and not (mode == "prepared" and getattr(one, "prepared", True) is False)]
            calls = {one.name: count(stage, one, mode, options.seconds) for one in able}
            names = sorted({name for figures in calls.values() for name, number in figures.items() if number >= SHOWN})
            sums = {who: sum(figures.values()) for who, figures in calls.items()}
            print(f"\n**{mode}**: system calls a query\n\n| | {' | '.join(names)} | all |\n|{'---|' * (len(names) + 2)}")
            for who, figures in calls.items():
                print(f"| {who} | " + " | ".join(f"{figures.get(name, 0):.2f}" for name in names) + f" | {sums[who]:.2f} |")
            kept = kept and sums["Relevo"] <= 1.1 * sums["floor"]
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())

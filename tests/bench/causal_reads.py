#!/usr/bin/python3
"""100,000 times: a session writes a row and reads it back at once. Not one stale read.

16 sessions, two replicas held back 50 and 500 ms; meanwhile other sessions only
read, and more than half of their reads must be served by the replicas: always
reading from the primary would prove nothing.

PostgreSQL holds its replicas back itself (recovery_min_apply_delay): each row comes
so much later. MariaDB and MySQL know whole seconds only: there a global read lock
stops a replica's commits for so long, lets them go until all is applied, and stops
them again; how much the replica lacks changes all the time.

    tests/bench/causal_reads.py [--engine mysql] [--pairs 100000] [--delays 50ms 500ms] [--json FILE]
"""

import argparse
import contextlib
import json
import sys
import threading
from pathlib import Path

from stage import ENGINES, Stage

SESSIONS = 16


class HeldBack:
    """Stops all commits of a replica for `delay_s`, again and again. MariaDB, MySQL."""

    def __init__(self, cluster, node, delay_s):
        self.cluster, self.node, self.delay_s = cluster, node, delay_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        position = self.cluster.by_flavour("@@GLOBAL.gtid_slave_pos", "@@GLOBAL.gtid_executed")
        wait = self.cluster.by_flavour("MASTER_GTID_WAIT", "WAIT_FOR_EXECUTED_GTID_SET")
        with contextlib.closing(self.cluster.connect(self.node)) as connection, connection.cursor() as cursor:
            while not self._ended.is_set():
                cursor.execute("FLUSH TABLES WITH READ LOCK")
                self._ended.wait(self.delay_s)
                cursor.execute(f"SELECT {position}")
                stood_at = cursor.fetchone()[0].replace("\n", "")
                cursor.execute("UNLOCK TABLES")
                # Until all has come that waited here, for a moment at least.
                received = self.cluster.position("db1")
                if received != stood_at:
                    cursor.execute(f"SELECT {wait}(%s, 1)", (received,))
                self._ended.wait(0.01)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()


def held_back(stage, delays):
    """A context in which the replicas are late, where the servers don't see to it."""
    stack = contextlib.ExitStack()
    if stage.cluster.engine == "mysql":
        for node, delay in delays.items():
            stack.enter_context(HeldBack(stage.cluster, node, float(delay.removesuffix("ms")) / 1000))
    return stack


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=ENGINES, default=ENGINES[0])
    parser.add_argument("--pairs", type=int, default=100000)
    parser.add_argument("--delays", nargs=2, default=["50ms", "500ms"])
    parser.add_argument("--json")
    options = parser.parse_args()

    delays = dict(zip(("db2", "db3"), options.delays))
    of_cluster = {"delays": delays} if options.engine == "postgres" else {}
    with Stage(options.engine, relevo={"log": {"level": "warning"}, "cluster": {"routing": {"max_lag": "5s"}}},
               **of_cluster) as stage:
        stage.proxy.start().await_healthy()
        # The table first: another session's read may be older than its creation.
        stage.load(writers=1, readers=0, idle=0, stop_after_writes=1).finish()
        stage.cluster.sql("db1", "TRUNCATE relevo_ledger", user="app")
        stage.cluster.await_replicas()
        with held_back(stage, delays):
            load = stage.load(setup=False, writers=SESSIONS, readers=4, idle=0, read_back=True,
                              stop_after_writes=options.pairs // SESSIONS, reads_per_second=1000)
            stage.harness.wait_until(lambda: not load.running(), "all pairs are done", 3600, 0.5)
            summary = load.finish()

    back, reads = summary["read_backs"], summary["reads"]["by_node"]
    share = sum(count for node, count in reads.items() if node != "db1") / max(1, sum(reads.values()))
    print(f"\n{back['count']} writes read back at once by {SESSIONS} sessions, replicas held back "
          f"{' and '.join(options.delays)}: {back['stale']} stale")
    print(f"  read-backs by node: {back['by_node']}")
    print(f"  other sessions' reads by node: {reads}: {share:.0%} on replicas")
    print(f"  errors: {summary['errors']}")
    if options.json:
        Path(options.json).write_text(json.dumps({**summary, "share_on_replicas": share}, indent=2) + "\n")
    right = back["stale"] == 0 and share > 0.5 and not any(summary["errors"].values()) and summary["ledger"]["right"]
    return 0 if right and back["count"] == options.pairs // SESSIONS * SESSIONS else 1


if __name__ == "__main__":
    sys.exit(main())

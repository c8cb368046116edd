#!/usr/bin/python3
"""100,000 times: a session writes a row and reads it back at once. Not one stale read.

16 sessions, two replicas held back 50 and 500 ms (recovery_min_apply_delay);
meanwhile other sessions only read, and more than half of their reads must be
served by the replicas: always reading from the primary would prove nothing.

    tests/bench/causal_reads.py [--pairs 100000] [--delays 50ms 500ms] [--json FILE]
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "integration"))
os.environ.setdefault("RELEVO_BUILD_DIR", str(ROOT / "build" / "release"))
if (ROOT / "build" / "workload" / "relevo-workload").exists():  # where demo.sh builds it
    os.environ.setdefault("RELEVO_WORKLOAD", str(ROOT / "build" / "workload" / "relevo-workload"))

import harness  # noqa: E402

SESSIONS = 16


class Stage:
    """What harness.Workload wants to know of a test."""

    def __init__(self, directory, cluster, proxy):
        self.directory, self.cluster, self.proxy = directory, cluster, proxy


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=100000)
    parser.add_argument("--delays", nargs=2, default=["50ms", "500ms"])
    parser.add_argument("--json")
    options = parser.parse_args()

    directory = Path(tempfile.mkdtemp(prefix="relevo-bench-"))
    directory.chmod(0o711)
    (directory / "proxy").mkdir()
    cluster = harness.Cluster(directory / "cluster", replicas=2,
                              delays={"db2": options.delays[0], "db3": options.delays[1]})
    relevo = harness.Relevo(cluster, directory / "proxy",
                            {"log": {"level": "warning"}, "cluster": {"routing": {"max_lag": "5s"}}})
    try:
        relevo.start().await_healthy()
        # The table first: another session's read may be older than its creation.
        stage = Stage(directory, cluster, relevo)
        harness.Workload(stage, writers=1, readers=0, idle=0, stop_after_writes=1).finish()
        cluster.sql("db1", "TRUNCATE relevo_ledger", user="app")
        cluster.await_replicas()
        load = harness.Workload(stage, setup=False, writers=SESSIONS, readers=4, idle=0, read_back=True,
                                stop_after_writes=options.pairs // SESSIONS, reads_per_second=1000)
        harness.wait_until(lambda: not load.running(), "all pairs are done", 3600, 0.5)
        summary = load.finish()
    finally:
        relevo.kill()
        cluster.destroy()
        harness.shutil.rmtree(directory, ignore_errors=True)

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

#!/usr/bin/python3
"""A session reads its own writes, though a replica is behind by a second.

RELEVO_PAIRS: how many write-then-read pairs in all (default 3000)."""

import os

import harness


class CausalReads(harness.IntegrationTest):
    cluster_options = {"replicas": 2, "delays": {"db3": "1"}}
    # Wide enough for the delay: staleness must be kept away by causality, not by lag.
    config = {"cluster": {"routing": {"max_lag": "5s"}}}

    def test_no_stale_read(self):
        pairs = int(os.environ.get("RELEVO_PAIRS", "3000"))
        sessions = 16
        # The table first: another session's read may be older than its creation.
        harness.Workload(self, writers=1, readers=0, idle=0, stop_after_writes=1).finish()
        self.cluster.sql("db1", "TRUNCATE relevo_ledger", user="app")
        self.cluster.await_replicas()
        load = harness.Workload(self, setup=False, writers=sessions, readers=4, idle=0, read_back=True,
                                stop_after_writes=pairs // sessions, reads_per_second=200)
        harness.wait_until(lambda: not load.running(), "all pairs are done", 240)
        summary = load.finish()
        self.assertEqual(summary["read_backs"]["count"], pairs // sessions * sessions)
        self.assertEqual(summary["read_backs"]["stale"], 0, summary["read_backs"])
        self.assertEqual(summary["errors"], {"writers": {}, "readers": {}, "idle": {}})
        if not harness.STANDIN:
            reads = summary["reads"]["by_node"]
            on_replicas = sum(count for node, count in reads.items() if node != "db1")
            self.assertGreater(on_replicas, sum(reads.values()) / 2, reads)

    @harness.only_relevo
    def test_returns_to_a_replica_once_it_has_replayed(self):
        connection = self.connect()
        self.query(connection, "CREATE TABLE causal (a INT)")
        self.query(connection, "INSERT INTO causal VALUES (1)")
        self.assertEqual(self.where(connection, "SELECT @@port FROM causal"), "db1")
        harness.wait_until(lambda: self.where(connection, "SELECT @@port FROM causal") != "db1",
                           "the session reads from a replica again", 10)

    @harness.only_relevo
    def test_a_write_that_the_text_does_not_show(self):
        """Any statement on the primary may write: a function does, too."""
        self.query(self.connect(), "CREATE TABLE hidden (a INT)")
        self.cluster.sql("db1", "CREATE FUNCTION app.add_one() RETURNS INT DETERMINISTIC MODIFIES SQL DATA BEGIN "
                                "INSERT INTO app.hidden VALUES (1); RETURN 1; END")
        connection = self.connect()
        for number in range(1, 11):
            self.query(connection, "SELECT add_one()")
            self.assertEqual(self.value(connection, "SELECT COUNT(*) FROM hidden"), number)

    @harness.only_relevo
    def test_commit_of_an_explicit_transaction(self):
        connection = self.connect()
        self.query(connection, "CREATE TABLE explicit (a INT)")
        for number in range(1, 11):
            self.query(connection, "BEGIN")
            self.query(connection, "INSERT INTO explicit VALUES (1)")
            self.query(connection, "COMMIT")
            self.assertEqual(self.value(connection, "SELECT COUNT(*) FROM explicit"), number)


if __name__ == "__main__":
    harness.run()

#!/usr/bin/python3
"""The primary is killed under load: writes go on at another node, and the ledger is right."""

import contextlib
import threading
import time
import unittest

import psycopg2

import either_engine
import harness
import wire


@unittest.skipIf(harness.STANDIN, "only relevo fails over")
class Failover(either_engine.RecordedFailover, harness.IntegrationTest):
    def setUp(self):
        """Each test begins with a healthy cluster; whoever is primary."""
        primary = self.proxy.topology()["primary"]
        status = self.cluster.status()
        for node, facts in status.items():
            if node != primary and (facts["state"] != "up" or facts["role"] != "replica" or not facts["follows"]):
                self.cluster.run("rejoin", node, "--primary", primary)
        self.primary = self.proxy.await_healthy()["primary"]
        # Many failovers in a row would wait for an operator.
        self.assertEqual(self.proxy.ctl("ack")[0], 0)

    def tearDown(self):
        for node, facts in self.cluster.status().items():
            if facts["state"] == "paused":
                self.cluster.run("resume", node)
        super().tearDown()

    def await_new_primary(self, timeout_s=harness.PATIENCE_S):
        return self.proxy.await_topology(lambda t: t["primary"] not in (None, self.primary), "a new primary",
                                         timeout_s)["primary"]

    def under_load(self, breakage, longest_gap_ms=5000):
        """Breaks the primary under a mixed load; the summary after five more seconds.

        The gap is bounded widely: here sanitizers and a busy machine decide it.
        tests/bench/failover_times.py measures what is promised."""
        load = harness.Workload(self, writers=16, readers=8, idle=10, writes_per_second=800, reads_per_second=800)
        time.sleep(2)  # load for comparison, before
        breakage()
        new = self.await_new_primary()
        time.sleep(3)  # and after
        summary = load.finish()
        harness.say(f"{self.primary} -> {new}; longest gap {summary['longest_gap']['ms']:.0f} ms; "
                    f"errors {summary['errors']}")
        self.assertNotEqual(summary["writes"]["acknowledged"], 0)
        self.assertEqual(summary["errors"]["idle"], {})
        self.assertEqual(summary["errors"]["readers"], {})
        self.assertLessEqual(set(summary["errors"]["writers"]), {"40001", "08007"})
        self.assertEqual(summary["ledger"]["refused_present"], 0, summary["ledger"])
        self.assertEqual(summary["ledger"]["alien"], 0, summary["ledger"])
        self.assertLess(summary["longest_gap"]["ms"], longest_gap_ms)
        return new, summary

    def assertLossReported(self, summary):
        """Asynchronous replication may lose what no replica had received; then it is said."""
        missing = summary["ledger"]["missing"]
        if missing:
            _, events, _ = self.proxy.ctl("events")
            self.assertRegex(events, r"may be lost|the loss is not", f"{missing} rows are missing; no event tells of it")

    def test_sigkill_under_load(self):
        epoch = self.proxy.topology()["epoch"]
        new, summary = self.under_load(lambda: self.cluster.run("kill", self.primary))
        self.assertLossReported(summary)
        topology = self.proxy.await_topology(
            lambda t: t["state"] == "degraded" and all(n["eligible_for_reads"] for n in t["nodes"]
                                                       if n["role"] == "replica" and n["state"] == "online"),
            "the remaining replica follows the new primary")
        self.assertGreater(topology["epoch"], epoch)
        roles = {node["name"]: (node["role"], node["state"]) for node in topology["nodes"]}
        self.assertEqual(roles[new][0], "primary")
        self.assertIn(roles[self.primary][1], ("down", "fenced"))
        # The third node streams from the new primary, as the servers themselves see it.
        third = next(name for name in roles if name not in (new, self.primary))
        harness.wait_until(lambda: self.cluster.status()[third]["follows"] == self.cluster.ports[new],
                           f"{third} follows {new}")
        code, events, _ = self.proxy.ctl("events")
        self.assertEqual(code, 0)
        self.assertIn(new, events)
        self.assertReplays()

    def test_orderly_stop(self):
        """The server ends by itself: every replica has everything, so nothing may be missing."""
        _, summary = self.under_load(lambda: self.cluster.run("stop", self.primary))
        self.assertEqual(summary["ledger"]["missing"], 0, summary["ledger"])

    def test_hung_primary(self):
        """SIGSTOP: it accepts connections and says nothing."""
        _, summary = self.under_load(lambda: self.cluster.run("pause", self.primary), longest_gap_ms=10000)
        self.assertLossReported(summary)

    def test_hung_primary_that_wakes_is_quarantined(self):
        self.cluster.run("pause", self.primary)
        self.await_new_primary()
        writer = self.connect()
        self.query(writer, "CREATE TABLE IF NOT EXISTS after_hang (a int)")
        self.cluster.run("resume", self.primary)
        for number in range(50):
            self.query(writer, "INSERT INTO after_hang VALUES (%s)", number)
        node = self.proxy.await_topology(
            lambda t: any(n["name"] == self.primary and n["state"] in ("fenced", "diverged", "down")
                          for n in t["nodes"]), "the old primary is quarantined")
        self.assertNotEqual(node["primary"], self.primary)
        # Not one of the writes went to it.
        with contextlib.suppress(psycopg2.Error):
            self.assertEqual(self.cluster.sql(self.primary, "SELECT to_regclass('after_hang')"), [(None,)])

    def test_returning_old_primary_is_quarantined_and_can_rejoin(self):
        self.cluster.run("kill", self.primary)
        new = self.await_new_primary()
        self.query(self.connect(), "CREATE TABLE IF NOT EXISTS after_kill (a int)")
        self.cluster.run("start", self.primary)
        self.proxy.await_topology(
            lambda t: any(n["name"] == self.primary and n["state"] in ("fenced", "diverged") for n in t["nodes"]),
            "the returning old primary is shown as quarantined")
        for _ in range(20):
            self.assertNotEqual(self.where(self.connect()), self.primary)
        self.assertEqual(self.proxy.topology()["primary"], new)
        self.cluster.run("rejoin", self.primary, "--primary", new)
        self.proxy.await_healthy(new)

    def test_transaction_in_progress_gets_40001_and_keeps_its_connection(self):
        connection = self.connect(autocommit=True)
        self.query(connection, "CREATE TABLE IF NOT EXISTS in_progress (a int)")
        self.query(connection, "BEGIN")
        self.query(connection, "INSERT INTO in_progress VALUES (1)")
        self.cluster.run("kill", self.primary)
        self.assertSqlState("40001", self.query, connection, "INSERT INTO in_progress VALUES (2)")
        with contextlib.suppress(psycopg2.Error):
            self.query(connection, "ROLLBACK")
        # Sent at once it might reach a process of the old primary that is yet to die: 08007.
        self.await_new_primary()
        self.query(connection, "INSERT INTO in_progress VALUES (3)")
        self.assertEqual(self.query(connection, "SELECT a FROM in_progress"), [(3,)])
        self.query(connection, "DROP TABLE in_progress")

    def test_transaction_that_has_done_nothing_yet_goes_on(self):
        sessions = [self.connect() for _ in range(4)]
        self.query(sessions[0], "CREATE TABLE IF NOT EXISTS goes_on (a int)")
        for session in sessions:
            self.query(session, "BEGIN")
        self.cluster.run("kill", self.primary)
        for number, session in enumerate(sessions):
            self.query(session, "INSERT INTO goes_on VALUES (%s)", number)
        for session in sessions:
            self.query(session, "COMMIT")
        self.assertEqual(self.value(sessions[0], "SELECT count(*) FROM goes_on"), 4)
        self.query(sessions[0], "DROP TABLE goes_on")

    def test_statement_sent_while_there_is_no_primary_waits(self):
        connection = self.connect()
        self.query(connection, "CREATE TABLE IF NOT EXISTS held (a int)")
        self.cluster.run("kill", self.primary)
        began = time.monotonic()
        self.query(self.connect(), "INSERT INTO held VALUES (1)")  # new session, new connection
        self.assertLess(time.monotonic() - began, 10)

    def test_session_state_and_statements_survive(self):
        session = wire.Wire(self.proxy.port)
        self.addCleanup(session.socket.close)
        session.log_in("app", self.cluster.passwords["app"], "app")
        session.simple("SET work_mem = '9MB'")
        session.send(wire.parse("SELECT $1::int * 2", "twice"), wire.sync())
        session.until_ready()
        self.cluster.run("kill", self.primary)
        session.simple("CREATE TABLE IF NOT EXISTS survived (a int)")
        self.assertEqual(session.simple("/* relevo: primary */ SHOW work_mem"), [["9MB"]])
        session.send(wire.bind([21], "twice"), wire.execute(), wire.sync())
        self.assertEqual(wire.rows_of(session.until_ready()), [["42"]])

    def test_killed_replica_is_noticed_and_nobody_sees_an_error(self):
        victim = next(name for name in self.cluster.ports if name != self.primary)
        load = harness.Workload(self, writers=2, readers=8, idle=4, writes_per_second=100, reads_per_second=800)
        time.sleep(1)
        self.cluster.run("kill", victim)
        self.proxy.await_topology(lambda t: any(n["name"] == victim and n["state"] == "down" for n in t["nodes"]),
                                  f"{victim} is down")
        time.sleep(1)
        summary = load.finish()
        self.assertEqual(summary["errors"], {"writers": {}, "readers": {}, "idle": {}})
        self.assertEqual(summary["ledger"]["missing"], 0)
        self.assertEqual(self.proxy.topology()["primary"], self.primary)

    def test_too_many_connections_is_not_death(self):
        """The primary refuses new sessions with 53300: it is busy, not dead."""
        epoch = self.proxy.topology()["epoch"]
        taken, stop = [], threading.Event()
        with contextlib.suppress(psycopg2.OperationalError):
            while not stop.is_set() and len(taken) < 300:
                taken.append(self.cluster.connect(self.primary, "postgres"))
        try:
            time.sleep(3)  # longer than any detection
            topology = self.proxy.topology()
            self.assertEqual((topology["primary"], topology["epoch"]), (self.primary, epoch))
        finally:
            for connection in taken:
                connection.close()
        self.query(self.connect(), "SELECT 1 FOR UPDATE")


if __name__ == "__main__":
    harness.run()

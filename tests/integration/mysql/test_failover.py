#!/usr/bin/python3
"""The primary is killed under load: writes go on at another node, and the ledger is right."""

import contextlib
import os
import signal
import threading
import time
import unittest

import pymysql

import harness  # finds the other modules of tests, too
import either_engine
import wire


class FailoverTest(either_engine.RecordedFailover, harness.IntegrationTest):
    def setUp(self):
        """Each test begins with a healthy cluster; whoever is primary."""
        topology = self.proxy.await_topology(
            lambda t: any(n["name"] == t["primary"] and n["state"] == "online" for n in t["nodes"]), "a primary")
        primary = topology["primary"]
        diverged = {node["name"] for node in topology["nodes"] if node["state"] == "diverged"}
        for node, facts in self.cluster.status().items():
            if node != primary and (facts["state"] != "up" or facts["role"] != "replica" or not facts["follows"]
                                    or node in diverged):
                self.cluster.run("rejoin", node, "--primary", primary)
        self.primary = self.proxy.await_healthy()["primary"]
        # Many failovers in a row would wait for an operator.
        self.assertEqual(self.proxy.ctl("ack")[0], 0)

    def tearDown(self):
        for node, facts in self.cluster.status().items():
            if facts["state"] == "paused":
                self.cluster.run("resume", node)
        super().tearDown()

    def await_new_primary(self):
        return self.proxy.await_topology(lambda t: t["primary"] not in (None, self.primary), "a new primary")["primary"]

    def under_load(self, breakage, longest_gap_ms=2000):
        """Breaks the primary under a mixed load; (new primary, the load's summary)."""
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

    def writable_nodes(self):
        return {name for name, facts in self.cluster.status().items() if facts["read_only"] is False}


@unittest.skipIf(harness.STANDIN, "only relevo fails over")
class Failover(FailoverTest):
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
        third = next(name for name in self.cluster.ports if name not in (new, self.primary))
        harness.wait_until(lambda: self.cluster.status()[third]["follows"] == self.cluster.ports[new],
                           f"{third} follows {new}")
        self.assertEqual(self.writable_nodes(), {new})
        code, events, _ = self.proxy.ctl("events")
        self.assertEqual(code, 0)
        self.assertIn(new, events)
        self.assertReplays()

    def test_orderly_stop(self):
        """The server ends by itself, and its replicas have what it had sent."""
        # MySQL refuses everybody at once, but keeps its replicas' streams for eight seconds
        # more; as long as they hear it, it may be our own link that is cut.
        longest = self.cluster.by_flavour(2000, 12000)
        _, summary = self.under_load(lambda: self.cluster.run("stop", self.primary), longest_gap_ms=longest)
        self.assertLossReported(summary)

    def test_hung_primary(self):
        """SIGSTOP: the kernel accepts connections, the server says nothing."""
        _, summary = self.under_load(lambda: self.cluster.run("pause", self.primary), longest_gap_ms=8000)
        self.assertLossReported(summary)

    def test_hung_primary_that_wakes_is_quarantined(self):
        self.query(self.connect(), "CREATE TABLE IF NOT EXISTS after_hang (a INT)")
        self.cluster.await_replicas(self.primary)
        self.cluster.run("pause", self.primary)
        new = self.await_new_primary()
        writer = self.connect()
        self.cluster.run("resume", self.primary)
        for number in range(50):
            self.query(writer, "INSERT INTO after_hang VALUES (%s)", number)
        self.proxy.await_topology(
            lambda t: any(n["name"] == self.primary and n["state"] in ("fenced", "diverged", "down")
                          for n in t["nodes"]), "the old primary is quarantined")
        self.assertEqual(self.proxy.topology()["primary"], new)
        # Not one of the writes went to it, and none would be let in.
        self.assertEqual(self.cluster.sql(self.primary, "SELECT COUNT(*) FROM after_hang"), [(0,)])
        harness.wait_until(lambda: self.writable_nodes() == {new}, "the old primary is read-only")

    def test_returning_old_primary_is_quarantined_and_can_rejoin(self):
        self.cluster.run("kill", self.primary)
        new = self.await_new_primary()
        self.query(self.connect(), "CREATE TABLE IF NOT EXISTS after_kill (a INT)")
        self.cluster.run("start", self.primary)
        self.proxy.await_topology(
            lambda t: any(n["name"] == self.primary and n["state"] in ("fenced", "diverged") for n in t["nodes"]),
            "the returning old primary is shown as quarantined")
        for _ in range(20):
            self.assertNotEqual(self.where(self.connect()), self.primary)
        self.assertEqual(self.writable_nodes(), {new})
        self.cluster.run("rejoin", self.primary, "--primary", new)
        self.proxy.await_healthy(new)

    def test_old_primary_with_writes_that_no_replica_received_is_shown_as_diverged(self):
        """It has acknowledged a row that the new primary lacks: nobody may lead it back by itself."""
        self.query(self.connect(), "CREATE TABLE IF NOT EXISTS unreceived (a INT)")
        self.cluster.await_replicas(self.primary)
        process = self.cluster.status()[self.primary]["pid"]
        with contextlib.ExitStack() as stack:
            connections = [stack.enter_context(contextlib.closing(self.cluster.connect(node)))
                           for node in self.cluster.ports if node != self.primary]
            writer = stack.enter_context(contextlib.closing(self.cluster.connect(self.primary)))
            # Killed before anybody sees that the receivers stand still.
            for connection in connections:
                connection.cursor().execute(self.cluster.by_flavour("STOP SLAVE IO_THREAD", "STOP REPLICA IO_THREAD"))
            writer.cursor().execute("INSERT INTO unreceived VALUES (1)")
            os.kill(process, signal.SIGKILL)
        new = self.await_new_primary()
        self.query(self.connect(), "INSERT INTO unreceived VALUES (2)")
        self.cluster.run("start", self.primary)
        topology = self.proxy.await_topology(
            lambda t: any(n["name"] == self.primary and n["state"] == "diverged" for n in t["nodes"]),
            "the old primary is shown as diverged")
        reason = next(n["reason"] for n in topology["nodes"] if n["name"] == self.primary)
        self.assertRegex(reason, self.cluster.by_flavour(r"it has 0-\d+-\d+", r"it has [0-9a-f-]{36}:\d+"), "the reason names the transactions")
        self.assertEqual(self.writable_nodes(), {new})
        for _ in range(20):
            self.assertNotEqual(self.where(self.connect()), self.primary)
        self.assertEqual(self.cluster.sql(self.primary, "SELECT a FROM unreceived"), [(1,)])  # left alone
        self.cluster.run("rejoin", self.primary, "--primary", new)
        self.proxy.await_healthy(new)
        self.assertEqual(self.cluster.sql(self.primary, "SELECT a FROM unreceived"), [(2,)])

    def test_transaction_in_progress_gets_1213_and_keeps_its_connection(self):
        session = self.connect()
        self.query(session, "CREATE TABLE IF NOT EXISTS in_progress (a INT)")
        self.cluster.await_replicas(self.primary)
        self.query(session, "BEGIN")
        self.query(session, "INSERT INTO in_progress VALUES (1)")
        self.cluster.run("kill", self.primary)
        self.assertError(harness.DEADLOCK, self.query, session, "INSERT INTO in_progress VALUES (2)")
        self.query(session, "INSERT INTO in_progress VALUES (3)")
        self.assertEqual(self.query(session, "SELECT a FROM in_progress"), [(3,)])

    def test_transaction_that_has_done_nothing_yet_goes_on(self):
        sessions = [self.connect() for _ in range(4)]
        self.query(sessions[0], "CREATE TABLE IF NOT EXISTS goes_on (a INT)")
        self.cluster.await_replicas(self.primary)
        for session in sessions:
            self.query(session, "BEGIN")
        self.cluster.run("kill", self.primary)
        for number, session in enumerate(sessions):
            self.query(session, f"INSERT INTO goes_on VALUES ({number})")
        for session in sessions:
            self.query(session, "COMMIT")
        self.assertEqual(self.value(sessions[0], "SELECT COUNT(*) FROM goes_on"), 4)

    def test_statement_sent_while_there_is_no_primary_waits(self):
        self.query(self.connect(), "CREATE TABLE IF NOT EXISTS held (a INT)")
        self.cluster.await_replicas(self.primary)
        self.cluster.run("kill", self.primary)
        began = time.monotonic()
        self.query(self.connect(), "INSERT INTO held VALUES (1)")  # a new session, too
        self.assertLess(time.monotonic() - began, 10)

    def test_session_state_and_statements_survive(self):
        session = wire.Wire(self.proxy.port).log_in("app", self.cluster.passwords["app"])
        self.addCleanup(session.socket.close)
        session.query("SET @mine = 'kept', sort_buffer_size = 300000")
        session.query("CREATE TABLE IF NOT EXISTS survived (a INT)")
        statement = session.prepare("SELECT CONCAT(?, @mine)")
        self.cluster.await_replicas(self.primary)
        self.cluster.run("kill", self.primary)
        session.query("INSERT INTO survived VALUES (1)")
        self.assertEqual(session.query("/* relevo: primary */ SELECT @mine, @@sort_buffer_size"), [["kept", "300000"]])
        self.assertIn(b"is kept", session.execute(statement, "is ").rows[0])

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
        """The primary refuses new sessions with 1040: it is busy, not dead."""
        epoch = self.proxy.topology()["epoch"]
        taken = []
        with contextlib.suppress(pymysql.MySQLError):
            while len(taken) < 300:
                taken.append(self.cluster.connect(self.primary, "app"))
        try:
            self.assertLess(len(taken), 300)
            time.sleep(3)  # longer than any detection
            topology = self.proxy.topology()
            self.assertEqual((topology["primary"], topology["epoch"]), (self.primary, epoch))
        finally:
            for connection in taken:
                connection.close()
        self.assertEqual(self.value(self.connect(), "SELECT 1 FOR UPDATE"), 1)

    def test_a_replica_with_an_errant_transaction_is_not_promoted(self):
        errant = next(name for name in self.cluster.ports if name != self.primary)
        other = next(name for name in self.cluster.ports if name not in (self.primary, errant))
        with contextlib.closing(self.cluster.connect(errant)) as connection, connection.cursor() as cursor:
            if self.cluster.flavour == "mariadb":
                cursor.execute("SET gtid_domain_id = 7")  # replication goes on beside it
            else:
                cursor.execute("SET GLOBAL super_read_only = OFF")
            cursor.execute("CREATE TABLE IF NOT EXISTS app.errant (a INT)")
        self.proxy.await_topology(lambda t: any(n["name"] == errant and n["state"] == "diverged" for n in t["nodes"]),
                                  f"{errant} is shown as diverged")
        self.cluster.run("kill", self.primary)
        self.assertEqual(self.await_new_primary(), other)


@unittest.skipIf(harness.STANDIN, "only relevo fails over")
class UndrainedRelayLog(FailoverTest):
    """MariaDB throws relay log away when its threads are started anew. A replica that
    has received much and applied little must apply all before it is promoted."""

    cluster_options = {"delays": {"db2": "2", "db3": "2"}}
    config = {"cluster": {"routing": {"max_lag": "10s"}}}

    def test_what_was_received_is_applied_first(self):
        writer = self.connect()
        self.query(writer, "CREATE TABLE IF NOT EXISTS received (a INT)")
        for number in range(200):
            self.query(writer, "INSERT INTO received VALUES (%s)", number)
        position = self.cluster.position("db1")
        harness.wait_until(lambda: all(self.received(node, position) for node in ("db2", "db3")), "all is received")
        self.cluster.run("kill", "db1")
        self.await_new_primary()
        self.assertEqual(self.value(self.connect(), "/* relevo: primary */ SELECT COUNT(*) FROM received"), 200)

    def received(self, node, position):
        with contextlib.closing(self.cluster.connect(node, cursorclass=pymysql.cursors.DictCursor)) as connection, \
                connection.cursor() as cursor:
            if self.cluster.flavour == "mariadb":
                cursor.execute("SHOW ALL SLAVES STATUS")
                return cursor.fetchone()["Gtid_IO_Pos"] == position
            cursor.execute("SHOW REPLICA STATUS")
            has = cursor.fetchone()
            cursor.execute("SELECT GTID_SUBSET(%s, CONCAT(%s, ',', %s)) AS has",
                           (position, has["Retrieved_Gtid_Set"], has["Executed_Gtid_Set"]))
            return cursor.fetchone()["has"]


@unittest.skipIf(harness.STANDIN, "only relevo fails over")
class SemiSync(FailoverTest):
    """With acknowledgements by quorum nothing acknowledged may be missing, ever."""

    cluster_options = {"semi_sync": True}
    config = {"cluster": {"failover": {"durability": "quorum", "acks": 1}}}

    def test_nothing_acknowledged_is_missing(self):
        new, summary = self.under_load(lambda: self.cluster.run("kill", self.primary), longest_gap_ms=4000)
        self.assertEqual(summary["ledger"]["missing"], 0, summary["ledger"])
        name = self.cluster.by_flavour("Rpl_semi_sync_master_status", "Rpl_semi_sync_source_status")
        self.assertEqual(self.cluster.sql(new, f"SHOW STATUS LIKE '{name}'"), [(name, "ON")],
                         "semi-sync is kept on after the failover")

    def test_hung_primary_that_wakes_is_fenced_whatever_waits_on_it(self):
        """Commits that wait for an acknowledgement hold the lock that read_only needs, and
        MySQL ends no session that waits so."""
        new, summary = self.under_load(lambda: self.cluster.run("pause", self.primary), longest_gap_ms=30000)
        self.assertEqual(summary["ledger"]["missing"], 0, summary["ledger"])
        self.cluster.run("resume", self.primary)
        harness.wait_until(lambda: self.writable_nodes() == {new}, "the old primary is read-only")

    def test_killed_primary_comes_back_as_it_is(self):
        """It takes back by itself what no replica has acknowledged: nothing is left that
        the others lack, and nobody has to copy it."""
        self.only("mariadb", "init_rpl_role; a killed MySQL primary keeps what no replica has acknowledged, and is shown as diverged")
        new, _ = self.under_load(lambda: self.cluster.run("kill", self.primary), longest_gap_ms=4000)
        self.cluster.run("start", self.primary)
        self.proxy.await_healthy(new)
        self.assertEqual(self.writable_nodes(), {new})
        self.query(self.connect(), "CREATE TABLE IF NOT EXISTS came_back (a INT)")
        self.cluster.await_replicas(new)

    def test_too_few_replicas_prove_nothing_until_an_operator_says_so(self):
        """With one of two replicas gone, the one that is left may lack a row that the
        other had acknowledged."""
        gone, left = [name for name in self.cluster.ports if name != self.primary]
        self.query(self.connect(), "CREATE TABLE IF NOT EXISTS proof (a INT)")
        self.cluster.await_replicas(self.primary)
        self.cluster.run("kill", gone)
        self.proxy.await_topology(lambda t: any(n["name"] == gone and n["state"] == "down" for n in t["nodes"]),
                                  f"{gone} is down")
        self.query(self.connect(), "INSERT INTO proof VALUES (1)")  # one acknowledgement is enough
        self.cluster.run("kill", self.primary)
        self.proxy.await_topology(lambda t: t["primary"] is None, "there is no primary")
        # Only a refusal ends this wait well: a promotion would be seen as one.
        harness.wait_until(lambda: "cannot prove that every" in self.proxy.ctl("events")[1], "the refusal is an event")
        self.assertEqual(self.writable_nodes(), set())
        outcome = []
        writer = threading.Thread(target=lambda: outcome.append(
            self.query(self.connect(), "INSERT INTO proof VALUES (2)")))
        writer.start()
        code, why = self.fail_over_by_hand()
        self.assertEqual(code, 1, why)
        self.assertIn("--allow-data-loss", why)
        self.assertEqual(outcome, [])
        code, why = self.fail_over_by_hand("--allow-data-loss")
        self.assertEqual(code, 0, why)
        self.assertEqual(self.proxy.topology()["primary"], left)
        # The new primary has nobody yet to acknowledge what it commits.
        self.cluster.run("start", gone)
        writer.join(harness.PATIENCE_S)
        self.assertEqual(outcome, [[]])
        self.assertEqual(self.cluster.sql(left, "SELECT a FROM proof ORDER BY a"), [(1,), (2,)])

    def fail_over_by_hand(self, *options):
        """(exit code, reason), once relevo is not just trying again by itself."""
        outcome = {}

        def asked():
            outcome["code"], _, outcome["why"] = self.proxy.ctl("failover", *options)
            return "is in progress" not in outcome["why"]
        harness.wait_until(asked, "no other failover is in progress")
        return outcome["code"], outcome["why"]

    def await_semi_sync(self, clients):
        """It is enabled long before it is at work: a primary whose replicas are still on their
        way to it commits without."""
        def at_work():
            told = dict(self.cluster.sql(self.primary, "SHOW STATUS LIKE 'Rpl_semi_sync_%'"))
            side = self.cluster.by_flavour("master", "source")
            return (told[f"Rpl_semi_sync_{side}_status"] == "ON"
                    and int(told[f"Rpl_semi_sync_{side}_clients"]) == clients)
        harness.wait_until(at_work, "commits wait for acknowledgements")

    def test_a_primary_that_waits_for_acknowledgements_is_not_dead(self):
        """Both replicas hang: commits stand still, and are not given to another node."""
        replicas = [name for name in self.cluster.ports if name != self.primary]
        self.query(self.connect(), "CREATE TABLE IF NOT EXISTS waits (a INT)")
        self.await_semi_sync(len(replicas))
        for node in replicas:
            self.cluster.run("pause", node)
        session, outcome = self.connect(), []

        def write():
            try:
                outcome.append(self.query(session, "INSERT INTO waits VALUES (1)"))
            except pymysql.MySQLError as error:
                outcome.append(error)
        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(3)  # longer than any detection; that nothing happens is what is tested
        self.assertEqual(outcome, [])
        self.assertEqual(self.proxy.topology()["primary"], self.primary)
        for node in replicas:
            self.cluster.run("resume", node)
        writer.join(harness.PATIENCE_S)
        self.assertEqual(outcome, [[]])


if __name__ == "__main__":
    harness.run()

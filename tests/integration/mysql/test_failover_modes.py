#!/usr/bin/python3
"""mode manual: writes are held until an operator decides. mode off: whoever else promotes is followed."""

import threading
import time
import unittest

import pymysql

import harness
import wire


@unittest.skipIf(harness.STANDIN, "only relevo fails over")
class Manual(harness.IntegrationTest):
    config = {"cluster": {"failover": {"mode": "manual"}}}

    def test_waits_for_the_operator(self):
        self.query(self.connect(), "CREATE TABLE t (a INT)")
        self.cluster.await_replicas()
        outcome = []

        def write():
            try:
                pymysql.connect(**self.arguments()).cursor().execute("INSERT INTO t VALUES (1)")
                outcome.append("done")
            except pymysql.MySQLError as error:
                outcome.append(error)
        self.cluster.run("kill", "db1")
        self.proxy.await_topology(
            lambda t: any(n["name"] == "db1" and n["verdict"] == "Dead" for n in t["nodes"]), "db1 is found dead")
        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(2)  # nothing to await: that nothing happens is what is tested
        self.assertEqual(outcome, [])
        roles = {node: facts["role"] for node, facts in self.cluster.status().items() if facts["state"] == "up"}
        self.assertEqual(roles, {"db2": "replica", "db3": "replica"})
        self.assertIn(self.where(self.connect()), ("db2", "db3"))  # reads go on

        code, out, err = self.proxy.ctl("failover", "--to", "db3")
        self.assertEqual(code, 0, out + err)
        writer.join(harness.PATIENCE_S)
        self.assertEqual(outcome, ["done"])
        self.assertEqual(self.proxy.topology()["primary"], "db3")


@unittest.skipIf(harness.STANDIN, "only relevo fails over")
class Off(harness.IntegrationTest):
    config = {"cluster": {"failover": {"mode": "off", "hold": "20s"}, "replication": None}}

    def test_a_write_waits_for_a_primary_that_is_read_only(self):
        """As after its restart, or while somebody else switches over."""
        self.query(self.connect(), "CREATE TABLE waits (a INT)")
        session, outcome = self.connect(), []

        def write():
            try:
                outcome.append(self.query(session, "INSERT INTO waits VALUES (1)"))
            except pymysql.MySQLError as error:
                outcome.append(error)
        self.cluster.sql("db1", "SET GLOBAL read_only = ON")
        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(1)  # nothing to await: that nothing happens is what is tested
        self.assertEqual(outcome, [])
        self.cluster.sql("db1", "SET GLOBAL read_only = OFF")
        writer.join(harness.PATIENCE_S)
        self.assertEqual(outcome, [[]])
        self.assertEqual(self.cluster.sql("db1", "SELECT a FROM waits"), [(1,)])

    def test_a_transaction_waits_with_its_first_write(self):
        """It has been begun, and nothing has run in it: it begins again with that write."""
        self.query(self.connect(), "CREATE TABLE waits_too (a INT)")
        plain, prepared, reader = self.connect(), wire.Wire(self.proxy.port), self.connect()
        prepared.log_in("app", self.cluster.passwords["app"])
        self.addCleanup(prepared.socket.close)
        outcome = {}

        def write(name, *steps):
            try:
                for step in steps:
                    step()
                outcome[name] = "done"
            except (pymysql.MySQLError, wire.ServerError) as error:
                outcome[name] = error
        self.query(plain, "SET @follows = 'me'")
        self.query(plain, "START TRANSACTION WITH CONSISTENT SNAPSHOT")
        prepared.query("BEGIN")
        insert = prepared.prepare("INSERT INTO waits_too VALUES (?)")
        self.query(reader, "BEGIN")
        self.query(reader, "SELECT * FROM waits_too FOR UPDATE")
        self.cluster.sql("db1", "SET GLOBAL read_only = ON")
        # What has read something does not begin again: it would read something else.
        self.assertError(harness.READ_ONLY, self.query, reader, "INSERT INTO waits_too VALUES (0)")
        self.query(reader, "ROLLBACK")
        writers = [
            threading.Thread(target=write, args=("plain", lambda: self.query(plain, "INSERT INTO waits_too VALUES (1)"),
                                                 lambda: self.query(plain, "INSERT INTO waits_too SELECT 10 WHERE @follows = 'me'"))),
            threading.Thread(target=write, args=("prepared", lambda: prepared.execute(insert, 2)))]
        for writer in writers:
            writer.start()
        time.sleep(1)  # nothing to await: that nothing happens is what is tested
        self.assertEqual(outcome, {})
        self.cluster.sql("db1", "SET GLOBAL read_only = OFF")
        for writer in writers:
            writer.join(harness.PATIENCE_S)
        self.assertEqual(outcome, {"plain": "done", "prepared": "done"})
        rows = "SELECT a FROM waits_too ORDER BY a"
        self.assertEqual(self.cluster.sql("db1", rows), [], "both are still in their transactions")
        self.query(plain, "COMMIT")
        prepared.query("ROLLBACK")
        self.assertEqual(self.cluster.sql("db1", rows), [(1,), (10,)])

    def test_follows_another_promoter(self):
        self.query(self.connect(), "CREATE TABLE t (a INT)")
        self.cluster.await_replicas()
        self.cluster.run("kill", "db1")
        time.sleep(2)  # nothing to await: that nothing happens is what is tested
        self.assertEqual(self.cluster.status()["db2"]["role"], "replica")
        self.cluster.run("promote", "db2")
        self.proxy.await_topology(lambda t: t["primary"] == "db2", "the new primary is followed")
        self.query(self.connect(), "INSERT INTO t VALUES (1)")
        self.assertEqual(self.cluster.sql("db2", "SELECT a FROM t"), [(1,)])


@unittest.skipIf(harness.STANDIN, "only relevo fails over")
class ShortHold(harness.IntegrationTest):
    cluster_options = {"replicas": 1}
    config = {"cluster": {"failover": {"mode": "off", "hold": "1500ms"}, "replication": None}}

    def test_a_transaction_that_waited_in_vain_is_still_open(self):
        """As after any statement's error. Nothing runs outside of it."""
        session = self.connect()
        self.query(session, "CREATE TABLE vain (a INT)")
        self.query(session, "BEGIN")
        self.cluster.sql("db1", "SET GLOBAL read_only = ON")
        try:
            for number in (1, 2):
                self.assertError(harness.READ_ONLY, self.query, session, f"INSERT INTO vain VALUES ({number})")
        finally:
            self.cluster.sql("db1", "SET GLOBAL read_only = OFF")
        self.proxy.await_topology(lambda t: t["primary"] == "db1", "it serves again")
        self.query(session, "INSERT INTO vain VALUES (3)")
        self.query(session, "ROLLBACK")
        self.query(session, "INSERT INTO vain VALUES (4)")
        self.assertEqual(self.cluster.sql("db1", "SELECT a FROM vain"), [(4,)])


@unittest.skipIf(harness.STANDIN, "only relevo fails over")
class NothingToPromote(harness.IntegrationTest):
    """No replica may be promoted: reads go on, writes wait for `hold` and get 1290."""

    config = {"cluster": {"failover": {"hold": "1500ms"}}}

    @classmethod
    def prepare(cls):
        nodes = [{"name": name, "address": f"127.0.0.1:{port}", "never_promote": name != "db1"}
                 for name, port in cls.cluster.ports.items()]
        cls.proxy.configure({"cluster": {"nodes": nodes, "failover": {"hold": "1500ms"}}})

    def test_hold_ends_with_1290_and_the_session_goes_on(self):
        session = self.connect()
        self.query(session, "CREATE TABLE t (a INT)")
        # Once there is no primary, nothing more can be proven about what the replicas have.
        harness.wait_until(lambda: self.where(session) != "db1", "a replica is known to have the session's write")
        self.cluster.run("kill", "db1")
        self.proxy.await_topology(lambda t: t["state"] in ("no_primary", "failing_over"), "there is no primary")
        began = time.monotonic()
        self.assertError(harness.READ_ONLY, self.query, session, "INSERT INTO t VALUES (1)")
        self.assertGreater(time.monotonic() - began, 1)
        self.assertLess(time.monotonic() - began, 6)
        self.assertIn(self.where(session), ("db2", "db3"))
        # It comes back read-only, as every server here does; it is still the primary.
        self.cluster.run("start", "db1")
        self.proxy.await_topology(lambda t: t["primary"] == "db1", "the old primary serves again")
        self.query(session, "INSERT INTO t VALUES (2)")
        self.assertEqual(self.cluster.sql("db1", "SELECT a FROM t"), [(2,)])


if __name__ == "__main__":
    harness.run()

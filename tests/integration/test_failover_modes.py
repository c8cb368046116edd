#!/usr/bin/python3
"""mode manual: writes are held until an operator decides. mode off: whoever else promotes is followed."""

import threading
import time
import unittest

import psycopg2

import harness


@unittest.skipIf(harness.STANDIN, "only relevo fails over")
class Manual(harness.IntegrationTest):
    config = {"cluster": {"failover": {"mode": "manual"}}}

    def test_waits_for_the_operator(self):
        self.query(self.connect(), "CREATE TABLE t (a int)")
        self.cluster.await_replicas()
        outcome = []

        def write():
            try:
                connection = psycopg2.connect(self.conninfo())
                connection.autocommit = True
                connection.cursor().execute("INSERT INTO t VALUES (1)")
                outcome.append("done")
            except psycopg2.Error as error:
                outcome.append(error)
        # Definitions that no replica has replayed keep nobody's reads waiting without a primary.
        for node in ("db2", "db3"):
            self.cluster.run("set", node, "recovery_min_apply_delay=5min")
        self.query(self.connect(), "CREATE TABLE in_a_hurry (a int)")
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
        for node in ("db2", "db3"):
            self.cluster.run("set", node, "recovery_min_apply_delay=0")

        code, out, err = self.proxy.ctl("failover", "--to", "db3")
        self.assertEqual(code, 0, out + err)
        writer.join(harness.PATIENCE_S)
        self.assertEqual(outcome, ["done"])
        self.assertEqual(self.proxy.topology()["primary"], "db3")


@unittest.skipIf(harness.STANDIN, "only relevo fails over")
class Off(harness.IntegrationTest):
    config = {"cluster": {"failover": {"mode": "off", "hold": "20s"}, "replication": None}}

    def test_follows_another_promoter(self):
        self.query(self.connect(), "CREATE TABLE t (a int)")
        self.cluster.await_replicas()
        self.cluster.run("kill", "db1")
        time.sleep(2)  # nothing to await: that nothing happens is what is tested
        self.assertEqual(self.cluster.status()["db2"]["role"], "replica")
        self.cluster.run("promote", "db2")
        self.proxy.await_topology(lambda t: t["primary"] == "db2", "the new primary is followed")
        self.query(self.connect(), "INSERT INTO t VALUES (1)")
        self.assertEqual(self.cluster.sql("db2", "SELECT a FROM t"), [(1,)])


@unittest.skipIf(harness.STANDIN, "only relevo fails over")
class NothingToPromote(harness.IntegrationTest):
    """No replica may be promoted: reads go on, writes wait for `hold` and get 57P03."""

    config = {"cluster": {"failover": {"hold": "1500ms"}}}

    @classmethod
    def prepare(cls):
        nodes = [{"name": name, "address": f"127.0.0.1:{port}", "never_promote": name != "db1"}
                 for name, port in cls.cluster.ports.items()]
        cls.proxy.configure({"cluster": {"nodes": nodes, "failover": {"hold": "1500ms"}}})

    def test_hold_ends_with_57P03_and_the_session_goes_on(self):
        session = self.connect()
        self.query(session, "CREATE TABLE t (a int)")
        # Once there is no primary, nothing more can be proven about what the replicas have.
        harness.wait_until(lambda: self.where(session) != "db1", "a replica is known to have the session's write")
        self.cluster.run("kill", "db1")
        self.proxy.await_topology(lambda t: t["state"] in ("no_primary", "failing_over"), "there is no primary")
        began = time.monotonic()
        self.assertSqlState("57P03", self.query, session, "INSERT INTO t VALUES (1)")
        self.assertGreater(time.monotonic() - began, 1)
        self.assertLess(time.monotonic() - began, 6)
        self.assertIn(self.where(session), ("db2", "db3"))
        self.cluster.run("start", "db1")
        self.proxy.await_topology(lambda t: t["primary"] == "db1", "the old primary serves again")
        self.query(session, "INSERT INTO t VALUES (2)")
        self.assertEqual(self.cluster.sql("db1", "SELECT a FROM t"), [(2,)])


if __name__ == "__main__":
    harness.run()

#!/usr/bin/python3
"""Planned changes of the primary: no loss, no error, undone when they cannot finish."""

import json
import time
import unittest

import pymysql

import harness


@unittest.skipIf(harness.STANDIN, "only relevo switches over")
class Switchover(harness.IntegrationTest):
    def setUp(self):
        topology = self.proxy.topology()
        for node, facts in self.cluster.status().items():
            if node != topology["primary"] and not (facts["role"] == "replica" and facts["follows"]):
                self.cluster.run("rejoin", node, "--primary", topology["primary"])
        self.primary = self.proxy.await_healthy()["primary"]
        self.target = next(name for name in self.cluster.ports if name != self.primary)

    def test_under_load(self):
        load = harness.Workload(self, writers=8, readers=4, idle=6, writes_per_second=400, reads_per_second=200)
        time.sleep(1)
        code, out, err = self.proxy.ctl("switchover", "--to", self.target)
        self.assertEqual(code, 0, out + err)
        self.assertEqual(self.proxy.topology()["primary"], self.target)
        time.sleep(2)
        summary = load.finish()
        harness.say(f"longest gap {summary['longest_gap']['ms']:.0f} ms; errors {summary['errors']}")
        self.assertTrue(summary["ledger"]["right"], summary["ledger"])
        self.assertEqual(summary["ledger"]["unknown"], 0)
        self.assertEqual(summary["errors"]["idle"], {})
        self.assertEqual(summary["errors"]["readers"], {})
        self.assertEqual(summary["errors"]["writers"], {})
        self.assertLess(summary["longest_gap"]["ms"], 3000)
        # The old primary takes no writes behind the proxy's back.
        status = self.cluster.status()[self.primary]
        if status["state"] == "up" and status["role"] == "primary":
            with self.assertRaises(pymysql.MySQLError):
                self.cluster.sql(self.primary, "CREATE TABLE split_brain (a INT)", user="app")
        writable = {name for name, facts in self.cluster.status().items() if facts["read_only"] is False}
        self.assertEqual(writable, {self.target})

    def test_over_http(self):
        status, body = self.proxy.api("POST", "/v1/clusters/test/switchover", {"to": self.target})
        self.assertEqual(status, 200, body)
        self.assertEqual(self.proxy.topology()["primary"], self.target)

    def test_unknown_node_is_refused(self):
        code, _, err = self.proxy.ctl("switchover", "--to", "nowhere")
        self.assertEqual(code, 1)
        self.assertIn("nowhere", err)
        self.assertEqual(self.proxy.topology()["primary"], self.primary)

    def test_to_a_dead_replica_is_refused_and_writes_go_on(self):
        self.cluster.run("kill", self.target)
        try:
            self.proxy.await_topology(
                lambda t: any(n["name"] == self.target and n["state"] == "down" for n in t["nodes"]), "it is down")
            code, _, err = self.proxy.ctl("switchover", "--to", self.target)
            self.assertEqual(code, 1)
            self.assertTrue(err.strip())
            self.assertEqual(self.proxy.topology()["primary"], self.primary)
            self.query(self.connect(), "CREATE TABLE still_here (a INT)")
            self.query(self.connect(), "DROP TABLE still_here")
        finally:
            self.cluster.run("start", self.target)

    def test_a_hung_target_is_undone(self):
        """The target stops answering in the middle: the old primary serves on."""
        load = harness.Workload(self, writers=4, readers=2, idle=2, writes_per_second=200, reads_per_second=50)
        self.cluster.run("pause", self.target)
        try:
            code, out, err = self.proxy.ctl("switchover", "--to", self.target)
            self.assertEqual(code, 1, out)
            self.assertTrue(err.strip())
            topology = self.proxy.await_topology(lambda t: t["primary"] == self.primary, "the old primary serves")
            self.assertEqual(topology["primary"], self.primary)
            time.sleep(1)
        finally:
            self.cluster.run("resume", self.target)
        summary = load.finish()
        self.assertTrue(summary["ledger"]["right"], summary["ledger"])
        self.assertEqual(summary["errors"]["idle"], {})

    def test_an_open_transaction_does_not_hang_it(self):
        """Longer than the drain allows: it gets 1213, or the switchover is undone; never both sides."""
        connection = self.connect()
        self.query(connection, "CREATE TABLE IF NOT EXISTS long_one (a INT)")
        self.query(connection, "BEGIN")
        self.query(connection, "INSERT INTO long_one VALUES (0)")
        began = time.monotonic()
        code, out, err = self.proxy.ctl("switchover", "--to", self.target, "--json")
        self.assertLess(time.monotonic() - began, 30)
        expected = self.target if code == 0 else self.primary
        self.proxy.await_topology(lambda t: t["primary"] == expected, f"{expected} is primary: {out}{err}")
        if code == 0:
            self.assertError(harness.DEADLOCK, self.query, connection, "INSERT INTO long_one VALUES (1)")
            self.assertTrue(json.loads(out))
        else:
            self.query(connection, "COMMIT")


if __name__ == "__main__":
    harness.run()

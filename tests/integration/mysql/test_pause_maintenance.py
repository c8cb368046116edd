#!/usr/bin/python3
"""pause holds what is new and lets what is open end; maintenance takes a node out of rotation."""

import threading
import time
import unittest

import pymysql

import harness


@unittest.skipIf(harness.STANDIN, "only relevo does this")
class PauseAndMaintenance(harness.IntegrationTest):
    def in_background(self, sql):
        """Runs a statement in a session of its own. (thread, outcome)."""
        outcome = []

        def run():
            try:
                pymysql.connect(**self.arguments()).cursor().execute(sql)
                outcome.append("done")
            except pymysql.MySQLError as error:
                outcome.append(error)
        thread = threading.Thread(target=run)
        thread.start()
        return thread, outcome

    def ctl_ok(self, *arguments):
        code, out, err = self.proxy.ctl(*arguments)
        self.assertEqual(code, 0, out + err)
        return out

    def test_pause_holds_new_transactions_until_resume(self):
        open_one = self.connect()
        self.query(open_one, "BEGIN")
        self.query(open_one, "SELECT 1")
        self.ctl_ok("pause")
        try:
            self.assertEqual(self.proxy.topology()["state"], "paused")
            held = [self.in_background(sql) for sql in ("SELECT 1", "SELECT 1 FOR UPDATE")]
            self.assertEqual(self.value(open_one, "SELECT 2"), 2)  # may end what it began
            self.query(open_one, "COMMIT")
            time.sleep(0.5)  # nothing to await: that nothing happens is what is tested
            self.assertEqual([outcome for _, outcome in held], [[], []])
        finally:
            self.ctl_ok("resume")
        for thread, outcome in held:
            thread.join(harness.PATIENCE_S)
            self.assertEqual(outcome, ["done"])
        self.assertEqual(self.proxy.topology()["state"], "healthy")

    def test_pause_twice_and_resume_twice(self):
        for command in ("pause", "pause", "resume", "resume"):
            self.ctl_ok(command)
        self.assertEqual(self.value(self.connect(), "SELECT 1"), 1)

    def test_maintenance(self):
        self.ctl_ok("maintenance", "db2", "on")
        try:
            self.assertEqual(self.proxy.nodes()["db2"]["state"], "maintenance")
            for _ in range(20):
                self.assertEqual(self.where(self.connect()), "db3")
            harness.wait_until(lambda: self.cluster.sql(
                "db2", "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'app'")[0][0] == 0,
                "db2 is drained of client sessions")
            code, _, err = self.proxy.ctl("switchover", "--to", "db2")
            self.assertEqual(code, 1, "a node in maintenance is not promoted")
            self.assertTrue(err.strip())
        finally:
            self.ctl_ok("maintenance", "db2", "off")
        self.proxy.await_healthy("db1")
        harness.wait_until(lambda: self.where(self.connect()) == "db2", "db2 gets reads again")

    def test_maintenance_of_the_primary_is_refused(self):
        code, _, err = self.proxy.ctl("maintenance", "db1", "on")
        self.assertEqual(code, 1)
        self.assertTrue(err.strip())


if __name__ == "__main__":
    harness.run()

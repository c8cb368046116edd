#!/usr/bin/python3
"""SIGHUP, SIGTERM, and starting again, in front of MySQL or MariaDB."""

import signal
import threading
import time
import unittest

import pymysql

import harness  # finds the other modules of tests, too
import either_engine


@unittest.skipIf(harness.STANDIN, "only relevo does this")
class ReloadAndDrain(either_engine.IdleSessions, harness.IntegrationTest):
    cluster_options = {"replicas": 1}

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE drained (a INT)", "CREATE USER second IDENTIFIED BY 'second'",
                        "GRANT ALL ON app.* TO second")
        cls.cluster.await_replicas()
        cls.cluster.passwords["second"] = "second"

    def setUp(self):
        if not self.proxy.running():
            self.proxy.configure({})
            self.proxy.start()
            self.proxy.await_healthy("db1")

    def tearDown(self):
        pass  # here the proxy may end

    def reload(self, changes):
        self.proxy.configure(changes)
        code, out, err = self.proxy.ctl("reload")
        self.assertEqual(code, 0, out + err)

    def accepts(self, user, password=None):
        try:
            pymysql.connect(**self.arguments(user=user, password=password)).close()
            return True
        except pymysql.MySQLError:
            return False

    # ---- SIGHUP ------------------------------------------------------------------

    def test_reload_by_signal(self):
        session = self.connect()
        self.proxy.configure({"cluster": {"routing": {"reads": "primary"}}})
        self.proxy.process.send_signal(signal.SIGHUP)
        harness.wait_until(lambda: self.where(self.connect()) == "db1", "reads go to the primary after SIGHUP")
        self.assertEqual(self.where(session), "db1")
        self.reload({})
        harness.wait_until(lambda: self.where(self.connect()) == "db2", "reads go to the replica again")

    def test_changed_users(self):
        session = self.connect()
        self.query(session, "SET @mine = 1")
        users = [{"name": "app", "password": self.cluster.passwords["app"]}]
        self.reload({"cluster": {"auth": {"users": users}}})
        try:
            harness.wait_until(lambda: not self.accepts("second"), "who is no longer listed is refused")
            self.assertTrue(self.accepts("app"))
            self.assertEqual(self.value(session, "SELECT @mine"), 1, "who is there stays")
            self.reload({"cluster": {"auth": {"users": [*users, {"name": "second", "password": "second"}]}}})
            harness.wait_until(lambda: self.accepts("second"), "who is listed now is let in")
            self.assertFalse(self.accepts("second", "another"))
        finally:
            self.reload({})
        harness.wait_until(lambda: self.accepts("second"), "the server's own catalogue counts again")

    def test_changed_pool_size(self):
        """A smaller pool takes effect: the second transaction waits for the first, and is told."""
        sessions = [self.connect() for _ in range(2)]
        for session in sessions:
            self.value(session, "SELECT 1")
        self.reload({"workers": 2, "cluster": {"pool": {"size": 1, "queue_timeout": "500ms"}}})

        def one_waits():
            began = []
            try:
                for session in sessions:
                    self.query(session, "BEGIN")
                    self.query(session, "INSERT INTO drained VALUES (7)")
                    began.append(session)
                return False
            except pymysql.MySQLError as error:
                self.assertEqual(error.args[0], harness.LOCK_WAIT_TIMEOUT, error)
                return True
            finally:
                for session in began:
                    self.query(session, "ROLLBACK")
        try:
            harness.wait_until(one_waits, "the smaller pool takes effect")
        finally:
            self.reload({})
        harness.wait_until(lambda: not one_waits(), "the larger pool takes effect")

    def test_reload_of_a_bad_configuration_changes_nothing(self):
        good = self.proxy.config_file.read_text()
        self.proxy.config_file.write_text("{ not JSON")
        try:
            code, _, err = self.proxy.ctl("reload")
            self.assertEqual(code, 1)
            self.assertTrue(err.strip())
            self.proxy.process.send_signal(signal.SIGHUP)
            self.assertEqual(self.value(self.connect(), "SELECT 1"), 1)
            self.assertTrue(self.proxy.running())
        finally:
            self.proxy.config_file.write_text(good)

    # ---- SIGTERM -----------------------------------------------------------------

    def refused(self):
        try:
            pymysql.connect(**{**self.arguments(), "connect_timeout": 2}).close()
            return False
        except pymysql.MySQLError:
            return True

    def test_sigterm_lets_transactions_finish(self):
        connection = self.connect()
        self.query(connection, "BEGIN")
        self.query(connection, "INSERT INTO drained VALUES (1)")
        self.proxy.process.send_signal(signal.SIGTERM)
        harness.wait_until(self.refused, "new connections are refused")
        self.query(connection, "INSERT INTO drained VALUES (2)")
        self.query(connection, "COMMIT")
        self.assertEqual(self.proxy.process.wait(harness.PATIENCE_S), 0)
        self.assertEqual(self.cluster.sql("db1", "SELECT COUNT(*) FROM drained WHERE a IN (1, 2)"), [(2,)])

    def test_sigterm_gives_up_after_the_drain_timeout(self):
        self.proxy.stop()
        self.proxy.configure({"drain_timeout": "1s"})
        self.proxy.start()
        self.proxy.await_healthy("db1")
        outcome = []

        def sleep():
            try:
                outcome.append(self.query(self.connect(), "SELECT SLEEP(60)"))
            except (pymysql.MySQLError, OSError) as error:
                outcome.append(error)
        thread = threading.Thread(target=sleep)
        thread.start()
        harness.wait_until(lambda: any(c["state"] == "active" for c in self.proxy.clients()), "the query runs")
        began = time.monotonic()
        self.assertEqual(self.proxy.stop(), 0)
        self.assertLess(time.monotonic() - began, 6)
        thread.join(harness.PATIENCE_S)
        self.assertEqual(len(outcome), 1)
        # What nobody waits for any more does not run on.
        harness.wait_until(lambda: all(not self.cluster.sql(
            node, "SELECT 1 FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP(60)%'")
            for node in self.cluster.ports), "the servers have stopped it", timeout_s=70)

    # ---- again ---------------------------------------------------------------------

    def test_starts_again_with_what_it_knew(self):
        epoch = self.proxy.topology()["epoch"]
        self.assertEqual(self.proxy.stop(), 0)
        self.proxy.start()
        topology = self.proxy.await_healthy("db1")
        self.assertGreaterEqual(topology["epoch"], epoch)
        self.assertEqual(self.value(self.connect(), "SELECT 1"), 1)

    def test_killed_proxy_starts_again_on_the_same_sockets(self):
        self.proxy.kill()
        self.proxy.start()
        self.proxy.await_healthy("db1")
        self.assertEqual(self.value(self.connect(), "SELECT 1"), 1)


if __name__ == "__main__":
    harness.run()

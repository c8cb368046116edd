#!/usr/bin/python3
"""SIGHUP, SIGTERM, and starting again."""

import signal
import threading
import time
import unittest

import psycopg2

import either_engine
import harness
import wire


@unittest.skipIf(harness.STANDIN, "only relevo does this")
class ReloadAndDrain(either_engine.IdleSessions, harness.IntegrationTest):
    cluster_options = {"replicas": 1}

    def setUp(self):
        if not self.proxy.running():
            self.proxy.configure({})
            self.proxy.start()
            self.proxy.await_healthy("db1")

    def tearDown(self):
        pass  # here the proxy may end

    def test_reload_by_signal(self):
        session = self.connect()
        self.proxy.configure({"cluster": {"routing": {"reads": "primary"}}})
        self.proxy.process.send_signal(signal.SIGHUP)
        harness.wait_until(lambda: self.where(self.connect()) == "db1", "reads go to the primary after SIGHUP")
        self.assertEqual(self.where(session), "db1")
        self.proxy.configure({})
        code, out, err = self.proxy.ctl("reload")
        self.assertEqual(code, 0, out + err)
        harness.wait_until(lambda: self.where(self.connect()) == "db2", "reads go to the replica again")

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

    def test_sigterm_lets_transactions_finish(self):
        connection = self.connect()
        self.query(connection, "CREATE TABLE IF NOT EXISTS drained (a int)")
        self.query(connection, "BEGIN")
        self.query(connection, "INSERT INTO drained VALUES (1)")
        self.proxy.process.send_signal(signal.SIGTERM)

        def refused():
            try:
                psycopg2.connect(self.conninfo(connect_timeout=2)).close()
                return False
            except psycopg2.OperationalError:
                return True
        harness.wait_until(refused, "new connections are refused")
        self.query(connection, "COMMIT")
        self.assertEqual(self.proxy.process.wait(harness.PATIENCE_S), 0)
        self.assertEqual(self.cluster.sql("db1", "SELECT count(*) FROM drained"), [(1,)])

    def test_sigterm_gives_up_after_the_drain_timeout(self):
        self.proxy.stop()
        self.proxy.configure({"drain_timeout": "1s"})
        self.proxy.start()
        self.proxy.await_healthy("db1")
        outcome = []

        def sleep():
            with wire.Wire(self.proxy.port) as session:
                session.log_in("app", self.cluster.passwords["app"], "app")
                session.send(wire.query("SELECT pg_sleep(60)"))
                outcome.append(session.closed())
        thread = threading.Thread(target=sleep)
        thread.start()
        harness.wait_until(lambda: any(c["state"] == "active" for c in self.proxy.clients()), "the query runs")
        began = time.monotonic()
        self.assertEqual(self.proxy.stop(), 0)
        self.assertLess(time.monotonic() - began, 6)
        thread.join(harness.PATIENCE_S)
        self.assertEqual(len(outcome), 1)

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

    def test_two_on_one_port_is_an_error(self):
        second = harness.Relevo(self.cluster, self.second_directory(), {})
        second.port = self.proxy.port
        second.configure({})
        second.start(wait=False)
        self.assertIn(second.process.wait(harness.PATIENCE_S), (1, 2))

    def second_directory(self):
        path = self.directory / "second"
        path.mkdir(exist_ok=True)
        return path


if __name__ == "__main__":
    harness.run()

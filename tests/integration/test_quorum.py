#!/usr/bin/python3
"""Quorum mode on servers without any synchronous setting: Relevo makes commits wait, and keeps them waiting."""

import threading
import unittest

import psycopg2

import either_engine
import harness


@unittest.skipIf(harness.STANDIN, "only relevo keeps it")
class Quorum(either_engine.KeptQuorum, harness.IntegrationTest):
    def waits(self, node):
        return self.cluster.sql(node, "SHOW synchronous_standby_names")[0][0] == 'ANY 1 ("db1", "db2", "db3")'

    def stop_waiting(self, node):
        self.cluster.sql(node, "ALTER SYSTEM SET synchronous_standby_names = ''")
        self.cluster.sql(node, "SELECT pg_reload_conf()")
        harness.wait_until(lambda: not self.waits(node), "commits wait no more")

    def test_a_wait_that_is_cancelled_is_no_acknowledgement(self):
        """test_unreplicated.py has every way to commit; here the replicas are real, and hang."""
        primary = self.proxy.await_healthy()["primary"]
        self.await_promise(primary)
        session, errors = self.connect(), []
        self.query(session, "CREATE TABLE cancelled (a int)")
        replicas = [node for node in self.cluster.ports if node != primary]

        def write():
            try:
                self.query(session, "INSERT INTO cancelled VALUES (1)")
            except psycopg2.Error as error:
                errors.append(error)
        for node in replicas:
            self.cluster.run("pause", node)
        try:
            writer = threading.Thread(target=write, daemon=True)
            writer.start()
            waiting = harness.wait_until(lambda: self.cluster.sql(
                primary, "SELECT pid FROM pg_stat_activity"
                " WHERE wait_event = 'SyncRep' AND backend_type = 'client backend'"), "the commit waits")
            self.cluster.sql(primary, "SELECT pg_cancel_backend(%s)", *waiting[0])
            writer.join(harness.PATIENCE_S)
        finally:
            for node in replicas:
                self.cluster.run("resume", node)
        self.assertEqual([error.pgcode for error in errors], ["08007"], errors)
        self.assertEqual(self.value(session, "SELECT count(*) FROM cancelled"), 1)
        self.proxy.await_healthy(primary)


if __name__ == "__main__":
    harness.run()

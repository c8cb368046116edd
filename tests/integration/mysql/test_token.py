#!/usr/bin/python3
"""Consistency tokens of MySQL and MariaDB: SHOW RELEVO TOKEN here, SET @relevo_after there."""

import unittest

import harness
import wire

import either_engine


@unittest.skipIf(harness.STANDIN, "only relevo has tokens")
class Token(either_engine.Tokens, harness.IntegrationTest):
    cluster_options = {"replicas": 2, "delays": {"db2": "3s", "db3": "3s"}}
    config = {"cluster": {"routing": {"max_lag": "30s"}}}
    ask_for_token = ["SHOW RELEVO TOKEN", "SELECT @relevo_token", "/* a */ show relevo token;"]

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE t (id INT)")
        cls.cluster.await_replicas()
        cls.ahead = cls.cluster.by_flavour("mariadb:0-1-99999999", "mysql:3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5")
        cls.bad = ["x", "0-1-1", "mariadb:x", "mysql:1", "pg:00000001:0/3002019:8217",
                   cls.cluster.by_flavour("mysql:3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5", "mariadb:0-1-1")]

    @classmethod
    def settle(cls):
        super().settle()
        cls.start_other()

    def insert(self, session):
        self.query(session, "INSERT INTO t VALUES (1)")

    def count(self, session):
        return self.value(session, "SELECT COUNT(*) FROM t")

    def token(self, session):
        return self.value(session, "SHOW RELEVO TOKEN")

    def present(self, session, token):
        self.query(session, f"SET @relevo_after = '{token}'")

    def refused(self, session, text):
        error = self.assertError(1231, self.present, session, text)
        self.assertIn("@relevo_after", str(error))

    def test_prepared_and_in_a_transaction(self):
        session = wire.Wire(self.proxy.port)
        self.addCleanup(session.socket.close)
        session.log_in("app", self.cluster.passwords["app"])
        plain = session.query("SHOW RELEVO TOKEN")[0][0]
        statement = session.prepare("SHOW RELEVO TOKEN")
        self.assertIn(plain.encode(), session.execute(statement).rows[0])
        session.query("BEGIN")
        session.query("INSERT INTO t VALUES (1)")
        self.assertEqual(session.query("SHOW RELEVO TOKEN")[0][0], plain)  # nothing is committed yet
        session.query("ROLLBACK")

    def test_null_ends_it(self):
        session = self.elsewhere()
        self.present(session, self.ahead)
        self.assertEqual(self.where(session), "db1")
        self.query(session, "SET @relevo_after = NULL")
        harness.wait_until(lambda: self.where(session) != "db1", "without a token it is on a replica")


if __name__ == "__main__":
    harness.run()

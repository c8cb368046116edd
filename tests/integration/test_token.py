#!/usr/bin/python3
"""Consistency tokens of PostgreSQL: SHOW RELEVO TOKEN here, SET relevo.after there."""

import unittest

import either_engine
import harness
import wire


@unittest.skipIf(harness.STANDIN, "only relevo has tokens")
class Token(either_engine.Tokens, harness.IntegrationTest):
    cluster_options = {"replicas": 2, "delays": {"db2": "3s", "db3": "3s"}}
    config = {"cluster": {"routing": {"max_lag": "30s"}}}
    ask_for_token = ["SELECT relevo.token()", "SHOW RELEVO TOKEN", "show relevo token;", "/* a */ select RELEVO.TOKEN ( )"]
    ahead = "pg:00000001:7FFF/0:0"
    bad = ["x", "pg:", "pg:00000001", "0/3000000", "mysql:3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5", "mariadb:0-1-1"]

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE t (id int)", user="app")
        cls.cluster.await_replicas()

    @classmethod
    def settle(cls):
        super().settle()
        cls.start_other()

    def insert(self, session):
        self.query(session, "INSERT INTO t VALUES (1)")

    def count(self, session):
        return self.value(session, "SELECT count(*) FROM t")

    def token(self, session):
        return self.value(session, "SHOW RELEVO TOKEN")

    def present(self, session, token):
        self.query(session, f"SET relevo.after = '{token}'")

    def refused(self, session, text):
        error = self.assertSqlState("22023", self.present, session, text)
        self.assertIn("relevo.after", str(error))

    def test_in_the_extended_protocol_and_in_a_transaction(self):
        session = wire.Wire(self.proxy.port)
        self.addCleanup(session.socket.close)
        session.log_in("app", self.cluster.passwords["app"], "app")
        plain = session.simple("SHOW RELEVO TOKEN")
        for name in ("", "s"):
            session.send(wire.parse("SELECT relevo.token()", name), wire.bind([], name), wire.describe("P"), wire.execute(), wire.sync())
            messages = session.until_ready()
            self.assertEqual(wire.rows_of(messages), plain)
            self.assertIn(b"token", dict(messages)["T"])
        session.simple("BEGIN")
        session.simple("INSERT INTO t VALUES (1)")
        inside = session.simple("SELECT relevo.token()")
        session.simple("ROLLBACK")
        self.assertNotEqual(inside, plain)
        session.send(wire.parse("SET relevo.after = 'x'"), wire.bind(), wire.execute(), wire.sync())
        with self.assertRaises(wire.ServerError) as refused:
            wire.rows_of(session.until_ready())
        self.assertEqual(refused.exception.sqlstate, "22023")
        self.assertEqual(session.simple("SELECT 1"), [["1"]])

    def test_set_by_a_function(self):
        writer, reader = self.connect(), self.elsewhere()
        self.insert(writer)
        count = self.count(writer)
        self.query(reader, "SELECT set_config('relevo.after', %s, false)", self.token(writer))
        self.assertEqual(self.count(reader), count)


if __name__ == "__main__":
    harness.run()

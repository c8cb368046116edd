#!/usr/bin/python3
"""What a replica refuses, cancels or dies over runs elsewhere, and the client never
knows: as long as nothing of the answer has reached it."""

import time
import unittest

import either_engine
import harness
import wire


@unittest.skipIf(harness.STANDIN, "only relevo runs it again")
class Refused(either_engine.Misroutes, harness.IntegrationTest):
    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 0)", user="app")
        cls.cluster.sql("db1", "CREATE FUNCTION writes(int) RETURNS int LANGUAGE sql AS "
                               "'UPDATE t SET v = v + 1 RETURNING inet_server_port()'", user="app")
        cls.cluster.sql("db1", "CREATE FUNCTION other(int) RETURNS int LANGUAGE sql AS "
                               "'UPDATE t SET v = v + 1 RETURNING inet_server_port()'", user="app")
        cls.cluster.sql("db1", "CREATE VIEW sneaky AS SELECT writes(0) AS port", user="app")
        cls.cluster.await_replicas()

    def written(self):
        return self.cluster.sql("db1", "SELECT v FROM t")[0][0]

    def session(self):
        connection = wire.Wire(self.proxy.port)
        self.addCleanup(connection.socket.close)
        return connection.log_in("app", self.cluster.passwords["app"], "app")

    def test_a_statement_is_refused_once(self):
        self.refused_once(lambda session, number: self.where(session, f"/* relevo: replica */ SELECT writes({number})"),
                          "select writes ( ? )")

    def test_a_view_that_writes(self):
        session, before = self.connect(), self.written()
        for _ in range(3):
            self.assertEqual(self.where(session, "SELECT port FROM sneaky"), "db1")
        self.assertEqual(self.written(), before + 3)

    def test_a_prepared_statement_is_refused_once(self):
        session, before = self.session(), self.written()
        session.send(wire.parse("/* relevo: replica */ SELECT other($1)", "s"), wire.sync())
        self.assertEqual(wire.kinds(session.until_ready()), "1Z")
        misroutes, replays = self.counts()
        for number in range(4):
            session.send(wire.bind([number], "s"), wire.execute(), wire.sync())
            rows = wire.rows_of(session.until_ready())
            self.assertEqual(self.cluster.name_of(rows[0][0]), "db1")
        self.assertEqual(self.counts(), [misroutes + 1, replays + 1])
        self.assertEqual(self.written(), before + 4)
        # The text by itself is of the same shape.
        session.send(wire.parse("/* relevo: replica */ SELECT other(77)"), wire.bind(), wire.execute(), wire.sync())
        self.assertEqual(self.cluster.name_of(wire.rows_of(session.until_ready())[0][0]), "db1")
        self.assertEqual(self.counts(), [misroutes + 1, replays + 1])

    def test_several_in_a_batch(self):
        session, before = self.session(), self.written()
        read = "/* relevo: replica */ SELECT inet_server_port()"
        session.send(wire.parse(read, "a"), wire.parse("/* relevo: replica */ SELECT writes($1), 'batch'", "b"), wire.sync())
        session.until_ready()
        session.send(wire.bind([], "a"), wire.execute(), wire.bind([1], "b"), wire.execute(), wire.sync())
        rows = wire.rows_of(session.until_ready())
        self.assertEqual([self.cluster.name_of(row[0]) for row in rows], ["db1", "db1"])
        self.assertEqual(self.written(), before + 1)
        # Which of the two it was is not known: the read goes on from replicas.
        def reads_from_a_replica():  # as soon as it has what the session wrote
            session.send(wire.bind([], "a"), wire.execute(), wire.sync())
            return self.cluster.name_of(wire.rows_of(session.until_ready())[0][0]) in ("db2", "db3")
        harness.wait_until(reads_from_a_replica, "the read goes to a replica")

    def test_several_in_a_text(self):
        """What came first was not sent on, so all of it runs again, once."""
        session, before = self.session(), self.written()
        rows = session.simple("/* relevo: replica */ SELECT inet_server_port(); SELECT writes(1) AS several")
        self.assertEqual([self.cluster.name_of(row[0]) for row in rows], ["db1", "db1"])
        self.assertEqual(self.written(), before + 1)

    def test_an_answer_that_has_begun_is_not_taken_back(self):
        """The rows of the first statement have gone to the client when the second is refused."""
        session, before = self.session(), self.written()
        with self.assertRaises(wire.ServerError) as refused:
            session.simple("/* relevo: replica */ SELECT repeat('x', 1000) FROM generate_series(1, 100); "
                           "SELECT pg_sleep(0.5); SELECT writes(1) AS late")
        self.assertEqual(refused.exception.sqlstate, "25006")
        self.assertEqual(self.written(), before)
        self.assertEqual(session.simple("SELECT 1"), [["1"]])

    def test_in_a_transaction_the_refusal_is_the_clients(self):
        session = self.connect()
        self.query(session, "BEGIN READ ONLY")
        self.assertSqlState("25006", self.query, session, "SELECT writes(1)")
        self.query(session, "ROLLBACK")
        self.assertEqual(self.value(session, "SELECT 1"), 1)

    def test_a_session_that_is_read_only_by_its_own_wish(self):
        session, before = self.connect(), self.written()
        self.query(session, "SET default_transaction_read_only = on")
        self.assertSqlState("25006", self.query, session, "UPDATE t SET v = v + 1")
        self.assertSqlState("25006", self.query, session, "/* relevo: replica */ SELECT writes(1) AS mine")
        self.assertEqual(self.written(), before)


# Reads must be cancelled as soon as replay wants what they hold.
@unittest.skipIf(harness.STANDIN, "only relevo runs it again")
class Struck(either_engine.LostReplicas, harness.IntegrationTest):
    cluster_options = {"settings": ["max_standby_streaming_delay=0"]}
    slow_read = "/* relevo: replica */ SELECT inet_server_port(), pg_sleep(4)"

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)", user="app")
        cls.cluster.await_replicas()

    def test_replay_cancels_a_read(self):
        conflicts = self.proxy.metric("relevo_replica_conflicts_total")
        read = either_engine.SlowRead(self, "/* relevo: replica */ SELECT inet_server_port(), pg_sleep(2) FROM t")
        self.cluster.sql("db1", "ALTER TABLE t ADD COLUMN IF NOT EXISTS a int", user="app")
        self.assertNotEqual(self.cluster.name_of(read.port()), read.node)
        self.assertGreater(self.proxy.metric("relevo_replica_conflicts_total"), conflicts)

    def test_a_read_whose_rows_have_begun_is_told(self):
        rows = ("/* relevo: replica */ SELECT repeat('x', 2000), pg_sleep(0.02) "
                "FROM t, generate_series(1, 200)")
        read = either_engine.SlowRead(self, rows)
        sent = self.proxy.metric("relevo_client_sent_bytes_total")
        harness.wait_until(lambda: self.proxy.metric("relevo_client_sent_bytes_total") > sent + 10000, "rows come")
        self.cluster.sql("db1", "ALTER TABLE t ADD COLUMN IF NOT EXISTS b int", user="app")
        read.thread.join(harness.PATIENCE_S)
        self.assertEqual(getattr(read.error, "pgcode", None), "40001", read.error)
        self.assertIn("conflict with recovery", str(read.error))

    def test_a_backend_is_terminated(self):
        read = either_engine.SlowRead(self, "/* relevo: replica */ SELECT inet_server_port(), pg_sleep(2) AS ended")
        time_limit = time.monotonic() + harness.PATIENCE_S
        while not self.cluster.sql(read.node, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                              "WHERE query LIKE '%AS ended' AND pid <> pg_backend_pid()"):
            self.assertLess(time.monotonic(), time_limit)
        self.assertNotEqual(self.cluster.name_of(read.port()), read.node)


if __name__ == "__main__":
    harness.run()

#!/usr/bin/python3
"""Prepared statements in transaction mode: many sessions, few server connections."""

import struct

import harness
import wire


class Prepared(harness.IntegrationTest):
    # Fewer server connections than sessions: statements must follow their sessions.
    config = {"cluster": {"pool": {"size": 2}}}

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE t (id int PRIMARY KEY, v text)", user="app")
        cls.cluster.sql("db1", "INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 100) i", user="app")
        cls.cluster.await_replicas()

    def session(self):
        connection = wire.Wire(self.proxy.port)
        self.addCleanup(connection.socket.close)
        return connection.log_in("app", self.cluster.passwords["app"], "app")

    def ask(self, connection, *parts):
        connection.send(*parts)
        return connection.until_ready()

    def run_prepared(self, connection, name, *values):
        return wire.rows_of(self.ask(connection, wire.bind(values, name), wire.execute(), wire.sync()))

    def prepare_statement(self, connection, name, sql, types=()):
        self.assertEqual(wire.kinds(self.ask(connection, wire.parse(sql, name, types), wire.sync())), "1Z")

    def test_same_name_different_texts_in_many_sessions(self):
        sessions = [self.session() for _ in range(16)]
        for number, session in enumerate(sessions):
            self.prepare_statement(session, "s", f"SELECT $1::int + {number}")
        for _ in range(5):
            for number, session in enumerate(sessions):
                self.assertEqual(self.run_prepared(session, "s", 1000), [[str(1000 + number)]])

    def test_same_text_in_many_sessions_at_once(self):
        def one(number):
            session = self.session()
            self.prepare_statement(session, f"mine_{number}", "SELECT v FROM t WHERE id = $1")
            for key in range(1, 60):
                self.assertEqual(self.run_prepared(session, f"mine_{number}", key), [[f"v{key}"]])
        self.parallel(12, one)

    def test_same_text_with_different_parameter_types(self):
        session = self.session()
        for name, oid in (("as_int", 23), ("as_text", 25)):
            self.prepare_statement(session, name, "SELECT pg_typeof($1)::text", [oid])
        for _ in range(3):
            self.assertEqual(self.run_prepared(session, "as_int", 1), [["integer"]])
            self.assertEqual(self.run_prepared(session, "as_text", 1), [["text"]])

    def test_unnamed_statement_survives_between_syncs(self):
        first, second = self.session(), self.session()
        self.prepare_statement(first, "", "SELECT 'first'")
        self.prepare_statement(second, "", "SELECT 'second'")
        for _ in range(4):
            self.assertEqual(self.run_prepared(first, ""), [["first"]])
            self.assertEqual(self.run_prepared(second, ""), [["second"]])

    def test_reads_follow_to_replicas_and_writes_to_the_primary(self):
        session = self.session()
        self.prepare_statement(session, "r", "SELECT inet_server_port() FROM t WHERE id = $1")
        self.prepare_statement(session, "w", "UPDATE t SET v = v WHERE id = $1 RETURNING inet_server_port()")
        primary = str(self.cluster.ports["db1"])
        for _ in range(5):
            self.run_prepared(session, "r", 1)
            self.assertEqual(self.run_prepared(session, "w", 1), [[primary]])

    def test_duplicate_name(self):
        session = self.session()
        self.prepare_statement(session, "dup", "SELECT 1")
        messages = self.ask(session, wire.parse("SELECT 2", "dup"), wire.sync())
        self.assertEqual(wire.error_fields(messages[0][1])["C"], "42P05")
        self.assertEqual(self.run_prepared(session, "dup"), [["1"]])

    def test_close_then_use(self):
        session = self.session()
        self.prepare_statement(session, "c", "SELECT 1")
        self.assertEqual(wire.kinds(self.ask(session, wire.close("S", "c"), wire.sync())), "3Z")
        messages = self.ask(session, wire.bind(statement="c"), wire.execute(), wire.sync())
        self.assertEqual(wire.error_fields(messages[0][1])["C"], "26000")
        self.prepare_statement(session, "c", "SELECT 2")
        self.assertEqual(self.run_prepared(session, "c"), [["2"]])

    def test_failed_parse_leaves_no_statement(self):
        session = self.session()
        messages = self.ask(session, wire.parse("SELECT no_such_column FROM t", "bad"), wire.sync())
        self.assertEqual(wire.error_fields(messages[0][1])["C"], "42703")
        messages = self.ask(session, wire.bind(statement="bad"), wire.sync())
        self.assertEqual(wire.error_fields(messages[0][1])["C"], "26000")
        self.prepare_statement(session, "bad", "SELECT 3")
        self.assertEqual(self.run_prepared(session, "bad"), [["3"]])

    def test_many_statements_in_one_session(self):
        """More than any cache per server connection would hold."""
        session = self.session()
        count = 1200
        for number in range(count):
            session.send(wire.parse(f"SELECT {number} + $1::int", f"n{number}"))
        session.send(wire.sync())
        session.until_ready()
        for number in range(0, count, 7):
            self.assertEqual(self.run_prepared(session, f"n{number}", 1), [[str(number + 1)]])

    def test_describe_of_a_prepared_statement_elsewhere(self):
        session, other = self.session(), self.session()
        self.prepare_statement(session, "d", "SELECT id, v FROM t WHERE id = $1")
        for _ in range(4):
            other.simple("SELECT 1")
            messages = self.ask(session, wire.describe("S", "d"), wire.sync())
            self.assertEqual(wire.kinds(messages), "tTZ")
            self.assertEqual(messages[0][1], struct.pack("!hi", 1, 23))

    @harness.not_standin("postgres")  # there the client must prepare it again itself
    def test_changed_result_type(self):
        """ "cached plan must not change result type" is the pool's problem, not the client's."""
        self.cluster.sql("db1", "CREATE TABLE changing (a int); INSERT INTO changing VALUES (1)", user="app")
        self.cluster.await_replicas()
        first = self.session()
        self.prepare_statement(first, "all", "/* relevo: primary */ SELECT * FROM changing")
        self.assertEqual(self.run_prepared(first, "all"), [["1"]])
        self.cluster.sql("db1", "ALTER TABLE changing ADD b int DEFAULT 2", user="app")
        second = self.session()
        for _ in range(4):
            self.prepare_statement(second, "all", "/* relevo: primary */ SELECT * FROM changing")
            self.assertEqual(self.run_prepared(second, "all"), [["1", "2"]])
            self.ask(second, wire.close("S", "all"), wire.sync())

    @harness.not_standin("postgres")
    def test_changed_result_type_behind_a_commit(self):
        """What was committed ahead of it in the same pipeline is not run again."""
        self.cluster.sql("db1", "CREATE TABLE changed (a int); CREATE TABLE once (a int)", user="app")
        session, other = self.session(), self.session()
        for each in (session, other):  # on both connections: each keeps one
            self.prepare_statement(each, "all", "/* relevo: primary */ SELECT * FROM changed")
            each.simple("BEGIN")
            self.assertEqual(self.run_prepared(each, "all"), [])
        for each in (session, other):
            each.simple("COMMIT")
        self.cluster.sql("db1", "ALTER TABLE changed ADD b int", user="app")
        texts = ("BEGIN", "INSERT INTO once VALUES (1)", "COMMIT")
        messages = self.ask(session, *(part for text in texts for part in (wire.parse(text), wire.bind(), wire.execute())),
                            wire.bind(statement="all"), wire.execute(), wire.sync())
        self.assertEqual(wire.kinds(messages), "12C12C12CEZ")
        self.assertEqual(self.cluster.sql("db1", "SELECT count(*) FROM once"), [(1,)])
        self.assertEqual(self.run_prepared(session, "all"), [], "and the next finds it prepared anew")

    def test_sql_level_prepare(self):
        """It pins, so there are no more such sessions than connections; DEALLOCATE lets go."""
        sessions = [self.session() for _ in range(2)]
        for number, session in enumerate(sessions):
            session.simple(f"PREPARE q AS SELECT {number}")
        for _ in range(3):
            for number, session in enumerate(sessions):
                self.assertEqual(session.simple("EXECUTE q"), [[str(number)]])
        sessions[0].simple("DEALLOCATE q")
        with self.assertRaises(wire.ServerError) as caught:
            sessions[0].simple("EXECUTE q")
        self.assertEqual(caught.exception.sqlstate, "26000")
        for session in sessions[1:]:
            session.simple("DEALLOCATE ALL")

    def test_discard_all_forgets_statements(self):
        session = self.session()
        self.prepare_statement(session, "gone", "SELECT 1")
        session.simple("DISCARD ALL")
        messages = self.ask(session, wire.bind(statement="gone"), wire.sync())
        self.assertEqual(wire.error_fields(messages[0][1])["C"], "26000")
        self.prepare_statement(session, "gone", "SELECT 2")
        self.assertEqual(self.run_prepared(session, "gone"), [["2"]])


if __name__ == "__main__":
    harness.run()

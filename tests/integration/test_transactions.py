#!/usr/bin/python3
"""Transactions as PostgreSQL has them, through a pool that lends a connection for each:
a table of scripts, each in a session of its own. A line is what the client says and
what must come of it:

    primary, replica   the statement answers with its node's port: one of these
    ok                 no error; rows are not looked at
    a SQLSTATE         this error
    anything else      the first value of the answer, as text

and, behind that, where the session stands then, as the server reports it: "idle",
"open" or "failed".
"""

import psycopg2
from psycopg2 import extensions

import either_engine
import harness
import wire

WHERE = "SELECT inet_server_port()"
STANDING = {extensions.TRANSACTION_STATUS_IDLE: "idle", extensions.TRANSACTION_STATUS_INTRANS: "open",
            extensions.TRANSACTION_STATUS_INERROR: "failed"}

SCRIPTS = {
    "a plain one is on the primary": [
        ("BEGIN", "ok", "open"), (WHERE, "primary", "open"), ("INSERT INTO t VALUES (1)", "ok", "open"),
        ("SELECT count(*) FROM t WHERE id = 1", "1", "open"), ("ROLLBACK", "ok", "idle"),
        ("SELECT count(*) FROM t WHERE id = 1", "0", "idle")],
    "READ ONLY is on a replica, to its end": [
        ("BEGIN READ ONLY", "ok", "open"), (WHERE, "replica", "open"), (WHERE, "replica", "open"),
        ("COMMIT", "ok", "idle"), ("INSERT INTO t VALUES (2)", "ok", "idle"), ("DELETE FROM t WHERE id = 2", "ok", "idle")],
    "READ ONLY in other words": [
        ("START TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", "ok", "open"), (WHERE, "replica", "open"),
        ("END", "ok", "idle"), ("BEGIN TRANSACTION READ ONLY DEFERRABLE", "ok", "open"), (WHERE, "replica", "open"),
        ("ABORT", "ok", "idle")],
    "READ ONLY sees what the session wrote": [
        ("INSERT INTO t VALUES (3)", "ok", "idle"), ("BEGIN READ ONLY", "ok", "open"),
        ("SELECT count(*) FROM t WHERE id = 3", "1", "open"), ("COMMIT", "ok", "idle"), ("DELETE FROM t WHERE id = 3", "ok", "idle")],
    "a write in READ ONLY is refused, and not run elsewhere": [
        ("BEGIN READ ONLY", "ok", "open"), ("INSERT INTO t VALUES (4)", "25006", "failed"), (WHERE, "25P02", "failed"),
        ("COMMIT", "ok", "idle"), ("SELECT count(*) FROM t WHERE id = 4", "0", "idle")],
    "SERIALIZABLE is on the primary": [
        ("BEGIN ISOLATION LEVEL SERIALIZABLE", "ok", "open"), (WHERE, "primary", "open"), ("COMMIT", "ok", "idle"),
        ("BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY", "ok", "open"), (WHERE, "primary", "open"), ("COMMIT", "ok", "idle")],
    "a session of SERIALIZABLE is on the primary": [
        ("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE", "ok", "idle"), (WHERE, "primary", "idle"),
        ("SHOW transaction_isolation", "serializable", "idle"),
        ("BEGIN READ ONLY", "ok", "open"), (WHERE, "primary", "open"), ("COMMIT", "ok", "idle"),
        ("RESET default_transaction_isolation", "ok", "idle"), (WHERE, "replica", "idle")],
    "by its default, too": [
        ("SET default_transaction_isolation = 'serializable'", "ok", "idle"), (WHERE, "primary", "idle"),
        ("SET default_transaction_isolation TO DEFAULT", "ok", "idle"), (WHERE, "replica", "idle")],
    "SET TRANSACTION is of this one alone": [
        ("BEGIN", "ok", "open"), ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "ok", "open"),
        ("SHOW transaction_isolation", "serializable", "open"), ("COMMIT", "ok", "idle"),
        ("SHOW transaction_isolation", "read committed", "idle"),
        ("BEGIN", "ok", "open"), ("SET TRANSACTION READ ONLY", "ok", "open"),
        ("INSERT INTO t VALUES (5)", "25006", "failed"), ("ROLLBACK", "ok", "idle"),
        ("INSERT INTO t VALUES (5)", "ok", "idle"), ("DELETE FROM t WHERE id = 5", "ok", "idle")],
    "a session that is read-only by default": [
        ("SET default_transaction_read_only = on", "ok", "idle"), (WHERE, "replica", "idle"),
        ("INSERT INTO t VALUES (6)", "25006", "idle"),
        ("BEGIN", "ok", "open"), ("SHOW transaction_read_only", "on", "open"), ("COMMIT", "ok", "idle"),
        ("BEGIN READ WRITE", "ok", "open"), (WHERE, "primary", "open"), ("INSERT INTO t VALUES (6)", "ok", "open"),
        ("ROLLBACK", "ok", "idle"), ("SET default_transaction_read_only = off", "ok", "idle"),
        ("INSERT INTO t VALUES (6)", "ok", "idle"), ("DELETE FROM t WHERE id = 6", "ok", "idle")],
    "by its characteristics, too": [
        ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "ok", "idle"), ("INSERT INTO t VALUES (7)", "25006", "idle"),
        ("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE", "ok", "idle"), ("INSERT INTO t VALUES (7)", "ok", "idle"),
        ("DELETE FROM t WHERE id = 7", "ok", "idle")],
    "what is set in one that is rolled back was never set": [
        ("BEGIN", "ok", "open"), ("SET default_transaction_isolation = 'serializable'", "ok", "open"),
        ("ROLLBACK", "ok", "idle"), (WHERE, "replica", "idle"), ("SHOW default_transaction_isolation", "read committed", "idle")],
    "savepoints": [
        ("BEGIN", "ok", "open"), ("INSERT INTO t VALUES (10)", "ok", "open"), ("SAVEPOINT s", "ok", "open"),
        ("INSERT INTO t VALUES (10)", "23505", "failed"), ("ROLLBACK TO s", "ok", "open"), (WHERE, "primary", "open"),
        ("RELEASE s", "ok", "open"), ("ROLLBACK", "ok", "idle"), ("SELECT count(*) FROM t WHERE id = 10", "0", "idle")],
    "savepoints on a replica": [
        ("BEGIN READ ONLY", "ok", "open"), ("SAVEPOINT s", "ok", "open"), ("SELECT 1/0", "22012", "failed"),
        ("ROLLBACK TO SAVEPOINT s", "ok", "open"), (WHERE, "replica", "open"), ("COMMIT", "ok", "idle")],
    "a COMMIT of a failed one rolls back": [
        ("BEGIN", "ok", "open"), ("INSERT INTO t VALUES (11)", "ok", "open"), ("SELECT 1/0", "22012", "failed"),
        ("COMMIT", "ok", "idle"), ("SELECT count(*) FROM t WHERE id = 11", "0", "idle")],
    "AND CHAIN goes on": [
        ("BEGIN", "ok", "open"), ("INSERT INTO t VALUES (12)", "ok", "open"), ("COMMIT AND CHAIN", "ok", "open"),
        (WHERE, "primary", "open"), ("DELETE FROM t WHERE id = 12", "ok", "open"), ("ROLLBACK AND CHAIN", "ok", "open"),
        ("SELECT count(*) FROM t WHERE id = 12", "1", "open"), ("ROLLBACK", "ok", "idle"),
        ("DELETE FROM t WHERE id = 12", "ok", "idle")],
    "several in a text": [
        (f"BEGIN; INSERT INTO t VALUES (13); {WHERE}; COMMIT; {WHERE}", "primary", "idle"),
        ("SELECT count(*) FROM t WHERE id = 13", "1", "idle"), ("DELETE FROM t WHERE id = 13; BEGIN", "ok", "open"),
        (WHERE, "primary", "open"), ("ROLLBACK; SELECT 1", "1", "idle"),
        # BEGIN made all of its text part of what was rolled back.
        ("SELECT count(*) FROM t WHERE id = 13", "1", "idle"), ("DELETE FROM t WHERE id = 13", "ok", "idle")],
    "a text is one transaction": [
        ("INSERT INTO t VALUES (14); SELECT 1/0", "22012", "idle"), ("SELECT count(*) FROM t WHERE id = 14", "0", "idle")],
    "a text that begins one READ ONLY": [
        (f"BEGIN READ ONLY; {WHERE}; COMMIT", "ok", "idle"), (f"BEGIN READ ONLY; {WHERE}", "primary", "open"),
        ("COMMIT", "ok", "idle"), (WHERE, "replica", "idle")],
    "a procedure that commits inside": [
        ("CALL commits(20)", "ok", "idle"), ("SELECT count(*) FROM t WHERE id IN (20, 21)", "1", "idle"),
        (WHERE, "any", "idle"), ("DELETE FROM t WHERE id = 20", "ok", "idle")],
    "a procedure that commits may not within one": [
        ("BEGIN", "ok", "open"), ("CALL commits(22)", "2D000", "failed"), ("ROLLBACK", "ok", "idle")],
    "a block that commits inside": [
        ("DO $$ BEGIN INSERT INTO t VALUES (23); COMMIT; INSERT INTO t VALUES (24); ROLLBACK; END $$", "ok", "idle"),
        ("SELECT count(*) FROM t WHERE id IN (23, 24)", "1", "idle"), ("DELETE FROM t WHERE id = 23", "ok", "idle")],
    "what ends none, and begins one within one, is said by the server": [
        ("COMMIT", "ok", "idle"), ("ROLLBACK", "ok", "idle"), ("BEGIN", "ok", "open"), ("BEGIN", "ok", "open"),
        ("COMMIT", "ok", "idle")],
    "READ ONLY is asked for by the first statement": [
        ("BEGIN", "ok", "open"), ("SET TRANSACTION READ ONLY", "ok", "open"), (WHERE, "replica", "open"),
        ("SHOW transaction_read_only", "on", "open"), ("COMMIT", "ok", "idle"),
        ("BEGIN READ ONLY", "ok", "open"), ("SET TRANSACTION READ WRITE", "ok", "open"), (WHERE, "primary", "open"),
        ("INSERT INTO t VALUES (30)", "ok", "open"), ("ROLLBACK", "ok", "idle"),
        ("BEGIN", "ok", "open"), ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY", "ok", "open"),
        (WHERE, "primary", "open"), ("COMMIT", "ok", "idle")],
    "READ ONLY that begins with what only the primary can do": [
        ("BEGIN READ ONLY", "ok", "open"), ("SELECT pg_advisory_xact_lock(7)", "ok", "open"), (WHERE, "primary", "open"),
        ("COMMIT", "ok", "idle")],
    "nothing in it": [
        ("BEGIN", "ok", "open"), ("COMMIT", "ok", "idle"), ("START TRANSACTION", "ok", "open"), ("ROLLBACK", "ok", "idle"),
        ("begin work;", "ok", "open"), ("", "any", "open"), ("END", "ok", "idle"), (WHERE, "replica", "idle")],
    "a BEGIN that the server refuses": [
        ("SET relevo.target = 'replica'", "ok", "idle"), ("BEGIN ISOLATION LEVEL SERIALIZABLE", "ok", "open"),
        ("SELECT 1", "0A000", "failed"), ("SELECT 1", "25P02", "failed"), ("ROLLBACK", "ok", "idle"),
        ("RESET relevo.target", "ok", "idle"), (WHERE, "any", "idle")],
    "SET LOCAL and a function's setting end with it": [
        ("BEGIN", "ok", "open"), ("SET LOCAL work_mem = '5MB'", "ok", "open"), ("SHOW work_mem", "5MB", "open"),
        ("COMMIT", "ok", "idle"), ("SELECT current_setting('work_mem') = '5MB'", "False", "idle")],
}


class Transactions(either_engine.HeldTransactions, harness.IntegrationTest):
    # More sessions than connections: whatever is left behind meets the next script.
    config = {"cluster": {"pool": {"size": 2}}}

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE t (id int PRIMARY KEY)", user="app")
        cls.cluster.sql("db1", "CREATE PROCEDURE commits(a int) LANGUAGE plpgsql AS "
                               "$$ BEGIN INSERT INTO t VALUES (a); COMMIT; INSERT INTO t VALUES (a + 1); ROLLBACK; END $$",
                        user="app")
        cls.cluster.await_replicas()

    def is_open(self, session):
        return session.get_transaction_status() == extensions.TRANSACTION_STATUS_INTRANS

    def said(self, session, text):
        """(SQLSTATE or None, the first value of the answer as text, "" if there is none)"""
        cursor = session.cursor()
        try:
            cursor.execute(text)
        except psycopg2.Error as error:
            return error.pgcode, str(error)
        return None, str(cursor.fetchone()[0]) if cursor.description else ""

    def holds(self, session, text, expected):
        error, value = self.said(session, text)
        if len(expected) == 5 and expected.isalnum() and expected[0].isdigit() and expected[-1].isalnum():
            return error == expected or self.fail(f"{error} {value}, expected {expected}")
        self.assertIsNone(error, value)
        if expected in ("primary", "replica"):
            return harness.STANDIN or (self.cluster.name_of(value) == "db1") == (expected == "primary")
        return expected in ("ok", "any") or value == expected or self.fail(f"{value}, expected {expected}")

    def check(self, session, text, expected):
        # A session is on the primary until a replica has what it wrote: then it is on one.
        outside = session.get_transaction_status() == extensions.TRANSACTION_STATUS_IDLE
        if expected == "replica" and outside:
            harness.wait_until(lambda: self.holds(session, text, expected), f"{text} on a replica")
        else:
            self.assertTrue(self.holds(session, text, expected), f"not on the {expected}")

    def test_scripts(self):
        for name, script in SCRIPTS.items():
            for round_ in range(2):
                with self.subTest(name, round=round_):
                    session = self.connect()
                    for number, (text, expected, standing) in enumerate(script):
                        with self.subTest(f"{number}: {text}"):
                            self.check(session, text, expected)
                            self.assertEqual(STANDING.get(session.get_transaction_status()), standing)
                    session.close()

    def test_answers_are_the_servers(self):
        """Message by message, as without a proxy: what is answered ahead of the server as well."""
        conversations = [["BEGIN", "COMMIT"], ["START TRANSACTION;", "ROLLBACK"], ["BEGIN", "BEGIN", "COMMIT"], ["begin x"],
                         ["BEGIN", "", "SELECT 1", "END"], ["BEGIN", "SELECT 1/0", "SELECT 1", "COMMIT"],
                         ["BEGIN", "COMMIT AND CHAIN", "SHOW transaction_isolation", "ROLLBACK"],
                         ["BEGIN ISOLATION LEVEL REPEATABLE READ", "SHOW transaction_isolation", "ABORT", "SHOW transaction_isolation"],
                         ["BEGIN", "SELECT 1; COMMIT; SELECT 2"], ["BEGIN; SELECT 1", "COMMIT"]]
        for texts in conversations:
            for together in (False, True):
                with self.subTest(texts, together=together):
                    told = [self.conversation(port, texts, together) for port in (self.cluster.ports["db1"], self.proxy.port)]
                    self.assertEqual(told[0], told[1])

    def conversation(self, port, texts, together):
        def seen(messages):
            return [(kind, wire.error_fields(payload)["C"] if kind == "E" else payload) for kind, payload in messages]
        with wire.Wire(port) as one:
            one.log_in("app", self.cluster.passwords["app"], "app")
            answers = []
            for text in texts:
                one.send(wire.query(text))
                if not together:
                    answers.append(seen(one.until_ready()))
            if together:
                answers = [seen(one.until_ready()) for _ in texts]
            return answers, [(notice["S"], notice["C"]) for notice in one.notices]

    def test_extended_statements_in_it(self):
        with wire.Wire(self.proxy.port) as session:
            session.log_in("app", self.cluster.passwords["app"], "app")
            for last, number in (("COMMIT", 40), ("ROLLBACK", 42)):
                session.send(wire.query("BEGIN"))
                self.assertEqual(session.until_ready()[-1], ("Z", b"T"))
                session.send(wire.sync())
                self.assertEqual(session.until_ready(), [("Z", b"T")])
                session.send(wire.parse(f"INSERT INTO t VALUES ({number})"), wire.bind(), wire.execute(), wire.sync())
                self.assertEqual(session.until_ready()[-1], ("Z", b"T"))
                session.send(wire.parse(last), wire.bind(), wire.execute(), wire.sync())
                self.assertEqual(session.until_ready()[-1], ("Z", b"I"))
            session.send(wire.query("BEGIN"))
            session.until_ready()
            session.send(wire.parse("COMMIT"), wire.bind(), wire.execute(), wire.sync())
            self.assertEqual([kind for kind, _ in session.until_ready()], ["1", "2", "C", "Z"])
        self.assertEqual(self.value(self.connect(), "DELETE FROM t WHERE id IN (40, 42) RETURNING id"), 40)

    @harness.only_relevo
    def test_its_first_statement_is_run_elsewhere_when_its_server_is_lost(self):
        session = self.connect()
        for round_ in range(2):
            self.query(session, "BEGIN READ ONLY")
            read = either_engine.SlowRead(self, f"SELECT inet_server_port(), pg_sleep(2) AS begun_{round_}", session)
            harness.wait_until(lambda: self.cluster.sql(
                read.node, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                           f"WHERE query LIKE '%AS begun_{round_}' AND pid <> pg_backend_pid()"), "its backend ends")
            self.assertNotEqual(self.cluster.name_of(read.port()), read.node)
            self.assertEqual(STANDING[session.get_transaction_status()], "open")
            self.query(session, "COMMIT")


if __name__ == "__main__":
    harness.run()

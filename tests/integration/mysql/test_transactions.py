#!/usr/bin/python3
"""Transactions as MySQL and MariaDB have them, through a pool that lends a connection
for each: a table of scripts, each in a session of its own. A line is what the client
says and what must come of it:

    primary, replica   the statement answers with its node's port: one of these
    ok                 no error; rows are not looked at
    a number           this error, where it is an int; else the answer's first value

and, behind that, where the session stands then, by the server's status flags: "idle"
or "open".
"""

import unittest

import pymysql

import harness

WHERE = "SELECT @@port"
IN_TRANSACTION = 1  # SERVER_STATUS_IN_TRANS
READ_ONLY_TRANSACTION = 1792
REFUSED = (1290, 1792)  # by a replica for what it is, or for the transaction
DUPLICATE = 1062

SCRIPTS = {
    "a plain one is on the primary": [
        ("BEGIN", "ok", "open"), (WHERE, "primary", "open"), ("INSERT INTO t VALUES (1)", "ok", "open"),
        ("SELECT COUNT(*) FROM t WHERE id = 1", "1", "open"), ("ROLLBACK", "ok", "idle"),
        ("SELECT COUNT(*) FROM t WHERE id = 1", "0", "idle")],
    "READ ONLY is on a replica, to its end": [
        ("START TRANSACTION READ ONLY", "ok", "open"), (WHERE, "replica", "open"), (WHERE, "replica", "open"),
        ("COMMIT", "ok", "idle"), ("INSERT INTO t VALUES (2)", "ok", "idle"), ("DELETE FROM t WHERE id = 2", "ok", "idle")],
    "READ ONLY sees what the session wrote": [
        ("INSERT INTO t VALUES (3)", "ok", "idle"), ("START TRANSACTION READ ONLY", "ok", "open"),
        ("SELECT COUNT(*) FROM t WHERE id = 3", "1", "open"), ("COMMIT", "ok", "idle"), ("DELETE FROM t WHERE id = 3", "ok", "idle")],
    "a write in READ ONLY is refused, and not run elsewhere": [
        ("START TRANSACTION READ ONLY", "ok", "open"), ("INSERT INTO t VALUES (4)", REFUSED, None),
        ("ROLLBACK", "ok", "idle"), ("SELECT COUNT(*) FROM t WHERE id = 4", "0", "idle")],
    "a session of SERIALIZABLE is on the primary": [
        ("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE", "ok", "idle"), (WHERE, "primary", None),
        ("START TRANSACTION READ ONLY", "ok", "open"), (WHERE, "primary", "open"), ("COMMIT", "ok", "idle"),
        ("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", "ok", "idle"), (WHERE, "replica", "idle")],
    "SET TRANSACTION is of the next one alone": [
        ("SET TRANSACTION READ ONLY", "ok", "idle"), ("BEGIN", "ok", "open"),
        ("INSERT INTO t VALUES (5)", READ_ONLY_TRANSACTION, None), ("ROLLBACK", "ok", "idle"),
        ("INSERT INTO t VALUES (5)", "ok", "idle"), ("DELETE FROM t WHERE id = 5", "ok", "idle"),
        ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "ok", "idle"), ("START TRANSACTION", "ok", "open"),
        (WHERE, "primary", "open"), ("COMMIT", "ok", "idle"), (WHERE, "replica", "idle")],
    "a session that is read-only": [
        ("SET SESSION TRANSACTION READ ONLY", "ok", "idle"), (WHERE, "replica", "idle"),
        ("INSERT INTO t VALUES (6)", READ_ONLY_TRANSACTION, "idle"),
        ("START TRANSACTION READ WRITE", "ok", "open"), ("INSERT INTO t VALUES (6)", "ok", "open"), ("ROLLBACK", "ok", "idle"),
        ("SET SESSION TRANSACTION READ WRITE", "ok", "idle"), ("INSERT INTO t VALUES (6)", "ok", "idle"),
        ("DELETE FROM t WHERE id = 6", "ok", "idle")],
    "autocommit=0": [
        ("SET autocommit = 0", "ok", "idle"), (WHERE, "primary", None), ("INSERT INTO t VALUES (7)", "ok", "open"),
        (WHERE, "primary", "open"), ("ROLLBACK", "ok", "idle"), ("SELECT COUNT(*) FROM t WHERE id = 7", "0", None),
        ("COMMIT", "ok", "idle"), ("INSERT INTO t VALUES (7)", "ok", "open"), ("SET autocommit = 1", "ok", "idle"),
        ("SELECT COUNT(*) FROM t WHERE id = 7", "1", "idle"), ("DELETE FROM t WHERE id = 7", "ok", "idle"),
        (WHERE, "replica", "idle")],
    "BEGIN commits the open one": [
        ("BEGIN", "ok", "open"), ("INSERT INTO t VALUES (8)", "ok", "open"), ("BEGIN", "ok", "open"), ("ROLLBACK", "ok", "idle"),
        ("SELECT COUNT(*) FROM t WHERE id = 8", "1", "idle"), ("DELETE FROM t WHERE id = 8", "ok", "idle")],
    "DDL commits": [
        ("BEGIN", "ok", "open"), ("INSERT INTO t VALUES (9)", "ok", "open"), ("CREATE TABLE made (a INT)", "ok", "idle"),
        ("ROLLBACK", "ok", "idle"), ("SELECT COUNT(*) FROM t WHERE id = 9", "1", "idle"), ("DROP TABLE made", "ok", "idle"),
        ("DELETE FROM t WHERE id = 9", "ok", "idle"), (WHERE, "replica", "idle")],
    # MySQL has committed by then, MariaDB has not.
    "DDL that fails": [
        ("BEGIN", "ok", "open"), ("INSERT INTO t VALUES (10)", "ok", "open"), ("CREATE TABLE t (a INT)", 1050, None),
        ("SELECT COUNT(*) FROM t WHERE id = 10", "1", None), ("COMMIT", "ok", "idle"),
        ("DELETE FROM t WHERE id = 10", "ok", "idle")],
    "savepoints": [
        ("BEGIN", "ok", "open"), ("INSERT INTO t VALUES (11)", "ok", "open"), ("SAVEPOINT s", "ok", "open"),
        ("INSERT INTO t VALUES (12)", "ok", "open"), ("ROLLBACK TO s", "ok", "open"), ("RELEASE SAVEPOINT s", "ok", "open"),
        ("COMMIT", "ok", "idle"), ("SELECT COUNT(*) FROM t WHERE id IN (11, 12)", "1", "idle"),
        ("DELETE FROM t WHERE id = 11", "ok", "idle")],
    "an error leaves it open": [
        ("BEGIN", "ok", "open"), ("INSERT INTO t VALUES (13)", "ok", "open"), ("INSERT INTO t VALUES (13)", DUPLICATE, None),
        (WHERE, "primary", "open"), ("ROLLBACK", "ok", "idle"), ("SELECT COUNT(*) FROM t WHERE id = 13", "0", "idle")],
    "AND CHAIN goes on": [
        ("BEGIN", "ok", "open"), ("INSERT INTO t VALUES (14)", "ok", "open"), ("COMMIT AND CHAIN", "ok", "open"),
        ("DELETE FROM t WHERE id = 14", "ok", "open"), ("ROLLBACK", "ok", "idle"),
        ("SELECT COUNT(*) FROM t WHERE id = 14", "1", "idle"), ("DELETE FROM t WHERE id = 14", "ok", "idle")],
    "a procedure that commits inside": [
        ("CALL commits(20)", "ok", "idle"), ("SELECT COUNT(*) FROM t WHERE id IN (20, 21)", "1", "idle"),
        # It may have set anything: the session stays where it ran.
        ("DELETE FROM t WHERE id = 20", "ok", "idle"), (WHERE, "primary", "idle")],
    "a procedure that leaves one open": [
        ("CALL opens(22)", "ok", "open"), (WHERE, "primary", "open"), ("ROLLBACK", "ok", "idle"),
        ("SELECT COUNT(*) FROM t WHERE id = 22", "0", "idle")],
    "a procedure that ends one": [
        ("BEGIN", "ok", "open"), ("INSERT INTO t VALUES (23)", "ok", "open"), ("CALL commits(24)", "ok", "idle"),
        ("ROLLBACK", "ok", "idle"), ("SELECT COUNT(*) FROM t WHERE id IN (23, 24)", "2", "idle"),
        ("DELETE FROM t WHERE id IN (23, 24)", "ok", "idle")],
    "several in a text": [
        ("BEGIN; INSERT INTO t VALUES (15); COMMIT", "ok", "idle"), ("SELECT COUNT(*) FROM t WHERE id = 15", "1", "idle"),
        ("DELETE FROM t WHERE id = 15; BEGIN", "ok", "open"), (WHERE, "primary", "open"), ("ROLLBACK", "ok", "idle")],
    "by its prepared form": [
        ("PREPARE b FROM 'START TRANSACTION'", "ok", "idle"), ("EXECUTE b", "ok", "open"), (WHERE, "primary", "open"),
        ("INSERT INTO t VALUES (16)", "ok", "open"), ("ROLLBACK", "ok", "idle"), ("DEALLOCATE PREPARE b", "ok", "idle"),
        ("SELECT COUNT(*) FROM t WHERE id = 16", "0", "idle")],
    "LOCK TABLES commits": [
        ("BEGIN", "ok", "open"), ("INSERT INTO t VALUES (17)", "ok", "open"), ("LOCK TABLES t WRITE", "ok", "idle"),
        ("DELETE FROM t WHERE id = 17", "ok", "idle"), ("UNLOCK TABLES", "ok", "idle"), (WHERE, "replica", "idle")],
}


class Transactions(harness.IntegrationTest):
    # More sessions than connections: whatever is left behind meets the next script.
    config = {"cluster": {"pool": {"size": 2}}}

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE t (id INT PRIMARY KEY)",
                        "CREATE PROCEDURE commits(a INT) BEGIN START TRANSACTION; INSERT INTO t VALUES (a); COMMIT; "
                        "START TRANSACTION; INSERT INTO t VALUES (a + 1); ROLLBACK; END",
                        "CREATE PROCEDURE opens(a INT) BEGIN START TRANSACTION; INSERT INTO t VALUES (a); END")
        cls.cluster.await_replicas()

    def said(self, session, text):
        """(error number or None, the first value of the answer as text)"""
        try:
            with session.cursor() as cursor:
                cursor.execute(text)
                rows = cursor.fetchall()
                while cursor.nextset():
                    pass
        except pymysql.MySQLError as error:
            return error.args[0], str(error)
        return None, str(rows[0][0]) if rows else ""

    def holds(self, session, text, expected):
        error, value = self.said(session, text)
        if isinstance(expected, (int, tuple)):
            return error in (expected if isinstance(expected, tuple) else (expected,)) or self.fail(f"{error} {value}, expected {expected}")
        self.assertIsNone(error, value)
        if expected in ("primary", "replica"):
            return harness.STANDIN or (self.cluster.name_of(value) == "db1") == (expected == "primary")
        return expected == "ok" or value == expected or self.fail(f"{value}, expected {expected}")

    def check(self, session, text, expected):
        # A session is on the primary until a replica has what it wrote: then it is on one.
        outside = not session.server_status & IN_TRANSACTION
        if expected == "replica" and outside:
            harness.wait_until(lambda: self.holds(session, text, expected), f"{text} on a replica; pinned: {self.pinned(session)}")
        else:
            self.assertTrue(self.holds(session, text, expected), f"not on the {expected}")

    def test_scripts(self):
        for name, script in SCRIPTS.items():
            for round_ in range(2):
                with self.subTest(name, round=round_):
                    session = self.connect(client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS)
                    for number, (text, expected, standing) in enumerate(script):
                        with self.subTest(f"{number}: {text}"):
                            self.check(session, text, expected)
                            if standing is not None:  # an error doesn't say
                                status = "open" if session.server_status & IN_TRANSACTION else "idle"
                                self.assertEqual(status, standing)
                    session.close()


if __name__ == "__main__":
    harness.run()

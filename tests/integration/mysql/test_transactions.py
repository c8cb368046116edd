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

import pymysql

import harness
import either_engine
import wire

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
    "nothing in it": [
        ("BEGIN", "ok", "open"), ("COMMIT", "ok", "idle"), ("start transaction;", "ok", "open"), ("ROLLBACK WORK", "ok", "idle"),
        ("START TRANSACTION READ ONLY", "ok", "open"), ("COMMIT", "ok", "idle"), (WHERE, "replica", "idle")],
    "an error in its first statement leaves it open": [
        ("BEGIN", "ok", "open"), ("SELECT * FROM nowhere", 1146, None), ("INSERT INTO t VALUES (30)", "ok", "open"),
        ("ROLLBACK", "ok", "idle"), ("SELECT COUNT(*) FROM t WHERE id = 30", "0", "idle")],
    "one that is begun twice": [
        ("BEGIN", "ok", "open"), ("BEGIN", "ok", "open"), ("INSERT INTO t VALUES (31)", "ok", "open"), ("ROLLBACK", "ok", "idle"),
        ("SELECT COUNT(*) FROM t WHERE id = 31", "0", "idle")],
    "ROW_COUNT() and LAST_INSERT_ID() ask about what was before it": [
        ("INSERT INTO numbered (v) VALUES (1), (2)", "ok", "idle"), ("BEGIN", "ok", "open"), ("SELECT ROW_COUNT()", "0", "open"),
        ("SELECT LAST_INSERT_ID() > 0", "1", "open"), ("COMMIT", "ok", "idle")],
    "its isolation is the one that was set for it": [
        ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "ok", "idle"), ("BEGIN", "ok", "open"), (WHERE, "primary", "open"),
        ("SET TRANSACTION ISOLATION LEVEL READ COMMITTED", 1568, None), ("COMMIT", "ok", "idle")],
    "READ ONLY that begins with a write": [
        ("START TRANSACTION READ ONLY", "ok", "open"), ("INSERT INTO t VALUES (32)", READ_ONLY_TRANSACTION, None),
        ("ROLLBACK", "ok", "idle")],
    "USE is of the transaction's connection": [
        ("BEGIN", "ok", "open"), ("USE other", "ok", "open"), ("SELECT DATABASE()", "other", "open"), ("ROLLBACK", "ok", "idle"),
        ("SELECT DATABASE()", "other", "idle"), ("USE app", "ok", "idle")],
    "LOCK TABLES commits": [
        ("BEGIN", "ok", "open"), ("INSERT INTO t VALUES (17)", "ok", "open"), ("LOCK TABLES t WRITE", "ok", "idle"),
        ("DELETE FROM t WHERE id = 17", "ok", "idle"), ("UNLOCK TABLES", "ok", "idle"), (WHERE, "replica", "idle")],
}


class Transactions(either_engine.HeldTransactions, harness.IntegrationTest):
    # More sessions than connections: whatever is left behind meets the next script.
    config = {"cluster": {"pool": {"size": 2}}}

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE t (id INT PRIMARY KEY)",
                        "CREATE TABLE numbered (id INT AUTO_INCREMENT PRIMARY KEY, v INT)",
                        "CREATE DATABASE IF NOT EXISTS other", "GRANT ALL ON other.* TO app",
                        "CREATE PROCEDURE commits(a INT) BEGIN START TRANSACTION; INSERT INTO t VALUES (a); COMMIT; "
                        "START TRANSACTION; INSERT INTO t VALUES (a + 1); ROLLBACK; END",
                        "CREATE PROCEDURE opens(a INT) BEGIN START TRANSACTION; INSERT INTO t VALUES (a); END")
        cls.cluster.await_replicas()

    def is_open(self, session):
        session.ping(reconnect=False)
        return bool(session.server_status & IN_TRANSACTION)

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

    @harness.only_relevo
    def test_prepared_statements_in_it(self):
        with wire.Wire(self.proxy.port) as session:
            session.log_in("app", self.cluster.passwords["app"])
            insert = session.prepare("INSERT INTO t VALUES (?)")
            for number, last in ((40, "COMMIT"), (41, "ROLLBACK")):
                session.query("BEGIN")
                session.execute(insert, number)
                session.query(last)
            session.query("BEGIN")
            delete = session.prepare("DELETE FROM t WHERE id = ?")
            session.execute(delete, 40)
            session.query("ROLLBACK")
        self.assertEqual(self.cluster.sql("db1", "SELECT id FROM t WHERE id IN (40, 41)"), [(40,)])
        self.cluster.sql("db1", "DELETE FROM t WHERE id = 40")

    @harness.only_relevo
    def test_reset_ends_it(self):
        with wire.Wire(self.proxy.port) as session:
            session.log_in("app", self.cluster.passwords["app"])
            session.query("BEGIN")
            session.simple(wire.COM_RESET_CONNECTION)
            session.query("INSERT INTO t VALUES (42)")
            session.query("ROLLBACK")
        self.assertEqual(self.cluster.sql("db1", "SELECT id FROM t WHERE id = 42"), [(42,)])
        self.cluster.sql("db1", "DELETE FROM t WHERE id = 42")

    @harness.only_relevo
    def test_its_first_statement_is_run_elsewhere_when_its_server_is_lost(self):
        session = self.connect()
        for round_ in range(2):
            self.query(session, "START TRANSACTION READ ONLY")
            read = either_engine.SlowRead(self, f"SELECT @@port, SLEEP(2) AS begun_{round_}", session)
            running = f"SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE '%AS begun_{round_}'"
            found = harness.wait_until(lambda: self.cluster.sql(read.node, running), "it runs")
            self.cluster.sql(read.node, f"KILL {found[0][0]}")
            self.assertNotEqual(self.cluster.name_of(read.port()), read.node)
            self.assertTrue(session.server_status & IN_TRANSACTION)
            self.query(session, "COMMIT")


if __name__ == "__main__":
    harness.run()

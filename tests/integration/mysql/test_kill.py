#!/usr/bin/python3
"""KILL and KILL QUERY find the session that is meant, wherever it runs."""

import threading
import time

import pymysql

import harness
import wire


class Kill(harness.IntegrationTest):
    cluster_options = {"replicas": 1}
    config = {"cluster": {"pool": {"size": 4}}}

    def sleeper(self, sql="SELECT SLEEP(30)"):
        """(its session, its thread, what becomes of it, the seconds it took), once it runs."""
        session, outcome = self.connect(), {}

        def run():
            began = time.monotonic()
            try:
                outcome["rows"] = self.query(session, sql)
            except (pymysql.MySQLError, OSError) as error:
                outcome["error"] = error.args[0]
            outcome["seconds"] = time.monotonic() - began
        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(thread.join, 60)
        needle = sql.replace("'", "''")
        harness.wait_until(
            lambda: any(self.cluster.sql(node, "SELECT COUNT(*) FROM information_schema.PROCESSLIST "
                                               f"WHERE INFO = '{needle}'")[0][0] for node in self.cluster.ports),
            "the statement runs")
        return session, thread, outcome

    def test_kill_query(self):
        session, thread, outcome = self.sleeper()
        other = self.connect()
        self.query(other, f"KILL QUERY {session.thread_id()}")
        thread.join(20)
        self.assertLess(outcome["seconds"], 20)
        # SLEEP tells of its interruption by its value; other statements fail.
        self.assertTrue(outcome.get("rows") == [(1,)] or outcome.get("error") == harness.QUERY_INTERRUPTED, outcome)
        self.assertEqual(self.value(session, "SELECT 1"), 1)

    def test_kill_query_in_a_transaction(self):
        session, thread, outcome = self.sleeper("UPDATE mysql_kill SET v = SLEEP(30)")
        self.query(self.connect(), f"KILL QUERY {session.thread_id()}")
        thread.join(20)
        self.assertEqual(outcome.get("error"), harness.QUERY_INTERRUPTED, outcome)

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE mysql_kill (v INT)", "INSERT INTO mysql_kill VALUES (0)")
        cls.cluster.await_replicas()

    def test_connection_id_is_the_one_that_kill_takes(self):
        session = self.connect()
        for text in ("SELECT CONNECTION_ID()", "select connection_id() as id", "SELECT CONNECTION_ID();"):
            self.assertEqual(self.value(session, text), session.thread_id(), text)
        self.query(session, "BEGIN")
        self.query(session, "UPDATE mysql_kill SET v = 0")
        self.assertEqual(self.value(session, "SELECT CONNECTION_ID()"), session.thread_id())
        self.query(session, "ROLLBACK")
        with session.cursor() as cursor:
            cursor.execute("SELECT CONNECTION_ID()")
            self.assertEqual(cursor.description[0][0], "CONNECTION_ID()")
        self.query(self.connect(), f"KILL {self.value(session, 'SELECT CONNECTION_ID()')}")
        self.assertError(harness.SERVER_GONE + (1927, 1053), lambda: self.query(session, "SELECT 1"))

    def test_kill_ends_the_session(self):
        session, thread, outcome = self.sleeper()
        self.query(self.connect(), f"KILL {session.thread_id()}")
        thread.join(20)
        self.assertIn(outcome.get("error"), (*harness.SERVER_GONE, 1927, harness.QUERY_INTERRUPTED), outcome)
        with self.assertRaises((pymysql.MySQLError, OSError)):
            self.query(session, "SELECT 1")

    def test_kill_of_an_idle_session(self):
        session = self.connect()
        self.query(self.connect(), f"KILL CONNECTION {session.thread_id()}")
        with self.assertRaises((pymysql.MySQLError, OSError)):
            self.query(session, "SELECT 1")
            self.query(session, "SELECT 1")

    def test_kill_of_oneself(self):
        session = self.connect()
        with self.assertRaises((pymysql.MySQLError, OSError)):
            self.query(session, "KILL CONNECTION_ID()")
            self.query(session, "SELECT 1")

    def test_kill_of_nobody(self):
        self.assertError(1094, self.query, self.connect(), "KILL 4000000000")

    def test_others_may_not_kill(self):
        """Neither another user's sessions, nor, by their servers' numbers, anybody's."""
        self.cluster.sql("db1", "CREATE USER stranger IDENTIFIED BY 'x'", "GRANT SELECT ON app.* TO stranger")
        self.cluster.await_replicas()
        session, thread, outcome = self.sleeper("SELECT SLEEP(4)")
        stranger = self.connect(user="stranger", password="x")
        self.assertError((1095, 1094), self.query, stranger, f"KILL QUERY {session.thread_id()}")
        thread.join(20)
        self.assertEqual(outcome.get("rows"), [(0,)], outcome)

    def test_a_server_that_ends_a_session_in_the_middle_of_a_write(self):
        """As in a shutdown: what became of the write is not known, and the session goes on."""
        self.only("mysql", "says why it ends a session in the place of an answer")
        session, thread, outcome = self.sleeper("UPDATE mysql_kill SET v = SLEEP(20)")
        number = self.cluster.sql("db1", "SELECT ID FROM performance_schema.processlist WHERE INFO LIKE 'UPDATE mysql_kill%'")[0][0]
        self.cluster.sql("db1", f"KILL {number}")
        thread.join(20)
        self.assertEqual(outcome.get("error"), harness.OUTCOME_UNKNOWN, outcome)
        self.assertEqual(self.value(session, "SELECT 1 FOR UPDATE"), 1)

    def test_com_process_kill(self):
        session, thread, outcome = self.sleeper()
        with wire.Wire(self.proxy.port) as other:
            other.log_in("app", self.cluster.passwords["app"])
            other.simple(wire.COM_PROCESS_KILL, session.thread_id().to_bytes(4, "little"))
        thread.join(20)
        self.assertIn("error", outcome)

    def test_a_client_that_goes_takes_its_statement_along(self):
        """As a cancelled web request does: the server must not go on for it."""
        with wire.Wire(self.proxy.port) as session:
            session.log_in("app", self.cluster.passwords["app"])
            session.send(wire.COM_QUERY, b"SELECT SLEEP(25) AS gone")
            running = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP(25) AS gone'"
            harness.wait_until(lambda: any(self.cluster.sql(node, running)[0][0] for node in self.cluster.ports), "it runs")
        harness.wait_until(lambda: not any(self.cluster.sql(node, running)[0][0] for node in self.cluster.ports),
                           "the statement ends with its client", timeout_s=15)

    def test_a_client_that_goes_leaves_what_may_be_committing_alone(self):
        """Its row is locked: killed in the wait the write would be gone, and killed in its
        commit a server whose log finds no room ends itself."""
        app = self.cluster.passwords["app"]
        self.cluster.sql("db1", "CREATE TABLE IF NOT EXISTS left_alone (v INT) ENGINE=InnoDB",
                         "DELETE FROM left_alone", "INSERT INTO left_alone VALUES (1)")
        self.cluster.await_replicas()
        holder = self.cluster.connect("db1")
        self.addCleanup(holder.close)
        self.query(holder, "BEGIN")
        self.query(holder, "UPDATE left_alone SET v = v + 1")
        running = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '{}'".format
        written, slept = "UPDATE left_alone SET v = v * 10", "SELECT SLEEP(25) AS canary"
        for text in (written, slept):  # in this order: the canary's client goes last
            with wire.Wire(self.proxy.port) as session:
                session.log_in("app", app)
                session.send(wire.COM_QUERY, text.encode())
                harness.wait_until(lambda: any(self.cluster.sql(node, running(text))[0][0]
                                               for node in self.cluster.ports), f"{text} runs")
        harness.wait_until(lambda: not any(self.cluster.sql(node, running(slept))[0][0] for node in self.cluster.ports),
                           "the canary ends with its client", timeout_s=15)
        self.query(holder, "COMMIT")
        harness.wait_until(lambda: self.cluster.sql("db1", "SELECT v FROM left_alone")[0][0] == 20,
                           "the write is done", timeout_s=15)


if __name__ == "__main__":
    harness.run()

#!/usr/bin/python3
"""Commits whose wait for replicas is cancelled: the server says "committed locally" in a warning and then
answers as if all were well; the client gets an error in every way of committing, and its session goes on."""

import contextlib
import io
import threading
import time
import unittest

import psycopg2
from psycopg2 import extensions

import harness
import wire


class Waiting:
    """What runs in the background until its commit waits for replicas. `done()`: its result or error."""

    def __init__(self, test, action, *arguments):
        self.test, self.result, self.error = test, None, None
        self.thread = threading.Thread(target=self._run, args=(action, *arguments), daemon=True)
        self.thread.start()

    def _run(self, action, *arguments):
        try:
            self.result = action(*arguments)
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def end(self, how="pg_cancel_backend"):
        """Ends the wait of the one backend that waits, straight on the server."""
        harness.wait_until(lambda: self.test.waiting() or not self.thread.is_alive(), "the commit waits")
        self.test.assertEqual([(True,)], self.test.cluster.sql("db1", f"SELECT {how}(%s)", *self.test.waiting()))
        return self.done()

    def done(self):
        self.thread.join(harness.PATIENCE_S)
        self.test.assertFalse(self.thread.is_alive(), "it is answered")
        return self


@unittest.skipIf(harness.STANDIN, "only relevo tells")
class Unreplicated(harness.IntegrationTest):
    """Set by the operator, with a replica that does not exist; Relevo's own durability is async."""

    cluster_options = {"replicas": 1, "settings": ("max_prepared_transactions=5",)}

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE t (a int)")
        cls.cluster.sql("db1", "GRANT ALL ON t TO app")

    @classmethod
    def settle(cls):
        cls.proxy.await_healthy("db1")
        cls.cluster.sql("db1", "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (nobody)'")
        cls.cluster.sql("db1", "SELECT pg_reload_conf()")

        # The list is shown to sessions a moment before commits wait for it.
        def commits_wait():
            probe = cls.cluster.connect("db1")
            probe_pid = probe.info.backend_pid
            thread = threading.Thread(target=probe.cursor().execute, args=("INSERT INTO t VALUES (0)",), daemon=True)
            thread.start()
            harness.wait_until(lambda: not thread.is_alive() or cls.waiting(), "a commit is done, or waits")
            waits = thread.is_alive()
            if waits:
                cls.cluster.sql("db1", "SELECT pg_cancel_backend(%s)", probe_pid)
            thread.join()
            probe.close()
            return waits
        harness.wait_until(commits_wait, "commits wait")

    @classmethod
    def waiting(cls):
        """The backends whose commit waits for replicas."""
        return [pid for pid, in cls.cluster.sql(
            "db1", "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND backend_type = 'client backend'",
            database="postgres")]

    def told(self, error, says="committed on the primary"):
        self.assertIsInstance(error, psycopg2.Error)
        self.assertEqual(error.pgcode, "08007", str(error))
        self.assertIn(says, str(error))

    def events(self):
        return self.proxy.log.read_text().count("wait for replicas was cancelled")

    def is_there(self, number):
        self.assertEqual(self.cluster.sql("db1", "SELECT count(*) FROM t WHERE a = %s", number), [(1,)])

    def test_statements_by_themselves(self):
        session, events, began = self.connect(), self.events(), time.monotonic()
        before = self.proxy.metric("relevo_commits_unreplicated_total")
        for number, text in enumerate(("INSERT INTO t VALUES (%s)", "INSERT INTO t VALUES (%s) RETURNING a",
                                       "BEGIN; INSERT INTO t VALUES (%s); COMMIT", "SELECT 1; INSERT INTO t VALUES (%s)",
                                       "BEGIN; INSERT INTO t VALUES (%s); COMMIT; SELECT 1"), 100):
            with self.subTest(text):
                self.told(Waiting(self, self.query, session, text, number).end().error)
                self.is_there(number)
                self.assertEqual(session.get_transaction_status(), extensions.TRANSACTION_STATUS_IDLE)
                self.assertEqual(self.value(session, "SELECT 1"), 1)
        self.assertEqual(self.proxy.metric("relevo_commits_unreplicated_total"), before + 5)
        harness.wait_until(self.events, "an operator is told")
        self.assertLessEqual(self.events() - events, 2 + (time.monotonic() - began) // 10, "and not of each of them")

    def test_commit(self):
        session = self.connect(autocommit=False)
        self.query(session, "INSERT INTO t VALUES (200)")
        self.told(Waiting(self, session.commit).end().error)
        self.is_there(200)
        self.query(session, "INSERT INTO t VALUES (201)")
        self.told(Waiting(self, session.commit).end("pg_terminate_backend").error, "committed there")
        self.is_there(201)
        self.assertEqual(self.value(session, "SELECT 1"), 1)

    def test_a_session_that_is_ended(self):
        session = self.connect()
        self.told(Waiting(self, self.query, session, "INSERT INTO t VALUES (300)").end("pg_terminate_backend").error,
                  "committed there")
        self.is_there(300)
        self.assertEqual(self.value(session, "SELECT count(*) FROM t WHERE a = 300"), 1)

    def test_a_pinned_session_that_is_ended(self):
        """What only its server connection had is gone with it; what became of the commit is said first."""
        with wire.Wire(self.proxy.port) as session:
            session.log_in("app", self.cluster.passwords["app"], "app")
            session.simple("SELECT pg_advisory_lock(1)")
            session.send(wire.query("INSERT INTO t VALUES (310)"))
            messages = Waiting(self, session.until_closed).end("pg_terminate_backend").result
            self.assertEqual(wire.kinds(messages), "NE")
            error = wire.error_fields(messages[-1][1])
            self.assertEqual((error["S"], error["C"]), ("FATAL", "08007"))
            self.assertRegex(error["M"], "committed there.*session-level advisory locks")
        self.is_there(310)

    def test_copy_and_two_phase(self):
        session = self.connect()

        def copy():
            with contextlib.closing(session.cursor()) as cursor:
                cursor.copy_expert("COPY t FROM STDIN", io.StringIO("400\n"))
        self.told(Waiting(self, copy).end().error)
        self.is_there(400)
        self.query(session, "BEGIN; INSERT INTO t VALUES (401)")
        self.told(Waiting(self, self.query, session, "PREPARE TRANSACTION 'a'").end().error)
        self.told(Waiting(self, self.query, session, "COMMIT PREPARED 'a'").end().error)
        self.is_there(401)

    def test_a_client_that_leaves_cancels_nothing(self):
        """The server's cancel would be a commit without the replicas' word, by Relevo's own hand."""
        def leave(client):
            before = len(self.proxy.clients())
            client.socket.close()
            harness.wait_until(lambda: len(self.proxy.clients()) < before, "it is known to have left")

        def asleep():
            return [pid for node in self.cluster.ports for pid, in self.cluster.sql(
                node, "SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600)%' AND state = 'active'")]

        reads, commits = (wire.Wire(self.proxy.port).log_in("app", self.cluster.passwords["app"], "app") for _ in "ab")
        reads.send(wire.query("SELECT pg_sleep(600)"))
        harness.wait_until(asleep, "the statement runs")
        commits.send(wire.query("INSERT INTO t VALUES (600)"))
        harness.wait_until(self.waiting, "the commit waits")
        [left] = self.waiting()
        leave(commits)
        leave(reads)
        harness.wait_until(lambda: not asleep(), "what only reads is cancelled")
        self.assertEqual(self.waiting(), [left])
        self.cluster.sql("db1", "SELECT pg_terminate_backend(%s)", left)
        self.is_there(600)

    def test_extended(self):
        with wire.Wire(self.proxy.port) as session:
            session.log_in("app", self.cluster.passwords["app"], "app")

            def run(*texts):
                parts = [part for text in texts for part in (wire.parse(text), wire.bind(), wire.execute())]
                session.send(*parts, wire.sync())
                return session.until_ready()

            def fails(expected, *texts):
                messages = Waiting(self, run, *texts).end().result
                self.assertEqual(wire.kinds(messages), expected)
                self.assertEqual(session.last_error["C"], "08007")
                self.assertEqual(messages[-1], ("Z", b"I"))
                self.assertEqual(session.notices[-1]["R"], "SyncRepWaitForLSN")

            fails("12CEZ", "INSERT INTO t VALUES (500)")  # commits at Sync, behind its CommandComplete
            fails("12C12C12EZ", "BEGIN", "INSERT INTO t VALUES (501)", "COMMIT")
            fails("12C12C12C12DCEZ", "BEGIN", "INSERT INTO t VALUES (502)", "COMMIT", "SELECT 1")
            for number in (500, 501, 502):
                self.is_there(number)
            self.assertEqual(session.simple("SELECT 1"), [["1"]])

            # Who flushes waits for that very answer.
            def flush_then_sync():
                parts = [part for text in ("BEGIN", "INSERT INTO t VALUES (503)", "COMMIT")
                         for part in (wire.parse(text), wire.bind(), wire.execute())]
                session.send(*parts, wire.flush())
                seen = []
                while seen[-1:] != ["C:COMMIT"]:
                    kind, payload = session.read()
                    seen.append("C:" + payload[:-1].decode() if kind == "C" else kind)
                session.send(wire.sync())
                return session.until_ready()
            self.assertEqual(wire.kinds(Waiting(self, flush_then_sync).end().result), "EZ")
            self.assertEqual(session.last_error["C"], "08007")
            self.is_there(503)


if __name__ == "__main__":
    harness.run()

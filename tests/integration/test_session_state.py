#!/usr/bin/python3
"""What a session has set is there wherever its next statement runs, and nowhere else."""

import select
import unittest

import psycopg2

import harness


class SessionState(harness.IntegrationTest):
    # Two server connections per node for all sessions: state must move with them.
    config = {"cluster": {"pool": {"size": 2}}}

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE SCHEMA one; CREATE TABLE one.t AS SELECT 'one' AS v; "
                               "CREATE SCHEMA two; CREATE TABLE two.t AS SELECT 'two' AS v", user="app")
        cls.cluster.sql("db1", "CREATE ROLE other; GRANT other TO app")
        cls.cluster.await_replicas()

    def pinned(self, connection):
        """Why the session of this connection is pinned, as `clients` tells it."""
        name = connection.get_dsn_parameters()["application_name"]
        return next(c["pinned"] for c in self.proxy.clients() if c["application_name"] == name)

    def named(self, name):
        return self.connect(application_name=name)

    def test_set_follows_and_does_not_leak(self):
        sessions = [self.connect() for _ in range(8)]
        for number, session in enumerate(sessions):
            self.query(session, f"SET work_mem = '{number + 1}MB'")
        for _ in range(4):
            for number, session in enumerate(sessions):
                self.assertEqual(self.value(session, "SHOW work_mem"), f"{number + 1}MB")
                self.assertEqual(self.value(session, "SELECT current_setting('work_mem')"), f"{number + 1}MB")
        fresh = [self.connect() for _ in range(4)]
        for session in fresh:
            self.assertEqual(self.value(session, "SHOW work_mem"), "4MB")

    def test_reset(self):
        session = self.connect()
        self.query(session, "SET work_mem = '9MB'")
        self.query(session, "RESET work_mem")
        self.assertEqual(self.value(session, "SHOW work_mem"), "4MB")
        self.query(session, "SET work_mem = '9MB'")
        self.query(session, "SET statement_timeout = '9s'")
        self.query(session, "RESET ALL")
        self.assertEqual(self.value(session, "SHOW work_mem"), "4MB")
        self.assertEqual(self.value(session, "SHOW statement_timeout"), "0")

    def test_reset_returns_to_what_the_startup_packet_said(self):
        session = self.connect(options="-c work_mem=7MB")
        self.query(session, "SET work_mem = '9MB'")
        self.query(session, "RESET work_mem")
        self.assertEqual(self.value(session, "SHOW work_mem"), "7MB")

    def test_set_local_ends_with_the_transaction(self):
        session = self.connect()
        self.query(session, "BEGIN")
        self.query(session, "SET LOCAL work_mem = '9MB'")
        self.assertEqual(self.value(session, "SHOW work_mem"), "9MB")
        self.query(session, "COMMIT")
        for _ in range(3):
            self.assertEqual(self.value(session, "SHOW work_mem"), "4MB")

    def test_set_in_a_rolled_back_transaction(self):
        session = self.connect()
        self.query(session, "SET work_mem = '5MB'")
        self.query(session, "BEGIN")
        self.query(session, "SET work_mem = '9MB'")
        self.query(session, "ROLLBACK")
        for _ in range(3):
            self.assertEqual(self.value(session, "SHOW work_mem"), "5MB")

    def test_set_undone_by_a_savepoint(self):
        session = self.connect()
        for sql in ("BEGIN", "SET work_mem = '5MB'", "SAVEPOINT s", "SET work_mem = '9MB'", "ROLLBACK TO s", "COMMIT"):
            self.query(session, sql)
        for _ in range(3):
            self.assertEqual(self.value(session, "SHOW work_mem"), "5MB")

    def test_failed_set_changes_nothing(self):
        session = self.connect()
        self.query(session, "SET work_mem = '5MB'")
        with self.assertRaises(psycopg2.Error):
            self.query(session, "SET work_mem = 'nonsense'")
        self.assertEqual(self.value(session, "SHOW work_mem"), "5MB")

    def test_set_config_function(self):
        session = self.connect()
        self.query(session, "SELECT set_config('work_mem', '6MB', false)")
        for _ in range(3):
            self.assertEqual(self.value(session, "SHOW work_mem"), "6MB")

    def test_awkward_values(self):
        session = self.connect()
        for value in ("it's", 'a "quoted" word', "back\\slash", "", "ünïcödé", "a, b"):
            self.query(session, "SET application_name = %s", value)
            expected = self.value(session, "SHOW application_name")
            for _ in range(3):
                self.assertEqual(self.value(session, "SELECT current_setting('application_name')"), expected)

    def test_search_path(self):
        first, second = self.connect(), self.connect()
        self.query(first, "SET search_path = one, public")
        self.query(second, "SET search_path TO two")
        for _ in range(4):
            self.assertEqual(self.value(first, "SELECT v FROM t"), "one")
            self.assertEqual(self.value(second, "SELECT v FROM t"), "two")

    def test_role(self):
        first, second = self.connect(), self.connect()
        self.query(first, "SET ROLE other")
        for _ in range(4):
            self.assertEqual(self.value(first, "SELECT current_user"), "other")
            self.assertEqual(self.value(second, "SELECT current_user"), "app")
        self.query(first, "RESET ALL")  # spares the role
        self.assertEqual(self.value(first, "SELECT current_user"), "other")
        self.query(first, "RESET ROLE")
        self.assertEqual(self.value(first, "SELECT current_user"), "app")

    def test_time_zone_and_names(self):
        session = self.connect()
        self.query(session, "SET TIME ZONE 'Asia/Tokyo'")
        self.query(session, "SET NAMES 'LATIN1'")
        for _ in range(3):
            self.assertEqual(self.value(session, "SHOW TimeZone"), "Asia/Tokyo")
            self.assertEqual(self.value(session, "SHOW client_encoding"), "LATIN1")

    def test_discard_all(self):
        session = self.connect()
        self.query(session, "SET work_mem = '9MB'")
        self.query(session, "SET ROLE other")
        self.query(session, "DISCARD ALL")
        for _ in range(3):
            self.assertEqual(self.value(session, "SHOW work_mem"), "4MB")
            self.assertEqual(self.value(session, "SELECT current_user"), "app")

    def test_unusual_read_only_default(self):
        session = self.connect()
        self.query(session, "SET default_transaction_read_only = on")
        self.assertSqlState("25006", self.query, session, "CREATE TABLE nope (a int)")
        fresh = self.connect()
        self.query(fresh, "CREATE TABLE yes (a int)")
        self.query(fresh, "DROP TABLE yes")

    # ---- what pins -------------------------------------------------------------

    def others_keep_busy(self):
        """So that a session that wrongly gives its connection away won't get it back."""
        for _ in range(3):
            self.query(self.connect(), "SELECT 1")

    def test_temporary_table_pins(self):
        session = self.named("temp_table")
        self.query(session, "CREATE TEMP TABLE mine AS SELECT 7 AS v")
        for _ in range(4):
            self.others_keep_busy()
            self.assertEqual(self.value(session, "SELECT v FROM mine"), 7)
        if not harness.STANDIN:
            self.assertNotEqual(self.pinned(session), "")
        session.close()
        other = self.connect()
        with self.assertRaises(psycopg2.Error):
            self.query(other, "SELECT v FROM mine")

    def test_advisory_lock_pins_until_unlocked(self):
        session, other = self.named("advisory"), self.connect()
        self.query(session, "SELECT pg_advisory_lock(77)")
        self.others_keep_busy()
        self.assertFalse(self.value(other, "SELECT pg_try_advisory_lock(77)"))
        if not harness.STANDIN:
            self.assertNotEqual(self.pinned(session), "")
        self.assertTrue(self.value(session, "SELECT pg_advisory_unlock(77)"))
        self.assertTrue(self.value(other, "SELECT pg_try_advisory_lock(77)"))
        self.query(other, "SELECT pg_advisory_unlock_all()")

    def test_advisory_lock_is_gone_with_its_session(self):
        session = self.named("advisory_gone")
        self.query(session, "SELECT pg_advisory_lock(78)")
        session.close()
        other = self.connect()
        harness.wait_until(lambda: self.value(other, "SELECT pg_try_advisory_lock(78)"), "the lock is free")
        self.query(other, "SELECT pg_advisory_unlock_all()")

    def test_listen_notify(self):
        listener, sender = self.named("listener"), self.connect()
        self.query(listener, "LISTEN news")
        self.others_keep_busy()
        self.query(sender, "NOTIFY news, 'hello'")
        if not harness.STANDIN:
            self.assertNotEqual(self.pinned(listener), "")
        select.select([listener], [], [], 10)
        listener.poll()
        self.assertEqual([(n.channel, n.payload) for n in listener.notifies], [("news", "hello")])
        self.query(listener, "UNLISTEN *")

    def test_hold_cursor_pins(self):
        session = self.named("hold")
        self.query(session, "BEGIN")
        self.query(session, "DECLARE c CURSOR WITH HOLD FOR SELECT generate_series(1, 10)")
        self.query(session, "COMMIT")
        for number in range(1, 5):
            self.others_keep_busy()
            self.assertEqual(self.value(session, "FETCH 1 FROM c"), number)
        self.query(session, "CLOSE c")

    def test_cursor_in_a_transaction(self):
        session = self.connect()
        self.query(session, "BEGIN")
        self.query(session, "DECLARE c CURSOR FOR SELECT generate_series(1, 10)")
        self.assertEqual(len(self.query(session, "FETCH 4 FROM c")), 4)
        self.assertEqual(len(self.query(session, "FETCH ALL FROM c")), 6)
        self.query(session, "COMMIT")

    def test_large_objects(self):
        session = self.connect(autocommit=False)
        large = session.lobject(0, "wb")
        large.write(b"x" * 300000)
        oid = large.oid
        session.commit()
        again = session.lobject(oid, "rb")
        self.assertEqual(len(again.read()), 300000)
        session.commit()


@unittest.skipIf(harness.STANDIN == "postgres", "it has no pools")
class SessionMode(harness.IntegrationTest):
    """pool.mode session: one server connection for as long as the session lives."""

    cluster_options = {"replicas": 0}
    config = {"cluster": {"pool": {"mode": "session", "size": 5}}}

    def test_keeps_its_server_connection(self):
        first, second = self.connect(), self.connect()
        pids = [self.value(session, "SELECT pg_backend_pid()") for session in (first, second)]
        self.assertNotEqual(*pids)
        for _ in range(5):
            self.assertEqual([self.value(session, "SELECT pg_backend_pid()") for session in (first, second)], pids)

    def test_nothing_leaks_to_the_next_session(self):
        for _ in range(8):
            session = self.connect()
            self.assertEqual(self.value(session, "SHOW work_mem"), "4MB")
            self.query(session, "CREATE TEMP TABLE mine (a int)")
            self.query(session, "SET work_mem = '9MB'")
            session.close()


if __name__ == "__main__":
    harness.run()

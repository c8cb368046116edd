#!/usr/bin/python3
"""The protocol byte by byte: what drivers rely on, and what none of them would send."""

import contextlib
import struct
import time
import unittest

import harness
import wire


class Protocol(harness.IntegrationTest):
    cluster_options = {"replicas": 1, "settings": ["max_allowed_packet=64M"]}

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100))",
                        "INSERT INTO t (v) VALUES ('a'), ('b'), (NULL)",
                        "CREATE PROCEDURE two_results() BEGIN SELECT 1; SELECT 2, 3; END")
        cls.cluster.await_replicas()

    def session(self, capabilities=wire.USUAL, database="app"):
        session = wire.Wire(self.proxy.port, capabilities=capabilities)
        self.addCleanup(session.socket.close)
        return session.log_in("app", self.cluster.passwords["app"], database)

    # ---- answers, as the server gives them ----------------------------------------------

    def test_both_ends_of_a_result(self):
        for capabilities in (wire.USUAL, wire.USUAL | wire.DEPRECATE_EOF):
            session = self.session(capabilities)
            result, = session.results("SELECT id, v FROM t ORDER BY id")
            self.assertEqual(result.rows, [["1", "a"], ["2", "b"], ["3", None]])
            self.assertTrue(result.status & wire.AUTOCOMMIT)
            self.assertEqual(session.query("SELECT v FROM t WHERE id < 0"), [])

    def test_sessions_of_both_kinds_share_server_connections(self):
        old, new = self.session(), self.session(wire.USUAL | wire.DEPRECATE_EOF)
        for _ in range(10):
            for session in (old, new):
                self.assertEqual(session.query("SELECT COUNT(*) FROM t"), [["3"]])

    def test_ok_packet(self):
        session = self.session()
        ok = session.query("INSERT INTO t (v) VALUES ('x'), ('y')")
        self.assertEqual((ok.affected, ok.warnings), (2, 0))
        self.assertGreater(ok.insert_id, 3)
        self.assertIn("Records: 2", ok.info)
        ok = session.query("UPDATE t SET v = 'z' WHERE v IN ('x', 'y')")
        self.assertEqual(ok.affected, 2)
        self.assertIn("Rows matched: 2", ok.info)
        self.assertTrue(session.query("BEGIN").status & wire.IN_TRANSACTION)
        self.assertEqual(session.query("DELETE FROM t WHERE v = 'z'").affected, 2)
        self.assertFalse(session.query("COMMIT").status & wire.IN_TRANSACTION)

    def test_found_rows_capability(self):
        """It belongs to the session: it changes what an UPDATE counts."""
        for capabilities, count in ((wire.USUAL, 0), (wire.USUAL | wire.FOUND_ROWS, 1)):
            session = self.session(capabilities)
            for _ in range(3):
                self.assertEqual(session.query("UPDATE t SET v = 'a' WHERE id = 1").affected, count)

    def test_errors_are_the_servers_own(self):
        session = self.session()
        for sql, code, state in (("SELEC 1", 1064, "42000"), ("SELECT * FROM nope", 1146, "42S02"),
                                 ("INSERT INTO t (id) VALUES (1)", 1062, "23000")):
            with self.assertRaises(wire.ServerError) as caught:
                session.query(sql)
            self.assertEqual((caught.exception.code, caught.exception.sqlstate), (code, state))
        self.assertEqual(session.query("SELECT 1"), [["1"]])

    def test_empty_statements(self):
        session = self.session()
        for sql in ("", " ", ";"):
            with self.assertRaises(wire.ServerError) as caught:
                session.query(sql)
            self.assertEqual(caught.exception.code, 1065, sql)

    def test_statement_of_any_bytes(self):
        session = self.session()
        raw = bytes(byte for byte in range(1, 256) if byte not in b"'\\")
        session.send(wire.COM_QUERY, b"SELECT HEX(_binary'" + raw + b"')")
        self.assertEqual(session.read_results()[0].rows, [[raw.hex().upper()]])

    # ---- several results -----------------------------------------------------------------

    def test_multi_statements(self):
        session = self.session()
        results = session.results("SELECT 1; INSERT INTO t (v) VALUES ('m'); SELECT 2; DELETE FROM t WHERE v = 'm'")
        self.assertEqual([getattr(result, "rows", None) for result in results], [[["1"]], None, [["2"]], None])
        self.assertEqual(results[3].affected, 1)

    def test_multi_statements_stop_at_an_error(self):
        session = self.session()
        session.send(wire.COM_QUERY, b"SELECT 1; SELECT * FROM nope; INSERT INTO t (v) VALUES ('never')")
        self.assertEqual(session.read_result().rows, [["1"]])
        with self.assertRaises(wire.ServerError):
            session.read_result()
        self.assertEqual(session.query("SELECT COUNT(*) FROM t WHERE v = 'never'"), [["0"]])

    def test_multi_statements_with_a_transaction_inside(self):
        session = self.session()
        results = session.results("BEGIN; INSERT INTO t (v) VALUES ('r')")
        self.assertTrue(results[-1].status & wire.IN_TRANSACTION)
        self.assertEqual(session.query("SELECT COUNT(*) FROM t WHERE v = 'r'"), [["1"]])
        session.results("ROLLBACK; SELECT 1")
        self.assertEqual(session.query("SELECT COUNT(*) FROM t WHERE v = 'r'"), [["0"]])

    def test_multi_statements_are_refused_to_whom_did_not_ask(self):
        session = self.session(wire.USUAL & ~wire.MULTI_STATEMENTS)
        for _ in range(3):
            with self.assertRaises(wire.ServerError) as caught:
                session.query("SELECT 1; SELECT 2")
            self.assertEqual(caught.exception.code, 1064)

    def test_set_option(self):
        session = self.session(wire.USUAL & ~wire.MULTI_STATEMENTS)
        session.simple(wire.COM_SET_OPTION, struct.pack("<H", 0))
        for _ in range(3):
            self.assertEqual(len(session.results("SELECT 1; SELECT 2")), 2)
        session.simple(wire.COM_SET_OPTION, struct.pack("<H", 1))
        with self.assertRaises(wire.ServerError):
            session.query("SELECT 1; SELECT 2")

    def test_procedure_with_results(self):
        session = self.session()
        results = session.results("CALL two_results()")
        self.assertEqual([result.rows for result in results[:2]], [[["1"]], [["2", "3"]]])
        self.assertIsInstance(results[2], wire.Ok)

    # ---- other commands --------------------------------------------------------------------

    def test_ping_statistics_and_init_db(self):
        session = self.session(database=None)
        self.assertIsInstance(session.simple(wire.COM_PING), wire.Ok)
        session.send(wire.COM_STATISTICS)
        self.assertIn(b"Uptime", session.read())
        session.simple(wire.COM_INIT_DB, b"app")
        self.assertEqual(session.query("SELECT DATABASE()"), [["app"]])

    def test_field_list(self):
        session = self.session()
        session.send(wire.COM_FIELD_LIST, b"t\0%")
        columns = []
        while (payload := session.read())[0] != 0xFE:
            columns.append(payload)
        self.assertEqual(len(columns), 2)
        self.assertIn(b"\x01v", columns[1])

    def test_unknown_command(self):
        session = self.session()
        session.send(0x7E, b"what is this")
        reply = session.read()
        self.assertEqual(reply[0], 0xFF)
        self.assertEqual(wire.ServerError(reply).code, 1047)
        self.assertEqual(session.query("SELECT 1"), [["1"]])

    def test_quit(self):
        session = self.session()
        session.send(wire.COM_QUIT)
        self.assertIsNone(session.closed())

    # ---- pieces ------------------------------------------------------------------------------

    def test_byte_by_byte(self):
        session = wire.Wire(self.proxy.port)
        self.addCleanup(session.socket.close)
        answer = wire.native_password(self.cluster.passwords["app"], session.handshake.salt)
        for byte in wire.packet(session.response("app", answer, "app"), 1):
            session.send_bytes(bytes([byte]))
        session.sequence = 2
        session.finish_log_in(self.cluster.passwords["app"])
        for byte in wire.packet(b"\x03SELECT 'in pieces'"):
            session.send_bytes(bytes([byte]))
        session.sequence = 1
        self.assertEqual(session.read_results()[0].rows, [["in pieces"]])

    def test_pipelined(self):
        """Commands sent ahead of their turn are answered in order."""
        session = self.session()
        session.send_bytes(b"".join(wire.packet(b"\x03SELECT %d" % number) for number in range(200)))
        for number in range(200):
            session.sequence = 1
            self.assertEqual(session.read_results()[0].rows, [[str(number)]])

    def test_pipelined_transaction(self):
        session = self.session()
        session.send_bytes(b"".join(wire.packet(b"\x03" + sql) for sql in (
            b"BEGIN", b"INSERT INTO t (v) VALUES ('p')", b"SELECT COUNT(*) FROM t WHERE v = 'p'", b"ROLLBACK")))
        results = []
        for _ in range(4):
            session.sequence = 1
            results.append(session.read_results()[0])
        self.assertEqual(results[2].rows, [["1"]])
        self.assertEqual(session.query("SELECT COUNT(*) FROM t WHERE v = 'p'"), [["0"]])

    def test_client_goes_in_the_middle_of_a_result(self):
        for _ in range(5):
            session = self.session()
            session.send(wire.COM_QUERY, b"SELECT REPEAT('x', 1000) FROM t a, t b, t c, t d, t e, t f, t g")
            session.exactly(100)
            session.socket.close()
        self.assertEqual(self.session().query("SELECT 1"), [["1"]])


class BadInput(harness.IntegrationTest):
    """No input ends the proxy or makes it wait or grow without end."""

    cluster_options = {"replicas": 0}

    def tearDown(self):
        super().tearDown()
        session = wire.Wire(self.proxy.port).log_in("app", self.cluster.passwords["app"])
        with session:
            self.assertEqual(session.query("SELECT 'still here'"), [["still here"]])

    def greeted(self):
        session = wire.Wire(self.proxy.port)
        self.addCleanup(session.socket.close)
        return session

    def session(self):
        return self.greeted().log_in("app", self.cluster.passwords["app"])

    def assertClosed(self, session, codes=None):
        """Refused, then closed. `codes`: what relevo says (MariaDB's words differ)."""
        error = session.closed()
        if codes and not harness.STANDIN:
            self.assertIn(error and error.code, codes)

    def test_truncated_log_in(self):
        whole = self.greeted().response("app", b"x" * 20, "app")
        for length in (0, 1, 3, 4, 8, 31, 32, 33, 36, len(whole) // 2):
            session = self.greeted()
            session.write(whole[:length])
            self.assertClosed(session, (harness.MALFORMED_PACKET, harness.ACCESS_DENIED, 1043))

    def test_log_in_with_lying_lengths(self):
        session = self.greeted()
        head = struct.pack("<IIB", wire.USUAL | wire.CONNECT_ATTRS | wire.PLUGIN_AUTH_LENENC, 1 << 30, 45) + bytes(23)
        for lie in (b"app\0\xfe" + b"\xff" * 8, b"app\0\x14short", b"app\0\xfc\xff\xff", b"no end" * 20,
                    b"app\0\0app\0mysql_native_password\0\xfe" + b"\xff" * 8,
                    b"app\0\0app\0mysql_native_password\0\x05\x03abc\x09x"):
            session = self.greeted()
            session.write(head + lie)
            self.assertClosed(session, (harness.MALFORMED_PACKET, harness.ACCESS_DENIED, 1043))

    @harness.only_relevo
    def test_log_in_of_16_megabytes(self):
        """Before it is known who speaks, little is listened to."""
        session = self.greeted()
        before = self.proxy.rss_kib()
        try:
            session.send_bytes(b"\xff\xff\xff\x01")
            for _ in range(16):
                session.send_bytes(b"x" * (1 << 20))
        except (wire.Closed, OSError):
            pass
        self.assertClosed(session)
        self.assertLess(self.proxy.rss_kib() - before, 8 * 1024)

    def test_wrong_sequence_at_log_in(self):
        session = self.greeted()
        answer = wire.native_password(self.cluster.passwords["app"], session.handshake.salt)
        session.send_bytes(wire.packet(session.response("app", answer, "app"), 7))
        self.assertClosed(session, (harness.MALFORMED_PACKET, 1156))

    def test_old_protocol(self):
        session = self.greeted()
        session.write(struct.pack("<HI", wire.LONG_PASSWORD, 1 << 20)[:5] + b"app\0password")
        self.assertClosed(session)

    @unittest.skipIf(harness.STANDIN, "MariaDB waits connect_timeout")
    def test_slow_log_in_is_given_up(self):
        sessions = [self.greeted() for _ in range(20)]
        began = time.monotonic()
        for session in sessions:
            session.socket.settimeout(harness.PATIENCE_S * 3)
            self.assertClosed(session)
        self.assertLess(time.monotonic() - began, harness.PATIENCE_S * 3)

    def test_another_protocol(self):
        for words in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 300,
                      struct.pack("!ii", 8, 80877103), bytes(64), b"\xff" * 64):
            session = self.greeted()
            with contextlib.suppress(wire.Closed):
                session.send_bytes(words)
            session.finish_sending()
            self.assertClosed(session)

    def test_empty_command(self):
        session = self.session()
        session.send_bytes(b"\0\0\0\0")
        session.sequence = 1
        try:
            self.assertEqual(session.read()[0], 0xFF)
        except wire.Closed:
            pass

    def test_wrong_sequence_of_a_command(self):
        session = self.session()
        session.send_bytes(wire.packet(b"\x03SELECT 1", 3))
        self.assertClosed(session)

    def test_truncated_commands(self):
        """Too short for what they are: refused, and the session goes on or ends; both in time."""
        for payload in (b"\x17", b"\x17\x01\0\0\0", b"\x17\xff\xff\xff\xff\0\1\0\0\0", b"\x1a\x01", b"\x1b",
                        b"\x1c\x01\0\0\0", b"\x0c", b"\x11app\0\x20xx", b"\xfa\x01\0\0\0"):
            with wire.Wire(self.proxy.port) as session:
                session.log_in("app", self.cluster.passwords["app"])
                session.send_bytes(wire.packet(payload))
                session.sequence = 1
                try:
                    reply = session.read()
                    self.assertIn(reply[0], (0xFF, 0xFE), payload)
                except wire.Closed:
                    pass

    def test_parameters_that_lie(self):
        session = self.session()
        statement = session.prepare("SELECT ?, ?")
        good = wire.execute_payload(statement.id, ("a", "b"))
        for payload in (good[:-1], good[:12], good[:-2] + b"\xfe" + b"\xff" * 8, good + b"trailing"):
            with wire.Wire(self.proxy.port) as other:
                other.log_in("app", self.cluster.passwords["app"])
                number = other.prepare("SELECT ?, ?").id
                other.send(wire.COM_STMT_EXECUTE, struct.pack("<I", number) + payload[4:])
                try:
                    other.read_results(lambda row, _: row)
                except (wire.Closed, wire.ServerError):
                    pass
        self.assertEqual(len(session.execute(statement, "a", "b").rows), 1)

    def test_garbage(self):
        """Reproducible: a linear congruence, not a random source."""
        state = 12345
        for _ in range(60):
            data = bytearray()
            for _ in range(200):
                state = (state * 1103515245 + 12345) & 0x7FFFFFFF
                data.append(state >> 16 & 0xFF)
            with wire.Wire(self.proxy.port) as session:
                session.log_in("app", self.cluster.passwords["app"])
                # Length true, contents not: every command byte is met.
                session.send_bytes(wire.packet(bytes(data)))
                session.finish_sending()
                session.closed()

    def test_many_silent_connections(self):
        silent = [self.greeted() for _ in range(100)]
        self.assertEqual(self.session().query("SELECT 1"), [["1"]])
        self.assertEqual(len(silent), 100)


if __name__ == "__main__":
    harness.run()

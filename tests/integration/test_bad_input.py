#!/usr/bin/python3
"""Whatever a client sends: the contract's error or a closed connection, and the others don't notice."""

import os
import random
import socket
import struct
import time

import either_engine
import harness
import wire


class BadInput(either_engine.SilentConnections, harness.IntegrationTest):
    cluster_options = {"replicas": 1}
    config = {"cluster": {"pool": {"login_timeout": "2s"}}}

    def setUp(self):
        self.bystander = self.connect()
        self.query(self.bystander, "SET work_mem = '6MB'")

    def tearDown(self):
        super().tearDown()
        self.assertEqual(self.value(self.bystander, "SHOW work_mem"), "6MB")
        self.assertEqual(self.value(self.connect(), "SELECT 1"), 1)

    def raw(self):
        connection = wire.Wire(self.proxy.port, timeout_s=10)
        self.addCleanup(connection.socket.close)
        return connection

    def logged_in(self):
        return self.raw().log_in("app", self.cluster.passwords["app"], "app")

    def assertDropped(self, connection, *data):
        """Sent this, the connection ends; the error on the way, if any, is the contract's."""
        try:
            connection.send(*data)
            connection.socket.shutdown(socket.SHUT_WR)
        except (wire.Closed, OSError):
            pass
        try:
            state = connection.closed()
        except socket.timeout:
            raise AssertionError("neither an answer nor a close") from None
        if not harness.STANDIN:
            self.assertIn(state, (None, "08P01"))

    def test_random_bytes_before_log_in(self):
        generator = random.Random(20240607)
        for _ in range(200):
            self.assertDropped(self.raw(), generator.randbytes(generator.randrange(1, 400)))

    def test_random_bytes_after_log_in(self):
        generator = random.Random(20240608)
        for _ in range(60):
            connection = self.logged_in()
            try:
                # 0xff is no message type: the first byte already is wrong.
                connection.send(b"\xff" + generator.randbytes(generator.randrange(1, 400)))
                connection.socket.shutdown(socket.SHUT_WR)
            except (wire.Closed, OSError):
                pass
            connection.closed()

    def test_startup_lengths(self):
        for length in (0, 1, 3, 4, 7, -1, -2**31, 2**31 - 1, 10001, 0x47455420):
            self.assertDropped(self.raw(), struct.pack("!i", length), b"\0" * 16)

    def test_startup_without_a_terminator(self):
        body = struct.pack("!i", wire.PROTOCOL_3_0) + b"user\0app\0database"
        self.assertDropped(self.raw(), struct.pack("!i", len(body) + 4) + body)

    def test_startup_without_a_user(self):
        connection = self.raw()
        connection.send(wire.startup_packet({"database": "app"}))
        self.assertIn(connection.closed(), ("28000", "08P01", "28P01"))

    def test_old_and_unknown_protocols(self):
        for version in (2 << 16, 4 << 16, 1234 << 16 | 1):
            connection = self.raw()
            connection.send(wire.startup_packet({"user": "app"}, version))
            # PostgreSQL's own: feature_not_supported, "unsupported frontend protocol".
            self.assertIn(connection.closed(), ("0A000", "08P01"))

    def test_message_lengths(self):
        for length in (0, 1, 2, 3, -1, -2**31):
            connection = self.logged_in()
            self.assertDropped(connection, b"Q" + struct.pack("!i", length) + b"x" * 10)

    def test_length_fields_of_a_gigabyte_cost_no_memory(self):
        before = None if harness.STANDIN == "postgres" else self.proxy.rss_kib()
        connections = []
        for kind in "QPBpd":
            for _ in range(8):
                connection = self.logged_in()
                connection.send(kind.encode() + struct.pack("!i", 0x3fffffff) + b"SELECT 1")
                connections.append(connection)
        time.sleep(0.3)  # nothing to await: that nothing happens is what is tested
        if before is not None:
            self.assertLess(self.proxy.rss_kib() - before, 64 * 1024)
        for connection in connections:
            connection.socket.close()

    def test_password_message_of_a_gigabyte(self):
        connection = self.raw()
        connection.send(wire.startup_packet({"user": "app", "database": "app"}))
        self.assertEqual(connection.read()[0], "R")
        self.assertDropped(connection, b"p" + struct.pack("!i", 0x3fffffff) + b"x" * 100000)

    def test_messages_out_of_order_before_log_in(self):
        for early in (wire.query("SELECT 1"), wire.sync(), wire.message("c"), wire.message("d", b"x")):
            connection = self.raw()
            connection.send(wire.startup_packet({"user": "app", "database": "app"}))
            self.assertEqual(connection.read()[0], "R")
            connection.send(early)
            self.assertIn(connection.closed(), (None, "08P01", "28P01"))

    def test_garbage_in_scram(self):
        for payload in (b"", b"\0", b"SCRAM-SHA-256\0", b"SCRAM-SHA-256\0\x7f\xff\xff\xff",
                        b"SCRAM-SHA-256\0\0\0\0\x05n,,n=", b"NO-SUCH\0\0\0\0\0", os.urandom(200)):
            connection = self.raw()
            connection.send(wire.startup_packet({"user": "app", "database": "app"}))
            self.assertEqual(connection.read()[0], "R")
            connection.send(wire.message("p", payload))
            self.assertIn(connection.closed(), (None, "08P01", "28P01", "28000"))

    def test_copy_messages_outside_of_copy_are_ignored(self):
        """As PostgreSQL does: they may be on their way when a COPY fails."""
        connection = self.logged_in()
        connection.send(wire.message("d", b"1\n"), wire.message("c"), wire.message("f", b"x\0"))
        self.assertEqual(connection.simple("SELECT 1"), [["1"]])

    def test_malformed_extended_messages(self):
        for bad in (wire.message("P", b"no terminator"), wire.message("B", b"\0\0\x7f\xff"),
                    wire.message("B", b"\0\0\0\0\0\1\x7f\xff\xff\xff"), wire.message("D", b""), wire.message("D", b"X\0"),
                    wire.message("E", b"\0"), wire.message("C", b"Z\0"), wire.message("P", b"\0SELECT 1\0\x7f\xff")):
            connection = self.logged_in()
            try:
                connection.send(bad, wire.sync())
                kind, payload = connection.read()
                self.assertEqual(kind, "E", bad)
                self.assertIn(wire.error_fields(payload)["C"], ("08P01", "22P03", "26000"), bad)
            except wire.Closed:
                pass

    def test_query_without_a_terminator(self):
        connection = self.logged_in()
        connection.send(wire.message("Q", b"SELECT 1"))
        kind, payload = connection.read()
        self.assertEqual((kind, wire.error_fields(payload)["C"]), ("E", "08P01"))

    @harness.only_relevo
    def test_slow_loris_is_dropped(self):
        """A client that never finishes its log-in does not stay."""
        connection = self.raw()
        packet = wire.startup_packet({"user": "app", "database": "app"})
        began = time.monotonic()
        try:
            for byte in packet:
                connection.send(bytes([byte]))
                time.sleep(0.3)
            connection.closed()
        except (wire.Closed, OSError):
            pass
        self.assertLess(time.monotonic() - began, 8)

    def test_client_that_does_not_read(self):
        """Its result waits in the server, not in the proxy's memory."""
        connection = self.logged_in()
        before = None if harness.STANDIN == "postgres" else self.proxy.rss_kib()
        connection.send(wire.query("SELECT repeat('x', 1000) FROM generate_series(1, 300000)"))
        time.sleep(1)  # nothing to await: that nothing grows is what is tested
        if before is not None:
            self.assertLess(self.proxy.rss_kib() - before, 32 * 1024)
        self.assertEqual(self.value(self.connect(), "SELECT 1"), 1)

    def test_resets_at_every_stage(self):
        stages = [b"", wire.startup_packet({"user": "app", "database": "app"})]
        for stage in stages:
            for _ in range(20):
                connection = self.raw()
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.send(stage)
                connection.socket.close()
        for request in (wire.query("SELECT pg_sleep(0.05)"), wire.query("BEGIN"),
                        wire.parse("SELECT 1") + wire.bind(), wire.query("COPY (SELECT 1) TO STDOUT")):
            for _ in range(10):
                connection = self.logged_in()
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.send(request)
                connection.socket.close()


if __name__ == "__main__":
    harness.run()

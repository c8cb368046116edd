#!/usr/bin/python3
"""Whatever a client sends: the contract's error or a closed connection, and the others don't notice."""

import os
import random
import socket
import struct
import time

import harness  # finds the other modules of tests, too
import either_engine
import wire

# What a log-in, or a command, may be refused with: malformed, access denied, "Bad
# handshake". MariaDB itself says 1043, 1045 or 1158 to the same.
AT_LOG_IN = (None, harness.MALFORMED_PACKET, harness.ACCESS_DENIED, 1043)


class BadInput(either_engine.SilentConnections, harness.IntegrationTest):
    cluster_options = {"replicas": 1, "settings": ["local_infile=1"]}
    config = {"cluster": {"pool": {"login_timeout": "2s"}}}

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE loaded (a INT)")
        cls.cluster.await_replicas()

    def setUp(self):
        self.bystander = self.connect()
        self.query(self.bystander, "SET sql_mode = 'ANSI_QUOTES', @mine = 6")

    def tearDown(self):
        super().tearDown()
        self.assertEqual(self.query(self.bystander, "SELECT @mine, @@sql_mode"), [(6, "ANSI_QUOTES")])
        self.assertEqual(self.value(self.connect(), "SELECT 1"), 1)

    def raw(self, **more):
        connection = wire.Wire(self.proxy.port, timeout_s=10, **more)
        self.addCleanup(connection.socket.close)
        return connection

    def logged_in(self, **more):
        return self.raw(**more).log_in("app", self.cluster.passwords["app"])

    def rss_kib(self):
        return None if harness.STANDIN else self.proxy.rss_kib()

    def assertGrewLittle(self, before, limit_kib):
        if before is not None:
            self.assertLess(self.proxy.rss_kib() - before, limit_kib)

    def assertDropped(self, connection, data, codes=(None, harness.MALFORMED_PACKET)):
        """Sent this, the connection ends; the error on the way, if any, is the contract's."""
        try:
            connection.send_bytes(data)
            connection.socket.shutdown(socket.SHUT_WR)
        except (wire.Closed, OSError):
            pass
        try:
            error = connection.closed()
        except socket.timeout:
            raise AssertionError(f"neither an answer nor a close after {data[:40]!r}") from None
        if not harness.STANDIN:
            self.assertIn(error and error.code, codes, data[:40])
        return error

    # ---- before the log-in is over -------------------------------------------------

    def test_random_bytes_before_log_in(self):
        generator = random.Random(20240607)
        for _ in range(200):
            self.assertDropped(self.raw(), generator.randbytes(generator.randrange(1, 400)), AT_LOG_IN)

    def test_random_responses(self):
        """Framed as they should be, with nonsense in them."""
        generator = random.Random(20240608)
        for _ in range(150):
            connection = self.raw()
            good = connection.response("app", generator.randbytes(20), "app")
            at = generator.randrange(len(good))
            payload = good[:at] + generator.randbytes(generator.randrange(1, 60)) + good[at + generator.randrange(40):]
            # What was left may be a log-in as somebody or other.
            self.assertDropped(connection, wire.packet(payload, 1), (*AT_LOG_IN, 1044, 1049, 1251, 2061))

    def test_truncated_handshake_responses(self):
        whole = self.raw().response("app", b"x" * 20, "app")
        for size in range(0, len(whole), 3):
            self.assertDropped(self.raw(), wire.packet(whole[:size], 1), (*AT_LOG_IN, 1044, 1049, 1251))

    def test_handshake_response_with_a_wrong_number(self):
        for number in (0, 2, 77, 255):
            connection = self.raw()
            payload = connection.response("app", b"x" * 20, "app")
            error = self.assertDropped(connection, wire.packet(payload, number), AT_LOG_IN)
            if not harness.STANDIN:
                self.assertEqual(error.sqlstate, "08S01")

    def test_lengths_before_log_in(self):
        for length in (0, 1, 3, 31, 32, 33, 1 << 17, (1 << 17) + 1, 0xFFFFFE, 0xFFFFFF):
            self.assertDropped(self.raw(), struct.pack("<I", length | 1 << 24) + bytes(300), AT_LOG_IN)

    def test_a_log_in_of_16_mib_costs_no_memory(self):
        before = self.rss_kib()
        connections = [self.raw() for _ in range(20)]
        for connection in connections:
            try:
                connection.send_bytes(struct.pack("<I", 0xFFFFFF | 1 << 24) + b"\xff" * 300000)
            except wire.Closed:
                pass
        self.assertGrewLittle(before, 32 * 1024)

    def test_commands_before_log_in(self):
        for command in (b"\3SELECT 1", b"\x0e", b"\1", b"\x11app\0\0app\0", b"\x1f", b"\x16SELECT 1"):
            for number in (0, 1):
                self.assertDropped(self.raw(), wire.packet(command, number), AT_LOG_IN)

    def test_commands_in_place_of_a_proof(self):
        """In the middle of the exchange, after the account was asked by another method."""
        for command in (b"\3SELECT 1", b"", b"\0" * 20, os.urandom(64), b"x" * 100000):
            connection = self.raw()
            connection.write(connection.response("app", b"not of this method", "app", plugin="client_ed25519"))
            self.assertEqual(connection.read()[0], 0xFE)
            self.assertDropped(connection, wire.packet(command, connection.sequence), AT_LOG_IN)

    def test_asking_for_tls_that_is_not_there(self):
        connection = self.raw()
        self.assertDropped(connection, wire.packet(
            struct.pack("<IIB", wire.USUAL | wire.SSL, 1 << 30, 45) + bytes(23), 1), AT_LOG_IN)

    @harness.only_relevo
    def test_slow_loris_is_dropped(self):
        """A client that never finishes its log-in does not stay."""
        connection = self.raw()
        packet = wire.packet(connection.response("app", b"x" * 20, "app"), 1)
        began = time.monotonic()
        try:
            for byte in packet:
                connection.send_bytes(bytes([byte]))
                time.sleep(0.3)
            connection.closed()
        except (wire.Closed, OSError):
            pass
        self.assertLess(time.monotonic() - began, 8)

    @harness.only_relevo
    def test_silence_in_the_middle_of_the_exchange(self):
        connection = self.raw()
        connection.write(connection.response("app", b"not of this method", "app", plugin="client_ed25519"))
        connection.read()
        began = time.monotonic()
        connection.closed()
        self.assertLess(time.monotonic() - began, 8)

    # ---- commands ----------------------------------------------------------------

    def test_random_bytes_after_log_in(self):
        """A command's number is 0: the fourth byte already is wrong."""
        generator = random.Random(20240609)
        for _ in range(60):
            size = generator.randrange(1, 400)
            self.assertDropped(self.logged_in(), generator.randbytes(3) + b"\xff" + generator.randbytes(size))

    def test_random_commands(self):
        """Framed as they should be, every command with nonsense behind it."""
        generator = random.Random(20240610)
        for command in range(256):
            connection = self.logged_in()
            try:
                connection.send(command, generator.randbytes(generator.randrange(0, 60)))
                connection.socket.shutdown(socket.SHUT_WR)
                connection.closed()
            except (wire.Closed, OSError):
                pass

    def test_wrong_sequence_numbers(self):
        for number in (1, 2, 128, 255):
            error = self.assertDropped(self.logged_in(), wire.packet(b"\3SELECT 1", number))
            if not harness.STANDIN:
                self.assertEqual((error.code, error.sqlstate), (harness.MALFORMED_PACKET, "08S01"))

    def test_empty_command(self):
        error = self.assertDropped(self.logged_in(), bytes(4))
        if not harness.STANDIN:
            self.assertEqual(error.code, harness.MALFORMED_PACKET)

    def test_truncated_commands(self):
        """The client is gone before its command is whole."""
        for size in (1, 3, 4, 5, 9):
            self.assertDropped(self.logged_in(), wire.packet(b"\3SELECT 1")[:size])

    def test_length_fields_of_16_mib_cost_no_memory(self):
        before = self.rss_kib()
        connections = []
        for command in b"\3\x16\x17\x18\xfa\2\x11\4":
            for _ in range(6):
                connection = self.logged_in()
                connection.send_bytes(struct.pack("<I", 0xFFFFFF) + bytes([command]) + b"\1\0\0\0\0SELECT 1")
                connections.append(connection)
        time.sleep(0.3)  # nothing to await: that nothing happens is what is tested
        self.assertGrewLittle(before, 64 * 1024)
        for connection in connections:
            connection.socket.close()

    def test_a_command_of_many_full_packets(self):
        """Longer than any max_allowed_packet: the server ends it, or the client does."""
        connection = self.logged_in()
        before = self.rss_kib()
        part = struct.pack("<I", 0xFFFFFF)[:3]
        try:
            connection.socket.settimeout(60)
            for number in range(8):
                connection.send_bytes(part + bytes([number]) + (b"\3" if number == 0 else b" "))
                connection.send_bytes(b" " * 0xFFFFFE)
            connection.socket.shutdown(socket.SHUT_WR)
            connection.closed()
        except (wire.Closed, OSError):
            pass
        self.assertGrewLittle(before, 64 * 1024)

    def test_full_packets_of_what_is_collected(self):
        """COM_STMT_PREPARE and COM_INIT_DB beyond a packet are refused, and what
        follows them is dropped as it comes."""
        for command in (wire.COM_STMT_PREPARE, wire.COM_INIT_DB, wire.COM_CHANGE_USER):
            connection = self.logged_in()
            before = self.rss_kib()
            try:
                connection.send_bytes(wire.packet(bytes([command]) + b"x" * 0x1800000))
            except wire.Closed:
                continue
            try:
                connection.sequence = 1
                reply = connection.read()
                self.assertEqual(reply[0], 0xFF)
                if command != wire.COM_CHANGE_USER:
                    self.assertEqual(connection.query("SELECT 1"), [["1"]])
            except wire.Closed:
                pass
            self.assertGrewLittle(before, 64 * 1024)

    def test_texts_that_end_early(self):
        """The server says what is wrong with them; relevo reads them first."""
        for text in (b"SET @a= ", b"SET @@a = ", b"SET ROLE ", b"SET NAMES ", b"USE ", b"SELECT '", b"/*!", b"/*!50000 ",
                     b"SET TRANSACTION ", b"KILL ", b"\0", b"", b"\xff\xfe", b"SELECT _utf8mb4'\xff'; ;;",
                     b"SET STATEMENT a=1 FOR " * 8000, b"(" * 200000, b"EXPLAIN " * 20000):
            connection = self.logged_in()
            for command in (wire.COM_QUERY, wire.COM_STMT_PREPARE):
                connection.send(command, text)
                reply = connection.read()
                self.assertIn(reply[0], (0, 1, 0xFF), text[:40])
                if reply[0] != 0xFF:
                    break

    # ---- prepared statements --------------------------------------------------------

    def expect_error(self, connection, command, payload, codes):
        """An error, and the session goes on; or the contract's error, and a close."""
        try:
            connection.send(command, payload)
            reply = connection.read()
            self.assertEqual(reply[0], 0xFF, (command, payload[:40]))
            error = wire.ServerError(reply)
            if not harness.STANDIN:
                self.assertIn(error.code, codes, (command, payload[:40]))
            if error.code != harness.MALFORMED_PACKET:
                self.assertEqual(connection.query("SELECT 1"), [["1"]])
                return connection
        except wire.Closed:
            pass
        return self.logged_in()

    def test_statements_that_do_not_exist(self):
        connection = self.logged_in()
        for number in (0, 1, 2, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF):
            for command, behind in ((wire.COM_STMT_EXECUTE, b"\0\1\0\0\0"), (wire.COM_STMT_RESET, b""),
                                    (wire.COM_STMT_FETCH, struct.pack("<I", 0xFFFFFFFF)), (0xFA, b"\x80\0")):
                connection = self.expect_error(connection, command, struct.pack("<I", number) + behind,
                                               (1243, harness.MALFORMED_PACKET, 1047))
            # These two have no answer, and do nothing.
            connection.send(wire.COM_STMT_CLOSE, struct.pack("<I", number))
            connection.send(wire.COM_STMT_SEND_LONG_DATA, struct.pack("<IH", number, 0xFFFF) + b"x" * 1000)
            self.assertEqual(connection.query("SELECT 1"), [["1"]])

    def test_commands_without_a_number(self):
        for command in (wire.COM_STMT_EXECUTE, wire.COM_STMT_RESET, wire.COM_STMT_FETCH, wire.COM_STMT_CLOSE,
                        wire.COM_STMT_SEND_LONG_DATA, 0xFA, wire.COM_PROCESS_KILL, wire.COM_SET_OPTION):
            for behind in (b"", b"\1", b"\1\0\0"):
                connection = self.logged_in()
                connection.send(command, behind)
                connection.socket.shutdown(socket.SHUT_WR)
                connection.closed()

    def test_executions_that_lie(self):
        codes = (harness.MALFORMED_PACKET, 1210, 1243, 1064, 1835, 1105, 1048, 1366)
        head = struct.pack("<BI", 0, 1)
        connection = None
        for behind in (b"", b"\0", b"\0\1", b"\0\1\xfd", b"\0\1\xfd\0", b"\0\1\xfd\0\xfe" + b"\xff" * 8,
                       b"\0\1\xfd\0\xfd\xff\xff\xff", b"\0\0", b"\0\2\xfd\0\1a", b"\0\1\xff\xff\1a", b"\0\1\x0c\0\xff"):
            if connection is None or connection.socket.fileno() < 0:
                connection = self.logged_in()
            statement = connection.prepare("SELECT ?")
            connection.send(wire.COM_STMT_EXECUTE, struct.pack("<I", statement.id) + head + behind)
            try:
                reply = connection.read()
                if reply[0] != 0xFF:  # the server made something of it
                    connection = None
                    continue
                if not harness.STANDIN:
                    self.assertIn(wire.ServerError(reply).code, codes, behind)
            except wire.Closed:
                pass
            connection = None

    def test_fetch_without_a_cursor(self):
        connection = self.logged_in()
        statement = connection.prepare("SELECT 1")
        connection.execute(statement)
        self.expect_error(connection, wire.COM_STMT_FETCH, struct.pack("<II", statement.id, 0xFFFFFFFF),
                          (1421, 1243, harness.MALFORMED_PACKET))

    def test_more_statements_than_anyone_needs(self):
        """The session's own limit holds; what it took is given back with it."""
        connection = self.logged_in()
        text = b"SELECT 1 /* " + b"x" * 60000 + b" */ + %d"
        refused = None
        for number in range(2000):
            connection.send(wire.COM_STMT_PREPARE, text % number)
            reply = connection.read()
            if reply[0] == 0xFF:
                refused = wire.ServerError(reply)
                break
            _, columns, parameters = struct.unpack_from("<IHH", reply, 1)
            for _ in range(columns + parameters + (columns > 0) + (parameters > 0)):
                connection.read()
        if not harness.STANDIN:
            self.assertEqual(refused.code, 1461)
        self.assertEqual(connection.query("SELECT 1"), [["1"]])

    # ---- LOAD DATA LOCAL -----------------------------------------------------------

    def loading(self):
        connection = self.logged_in()
        connection.send(wire.COM_QUERY, b"LOAD DATA LOCAL INFILE 'x' INTO TABLE loaded")
        self.assertEqual(connection.read()[:1], b"\xfb")
        return connection

    def test_commands_in_place_of_a_file(self):
        """They are the file: the server is told nothing else."""
        connection = self.loading()
        for text in (b"\3DROP TABLE loaded\n", b"\1", b"\x0e"):
            connection.write(text)
        connection.write(b"")
        reply = connection.read()
        self.assertIn(reply[0], (0, 0xFF))
        self.assertEqual(connection.query("SELECT COUNT(*) >= 0 FROM loaded"), [["1"]])

    def test_wrong_numbers_in_a_file(self):
        """The server's answer is an error or a close."""
        connection = self.loading()
        connection.send_bytes(wire.packet(b"1\n", 200) + wire.packet(b"", 201))
        connection.socket.shutdown(socket.SHUT_WR)
        connection.closed()

    def test_file_that_never_comes(self):
        """Half of a packet, and the client is gone: nothing was loaded."""
        rows = self.cluster.sql("db1", "SELECT COUNT(*) FROM loaded")
        for data in (b"", b"\5\0", wire.packet(b"1\n", 2), struct.pack("<I", 1000 | 2 << 24) + b"1\n" * 10,
                     struct.pack("<I", 0xFFFFFF | 2 << 24)):
            connection = self.loading()
            connection.send_bytes(data)
            connection.socket.close()
        harness.wait_until(lambda: not self.cluster.sql(
            "db1", "SELECT 1 FROM information_schema.processlist WHERE info LIKE 'LOAD DATA%'"), "the servers gave up")
        self.assertEqual(self.cluster.sql("db1", "SELECT COUNT(*) FROM loaded"), rows)

    # ---- and the rest --------------------------------------------------------------

    def test_change_user_that_lies(self):
        for payload in (b"", b"app", b"app\0", b"app\0\xff", b"app\0\x14" + b"x" * 20, b"\0\0\0\0",
                        b"app\0\x14" + b"x" * 20 + b"app\0\x2d\0mysql_native_password\0" + b"\xfe" + b"\xff" * 8):
            connection = self.logged_in()
            connection.send(wire.COM_CHANGE_USER, payload)
            connection.socket.shutdown(socket.SHUT_WR)
            error = connection.closed()
            if not harness.STANDIN and error is not None:
                self.assertIn(error.code, (harness.MALFORMED_PACKET, harness.ACCESS_DENIED))

    def test_client_that_does_not_read(self):
        """Its result waits in the server, not in the proxy's memory."""
        connection = self.logged_in()
        before = self.rss_kib()
        connection.send(wire.COM_QUERY, b"SELECT REPEAT('x', 1000) FROM seq_1_to_300000")
        time.sleep(1)  # nothing to await: that nothing grows is what is tested
        self.assertGrewLittle(before, 32 * 1024)
        self.assertEqual(self.value(self.connect(), "SELECT 1"), 1)

    def test_half_open(self):
        """A client that has shut its side down still gets its answer, or a close."""
        connection = self.logged_in()
        connection.send(wire.COM_QUERY, b"SELECT SLEEP(0.2)")
        connection.socket.shutdown(socket.SHUT_WR)
        connection.closed()

    def test_commands_sent_ahead(self):
        """All of them are answered, in their order."""
        connection = self.logged_in()
        connection.send_bytes(b"".join(wire.packet(b"\3SELECT %d" % number) for number in range(500)))
        for number in range(500):
            connection.sequence = 1
            self.assertEqual(connection.read_results()[0].rows, [[str(number)]])

    def test_resets_at_every_stage(self):
        for stage in (b"", b"\1\0\0", b"\x20\0\0\1" + bytes(10)):
            for _ in range(20):
                connection = self.raw()
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.send_bytes(stage)
                connection.socket.close()
        for request in (b"\3SELECT SLEEP(0.05)", b"\3BEGIN", b"\x16SELECT ?", b"\x17\xff\xff\xff\xff\0\1\0\0\0",
                        b"\3LOAD DATA LOCAL INFILE 'x' INTO TABLE loaded", b"\x11app\0\0app\0"):
            for _ in range(10):
                connection = self.logged_in()
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.send_bytes(wire.packet(request))
                connection.socket.close()


if __name__ == "__main__":
    harness.run()

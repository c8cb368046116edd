#!/usr/bin/python3
"""Compression with clients: zlib with drivers and by hand, zstd by hand, since no client of Debian's speaks it."""

import os
import random
import socket
import struct
import subprocess
import unittest
from pathlib import Path

import harness
import wire
from compressed_wire import Closed, CompressedWire, ZSTD_COMPRESSION, compressed_packet, pack
from test_tls import TlsTest

HERE = Path(__file__).resolve().parent
METHODS = ("zlib", "zstd")
JAR = "/usr/share/java/mariadb-java-client.jar"


class Compression(harness.IntegrationTest):
    cluster_options = {"replicas": 1, "settings": ["max_allowed_packet=64M"]}

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(100))",
                        "INSERT INTO t SELECT seq, CONCAT('v', seq) FROM seq_1_to_1000",
                        "CREATE TABLE loaded (a INT)", "CREATE USER other IDENTIFIED BY 'other'",
                        "GRANT ALL ON app.* TO other")
        cls.cluster.await_replicas()

    def setUp(self):
        self.methods = METHODS if not harness.STANDIN else ("zlib",)

    def session(self, method, **more):
        connection = CompressedWire(self.proxy.port, method, **more)
        self.addCleanup(connection.socket.close)
        return connection.log_in("app", self.cluster.passwords["app"])

    def test_offered(self):
        with wire.Wire(self.proxy.port) as session:
            self.assertTrue(session.handshake.capabilities & wire.COMPRESS)
            self.assertEqual(bool(session.handshake.capabilities & ZSTD_COMPRESSION), not harness.STANDIN)

    def test_nothing_is_compressed_unasked(self):
        session = wire.Wire(self.proxy.port).log_in("app", self.cluster.passwords["app"])
        self.addCleanup(session.socket.close)
        self.assertEqual(session.query("SELECT REPEAT('x', 100)"), [["x" * 100]])

    def test_small_and_large(self):
        for method in self.methods:
            session = self.session(method)
            session.simple(wire.COM_PING)
            self.assertEqual((session.packed, session.stored), (0, 1), "an OK is not worth it")
            self.assertEqual(session.query("SELECT v FROM t WHERE id = 7"), [["v7"]])
            self.assertEqual(len(session.query("SELECT * FROM t ORDER BY id")), 1000)
            before = session.raw_bytes
            self.assertEqual(session.query("SELECT REPEAT('x', 3000000)"), [["x" * 3000000]])
            self.assertLess(session.raw_bytes - before, 200000, method)
            self.assertEqual(session.query(f"SELECT LENGTH('{'y' * 3000000}')"), [["3000000"]])

    def test_what_does_not_compress(self):
        generator = random.Random(20240611)
        for method in self.methods:
            session = self.session(method)
            text = generator.randbytes(200000).hex()
            self.assertEqual(session.query(f"SELECT '{text}'"), [[text]])
            noise = generator.randbytes(100000).replace(b"\\", b"/").replace(b"'", b"x").replace(b"\0", b"y")
            self.assertEqual(session.query(b"SELECT MD5(_binary'" + noise + b"') IS NOT NULL"), [["1"]])

    def test_beyond_16_mib(self):
        for method in self.methods:
            session = self.session(method)
            session.socket.settimeout(120)
            self.assertEqual(session.query(f"SELECT LENGTH('{'z' * 17000000}')"), [["17000000"]])
            row = session.query("SELECT REPEAT('ab', 8500000)")[0][0]
            self.assertEqual((len(row), row[:4], row[-4:]), (17000000, "abab", "abab"))
            self.assertEqual(session.query("SELECT 1"), [["1"]])

    def test_however_it_is_cut(self):
        """Compressed packets begin and end anywhere in the packets."""
        for method in self.methods:
            session = self.session(method)
            for session.run in (1, 3, 7, 60, 1000):
                text = "x" * 700
                self.assertEqual(session.query(f"SELECT '{text}'"), [[text]])
            session.run = 0xFFFFFF
            self.assertEqual(session.query("SELECT 1"), [["1"]])

    def test_several_commands_in_one_compressed_packet(self):
        """Sent ahead, they are answered one after the other."""
        session = self.session("zlib")
        session.number = 0
        session.send_bytes(b"".join(wire.packet(b"\3SELECT %d" % number) for number in range(50)))
        for number in range(50):
            session.sequence = 1
            self.assertEqual(session.read_results()[0].rows, [[str(number)]])

    def test_commands_sent_ahead(self):
        """Each in a packet of its own, under the numbers that begin with it."""
        session = self.session("zlib")
        for number in range(50):
            session.number = 0
            session.send_bytes(wire.packet(b"\3SELECT %d" % number))
        for number in range(50):
            session.sequence = session.number = 1
            self.assertEqual(session.read_results()[0].rows, [[str(number)]])

    def test_prepared_statements(self):
        for method in self.methods:
            session = self.session(method)
            statement = session.prepare("SELECT v FROM t WHERE id = ?")
            for number in (5, 6):
                self.assertEqual(session.execute(statement, number).rows, [b"\0\0\2v%d" % number])
            session.send(wire.COM_STMT_SEND_LONG_DATA, struct.pack("<IH", statement.id, 0) + b"1" + b" " * 100000)
            session.simple(wire.COM_STMT_RESET, struct.pack("<I", statement.id))
            self.assertEqual(session.query("SELECT 1"), [["1"]])

    def test_prepared_in_a_transaction(self):
        """A text that is longer than what is relayed as it comes."""
        for connect in (lambda: self.session("zlib"),
                        lambda: wire.Wire(self.proxy.port).log_in("app", self.cluster.passwords["app"])):
            session = connect()
            self.addCleanup(session.socket.close)
            session.query("BEGIN")
            statement = session.prepare(f"SELECT LENGTH('{'x' * 1500000}')")
            self.assertEqual(len(session.execute(statement).rows), 1)
            session.query("ROLLBACK")

    def test_file(self):
        for method in self.methods:
            session = self.session(method)
            session.query("TRUNCATE loaded")
            session.send(wire.COM_QUERY, b"LOAD DATA LOCAL INFILE 'x' INTO TABLE loaded")
            self.assertEqual(session.read()[:1], b"\xfb")
            for part in range(20):
                session.write(b"".join(b"%d\n" % number for number in range(part * 1000, part * 1000 + 1000)))
            session.write(b"")
            self.assertEqual(wire.parse_ok(session.read()).affected, 20000)
            session.query("BEGIN")
            self.assertEqual(session.query("SELECT COUNT(*), SUM(a) FROM loaded"), [["20000", "199990000"]])
            session.query("COMMIT")

    def test_change_user_keeps_it(self):
        for method in self.methods:
            session = self.session(method)
            answer = wire.native_password("other", session.handshake.salt)
            session.send(wire.COM_CHANGE_USER, b"other\0" + bytes([len(answer)]) + answer + b"app\0\x2d\0"
                         + b"mysql_native_password\0")
            session.finish_log_in("other")
            self.assertEqual(session.query("SELECT CURRENT_USER(), REPEAT('x', 1000)"), [["other@%", "x" * 1000]])

    def test_errors(self):
        for method in self.methods:
            session = self.session(method)
            for _ in range(3):
                with self.assertRaises(wire.ServerError) as caught:
                    session.query(f"SELECT * FROM no_such_table /* {'x' * 200} */")
                self.assertEqual(caught.exception.code, harness.NO_SUCH_TABLE)
            self.assertEqual(session.query("SELECT 1"), [["1"]])

    def test_refused_log_in_is_not_compressed(self):
        connection = CompressedWire(self.proxy.port)
        self.addCleanup(connection.socket.close)
        with self.assertRaises(wire.ServerError) as caught:
            connection.log_in("app", "wrong")
        self.assertEqual(caught.exception.code, harness.ACCESS_DENIED)

    # ---- what lies ----------------------------------------------------------------

    def assertDropped(self, session, data):
        try:
            session.send_raw(data)
            session.socket.shutdown(socket.SHUT_WR)
        except (Closed, OSError):
            pass
        session.number = session.sequence = 1
        error = session.closed()
        if not harness.STANDIN and error is not None:
            self.assertEqual((error.code, error.sqlstate), (harness.MALFORMED_PACKET, "08S01"))

    def test_damaged(self):
        plain = wire.packet(b"\3SELECT '" + b"x" * 1000 + b"'")
        for method in self.methods:
            body = pack(method, plain)
            for data in (compressed_packet(method, plain, 0, body=body[:-5]),
                         compressed_packet(method, plain, 0, claimed=len(plain) - 1, body=body),
                         compressed_packet(method, plain, 0, claimed=len(plain) + 1, body=body),
                         compressed_packet(method, plain, 0, claimed=0xFFFFFF, body=body),
                         compressed_packet(method, plain, 0, claimed=len(plain), body=b"\xff" * 100),
                         compressed_packet(method, plain, 0, claimed=100, body=b""),
                         compressed_packet(method, plain, 0, claimed=len(plain), body=body + b"more")):
                self.assertDropped(self.session(method), data)
        self.assertEqual(self.value(self.connect(), "SELECT 1"), 1)

    @harness.only_relevo
    def test_lies_about_sizes_cost_no_memory(self):
        before = self.proxy.rss_kib()
        for method in METHODS:
            sessions = []
            for _ in range(20):
                session = self.session(method)
                # 16 MiB out of a few bytes, and none of them ever comes.
                session.send_raw(struct.pack("<I", 0xFFFFFF)[:3] + b"\0\xff\xff\xff" + b"x" * 100)
                sessions.append(session)
            self.assertEqual(self.value(self.connect(), "SELECT 1"), 1)
            self.assertLess(self.proxy.rss_kib() - before, 32 * 1024, method)
            for session in sessions:
                session.socket.close()

    @harness.only_relevo
    def test_bombs_go_off_one_at_a_time(self):
        """Some KiB that come to a GiB: each packet is unpacked when the one before has gone."""
        plain = b" " * 0xFFFFFF
        for method in METHODS:
            session = self.session(method)
            before = self.proxy.rss_kib()
            bomb = compressed_packet(method, plain, 0)
            head = compressed_packet(method, b"\xff\xff\xff\0\3", 0)
            session.send_raw(head)
            try:
                for _ in range(64):
                    session.send_raw(bomb)
            except Closed:
                pass
            self.assertEqual(self.value(self.connect(), "SELECT 1"), 1)
            self.assertLess(self.proxy.rss_kib() - before, 160 * 1024, method)
            session.socket.close()

    @harness.only_relevo
    def test_random_bytes(self):
        generator = random.Random(20240612)
        for number in range(60):
            session = self.session(METHODS[number % 2])
            try:
                session.send_raw(generator.randbytes(generator.randrange(1, 300)))
                session.socket.shutdown(socket.SHUT_WR)
                while session.socket.recv(1 << 16):
                    pass
            except (Closed, OSError):
                pass
        self.assertEqual(self.value(self.connect(), "SELECT 1"), 1)

    # ---- drivers ------------------------------------------------------------------

    def program(self, *command, **env):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=200,
                              env={**os.environ, "MYSQL_PWD": self.cluster.passwords["app"],
                                   "MYSQL_PORT": str(self.proxy.port), **env})
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return done.stdout

    def assertCompressed(self, action):
        """Three megabytes of one letter are answered, and few bytes sent."""
        before = 0 if harness.STANDIN else self.proxy.metric("relevo_client_sent_bytes_total")
        action()
        if not harness.STANDIN:
            self.assertLess(self.proxy.metric("relevo_client_sent_bytes_total") - before, 300000)

    def test_mariadb_client(self):
        def run():
            out = self.program("mariadb", "--no-defaults", "--skip-ssl", "--protocol=tcp", "--host=127.0.0.1",
                               f"--port={self.proxy.port}", "--user=app", "--compress", "--batch",
                               "--execute=SELECT COUNT(*) FROM t; SELECT REPEAT('x', 3000000)", "app")
            self.assertIn("x" * 3000000, out)
        self.assertCompressed(run)

    def test_php(self):
        script = self.directory / "compressed.php"
        script.write_text("""<?php
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
$db = mysqli_init();
$db->real_connect('127.0.0.1', 'app', getenv('MYSQL_PWD'), 'app', (int) getenv('MYSQL_PORT'), null, MYSQLI_CLIENT_COMPRESS);
$select = $db->prepare('SELECT v FROM t WHERE id = ?');
for ($i = 1; $i < 100; ++$i) {
  $select->bind_param('i', $i);
  $select->execute();
  if ($select->get_result()->fetch_row()[0] !== "v$i") throw new Exception($i);
}
if (strlen($db->query("SELECT REPEAT('x', 3000000)")->fetch_row()[0]) !== 3000000) throw new Exception('long');
if ($db->query("SELECT LENGTH('" . str_repeat('y', 2000000) . "')")->fetch_row()[0] != 2000000) throw new Exception('sent');
echo 'ok';
""")
        self.assertCompressed(lambda: self.assertEqual(self.program("php", script), "ok"))

    def test_jdbc(self):
        (self.directory / "Compressed.java").write_text("""
import java.sql.*;
public class Compressed {
  public static void main(String[] arguments) throws Exception {
    try (Connection connection = DriverManager.getConnection(arguments[0], "app", System.getenv("MYSQL_PWD"));
        PreparedStatement select = connection.prepareStatement("SELECT v FROM t WHERE id = ?");
        Statement statement = connection.createStatement()) {
      for (int n = 1; n < 100; ++n) {
        select.setInt(1, n);
        ResultSet rows = select.executeQuery();
        if (!rows.next() || !rows.getString(1).equals("v" + n)) throw new Exception("row " + n);
      }
      ResultSet rows = statement.executeQuery("SELECT REPEAT('x', 3000000)");
      if (!rows.next() || rows.getString(1).length() != 3000000) throw new Exception("long");
      StringBuilder text = new StringBuilder();
      while (text.length() < 2000000) text.append('y');
      rows = statement.executeQuery("SELECT LENGTH('" + text + "')");
      if (!rows.next() || rows.getInt(1) != 2000000) throw new Exception("sent");
    }
    System.out.print("ok");
  }
}
""")
        self.program("javac", "-d", self.directory, self.directory / "Compressed.java")
        for prepared in ("false", "true"):
            url = f"jdbc:mariadb://127.0.0.1:{self.proxy.port}/app?useCompression=true&useServerPrepStmts={prepared}"
            self.assertCompressed(lambda: self.assertEqual(
                self.program("java", "-cp", f"{self.directory}:{JAR}", "Compressed", url), "ok"))


@unittest.skipIf(harness.STANDIN, "TLS of the proxy's own")
class CompressedTls(TlsTest):
    """Compressed, and then encrypted."""

    def test_both(self):
        for method in METHODS:
            session = CompressedWire(self.proxy.port, method)
            self.addCleanup(session.socket.close)
            session.start_tls().log_in("app", self.cluster.passwords["app"])
            self.assertEqual(session.query("SELECT REPEAT('x', 1000000)"), [["x" * 1000000]])
            self.assertEqual(session.query(f"SELECT LENGTH('{'y' * 1000000}')"), [["1000000"]])
            self.assertGreater(session.packed, 0)


del TlsTest  # not to be run here by itself

if __name__ == "__main__":
    harness.run()

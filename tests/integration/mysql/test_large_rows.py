#!/usr/bin/python3
"""Rows, parameters and files far beyond the 16 MiB of one packet, and beyond what
the proxy would want to hold."""

import os
import struct
import tempfile

import pymysql

import harness
import wire

MEGABYTE = 1 << 20


class LargeRows(harness.IntegrationTest):
    cluster_options = {"replicas": 0, "settings": [
        "max_allowed_packet=256M", "local_infile=ON",
        "innodb_redo_log_capacity=256M" if harness.runs_mysql() else "innodb_log_file_size=128M"]}

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE big (id INT AUTO_INCREMENT PRIMARY KEY, v LONGBLOB)",
                        "CREATE TABLE loaded (id INT, v VARCHAR(200))", "CREATE TABLE thousand (n INT)",
                        "INSERT INTO thousand VALUES " + ", ".join(f"({n})" for n in range(1000)))

    def rss(self):
        return 0 if harness.STANDIN else self.proxy.rss_kib()

    def assertGrownLess(self, before, megabytes):
        if not harness.STANDIN:
            self.assertLess(self.proxy.rss_kib() - before, megabytes * 1024, "KiB more resident memory")

    def session(self):
        session = wire.Wire(self.proxy.port, timeout_s=120)
        self.addCleanup(session.socket.close)
        return session.log_in("app", self.cluster.passwords["app"])

    def discard(self, session, count):
        while count:
            if session.buffer:
                taken = min(count, len(session.buffer))
                session.buffer, count = session.buffer[taken:], count - taken
            else:
                got = len(session.socket.recv(min(count, MEGABYTE)))
                self.assertGreater(got, 0, "closed in the middle of a row")
                count -= got

    def read_discarding(self, session):
        """Lengths of the packets of the first result, without keeping any."""
        lengths, ends = [], 0
        while ends < 2:
            head = session.exactly(4)
            length = int.from_bytes(head[:3], "little")
            self.assertEqual(head[3], (len(lengths) + 1) & 0xFF, "sequence")
            lengths.append(length)
            if length == 5:
                ends += session.exactly(5)[:1] == b"\xfe"
            else:
                self.discard(session, length)
        return lengths

    def test_large_result_row(self):
        size = 160 * MEGABYTE
        session = self.session()
        before = self.rss()
        session.send(wire.COM_QUERY, f"SELECT REPEAT('x', {size})".encode())
        lengths = self.read_discarding(session)
        self.assertGrownLess(before, 32)
        row = size + 9  # and the length's own bytes
        self.assertEqual(lengths[3:-1], [wire.LONGEST] * (row // wire.LONGEST) + [row % wire.LONGEST])
        self.assertEqual(session.query("SELECT 1"), [["1"]])

    def test_row_that_ends_with_a_packet(self):
        """A payload of exactly 2^24 - 1 bytes is followed by an empty packet; both ways."""
        for size in (wire.LONGEST - 5, wire.LONGEST - 4, wire.LONGEST - 3, wire.LONGEST * 2 - 4, wire.LONGEST * 2 - 5):
            session = self.session()
            value = session.query(f"SELECT REPEAT('x', {size})")[0][0]
            self.assertEqual(len(value), size)
            head = b"SELECT LENGTH('"
            text = head + b"y" * (size - len(head)) + b"')"
            self.assertEqual(session.results(text)[0].rows, [[str(size - len(head))]])

    def test_large_statement(self):
        session = self.session()
        before = self.rss()
        size = 60 * MEGABYTE
        ok = session.results(b"INSERT INTO big (v) VALUES ('" + b"z" * size + b"')")[0]
        self.assertEqual(ok.affected, 1)
        self.assertEqual(session.query(f"SELECT LENGTH(v) FROM big WHERE id = {ok.insert_id}"), [[str(size)]])
        self.assertGrownLess(before, 200)
        session.query("TRUNCATE big")

    def test_long_data_beyond_a_packet(self):
        """Streamed in parts, each of a packet of its own; the proxy keeps none of it long."""
        session = self.session()
        before = self.rss()
        statement = session.prepare("SELECT LENGTH(?), RIGHT(?, 1)")
        for parameter in (0, 1):
            for _ in range(40):
                session.send(wire.COM_STMT_SEND_LONG_DATA,
                             struct.pack("<IH", statement.id, parameter) + b"d" * MEGABYTE)
        session.send(wire.COM_STMT_EXECUTE, struct.pack("<IBI", statement.id, 0, 1) + b"\0\1\xfb\0\xfb\0")
        rows = session.read_results(lambda row, _: row)[0].rows
        self.assertIn(struct.pack("<I", 40 * MEGABYTE), rows[0])
        self.assertGrownLess(before, 200)

    def test_over_the_servers_limit(self):
        """What is too large for the server is refused by it; the proxy outlives both."""
        session = self.session()
        try:
            session.results(b"SELECT LENGTH('" + b"x" * (270 * MEGABYTE) + b"')")
            self.fail("accepted")
        except wire.ServerError as error:
            self.assertIn(error.code, (1153, harness.MALFORMED_PACKET))
        except (wire.Closed, OSError):
            pass
        self.assertEqual(self.session().query("SELECT 1"), [["1"]])

    def test_many_rows(self):
        session = self.session()
        before = self.rss()
        session.send(wire.COM_QUERY, b"SELECT a.n, REPEAT('z', 100) FROM thousand a, thousand b LIMIT 500000")
        self.assertEqual(len(self.read_discarding(session)), 1 + 2 + 1 + 500000 + 1)
        self.assertGrownLess(before, 32)

    # ---- LOAD DATA LOCAL INFILE ----------------------------------------------------------

    def load(self, rows, **more):
        session = self.connect(local_infile=True, **more)
        with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
            for number in range(rows):
                file.write(f"{number}\t{'w' * 150}\n")
            file.flush()
            self.query(session, f"LOAD DATA LOCAL INFILE '{file.name}' INTO TABLE loaded")
        return session

    def test_load_data_local(self):
        before = self.rss()
        session = self.load(200000)  # some 30 MB
        self.assertEqual(self.query(session, "SELECT COUNT(*), SUM(id) FROM loaded"), [(200000, 199999 * 100000)])
        self.assertGrownLess(before, 32)
        self.query(session, "TRUNCATE loaded")

    def test_load_data_local_of_nothing(self):
        session = self.load(0)
        self.assertEqual(self.value(session, "SELECT COUNT(*) FROM loaded"), 0)

    def test_load_data_local_of_a_missing_file(self):
        """The client sends an empty packet and complains; the session goes on."""
        session = self.connect(local_infile=True)
        missing = os.path.join(self.directory, "no such file")
        with self.assertRaises(pymysql.MySQLError):
            self.query(session, f"LOAD DATA LOCAL INFILE '{missing}' INTO TABLE loaded")
        self.assertEqual(self.value(session, "SELECT COUNT(*) FROM loaded"), 0)

    def test_load_data_local_is_refused_to_whom_cannot(self):
        session = self.connect()  # without CLIENT_LOCAL_FILES
        with self.assertRaises(pymysql.MySQLError):
            self.query(session, "LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE loaded")


if __name__ == "__main__":
    harness.run()

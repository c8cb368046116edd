#!/usr/bin/python3
"""A row of 256 MB costs the proxy what a row of 10 bytes costs."""

import harness
import wire

MEGABYTE = 1 << 20
SIZE = 256 * MEGABYTE


class LargeRows(harness.IntegrationTest):
    cluster_options = {"replicas": 0}

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE big (v text)", user="app")
        cls.cluster.sql("db1", "ALTER TABLE big ALTER v SET STORAGE EXTERNAL", user="app")

    def grown(self, before):
        if harness.STANDIN != "postgres":
            self.assertLess(self.proxy.rss_kib() - before, 32 * 1024, "KiB more resident memory")

    def rss(self):
        return 0 if harness.STANDIN == "postgres" else self.proxy.rss_kib()

    def session(self):
        connection = wire.Wire(self.proxy.port, timeout_s=120)
        self.addCleanup(connection.socket.close)
        return connection.log_in("app", self.cluster.passwords["app"], "app")

    def read_discarding(self, connection):
        """(messages' types, bytes of rows) without keeping the rows."""
        kinds, total = "", 0
        while not kinds.endswith("Z"):
            head = connection.exactly(5)
            left = int.from_bytes(head[1:], "big") - 4
            kinds += chr(head[0])
            if head[:1] == b"D":
                total += left
            while left:
                if connection.buffer:
                    left -= len(connection.exactly(min(left, len(connection.buffer))))
                else:
                    got = len(connection.socket.recv(min(left, MEGABYTE)))
                    self.assertGreater(got, 0, "closed in the middle of a row")
                    left -= got
        return kinds, total

    def test_large_result_row(self):
        connection = self.session()
        before = self.rss()
        connection.send(wire.query(f"SELECT repeat('x', {SIZE})"))
        kinds, total = self.read_discarding(connection)
        self.grown(before)
        self.assertEqual(kinds, "TDCZ")
        self.assertEqual(total, SIZE + 6)
        self.assertEqual(connection.simple("SELECT 1"), [["1"]])

    def test_large_parameter(self):
        connection = self.session()
        connection.send(wire.parse("INSERT INTO big VALUES ($1)"), wire.sync())
        connection.until_ready()
        connection.send(wire.parse("INSERT INTO big VALUES ($1)"))
        before = self.rss()
        size = SIZE // 2
        head = b"\0\0" + (0).to_bytes(2, "big") + (1).to_bytes(2, "big") + size.to_bytes(4, "big")
        connection.send(b"B" + (4 + len(head) + size + 2).to_bytes(4, "big") + head)
        piece = b"y" * MEGABYTE
        for _ in range(size // MEGABYTE):
            connection.send(piece)
        connection.send(b"\0\0", wire.execute(), wire.sync())
        self.grown(before)
        self.assertEqual(wire.kinds(connection.until_ready()), "12CZ")
        self.assertEqual(self.cluster.sql("db1", "SELECT length(v) FROM big"), [(size,)])

    def test_many_rows(self):
        connection = self.session()
        before = self.rss()
        connection.send(wire.query("SELECT i, repeat('z', 100) FROM generate_series(1, 1000000) i"))
        _, total = self.read_discarding(connection)
        self.grown(before)
        self.assertGreater(total, 100 * 1000000)


if __name__ == "__main__":
    harness.run()

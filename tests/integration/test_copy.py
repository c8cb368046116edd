#!/usr/bin/python3
"""COPY in, out, and failing half-way."""

import io
import threading

import psycopg2

import harness
import wire


class Copy(harness.IntegrationTest):
    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE t (id int PRIMARY KEY, v text)", user="app")
        cls.cluster.await_replicas()

    def setUp(self):
        self.cluster.sql("db1", "TRUNCATE t", user="app")
        self.wire = wire.Wire(self.proxy.port)
        self.addCleanup(self.wire.socket.close)
        self.wire.log_in("app", self.cluster.passwords["app"], "app")

    def count(self):
        return self.cluster.sql("db1", "SELECT count(*) FROM t")[0][0]

    def begin_copy_in(self):
        self.wire.send(wire.query("COPY t FROM STDIN"))
        self.assertEqual(self.wire.read()[0], "G")

    def test_in_and_out(self):
        rows = 100000
        connection = self.connect()
        text = "".join(f"{i}\tvalue {i}\n" for i in range(rows))
        connection.cursor().copy_expert("COPY t FROM STDIN", io.StringIO(text))
        self.assertEqual(self.count(), rows)
        out = io.StringIO()
        connection.cursor().copy_expert("COPY (SELECT * FROM t ORDER BY id) TO STDOUT", out)
        self.assertEqual(out.getvalue(), text)

    def test_client_fails_half_way(self):
        self.begin_copy_in()
        self.wire.send(wire.message("d", b"1\tone\n"), wire.message("f", wire.cstring("changed my mind")))
        messages = self.wire.until_ready()
        self.assertEqual(wire.kinds(messages), "EZ")
        self.assertEqual(wire.error_fields(messages[0][1])["C"], "57014")
        self.assertEqual(self.wire.simple("SELECT 1"), [["1"]])
        self.assertEqual(self.count(), 0)

    def test_server_fails_half_way(self):
        """The rest of the data is still under way when the error comes."""
        self.begin_copy_in()
        self.wire.send(wire.message("d", b"1\tone\n" + b"not a number\ttwo\n"))
        for number in range(200):
            self.wire.send(wire.message("d", b"%d\t%s\n" % (number + 10, b"x" * 1000)))
        self.wire.send(wire.message("c"))
        messages = self.wire.until_ready()
        self.assertEqual(wire.kinds(messages), "EZ")
        self.assertEqual(wire.error_fields(messages[0][1])["C"], "22P02")
        self.assertEqual(self.wire.simple("SELECT 1"), [["1"]])
        self.assertEqual(self.count(), 0)

    def test_client_vanishes_half_way(self):
        self.begin_copy_in()
        self.wire.send(wire.message("d", b"1\tone\n"))
        self.wire.socket.close()
        harness.wait_until(lambda: self.cluster.sql(
            "db1", "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%%' AND state = 'active'")[0][0] == 0,
            "the server gives the COPY up")
        self.assertEqual(self.count(), 0)
        self.assertEqual(self.value(self.connect(), "SELECT 1"), 1)

    def test_in_extended_protocol(self):
        self.wire.send(wire.parse("COPY t FROM STDIN"), wire.bind(), wire.execute(), wire.sync())
        kinds = ""
        while not kinds.endswith("G"):
            kinds += self.wire.read()[0]
        self.assertEqual(kinds, "12G")
        # The Sync above is ignored while copying; the one after CopyDone counts.
        self.wire.send(wire.message("d", b"1\tone\n"), wire.message("c"), wire.sync())
        self.assertEqual(wire.kinds(self.wire.until_ready()), "CZ")
        self.assertEqual(self.count(), 1)

    def test_in_extended_protocol_failing_before_any_data(self):
        """The Sync that was sent on behind it counts after all, for the server never came to ignore it."""
        self.cluster.sql("db1", """
            CREATE TABLE refusing (a int);
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON refusing EXECUTE FUNCTION refuse()""", user="app")
        for _ in range(20):
            self.wire.send(wire.parse("COPY refusing FROM STDIN"), wire.bind(), wire.execute(), wire.sync())
            self.assertEqual(wire.kinds(self.wire.until_ready()), "12GEZ")
            self.assertEqual(self.wire.simple("SELECT 1"), [["1"]])
        # Here the data's end follows at once, and another Sync with it.
        self.wire.send(wire.parse("COPY refusing FROM STDIN"), wire.bind(), wire.execute(), wire.sync(),
                       wire.message("c"), wire.sync())
        self.assertEqual(wire.kinds(self.wire.until_ready()), "12GEZ")
        again = wire.Wire(self.proxy.port)
        self.addCleanup(again.socket.close)
        again.log_in("app", self.cluster.passwords["app"], "app")
        for _ in range(20):
            self.assertEqual(again.simple("SELECT 1"), [["1"]])

    def test_copy_then_more_in_one_simple_query(self):
        self.wire.send(wire.query("COPY t FROM STDIN; SELECT count(*) FROM t"))
        self.assertEqual(self.wire.read()[0], "G")
        self.wire.send(wire.message("d", b"1\tone\n2\ttwo\n"), wire.message("c"))
        messages = self.wire.until_ready()
        self.assertEqual(wire.kinds(messages), "CTDCZ")
        self.assertEqual(wire.rows_of(messages), [["2"]])

    def test_out_abandoned_by_cancel(self):
        connection = self.connect()

        class Sink(io.RawIOBase):
            seen = 0

            def writable(self):
                return True

            def write(self, data):
                if Sink.seen == 0:
                    threading.Thread(target=connection.cancel).start()
                Sink.seen += len(data)
                return len(data)
        with self.assertRaises(psycopg2.Error) as caught:
            connection.cursor().copy_expert(
                "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 100000000)) TO STDOUT", Sink())
        self.assertEqual(caught.exception.pgcode, "57014")
        self.assertEqual(self.value(connection, "SELECT 1"), 1)

    def test_many_copies_at_once(self):
        def one(number):
            connection = psycopg2.connect(self.conninfo())
            with connection:
                text = "".join(f"{number * 1000 + i}\tx\n" for i in range(1000))
                connection.cursor().copy_expert("COPY t FROM STDIN", io.StringIO(text))
            connection.close()
        self.parallel(8, one)
        self.assertEqual(self.count(), 8000)


if __name__ == "__main__":
    harness.run()

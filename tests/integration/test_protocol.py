#!/usr/bin/python3
"""The simple and the extended protocol, pipelining, and errors in the middle of it."""

import struct

import harness
import wire


class Protocol(harness.IntegrationTest):
    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE t (id int PRIMARY KEY, v text)", user="app")
        cls.cluster.await_replicas()

    def setUp(self):
        self.cluster.sql("db1", "TRUNCATE t", user="app")
        self.wire = wire.Wire(self.proxy.port)
        self.addCleanup(self.wire.socket.close)
        self.wire.log_in("app", self.cluster.passwords["app"], "app")

    def ask(self, *parts):
        self.wire.send(*parts)
        return self.wire.until_ready()

    def state(self, messages):
        return messages[-1][1].decode()

    def count(self):
        return self.cluster.sql("db1", "SELECT count(*) FROM t")[0][0]

    def test_empty_query(self):
        self.assertEqual(wire.kinds(self.ask(wire.query(""))), "IZ")
        self.assertEqual(wire.kinds(self.ask(wire.query("  -- nothing"))), "IZ")

    def test_several_statements_in_one_simple_query(self):
        messages = self.ask(wire.query("INSERT INTO t VALUES (1); SELECT 2; SELECT 3, 4"))
        self.assertEqual(wire.kinds(messages), "CTDCTDCZ")

    def test_a_batch_without_its_sync_ends_with_its_client(self):
        """It is neither committed by the next session nor does it make that one wait for a Sync."""
        for statement, last in (("INSERT INTO t VALUES (1)", "C"), ("INSERT INTO missing VALUES (1)", "E")):
            sessions = [wire.Wire(self.proxy.port) for _ in range(8)]
            for session in sessions:
                session.log_in("app", self.cluster.passwords["app"], "app")
                session.send(wire.parse(statement), wire.bind(), wire.execute(), wire.flush())
                while session.read()[0] != last:
                    pass
                session.socket.close()
                for _ in range(3):
                    self.assertEqual(wire.kinds(self.ask(wire.query("/* relevo: primary */ SELECT 1"))), "TDCZ")
        self.assertEqual(self.count(), 0)

    def test_error_rolls_the_whole_simple_query_back(self):
        messages = self.ask(wire.query("INSERT INTO t VALUES (1); SELECT 1/0; INSERT INTO t VALUES (2)"))
        self.assertEqual(wire.kinds(messages), "CEZ")
        self.assertEqual(self.count(), 0)

    def test_transaction_status(self):
        self.assertEqual(self.state(self.ask(wire.query("SELECT 1"))), "I")
        self.assertEqual(self.state(self.ask(wire.query("BEGIN"))), "T")
        self.assertEqual(self.state(self.ask(wire.query("SELECT 1/0"))), "E")
        failed = self.ask(wire.query("SELECT 1"))
        self.assertEqual(wire.error_fields(failed[0][1])["C"], "25P02")
        self.assertEqual(self.state(self.ask(wire.query("COMMIT"))), "I")

    def test_savepoint_recovers(self):
        for sql in ("BEGIN", "INSERT INTO t VALUES (1)", "SAVEPOINT s", "INSERT INTO t VALUES (1)"):
            messages = self.ask(wire.query(sql))
        self.assertEqual(self.state(messages), "E")
        self.ask(wire.query("ROLLBACK TO s"))
        self.ask(wire.query("COMMIT"))
        self.assertEqual(self.count(), 1)

    def test_extended(self):
        messages = self.ask(wire.parse("SELECT $1::int + 1"), wire.bind([41]), wire.describe("P"), wire.execute(),
                            wire.sync())
        self.assertEqual(wire.kinds(messages), "12TDCZ")
        self.assertEqual(wire.rows_of(messages), [["42"]])

    def test_describe_statement(self):
        messages = self.ask(wire.parse("SELECT v FROM t WHERE id = $1", "d"), wire.describe("S", "d"), wire.sync())
        self.assertEqual(wire.kinds(messages), "1tTZ")
        self.assertEqual(messages[1][1], struct.pack("!hi", 1, 23))

    def test_pipeline_of_many_batches(self):
        batches = 200
        for number in range(batches):
            self.wire.send(wire.parse("SELECT $1::int"), wire.bind([number]), wire.execute(), wire.sync())
        for number in range(batches):
            self.assertEqual(wire.rows_of(self.wire.until_ready()), [[str(number)]])

    def test_pipeline_mixing_reads_and_writes_keeps_its_order(self):
        """Answers come in the order of the questions though nodes differ."""
        turns = 60
        for number in range(turns):
            self.wire.send(wire.parse("INSERT INTO t VALUES ($1::int)"), wire.bind([number]), wire.execute(), wire.sync())
            self.wire.send(wire.parse("SELECT count(*) FROM t"), wire.bind(), wire.execute(), wire.sync())
        for number in range(turns):
            self.assertEqual(wire.kinds(self.wire.until_ready()), "12CZ")
            self.assertEqual(wire.rows_of(self.wire.until_ready()), [[str(number + 1)]])

    def test_pipelined_simple_queries(self):
        self.wire.send(*[wire.query(f"SELECT {number}") for number in range(50)])
        for number in range(50):
            self.assertEqual(wire.rows_of(self.wire.until_ready()), [[str(number)]])

    def test_error_in_the_middle_of_a_pipeline(self):
        """Everything up to the Sync is skipped; the next batch is not."""
        self.wire.send(
            wire.parse("INSERT INTO t VALUES (1)"), wire.bind(), wire.execute(),
            # Fails when it runs; a plain 1/0 would fail when it is planned.
            wire.parse("SELECT 1 / (random() * 0)::int"), wire.bind(), wire.execute(),
            wire.parse("INSERT INTO t VALUES (2)"), wire.bind(), wire.execute(), wire.sync(),
            wire.parse("INSERT INTO t VALUES (3)"), wire.bind(), wire.execute(), wire.sync())
        self.assertEqual(wire.kinds(self.wire.until_ready()), "12C12EZ")
        self.assertEqual(wire.kinds(self.wire.until_ready()), "12CZ")
        self.assertEqual(self.cluster.sql("db1", "SELECT id FROM t"), [(3,)])

    def test_parse_error_in_the_middle(self):
        self.wire.send(wire.parse("SELEC 1"), wire.bind(), wire.execute(), wire.sync(), wire.query("SELECT 5"))
        self.assertEqual(wire.kinds(self.wire.until_ready()), "EZ")
        self.assertEqual(wire.rows_of(self.wire.until_ready()), [["5"]])

    def test_sync_alone(self):
        self.assertEqual(wire.kinds(self.ask(wire.sync())), "Z")

    def test_flush_answers_before_sync(self):
        self.wire.send(wire.parse("SELECT $1::int", "f"), wire.describe("S", "f"), wire.flush())
        self.assertEqual([self.wire.read()[0] for _ in range(3)], ["1", "t", "T"])
        self.wire.send(wire.bind([7], "f"), wire.execute(), wire.flush())
        self.assertEqual([self.wire.read()[0] for _ in range(3)], ["2", "D", "C"])
        self.assertEqual(wire.kinds(self.ask(wire.sync())), "Z")

    def test_portal_in_pieces(self):
        self.ask(wire.query("BEGIN"))
        self.wire.send(wire.parse("SELECT generate_series(1, 5)"), wire.bind(portal="p"), wire.execute("p", 2),
                       wire.execute("p", 2), wire.execute("p", 2), wire.sync())
        self.assertEqual(wire.kinds(self.wire.until_ready()), "12DDsDDsDCZ")
        self.ask(wire.query("COMMIT"))

    def test_close_of_what_does_not_exist(self):
        self.assertEqual(wire.kinds(self.ask(wire.close("S", "none"), wire.close("P", "none"), wire.sync())), "33Z")

    def test_function_call(self):
        oid = self.cluster.sql("db1", "SELECT 'int4pl'::regproc::oid::int")[0][0]
        # One format code (text) for all arguments, two arguments, a text result.
        body = struct.pack("!ihhhi2si1sh", oid, 1, 0, 2, 2, b"40", 1, b"2", 0)
        messages = self.ask(wire.message("F", body))
        self.assertEqual(wire.kinds(messages), "VZ")
        self.assertEqual(messages[0][1], struct.pack("!i", 2) + b"42")

    def test_notices_arrive(self):
        self.ask(wire.query("DO $$ BEGIN RAISE NOTICE 'hello %', 7; END $$"))
        self.assertEqual([notice["M"] for notice in self.wire.notices], ["hello 7"])

    def test_parameter_status_follows_a_change(self):
        self.ask(wire.query("SET application_name = 'renamed'"))
        self.assertEqual(self.wire.parameters["application_name"], "renamed")

    def test_bytes_in_any_slices(self):
        """One byte at a time, and all at once: the same answers."""
        stream = (wire.parse("SELECT $1::text", "slice") + wire.bind(["x" * 300], "slice") + wire.execute() + wire.sync()
                  + wire.query("SELECT 2"))
        for size in (1, 2, 3, 5, 7, 64, len(stream)):
            for start in range(0, len(stream), size):
                self.wire.send(stream[start:start + size])
            self.assertEqual(wire.rows_of(self.wire.until_ready()), [["x" * 300]])
            self.assertEqual(wire.rows_of(self.wire.until_ready()), [["2"]])
            self.ask(wire.close("S", "slice"), wire.sync())


if __name__ == "__main__":
    harness.run()

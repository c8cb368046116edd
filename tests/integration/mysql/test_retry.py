#!/usr/bin/python3
"""What a replica refuses or dies over runs elsewhere, and the client never knows: as
long as nothing of the answer has reached it."""

import contextlib
import sys
import unittest
from pathlib import Path

import pymysql

import harness
import wire

import either_engine

sys.path.append(str(Path(__file__).resolve().parents[2] / "support"))
from delay_gate import DelayGate  # noqa: E402


@unittest.skipIf(harness.STANDIN, "only relevo runs it again")
class Refused(either_engine.Misroutes, harness.IntegrationTest):
    @classmethod
    def prepare(cls):
        # They say that they only read: the server believes it, and finds out.
        body = "READS SQL DATA BEGIN UPDATE t SET v = v + 1; RETURN @@port; END"
        cls.cluster.sql("db1", "CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 0)",
                        "SET GLOBAL log_bin_trust_function_creators = 1",
                        f"CREATE FUNCTION writes(a INT) RETURNS INT {body}",
                        f"CREATE FUNCTION other(a INT) RETURNS INT {body}",
                        "CREATE VIEW sneaky AS SELECT writes(0) AS port")
        cls.cluster.await_replicas()
        cls.gates = {name: DelayGate(cls.cluster.ports[name], gather=True) for name in ("db2", "db3")}
        for gate in cls.gates.values():
            cls.addClassCleanup(gate.close)
        ports = {**cls.cluster.ports, **{name: gate.port for name, gate in cls.gates.items()}}
        cls.proxy.configure({"cluster": {"nodes": [
            {"name": name, "address": f"127.0.0.1:{port}"} for name, port in ports.items()]}})

    def written(self):
        return self.cluster.sql("db1", "SELECT v FROM t")[0][0]

    def session(self):
        session = wire.Wire(self.proxy.port)
        self.addCleanup(session.socket.close)
        return session.log_in("app", self.cluster.passwords["app"])

    def test_a_statement_is_refused_once(self):
        self.refused_once(lambda session, number: self.where(session, f"/* relevo: replica */ SELECT writes({number})"),
                          "select writes ( ? )")

    def test_a_view_that_writes(self):
        session, before = self.connect(), self.written()
        for _ in range(3):
            self.assertEqual(self.where(session, "SELECT port FROM sneaky"), "db1")
        self.assertEqual(self.written(), before + 3)

    def test_a_prepared_statement_is_refused_once(self):
        session, before = self.session(), self.written()
        statement = session.prepare("/* relevo: replica */ SELECT CAST(other(?) AS CHAR)")
        misroutes, replays = self.counts()
        for number in range(4):
            row = session.execute(statement, number).rows[0]
            self.assertEqual(self.cluster.name_of(row[3:].decode()), "db1")
        self.assertEqual(self.counts(), [misroutes + 1, replays + 1])
        self.assertEqual(self.written(), before + 4)

    @contextlib.contextmanager
    def answers_together(self):
        """What replicas answer comes in one piece. Where the first of several came by itself,
        it would have gone to the client, and the refusal after it would be the client's."""
        for gate in self.gates.values():
            gate.delay_s = 0.1
        try:
            yield
        finally:
            for gate in self.gates.values():
                gate.delay_s = 0.0

    def test_several_in_a_text(self):
        """What came first was not sent on, so all of it runs again, once."""
        session, before = self.session(), self.written()
        with self.answers_together():
            results = session.results("/* relevo: replica */ SELECT @@port; SELECT writes(1) AS several")
        self.assertEqual([self.cluster.name_of(result.rows[0][0]) for result in results], ["db1", "db1"])
        self.assertEqual(self.written(), before + 1)

    def test_an_answer_that_has_begun_is_not_taken_back(self):
        session, before = self.session(), self.written()
        with self.assertRaises(wire.ServerError) as refused:
            session.results("/* relevo: replica */ SELECT REPEAT('x', 100000); SELECT SLEEP(0.5); "
                            "SELECT writes(1) AS late")
        self.assertEqual(refused.exception.code, harness.READ_ONLY)
        self.assertEqual(self.written(), before)
        self.assertEqual(session.query("SELECT 1"), [["1"]])

    def test_in_a_transaction_the_refusal_is_the_clients(self):
        session = self.connect()
        self.query(session, "START TRANSACTION READ ONLY")
        self.assertError((harness.READ_ONLY, 1792), self.query, session, "SELECT writes(1)")
        self.query(session, "ROLLBACK")
        self.assertEqual(self.value(session, "SELECT 1"), 1)

    def test_a_session_that_is_read_only_by_its_own_wish(self):
        session, before = self.connect(), self.written()
        self.query(session, "SET SESSION TRANSACTION READ ONLY")
        self.assertError(1792, self.query, session, "UPDATE t SET v = v + 1")
        self.assertError(1792, self.query, session, "/* relevo: replica */ SELECT writes(1) AS mine")
        self.assertEqual(self.written(), before)

    def test_what_ran_ahead_of_the_refusal_is_left_to_nobody(self):
        """SET has run on the replica; its connection must not be lent with it."""
        session = self.connect(client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS)
        before = self.written()
        with self.answers_together(), session.cursor() as cursor:
            cursor.execute("/* relevo: replica */ SELECT @@port; SELECT writes(2) AS ahead")
            while cursor.nextset():
                pass
        self.assertEqual(self.written(), before + 1)
        for _ in range(6):
            self.assertIn(self.where(self.connect()), ("db2", "db3"))


@unittest.skipIf(harness.STANDIN, "only relevo runs it again")
class Lost(either_engine.LostReplicas, harness.IntegrationTest):
    slow_read = "/* relevo: replica */ SELECT @@port, SLEEP(4)"

    @staticmethod
    def rows(count, columns):
        return ("/* relevo: replica */ WITH RECURSIVE s AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM s "
                f"WHERE n < {count}) SELECT {columns} FROM s")

    def test_a_replica_is_shut_down_before_it_has_sent_its_rows(self):
        """It gathers them, and sends what it has together with its farewell."""
        self.lost("stop", "start", self.rows(8, "@@port, SLEEP(0.5)"))

    def test_a_read_whose_rows_have_begun_is_told(self):
        sent = self.proxy.metric("relevo_client_sent_bytes_total")
        read = either_engine.SlowRead(self, self.rows(200, "REPEAT('x', 20000), SLEEP(0.05)"))
        harness.wait_until(lambda: self.proxy.metric("relevo_client_sent_bytes_total") > sent + 50000, "rows come")
        self.cluster.run("stop", read.node)
        try:
            read.thread.join(harness.PATIENCE_S)
            # Where the server's last bytes end within a packet nothing can be told behind them.
            # PyMySQL counts packets, and has another word for one that is out of order.
            self.assertIn(getattr(read.error, "args", [None])[0], (harness.DEADLOCK, *harness.SERVER_GONE), read.error)
        finally:
            self.cluster.run("start", read.node)
            self.proxy.await_healthy("db1")


if __name__ == "__main__":
    harness.run()

#!/usr/bin/python3
"""What a replica refuses or dies over runs elsewhere, and the client never knows: as
long as nothing of the answer has reached it."""

import unittest

import pymysql

import harness
import wire

import either_engine


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

    def taken_back(self, attempt):
        """Runs attempt(n) for n = 0, 1, ... until one was run again on the primary, and
        returns what it gave. Where the first answer came by itself it has gone to the client
        and stays: the refusal is the client's then, and nothing is written."""
        for number in range(50):
            before = self.written()
            try:
                answer = attempt(number)
            except (wire.ServerError, pymysql.err.OperationalError) as refused:
                self.assertEqual(getattr(refused, "code", None) or refused.args[0], harness.READ_ONLY)
                self.assertEqual(self.written(), before)
                continue
            self.assertEqual(self.written(), before + 1)
            return answer
        return self.fail("never once did both answers come together")

    def test_several_in_a_text(self):
        """What came first was not sent on, so all of it runs again, once."""
        session = self.session()
        results = self.taken_back(lambda number: session.results(
            f"/* relevo: replica */ SELECT @@port; SELECT writes(1) AS several{number}"))
        self.assertEqual([self.cluster.name_of(result.rows[0][0]) for result in results], ["db1", "db1"])

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

        def attempt(number):
            with session.cursor() as cursor:
                cursor.execute(f"/* relevo: replica */ SELECT @@port; SELECT writes(2) AS ahead{number}")
                while cursor.nextset():
                    pass

        self.taken_back(attempt)
        for _ in range(6):
            self.assertIn(self.where(self.connect()), ("db2", "db3"))


@unittest.skipIf(harness.STANDIN, "only relevo runs it again")
class Lost(either_engine.LostReplicas, harness.IntegrationTest):
    slow_read = "/* relevo: replica */ SELECT @@port, SLEEP(4)"


if __name__ == "__main__":
    harness.run()

#!/usr/bin/python3
"""Where statements go, asked of the servers themselves with @@port."""

import unittest

import pymysql

import harness


@unittest.skipIf(harness.STANDIN, "only relevo splits")
class Split(harness.IntegrationTest):
    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE t (id INT PRIMARY KEY, v INT, note VARCHAR(50))",
                        "INSERT INTO t (id, v) VALUES (1, 1), (2, 2)",
                        "CREATE FUNCTION writes() RETURNS INT DETERMINISTIC MODIFIES SQL DATA BEGIN UPDATE t SET v = v + 1 WHERE id = 2; "
                        "RETURN @@port; END",
                        "CREATE PROCEDURE asks() SELECT @@port",
                        *cls.cluster.by_flavour(["CREATE SEQUENCE s"], []))
        cls.cluster.await_replicas()

    def replica(self, sql="SELECT @@port", connection=None):
        self.assertIn(self.where(connection or self.connect(), sql), ("db2", "db3"), sql)

    def primary(self, sql="SELECT @@port", connection=None):
        self.assertEqual(self.where(connection or self.connect(), sql), "db1", sql)

    def test_reads_go_to_replicas(self):
        for sql in ("SELECT @@port",
                    "select @@port from t where id = 1",
                    "WITH x AS (SELECT 1) SELECT @@port FROM x",
                    "SELECT @@port /* INSERT INTO t */",
                    "SELECT @@port, 'UPDATE t; DELETE FROM t'",
                    "SELECT @@port, \"it's; DROP TABLE t\"",
                    "-- a comment\nSELECT @@port",
                    "# another\nSELECT @@port",
                    "SELECT @@port, `v` FROM t",
                    "(SELECT @@port) LIMIT 1",
                    "SELECT @@port UNION SELECT @@port",
                    "SELECT @@port;"):
            self.replica(sql)

    def test_writes_go_to_the_primary(self):
        for sql in ("SELECT @@port FROM t FOR UPDATE",
                    "SELECT @@port FROM t WHERE id = 1 LOCK IN SHARE MODE",
                    "SELECT @@port, GET_LOCK('x', 0), RELEASE_LOCK('x')",
                    "SELECT writes()",
                    "CALL asks()",
                    "SELECT /*!50000 SQL_NO_CACHE */ @@port FROM t FOR UPDATE",
                    "SELECT @@port /*! FROM t FOR UPDATE */"):
            self.primary(sql)

    def test_writes_that_answer_and_sequences(self):
        self.only("mariadb", "RETURNING, sequences")
        for sql in ("INSERT INTO t (id, v) VALUES (3, 3) ON DUPLICATE KEY UPDATE v = 3 RETURNING @@port",
                    "REPLACE INTO t (id, v) VALUES (4, 4) RETURNING @@port",
                    "SELECT @@port, NEXTVAL(s)",
                    "SELECT @@port, NEXT VALUE FOR s"):
            self.primary(sql)

    def test_a_statement_in_a_conditional_comment_is_a_statement(self):
        session = self.connect()
        self.query(session, "/*!50000 INSERT INTO t (id, v) VALUES (50, 50) */")
        self.query(session, "/*!50000 UPDATE t SET v = 51 WHERE id = 50 */")
        self.assertEqual(self.value(session, "SELECT v FROM t WHERE id = 50"), 51)
        # MariaDB's own kind of comment is no more than a comment elsewhere.
        read = "SELECT @@port /*M!100000 FROM t FOR UPDATE */"
        self.cluster.by_flavour(self.primary, lambda sql: self.where(self.connect(), sql))(read)

    def test_both_replicas_share(self):
        seen = []

        def one(_):
            connection = pymysql.connect(**self.arguments())
            with connection.cursor() as cursor:
                for _ in range(50):
                    cursor.execute("SELECT @@port")
                    seen.append(self.cluster.name_of(cursor.fetchone()[0]))
            connection.close()
        self.parallel(8, one)
        for node in ("db2", "db3"):
            self.assertGreater(seen.count(node), len(seen) * 0.2, f"{node}: {seen.count(node)} of {len(seen)}")
        self.assertEqual(seen.count("db1"), 0)

    def test_transactions(self):
        for begin, where in (("BEGIN", self.primary), ("START TRANSACTION", self.primary),
                             ("START TRANSACTION READ WRITE", self.primary),
                             ("START TRANSACTION READ ONLY", self.replica),
                             ("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", self.replica)):
            session = self.connect()
            self.query(session, begin)
            where(connection=session)
            self.query(session, "COMMIT")

    def test_autocommit_off_is_a_transaction(self):
        session = self.connect(autocommit=False)
        self.primary(connection=session)
        self.query(session, "INSERT INTO t (id, v) VALUES (60, 60)")
        self.primary("SELECT @@port FROM t", session)
        session.rollback()

    def test_a_misjudged_read_is_run_again_on_the_primary(self):
        """The function writes; read-only replicas refuse it, and the client never knows."""
        before = self.cluster.sql("db1", "SELECT v FROM t WHERE id = 2")[0][0]
        for _ in range(3):
            self.primary("SELECT writes()")
        self.assertEqual(self.cluster.sql("db1", "SELECT v FROM t WHERE id = 2")[0][0], before + 3)

    def test_no_write_reaches_a_replica(self):
        session = self.connect()
        for sql in ("INSERT INTO t (id, v) VALUES (70, 1)", "UPDATE t SET v = 2 WHERE id = 70", "CREATE TABLE made (a INT)",
                    "ALTER TABLE made ADD b INT", "ANALYZE TABLE made", "TRUNCATE made", "DROP TABLE made",
                    "DELETE FROM t WHERE id = 70",
                    *self.cluster.by_flavour(["SET STATEMENT max_statement_time = 5 FOR DELETE FROM t WHERE id = 71"],
                                             ["DELETE /*+ MAX_EXECUTION_TIME(5000) */ FROM t WHERE id = 71"])):
            self.query(session, sql)
        self.cluster.await_replicas()
        for node in ("db2", "db3"):
            position = self.cluster.position(node)
            if self.cluster.flavour == "mysql":  # a server's own transactions bear its own name
                name = self.cluster.sql(node, "SELECT @@server_uuid")[0][0]
                self.assertNotIn(name, position)
            else:
                self.assertTrue(all(gtid.split("-")[1] == "1" for gtid in position.split(",")), f"{node}: {position}")

    def test_hints(self):
        for _ in range(5):
            self.primary("/* relevo: primary */ SELECT @@port")
            self.replica("/* relevo: replica */ SELECT @@port FROM t WHERE id = 1")

    def test_target_of_a_session(self):
        session = self.connect()
        self.query(session, "SET @relevo_target = 'primary'")
        self.primary(connection=session)
        self.query(session, "SET @relevo_target = 'replica'")
        self.replica(connection=session)
        self.query(session, "SET @relevo_target = 'auto'")
        self.replica(connection=session)
        self.replica(connection=self.connect())

    def test_explain(self):
        for sql, node in (("SELECT 1", ("db2", "db3")), ("UPDATE t SET v = 1", ("db1",)),
                          ("SELECT * FROM t FOR UPDATE", ("db1",))):
            code, out, err = self.proxy.ctl("explain", sql, "--json")
            self.assertEqual(code, 0, err)
            self.assertTrue(any(f'"{name}"' in out for name in node), out)

    def test_multi_statements_with_a_write_go_to_the_primary_as_one(self):
        session = self.connect(client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS)
        with session.cursor() as cursor:
            cursor.execute("SELECT @@port; UPDATE t SET v = 5 WHERE id = 1; SELECT @@port")
            ports = [cursor.fetchall()[0][0]]
            while cursor.nextset():
                ports += [row[0] for row in cursor.fetchall()]
        self.assertEqual([self.cluster.name_of(port) for port in ports], ["db1", "db1"])


if __name__ == "__main__":
    harness.run()

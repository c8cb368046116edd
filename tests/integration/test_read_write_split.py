#!/usr/bin/python3
"""Where statements go, asked of the servers themselves with inet_server_port()."""

import unittest

import psycopg2

import harness


@unittest.skipIf(harness.STANDIN, "only relevo splits")
class Split(harness.IntegrationTest):
    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1); "
                               "CREATE SEQUENCE s", user="app")
        cls.cluster.sql("db1", "CREATE FUNCTION writes() RETURNS int LANGUAGE sql AS "
                               "'UPDATE t SET v = v + 1 RETURNING inet_server_port()'", user="app")
        cls.cluster.await_replicas()

    def replica(self, sql="SELECT inet_server_port()", connection=None):
        self.assertIn(self.where(connection or self.connect(), sql), ("db2", "db3"), sql)

    def primary(self, sql, connection=None):
        self.assertEqual(self.where(connection or self.connect(), sql), "db1", sql)

    def test_reads_go_to_replicas(self):
        for sql in ("SELECT inet_server_port()",
                    "select inet_server_port() from t where id = 1",
                    "WITH x AS (SELECT 1) SELECT inet_server_port() FROM x",
                    "SELECT inet_server_port() /* INSERT INTO t */",
                    "SELECT inet_server_port(), 'UPDATE t; DELETE FROM t'",
                    "SELECT inet_server_port(), $$ INSERT INTO t $$",
                    "-- comment\nSELECT inet_server_port()",
                    "SELECT inet_server_port(), /* a /* nested */ comment */ 1",
                    "(SELECT inet_server_port())"):
            self.replica(sql)

    def test_writes_go_to_the_primary(self):
        for sql in ("UPDATE t SET v = v RETURNING inet_server_port()",
                    "INSERT INTO t VALUES (2, 2) ON CONFLICT (id) DO UPDATE SET v = 3 RETURNING inet_server_port()",
                    "WITH w AS (UPDATE t SET v = v RETURNING 1) SELECT inet_server_port() FROM w",
                    "SELECT inet_server_port() FROM t FOR UPDATE",
                    "SELECT inet_server_port() FROM t WHERE id = 1 FOR NO KEY UPDATE",
                    "SELECT inet_server_port(), nextval('s')",
                    "SELECT writes()"):
            self.primary(sql)

    def test_both_replicas_share(self):
        """Sessions that read at the same time are spread; each replica gets a fair share."""
        seen = []

        def one(_):
            connection = psycopg2.connect(self.conninfo())
            connection.autocommit = True
            cursor = connection.cursor()
            for _ in range(50):
                cursor.execute("SELECT inet_server_port()")
                seen.append(self.cluster.name_of(cursor.fetchone()[0]))
            connection.close()
        self.parallel(8, one)
        for node in ("db2", "db3"):
            self.assertGreater(seen.count(node), len(seen) * 0.2, f"{node}: {seen.count(node)} of {len(seen)}")
        self.assertEqual(seen.count("db1"), 0)

    def test_transactions(self):
        connection = self.connect()
        self.query(connection, "BEGIN")
        self.primary("SELECT inet_server_port()", connection)
        self.query(connection, "COMMIT")
        connection = self.connect()
        self.query(connection, "BEGIN READ ONLY")
        self.replica(connection=connection)
        self.query(connection, "COMMIT")
        connection = self.connect()
        self.query(connection, "START TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self.replica(connection=connection)
        self.query(connection, "ROLLBACK")

    def test_a_misjudged_read_is_run_again_on_the_primary(self):
        """A function whose name tells nothing: were it tried on a replica, nobody would know."""
        connection = self.connect()
        for _ in range(5):
            self.assertEqual(self.where(connection, "SELECT writes()"), "db1")

    def test_hints(self):
        self.primary("/* relevo: primary */ SELECT inet_server_port()")
        self.replica("/* relevo: replica */ SELECT inet_server_port()")

    def test_session_target(self):
        connection = self.connect()
        self.query(connection, "SET relevo.target = 'primary'")
        for _ in range(3):
            self.primary("SELECT inet_server_port()", connection)
        self.query(connection, "SET relevo.target = 'auto'")
        self.replica(connection=connection)
        self.query(connection, "SET relevo.target = 'replica'")
        self.replica(connection=connection)

    def test_prepared_and_parameters(self):
        self.replica("SELECT inet_server_port() FROM t WHERE id = 1 AND v > -1")

    def test_explain_agrees(self):
        for sql, cls, target in (("SELECT 1", "read", "replica"), ("UPDATE t SET v = 1", "write", "primary"),
                                 ("SELECT nextval('s')", "write", "primary")):
            code, out, err = self.proxy.ctl("explain", sql, "--json")
            self.assertEqual(code, 0, err)
            self.assertIn(f'"{cls}"', out)
            self.assertIn(f'"{target}"', out)
            self.assertIn('"reason"', out)


@unittest.skipIf(harness.STANDIN, "only relevo splits")
class ReadsFromPrimary(harness.IntegrationTest):
    cluster_options = {"replicas": 1}
    config = {"cluster": {"routing": {"reads": "primary"}}}

    def test_reads_go_to_the_primary(self):
        self.assertEqual(self.where(self.connect()), "db1")


@unittest.skipIf(harness.STANDIN, "only relevo splits")
class MaxLag(harness.IntegrationTest):
    """A replica that lags more than allowed gets no reads; one whose lag is unknown neither."""

    cluster_options = {"replicas": 2, "delays": {"db3": "10s"}}
    config = {"cluster": {"routing": {"max_lag": "500ms", "consistency": "eventual"}}}

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE t (a int)", user="app")

    @classmethod
    def settle(cls):
        """"Healthy" never comes here: db3 lags by design."""

    def test_lagging_replica_is_left_out(self):
        writer = self.connect()
        for number in range(3):
            self.query(writer, "INSERT INTO t VALUES (%s)", number)
        self.proxy.await_topology(
            lambda t: [n["eligible_for_reads"] for n in t["nodes"] if n["name"] in ("db2", "db3")] == [True, False],
            "db3 lags and db2 does not")
        for _ in range(20):
            self.assertEqual(self.where(self.connect()), "db2")
        node = self.proxy.nodes()["db3"]
        self.assertEqual(node["state"], "lagging")
        self.assertNotEqual(node["reason"], "")

    def test_disconnected_receiver_is_not_eligible(self):
        self.await_db2()
        self.cluster.run("pause", "db2")
        try:
            self.proxy.await_topology(lambda t: not any(n["eligible_for_reads"] for n in t["nodes"]
                                                        if n["name"] == "db2"),
                                      "a hung replica is not eligible")
            # db3 counts as behind only while there is something to replay.
            self.assertNotEqual(self.where(self.connect()), "db2")
        finally:
            self.cluster.run("resume", "db2")
        self.await_db2()

    def await_db2(self):
        self.proxy.await_topology(lambda t: any(n["name"] == "db2" and n["eligible_for_reads"] for n in t["nodes"]),
                                  "db2 is eligible")


if __name__ == "__main__":
    harness.run()

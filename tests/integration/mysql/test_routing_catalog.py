#!/usr/bin/python3
"""Where statements go by the servers' catalogue, asked of the servers themselves: a
function that tells the port it runs at tells where the statement ran."""

import unittest

import harness
import wire

import either_engine


class CatalogRouting(either_engine.CatalogRouting):
    """A session that has called a function which may do anything keeps its connection, so
    that each question is put by a session of its own, unless one is given."""

    def where(self, connection, text="SELECT @@port"):
        if connection is not None:
            return super().where(connection, text)
        connection = self.connect()
        try:
            return super().where(connection, text)
        finally:
            connection.close()

    session = None

    def setUp(self):
        if self.known_read:
            self.on_replica(self.known_read)


@unittest.skipIf(harness.STANDIN, "only relevo splits")
class RoutingCatalog(CatalogRouting, harness.IntegrationTest):
    cluster_options = {"settings": ["log_bin_trust_function_creators=ON"]}
    # What is done elsewhere is seen late here, so that only what passes through counts.
    config = {"cluster": {"routing": {"catalog_refresh": "1h"}}}
    known_read = "SELECT app.here()"

    @classmethod
    def prepare(cls):
        cls.cluster.sql(
            "db1", "CREATE DATABASE other", "GRANT ALL ON other.* TO app@'%'",
            "GRANT SELECT, SHOW VIEW ON other.* TO relevo@'%'",
            "CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 1)",
            "CREATE TABLE scratch (a INT) ENGINE = MEMORY",
            "CREATE FUNCTION here() RETURNS INT RETURN @@port",
            "CREATE FUNCTION counts(x INT) RETURNS INT READS SQL DATA BEGIN DECLARE n INT DEFAULT 0; "
            "DECLARE CONTINUE HANDLER FOR NOT FOUND SET n = -1; SELECT COUNT(*) INTO n FROM t WHERE id > x; "
            "IF n > 5 THEN SET n = 5; END IF; RETURN @@port; END",
            "CREATE FUNCTION writes() RETURNS INT READS SQL DATA BEGIN UPDATE t SET v = v + 1; RETURN @@port; END",
            "CREATE FUNCTION takes_lock() RETURNS INT BEGIN DO GET_LOCK('a', 0); DO RELEASE_LOCK('a'); RETURN @@port; END",
            "CREATE FUNCTION declared() RETURNS INT MODIFIES SQL DATA RETURN @@port",
            "CREATE FUNCTION calls() RETURNS INT RETURN here() + 0 * counts(1)",
            "CREATE FUNCTION calls_writes() RETURNS INT RETURN writes()",
            "CREATE FUNCTION other.here() RETURNS INT BEGIN SET @a = 1; RETURN @@port; END",
            "CREATE FUNCTION other.only_there() RETURNS INT RETURN @@port",
            "CREATE VIEW good_view AS SELECT here() AS port, CONCAT('it''s', id) AS c, "
            "CAST(v AS CHAR(3)) AS d, DATE_ADD(NOW(), INTERVAL v DAY) AS e, IFNULL(v, 'a') AS f, "
            "COUNT(*) OVER (PARTITION BY id) AS g, EXTRACT(YEAR FROM NOW()) AS h, "
            "CASE WHEN id = 1 THEN 2 ELSE 3 END AS i, LOWER(SUBSTRING('abc' FROM 2)) AS j FROM t",
            "CREATE VIEW bad_view AS SELECT takes_lock() AS port FROM t",
            "CREATE VIEW outer_view AS SELECT port FROM bad_view WHERE port IN (SELECT port FROM bad_view)",
            "CREATE VIEW memory_view AS SELECT here() AS port FROM t LEFT JOIN scratch ON a = id",
            *cls.cluster.by_flavour(["CREATE SEQUENCE s", "CREATE VIEW sequence_view AS SELECT here() AS port, "
                                     "NEXTVAL(s) AS n"], []))
        cls.cluster.await_replicas()

    # ---- functions -------------------------------------------------------------

    def test_bodies_decide(self):
        for sql in ("SELECT here()", "SELECT HERE ()", "SELECT app.`Here`() FROM t", "SELECT counts(1)",
                    "SELECT calls()", "SELECT other.only_there()"):
            self.on_replica(sql)
        for sql in ("SELECT takes_lock()", "SELECT writes()", "SELECT declared()", "SELECT calls_writes()",
                    "SELECT other.here()", "SELECT @@port FROM t WHERE takes_lock() > 0"):
            self.on_primary(sql)
        self.assertEqual(self.proxy.metric("relevo_misroutes_total") or 0, 0)

    def test_the_database_in_use_decides(self):
        self.on_primary("SELECT here()", self.connect(database="other"))
        self.on_primary("SELECT other.here()", self.connect(database=None))
        self.on_replica("SELECT app.here()", self.connect(database=None))
        session = self.connect()
        self.on_replica("SELECT here()", session)
        self.query(session, "USE other")
        self.on_replica("SELECT app.here()", session)
        self.on_replica("SELECT only_there()", session)
        session.select_db("app")
        self.on_replica("SELECT here()", session)
        session.select_db("other")
        self.on_primary("SELECT here()", session)

    def test_a_proven_function_does_not_pin(self):
        session = self.connect()
        self.on_replica("SELECT counts(1)", session)
        self.assertEqual(self.pinned(session), "")

    # ---- views and tables --------------------------------------------------------

    def test_views_are_what_they_call(self):
        self.on_replica("SELECT port FROM good_view")
        for sql in ("SELECT port FROM bad_view", "SELECT port FROM outer_view",
                    "SELECT @@port FROM t, outer_view", "SELECT @@port FROM t WHERE EXISTS (SELECT 1 FROM bad_view)"):
            self.on_primary(sql)

    def test_what_replicas_do_not_have(self):
        self.on_replica("SELECT @@port FROM t")
        for sql in ("SELECT @@port, COUNT(*) FROM scratch", "SELECT port FROM memory_view"):
            self.on_primary(sql)

    def test_sequences(self):
        self.only("mariadb", "sequences")
        self.on_primary("SELECT @@port FROM s")
        self.on_primary("SELECT port FROM sequence_view")

    # ---- DDL -------------------------------------------------------------------

    def test_ddl_is_seen_at_once_in_every_session(self):
        session = self.connect()
        self.query(session, "CREATE FUNCTION turns() RETURNS INT RETURN @@port")
        self.on_replica("SELECT turns()")
        self.query(session, "DROP FUNCTION turns")
        self.query(session, "CREATE FUNCTION turns() RETURNS INT BEGIN DO GET_LOCK('b', 0); "
                            "DO RELEASE_LOCK('b'); RETURN @@port; END")
        for _ in range(10):
            self.on_primary("SELECT turns()")
        self.query(session, "DROP FUNCTION turns")
        self.query(session, "CREATE FUNCTION turns() RETURNS INT RETURN @@port")
        self.on_replica("SELECT turns()")

    def test_a_view_that_is_replaced(self):
        session, other = self.connect(), self.connect()
        self.query(session, "CREATE VIEW turning AS SELECT here() AS port")
        self.on_replica("SELECT port FROM turning", other)
        self.query(session, "CREATE OR REPLACE VIEW turning AS SELECT takes_lock() AS port")
        for _ in range(10):
            self.on_primary("SELECT port FROM turning", other)

    def test_a_table_that_changes_its_engine(self):
        session, other = self.connect(), self.connect()
        self.query(session, "CREATE TABLE moves (a INT)")
        self.query(session, "INSERT INTO moves VALUES (1)")
        self.cluster.await_replicas()
        self.on_replica("SELECT @@port FROM moves", other)
        self.query(session, "ALTER TABLE moves ENGINE = MEMORY")
        for _ in range(10):
            self.on_primary("SELECT @@port FROM moves", other)

    def test_prepared_statements_are_judged_when_they_run(self):
        ddl = self.connect()
        self.query(ddl, "CREATE FUNCTION prepared() RETURNS INT RETURN @@port")
        self.on_replica("SELECT prepared()")
        session = wire.Wire(self.proxy.port)
        self.addCleanup(session.socket.close)
        session.log_in("app", self.cluster.passwords["app"], "app")
        statement = session.prepare("SELECT CAST(prepared() AS CHAR)")

        def where():
            return self.cluster.name_of(session.execute(statement).rows[0][3:].decode())
        harness.wait_until(lambda: where() != "db1", "the statement runs on a replica")
        self.query(ddl, "ALTER FUNCTION prepared MODIFIES SQL DATA")
        for _ in range(10):
            self.assertEqual(where(), "db1")

    # ---- explain ---------------------------------------------------------------

    def test_explain_names_what_decided(self):
        explain = self.explain
        self.assertIn("view app.outer_view reads view app.bad_view, which calls function app.takes_lock, which calls a "
                      "function that writes or locks (GET_LOCK)",
                      explain("SELECT * FROM outer_view", "--database", "app"))
        self.assertIn("function app.writes is not known to only read (UPDATE)",
                      explain("SELECT writes()", "--database", "app"))
        self.assertIn("table app.scratch is in memory", explain("SELECT * FROM scratch", "--database", "app"))
        self.assertIn("target  replica", explain("SELECT here()", "--database", "app"))
        # Where? Without a database, every one counts.
        self.assertIn("function other.here ", explain("SELECT here()"))


@unittest.skipIf(harness.STANDIN, "only relevo splits")
class DoneElsewhere(CatalogRouting, harness.IntegrationTest):
    """The timer finds what did not pass through."""

    cluster_options = {"replicas": 1, "settings": ["log_bin_trust_function_creators=ON"]}
    config = {"cluster": {"routing": {"catalog_refresh": "200ms"}}}

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE FUNCTION here() RETURNS INT RETURN @@port")
        cls.cluster.await_replicas()

    def test_timer(self):
        self.on_replica("SELECT here()")
        self.cluster.sql("db1", "ALTER FUNCTION here MODIFIES SQL DATA")
        self.turns_to_primary("SELECT here()")
        self.cluster.sql("db1", "ALTER FUNCTION here READS SQL DATA")
        self.on_replica("SELECT here()")

    def test_what_the_monitor_may_not_see_is_not_known(self):
        self.on_replica("SELECT here()")
        grant = self.cluster.by_flavour("SELECT ON mysql.proc", "SHOW_ROUTINE ON *.*")
        self.cluster.sql("db1", f"REVOKE {grant} FROM relevo@'%'")
        try:
            self.turns_to_primary("SELECT here()")
            self.assertIn(f"GRANT {grant}", self.proxy.ctl("doctor")[1])
        finally:
            self.cluster.sql("db1", f"GRANT {grant} TO relevo@'%'")
        self.on_replica("SELECT here()")


if __name__ == "__main__":
    harness.run()

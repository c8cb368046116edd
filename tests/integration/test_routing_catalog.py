#!/usr/bin/python3
"""Where statements go by the database's catalogue, asked of the servers themselves:
a function that tells the port it runs at tells where the statement ran."""

import unittest

import harness
import wire

import either_engine


@unittest.skipIf(harness.STANDIN, "only relevo splits")
class RoutingCatalog(either_engine.CatalogRouting, harness.IntegrationTest):
    known_read = "SELECT public.here()"
    # What is done elsewhere is seen late here, so that only what passes through counts.
    config = {"cluster": {"routing": {"catalog_refresh": "1h"}}}
    # "here() STABLE" and the like, with the port as their answer.
    port = "LANGUAGE sql AS 'SELECT inet_server_port()'"

    @classmethod
    def prepare(cls):
        super_user = lambda text, database="app": cls.cluster.sql("db1", text, database=database)  # noqa: E731
        cls.cluster.sql("db1", f"""
            CREATE FUNCTION here() RETURNS int STABLE {cls.port};
            CREATE FUNCTION here_volatile() RETURNS int VOLATILE {cls.port};
            CREATE FUNCTION mixed(int) RETURNS int STABLE {cls.port};
            CREATE FUNCTION mixed(text) RETURNS int VOLATILE {cls.port};
            CREATE FUNCTION app_total(int) RETURNS int STABLE LANGUAGE sql AS 'SELECT $1 + 1';
            CREATE TABLE t (id int PRIMARY KEY, v int);
            INSERT INTO t VALUES (1, 1);
            CREATE SEQUENCE s;
            CREATE FUNCTION with_default(int DEFAULT nextval('s')::int) RETURNS int STABLE {cls.port};
            CREATE UNLOGGED TABLE scratch (a int);
            INSERT INTO scratch VALUES (1);
            CREATE VIEW good_view AS SELECT inet_server_port() AS port FROM t;
            CREATE VIEW function_view AS SELECT here() AS port FROM t;
            CREATE VIEW bad_view AS SELECT here_volatile() AS port FROM t;
            CREATE VIEW outer_view AS SELECT port FROM bad_view;
            CREATE VIEW sequence_view AS SELECT inet_server_port() AS port, nextval('s') FROM t;
            CREATE FUNCTION compare(int, int) RETURNS bool VOLATILE LANGUAGE sql AS 'SELECT $1 = $2';
            CREATE OPERATOR public.=== (FUNCTION = compare, LEFTARG = int, RIGHTARG = int);
            CREATE FUNCTION step(int, int) RETURNS int VOLATILE LANGUAGE sql AS 'SELECT $1 + $2';
            CREATE AGGREGATE bad_sum(int) (SFUNC = step, STYPE = int, INITCOND = 0);
            CREATE AGGREGATE good_sum(int) (SFUNC = int4pl, STYPE = int, INITCOND = 0);
            CREATE SCHEMA shadow;
            CREATE FUNCTION shadow.lower(text) RETURNS text VOLATILE LANGUAGE sql AS 'SELECT $1';
            CREATE FUNCTION shadow.here() RETURNS int VOLATILE {cls.port};
            CREATE FUNCTION shadow.only_there() RETURNS int STABLE {cls.port};
            CREATE TABLE policed (a int);
            INSERT INTO policed VALUES (1);
            ALTER TABLE policed ENABLE ROW LEVEL SECURITY;
            CREATE POLICY p ON policed USING (here_volatile() > 0);
            CREATE TABLE parts (a int) PARTITION BY LIST (a);
            CREATE UNLOGGED TABLE part_1 PARTITION OF parts FOR VALUES IN (1);
            """, user="app")
        super_user(f"""
            CREATE EXTENSION IF NOT EXISTS file_fdw;
            CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
            CREATE FOREIGN TABLE remote (a text) SERVER files OPTIONS (filename '/dev/null');
            GRANT SELECT ON remote TO app;
            """)
        # Another database, where the same name means something else.
        super_user("CREATE DATABASE elsewhere OWNER app")
        cls.cluster.sql("db1", f"CREATE FUNCTION here() RETURNS int VOLATILE {cls.port};"
                               f"CREATE FUNCTION here_volatile() RETURNS int STABLE {cls.port}",
                        user="app", database="elsewhere")
        cls.cluster.await_replicas()

    # ---- functions -------------------------------------------------------------

    def test_volatility_decides(self):
        self.on_replica("SELECT here()")
        self.on_replica("SELECT HERE() FROM t")
        self.on_replica("SELECT inet_server_port(), app_total(3)")
        self.on_replica("SELECT inet_server_port(), random(), clock_timestamp()")
        self.on_primary("SELECT here_volatile()")
        self.on_primary("SELECT inet_server_port() FROM t WHERE here_volatile() > 0")
        self.on_primary("SELECT with_default()")
        self.on_replica("SELECT inet_server_port(), good_sum(v) FROM t")
        self.on_primary("SELECT inet_server_port(), bad_sum(v) FROM t")

    def test_overloads_of_mixed_volatility(self):
        self.on_primary("SELECT mixed(1)")
        self.on_primary("SELECT mixed('a'::text)")

    def test_another_database_has_its_own(self):
        other = self.known("SELECT public.here_volatile()", database="elsewhere")
        self.on_primary("SELECT here()", other)
        self.on_replica("SELECT here_volatile()", other)
        self.on_replica("SELECT here()")

    def test_a_database_that_has_not_been_read_yet(self):
        self.cluster.sql("db1", "CREATE DATABASE fresh OWNER app")
        self.cluster.sql("db1", f"CREATE FUNCTION here_volatile() RETURNS int VOLATILE {self.port};"
                                f"CREATE FUNCTION here() RETURNS int STABLE {self.port};"
                                "CREATE VIEW bad_view AS SELECT here_volatile() AS port",
                         user="app", database="fresh")
        self.cluster.await_replicas()
        session = self.connect(database="fresh")
        for _ in range(20):
            self.on_primary("SELECT port FROM bad_view", session)
        self.on_replica("SELECT here()", session)

    # ---- search_path -----------------------------------------------------------

    def test_search_path_of_the_session(self):
        self.on_replica("SELECT inet_server_port(), lower('A')")
        self.query(self.session, "SET search_path = shadow, public")
        self.on_primary("SELECT inet_server_port(), lower('A')")
        self.on_primary("SELECT here()")
        self.on_replica("SELECT public.here()")
        self.on_replica("SELECT only_there()")
        self.query(self.session, "RESET search_path")
        self.on_replica("SELECT inet_server_port(), lower('A')")
        self.on_replica("SELECT here()")

    def test_search_path_of_the_startup_packet(self):
        session = self.known(options="-csearch_path=shadow")
        self.on_primary("SELECT inet_server_port(), lower('A')", session)
        self.on_replica("SELECT only_there()", session)

    def test_search_path_that_a_function_sets(self):
        self.query(self.session, "SELECT set_config('search_path', 'shadow, public', false)")
        self.on_replica("SELECT public.here()")
        self.on_primary("SELECT here()")

    def test_search_path_of_the_role(self):
        self.cluster.sql("db1", "CREATE DATABASE pathed OWNER app")
        self.cluster.sql("db1", f"""
            CREATE SCHEMA good; CREATE SCHEMA bad;
            CREATE FUNCTION good.f() RETURNS int STABLE {self.port};
            CREATE FUNCTION bad.f() RETURNS int VOLATILE {self.port};
            ALTER ROLE app IN DATABASE pathed SET search_path = good""", user="app", database="pathed")
        self.cluster.await_replicas()
        session = self.connect(database="pathed")
        self.on_replica("SELECT f()", session)
        self.query(session, "SET search_path = bad")
        for _ in range(20):
            self.on_primary("SELECT f()", session)

    def test_default_search_path_that_is_changed(self):
        # Connections that are open keep the former: f of `former` is what they would call.
        self.cluster.sql("db1", "CREATE DATABASE moving OWNER app")
        self.cluster.sql("db1", f"""
            CREATE SCHEMA former; CREATE SCHEMA latter;
            CREATE FUNCTION former.f() RETURNS int VOLATILE {self.port};
            CREATE FUNCTION latter.f() RETURNS int STABLE {self.port};
            CREATE FUNCTION latter.g() RETURNS int STABLE {self.port};
            ALTER ROLE app IN DATABASE moving SET search_path = former""", user="app", database="moving")
        self.cluster.await_replicas()
        session = self.connect(database="moving")
        self.on_replica("SELECT latter.g()", session)
        self.on_primary("SELECT f()", session)
        self.query(session, "ALTER ROLE app IN DATABASE moving SET search_path = latter")
        self.on_replica("SELECT latter.g()", session)
        for _ in range(20):
            self.on_primary("SELECT f()", session)

    # ---- relations -------------------------------------------------------------

    def test_views_are_what_they_call(self):
        self.on_replica("SELECT port FROM good_view")
        self.on_replica("SELECT port FROM function_view")
        self.on_primary("SELECT port FROM bad_view")
        self.on_primary("SELECT port FROM outer_view")
        self.on_primary("SELECT port FROM sequence_view")
        self.on_primary("SELECT inet_server_port() FROM t WHERE EXISTS (SELECT FROM outer_view)")

    def test_operators_are_what_they_call(self):
        self.on_primary("SELECT inet_server_port() FROM t WHERE 1 === 1")
        self.on_primary("SELECT inet_server_port() FROM t WHERE 1 OPERATOR(public.===) 1")
        self.on_replica("SELECT inet_server_port() FROM t WHERE 1 = 1 AND v + 1 > 0")

    def test_casts_and_domains_are_what_they_call(self):
        self.cluster.sql("db1", """
            CREATE FUNCTION check_it(text) RETURNS bool VOLATILE LANGUAGE sql AS 'SELECT true';
            CREATE DOMAIN checked AS text CHECK (check_it(VALUE));
            CREATE DOMAIN over_it AS checked;
            CREATE TYPE row_of_it AS (a int, b over_it);
            CREATE TABLE columns_of_it (a int, b row_of_it[]);
            CREATE FUNCTION takes(checked) RETURNS int STABLE LANGUAGE sql AS 'SELECT inet_server_port()';
            CREATE FUNCTION gives() RETURNS checked STABLE LANGUAGE sql AS 'SELECT inet_server_port()::text';
            CREATE VIEW makes AS SELECT inet_server_port() AS port, 'x'::over_it AS x;
            CREATE DOMAIN fine AS text CHECK (length(VALUE) > 0);
            CREATE TYPE wrapped AS (a int);
            CREATE FUNCTION unwrap(wrapped) RETURNS int VOLATILE LANGUAGE sql AS 'SELECT ($1).a';
            CREATE CAST (wrapped AS int) WITH FUNCTION unwrap(wrapped);""", user="app")
        self.cluster.await_replicas()
        self.on_replica("SELECT inet_server_port(), 'x'::fine")
        self.on_replica("SELECT inet_server_port(), count(a) FROM columns_of_it")
        for text in ("SELECT inet_server_port(), 'x'::checked", "SELECT inet_server_port(), checked 'x'",
                     "SELECT inet_server_port(), CAST('x' AS public.over_it)",
                     "SELECT inet_server_port(), ROW(1, 'x')::row_of_it", "SELECT takes('x')", "SELECT gives()",
                     "SELECT inet_server_port(), NULL::columns_of_it", "SELECT port FROM makes",
                     "SELECT inet_server_port(), ROW(1)::wrapped::int",
                     "SELECT inet_server_port(), CAST(ROW(1)::wrapped AS integer)"):
            self.on_primary(text)

    def test_what_replicas_do_not_have(self):
        self.on_primary("SELECT inet_server_port() FROM scratch")
        self.on_primary("SELECT inet_server_port() FROM t JOIN scratch ON true")
        self.on_primary("SELECT inet_server_port(), count(*) FROM remote")
        self.on_primary("SELECT inet_server_port(), last_value FROM s")
        self.on_primary("SELECT inet_server_port(), count(*) FROM parts")
        self.on_primary("SELECT inet_server_port() FROM policed")
        self.assertEqual(self.proxy.metric("relevo_misroutes_total") or 0, 0)

    # ---- DDL -------------------------------------------------------------------

    def test_ddl_is_seen_at_once_in_every_session(self):
        other = self.known()
        self.query(self.session, f"CREATE FUNCTION turns() RETURNS int STABLE {self.port}")
        self.on_replica("SELECT turns()", other)
        self.query(self.session, f"CREATE OR REPLACE FUNCTION turns() RETURNS int VOLATILE {self.port}")
        for _ in range(20):
            self.on_primary("SELECT turns()", other)
            self.on_primary("SELECT turns()")
        self.query(self.session, "ALTER FUNCTION turns() STABLE")
        self.on_replica("SELECT turns()", other)

    def test_ddl_in_a_transaction_counts_from_its_commit(self):
        other = self.known()
        self.query(self.session, f"CREATE FUNCTION later() RETURNS int STABLE {self.port}")
        self.on_replica("SELECT later()", other)
        self.query(self.session, "BEGIN")
        self.query(self.session, "ALTER FUNCTION later() VOLATILE")
        self.on_replica("SELECT later()", other)
        self.query(self.session, "COMMIT")
        for _ in range(20):
            self.on_primary("SELECT later()", other)

    def test_a_view_that_is_replaced(self):
        other = self.known()
        self.query(self.session, "CREATE VIEW turning AS SELECT inet_server_port() AS port")
        self.on_replica("SELECT port FROM turning", other)
        self.query(self.session, "CREATE OR REPLACE VIEW turning AS SELECT here_volatile() AS port")
        for _ in range(20):
            self.on_primary("SELECT port FROM turning", other)

    def test_a_table_that_shadows_another(self):
        # `t` of another schema on the path, and unlogged.
        self.query(self.session, "CREATE SCHEMA ahead; SET search_path = ahead, public")
        self.on_replica("SELECT inet_server_port() FROM t")
        self.query(self.session, "SELECT 1 AS a INTO UNLOGGED ahead.t")
        for _ in range(20):
            self.on_primary("SELECT inet_server_port() FROM t")
        self.query(self.session, "DROP SCHEMA ahead CASCADE")

    def test_do_block(self):
        other = self.known()
        self.query(self.session, f"CREATE FUNCTION by_do() RETURNS int STABLE {self.port}")
        self.on_replica("SELECT by_do()", other)
        self.query(self.session, "DO $$ BEGIN ALTER FUNCTION by_do() VOLATILE; END $$")
        for _ in range(20):
            self.on_primary("SELECT by_do()", other)

    def test_procedure_is_known_to_its_own_session(self):
        self.query(self.session, f"""CREATE FUNCTION by_call() RETURNS int STABLE {self.port};
            CREATE PROCEDURE alters() LANGUAGE plpgsql AS 'BEGIN ALTER FUNCTION by_call() VOLATILE; END'""")
        self.on_replica("SELECT by_call()")
        self.query(self.session, "CALL alters()")
        for _ in range(20):
            self.on_primary("SELECT by_call()")

    def test_prepared_statements_are_judged_when_they_run(self):
        self.query(self.session, f"CREATE FUNCTION prepared() RETURNS int STABLE {self.port}")
        self.on_replica("SELECT prepared()")
        session = wire.Wire(self.proxy.port)
        self.addCleanup(session.socket.close)
        session.log_in("app", self.cluster.passwords["app"], "app")

        def run(*parts):
            session.send(*parts)
            return session.until_ready()
        run(wire.parse("SELECT prepared()", "p"), wire.sync())

        def where():
            rows = wire.rows_of(run(wire.bind((), "p"), wire.execute(), wire.sync()))
            return self.cluster.name_of(int(rows[0][0]))
        harness.wait_until(lambda: where() != "db1", "the statement runs on a replica")
        self.query(self.session, "ALTER FUNCTION prepared() VOLATILE")
        for _ in range(20):
            self.assertEqual(where(), "db1")
        self.query(self.session, "ALTER FUNCTION prepared() STABLE")
        harness.wait_until(lambda: where() != "db1", "the statement runs on a replica again", 3 * harness.PATIENCE_S)

    # ---- explain ---------------------------------------------------------------

    def test_explain_names_what_decided(self):
        explain = self.explain
        self.assertIn("view outer_view reads view bad_view, which calls function here_volatile, which is volatile",
                      explain("SELECT * FROM outer_view", "--database", "app"))
        self.assertIn("scratch is unlogged", explain("SELECT * FROM scratch", "--database", "app"))
        self.assertIn("target  replica", explain("SELECT here()", "--database", "app", "--user", "app"))
        self.assertIn("function shadow.here is volatile",
                      explain("SELECT here()", "--database", "app", "--search-path", "shadow"))
        # Whose "$user"? Without one, every schema counts.
        self.assertIn("function shadow.here is volatile", explain("SELECT here()", "--database", "app"))


@unittest.skipIf(harness.STANDIN, "only relevo splits")
class DoneElsewhere(either_engine.CatalogRouting, harness.IntegrationTest):
    """The timer finds what did not pass through; where a catalogue cannot be read nothing is proven."""

    reads_without = "db1"

    cluster_options = {"replicas": 1, "hba": ["host closed relevo all reject"]}
    config = {"cluster": {"routing": {"catalog_refresh": "200ms"}}}
    port = RoutingCatalog.port

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", f"CREATE FUNCTION here() RETURNS int STABLE {cls.port}; CREATE TABLE t (a int)",
                        user="app")
        cls.cluster.await_replicas()

    def test_timer(self):
        session = self.connect()
        self.on_replica("SELECT here()", session)
        self.cluster.sql("db1", "ALTER FUNCTION here() VOLATILE", user="app")
        self.turns_to_primary("SELECT here()", session)
        self.cluster.sql("db1", "ALTER FUNCTION here() STABLE", user="app")
        self.on_replica("SELECT here()", session)

    def test_a_database_that_the_monitor_may_not_enter(self):
        self.cluster.sql("db1", "CREATE DATABASE closed OWNER app")
        self.cluster.sql("db1", f"CREATE FUNCTION here() RETURNS int STABLE {self.port}", user="app", database="closed")
        self.cluster.await_replicas()
        session, reader = self.connect(database="closed"), self.connect(database="closed")
        harness.wait_until(lambda: 'catalogue of database "closed" cannot be read' in self.proxy.log_tail(400),
                           "it is said")
        for _ in range(10):
            self.assertEqual(self.where(session, "SELECT here()"), "db1")
            self.assertEqual(self.where(reader), self.reads_without)
        self.assertEqual(self.proxy.log_tail(400).count('catalogue of database "closed" cannot be read'), 1)


class DoneElsewhereByText(DoneElsewhere):
    """As asked for, where a catalogue cannot be read the text alone decides."""

    reads_without = "db2"
    config = {"cluster": {"routing": {"catalog_refresh": "200ms", "without_catalog": "text"}}}


if __name__ == "__main__":
    harness.run()

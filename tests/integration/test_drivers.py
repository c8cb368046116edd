#!/usr/bin/python3
"""The clients that people use, each doing what it usually does."""

import asyncio
import contextlib
import os
import re
import subprocess

import harness


class Drivers(harness.IntegrationTest):
    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE t (id int PRIMARY KEY, v text); "
                               "INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 1000) i", user="app")
        cls.cluster.await_replicas()

    def program(self, *command, stdin=None, timeout_s=120):
        done = subprocess.run([str(part) for part in command], input=stdin, capture_output=True, text=True,
                              timeout=timeout_s, env={**os.environ, "PGPASSWORD": self.cluster.passwords["app"],
                                                      "PGHOST": "127.0.0.1", "PGPORT": str(self.proxy.port),
                                                      "PGUSER": "app", "PGDATABASE": "app"})
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return done.stdout, done.stderr

    # ---- psql ------------------------------------------------------------------

    def test_psql(self):
        script = r"""
\set ON_ERROR_STOP on
\d t
SELECT count(*) AS n FROM t \gset
\echo :n
BEGIN;
CREATE TABLE from_psql (a int);
\copy from_psql FROM PROGRAM 'seq 1 10'
COMMIT;
SELECT sum(a) FROM from_psql;
SELECT $1::int + 1 \bind 41 \g
\conninfo
"""
        if "psql (PostgreSQL) 15" in self.program(*self.cluster.client("psql"), "--version")[0]:
            script = script.replace("SELECT $1::int + 1 \\bind 41 \\g\n", "SELECT 42;\n")
        out, _ = self.program(*self.cluster.client("psql"), "-X", "-A", "-t", "-f", "-", stdin=script)
        for expected in ("1000", "55", "42"):
            self.assertIn(expected, out.split())

    def test_pg_dump(self):
        out, _ = self.program(*self.cluster.client("pg_dump"), "--table=t")
        self.assertIn("v1000", out)

    # ---- pgbench ---------------------------------------------------------------

    def pgbench(self, *options):
        out, err = self.program(*self.cluster.client("pgbench"), "-n", "-c", "8", "-j", "2", "-t", "50", *options)
        self.assertIn("number of failed transactions: 0 ", out, err)
        self.assertEqual(re.search(r"actually processed: (\d+)/(\d+)", out).groups(), ("400", "400"))

    def test_pgbench(self):
        """TPC-B and select-only, each by the three protocols."""
        self.program(*self.cluster.client("pgbench"), "-i", "-q", "-s", "1")
        for mode in ("simple", "extended", "prepared"):
            for options in ((), ("-S",)):
                with self.subTest(mode=mode, options=options):
                    self.pgbench("-M", mode, *options)

    def test_pgbench_pipeline(self):
        script = self.directory / "pipeline.sql"
        script.write_text("\\startpipeline\nSELECT 1;\nSELECT count(*) FROM t;\nSELECT 2;\n\\endpipeline\n")
        for mode in ("extended", "prepared"):
            with self.subTest(mode=mode):
                self.pgbench("-M", mode, "-f", str(script))

    # ---- Python ----------------------------------------------------------------

    def test_psycopg2(self):
        connection = self.connect(autocommit=False)
        cursor = connection.cursor("named", withhold=False)  # a server-side cursor
        cursor.itersize = 100
        cursor.execute("SELECT id FROM t ORDER BY id")
        self.assertEqual([row[0] for row in cursor], list(range(1, 1001)))
        cursor.close()
        connection.commit()
        with connection, connection.cursor() as writing:
            writing.execute("CREATE TABLE from_psycopg2 (a int)")
            writing.executemany("INSERT INTO from_psycopg2 VALUES (%s)", [(i,) for i in range(20)])
        self.assertEqual(self.value(connection, "SELECT count(*) FROM from_psycopg2"), 20)

    def test_psycopg2_read_only_session(self):
        connection = self.connect(autocommit=False)
        connection.set_session(readonly=True)
        self.assertEqual(self.value(connection, "SELECT count(*) FROM t"), 1000)
        connection.commit()

    def test_psycopg3(self):
        import psycopg
        with psycopg.connect(self.conninfo(), prepare_threshold=2) as connection:
            for number in range(1, 20):  # becomes a prepared statement on the way
                self.assertEqual(connection.execute("SELECT v FROM t WHERE id = %s", (number,)).fetchone(),
                                 (f"v{number}",))
            with connection.pipeline():
                cursors = [connection.execute("SELECT %s::int", (number,)) for number in range(50)]
                self.assertEqual([cursor.fetchone()[0] for cursor in cursors], list(range(50)))
            connection.commit()
            connection.execute("CREATE TABLE from_psycopg3 (a int, b text)")
            with connection.cursor().copy("COPY from_psycopg3 FROM STDIN") as copy:
                for number in range(100):
                    copy.write_row((number, f"row {number}"))
            self.assertEqual(connection.execute("SELECT count(*) FROM from_psycopg3", binary=True).fetchone(), (100,))
            with connection.transaction(), contextlib.suppress(psycopg.errors.DivisionByZero):
                with connection.transaction():  # a savepoint
                    connection.execute("SELECT 1/0")
            self.assertEqual(connection.execute("SELECT 1").fetchone(), (1,))

    def test_asyncpg(self):
        import asyncpg

        async def main():
            pool = await asyncpg.create_pool(host="127.0.0.1", port=self.proxy.port, user="app", database="app",
                                             password=self.cluster.passwords["app"], min_size=2, max_size=8,
                                             timeout=20, ssl=False)

            async def one(number):
                async with pool.acquire() as connection:
                    for key in range(number * 10 + 1, number * 10 + 11):
                        self.assertEqual(await connection.fetchval("SELECT v FROM t WHERE id = $1", key), f"v{key}")
                    async with connection.transaction():
                        await connection.execute("CREATE TEMP TABLE x (a int) ON COMMIT DROP")
                        await connection.executemany("INSERT INTO x VALUES ($1)", [(i,) for i in range(10)])
                        async for row in connection.cursor("SELECT a FROM x ORDER BY a", prefetch=3):
                            self.assertIsInstance(row[0], int)
            await asyncio.gather(*(one(number) for number in range(20)))
            async with pool.acquire() as connection:
                await connection.execute("CREATE TABLE from_asyncpg (a int, b text)")
                await connection.copy_records_to_table("from_asyncpg", records=[(i, str(i)) for i in range(500)])
                self.assertEqual(await connection.fetchval("SELECT count(*) FROM from_asyncpg"), 500)
                with self.assertRaises(asyncpg.UniqueViolationError):
                    await connection.execute("INSERT INTO t VALUES (1, 'twice')")
            await pool.close()
        asyncio.run(asyncio.wait_for(main(), 90))

    # ---- Java ------------------------------------------------------------------

    def test_jdbc(self):
        source = harness.Path(__file__).with_name("Smoke.java")
        jar = harness.Path("/usr/share/java/postgresql.jar")
        self.assertTrue(jar.exists(), "libpostgresql-jdbc-java is not installed")
        self.program("javac", "-d", self.directory, source)
        # libpostgresql-jdbc-java's jar names what it needs; SCRAM is among it.
        path = ":".join(map(str, [self.directory, jar, *harness.Path("/usr/share/java").glob("*scram*.jar"),
                                  *harness.Path("/usr/share/java").glob("stringprep*.jar"),
                                  *harness.Path("/usr/share/java").glob("saslprep*.jar")]))
        for options in ("", "&prepareThreshold=1", "&preferQueryMode=simple", "&reWriteBatchedInserts=true",
                        "&binaryTransfer=false"):
            with self.subTest(options=options):
                out, _ = self.program("java", "-Xmx128m", "-cp", path, "Smoke",
                                      f"jdbc:postgresql://127.0.0.1:{self.proxy.port}/app?sslmode=disable{options}")
                self.assertEqual(out.strip(), "ok")


if __name__ == "__main__":
    harness.run()

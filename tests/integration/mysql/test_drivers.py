#!/usr/bin/python3
"""The clients that people use, each doing what it usually does."""

import os
import shutil
import subprocess
from pathlib import Path

import MySQLdb
import pymysql

import harness

HERE = Path(__file__).resolve().parent


class Drivers(harness.IntegrationTest):
    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(100))",
                        "INSERT INTO t VALUES " + ", ".join(f"({n}, 'v{n}')" for n in range(1, 1001)))
        cls.cluster.await_replicas()

    def program(self, *command, stdin=None, timeout_s=200, cwd=None, **env):
        done = subprocess.run([str(part) for part in command], input=stdin, capture_output=True, text=True,
                              timeout=timeout_s, cwd=cwd,
                              env={**os.environ, "MYSQL_PWD": self.cluster.passwords["app"],
                                   "MYSQL_PORT": str(self.proxy.port), **env})
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return done.stdout

    def client(self, program, *options, stdin=None):
        return self.program(program, "--no-defaults", "--protocol=tcp", "--host=127.0.0.1", f"--port={self.proxy.port}",
                            "--user=app", *options, stdin=stdin)

    # ---- the command line ----------------------------------------------------------------

    SCRIPT = """
SELECT COUNT(*) FROM t;
DESCRIBE t;
DROP TABLE IF EXISTS from_cli;
CREATE TABLE from_cli (a INT);
BEGIN; INSERT INTO from_cli VALUES (1), (2), (3); COMMIT;
SELECT SUM(a) AS s FROM from_cli WHERE 1 = 1;
DELIMITER //
DROP PROCEDURE IF EXISTS p //
CREATE PROCEDURE p() BEGIN SELECT 'from p'; SELECT 'twice'; END //
DELIMITER ;
CALL p();
SHOW TABLES LIKE 'from%';
status
"""

    def test_mariadb(self):
        out = self.client("mariadb", "app", "--batch", stdin=self.SCRIPT)
        for expected in ("1000", "6", "from p", "twice", "from_cli"):
            self.assertIn(expected, out.splitlines())

    def test_mariadb_compressed(self):
        """zlib, as --compress asks for it: in both directions, small packets and large."""
        out = self.client("mariadb", "app", "--batch", "--compress", stdin=self.SCRIPT + "SHOW STATUS LIKE 'Compression';\n")
        for expected in ("1000", "6", "from p"):
            self.assertIn(expected, out.splitlines())
        if harness.STANDIN:
            self.assertIn("Compression\tON", out)
        out = self.client("mariadb", "app", "--batch", "--compress", "--max-allowed-packet=64M",
                          "--execute=SELECT LENGTH(REPEAT('abc', 5000000)), REPEAT('x', 3000000)")
        self.assertIn("x" * 3000000, out)
        statement = f"SELECT LENGTH('{'y' * 5000000}') AS l;"
        self.assertIn("5000000", self.client("mariadb", "app", "--batch", "--compress", stdin=statement).splitlines())

    def test_mariadb_dump(self):
        out = self.client("mariadb-dump", "--single-transaction", "--skip-lock-tables", "app", "t")
        self.assertIn("v1000", out)

    def test_mariadb_import(self):
        self.only("mariadb", "its mariadb-import sets what MySQL reserves for administrators")
        with open(self.directory / "t_import.txt", "w", encoding="utf-8") as file:
            file.writelines(f"{number}\tw{number}\n" for number in range(5000))
        self.query(self.connect(), "CREATE TABLE IF NOT EXISTS t_import (id INT, v VARCHAR(20))")
        self.client("mariadb-import", "--local", "app", self.directory / "t_import.txt")
        session = self.connect()
        self.query(session, "DO 0")
        self.query(session, "BEGIN")
        self.assertEqual(self.value(session, "SELECT COUNT(*) FROM t_import"), 5000)

    def test_mariadb_slap(self):
        self.client("mariadb-slap", "--concurrency=8", "--number-of-queries=2000", "--create-schema=app", "--no-drop",
                    "--query=SELECT v FROM t WHERE id = 7; SELECT COUNT(*) FROM t", "--delimiter=;")

    def test_mariadb_admin(self):
        self.assertIn("alive", self.client("mariadb-admin", "ping"))

    # ---- Python ----------------------------------------------------------------------------

    def test_pymysql(self):
        session = self.connect(cursorclass=pymysql.cursors.DictCursor)
        self.assertEqual(self.query(session, "SELECT v FROM t WHERE id = %s", 5), [{"v": "v5"}])
        with session.cursor() as cursor:
            self.query(session, "CREATE TABLE IF NOT EXISTS many (a INT, b VARCHAR(20))")
            self.assertEqual(cursor.executemany("INSERT INTO many VALUES (%s, %s)",
                                                [(number, str(number)) for number in range(3000)]), 3000)
        with session.cursor(pymysql.cursors.SSCursor) as cursor:  # unbuffered
            cursor.execute("SELECT a FROM many ORDER BY a")
            self.assertEqual([row[0] for row in cursor], list(range(3000)))
        session.ping(reconnect=False)

    def test_mysqlclient(self):
        connection = MySQLdb.connect(host="127.0.0.1", port=self.proxy.port, user="app", database="app",
                                     password=self.cluster.passwords["app"])
        self.addCleanup(connection.close)
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE IF NOT EXISTS capi (a INT, b DATETIME, c DECIMAL(10, 2))")
        cursor.executemany("INSERT INTO capi VALUES (%s, %s, %s)", [(1, "2026-01-02 03:04:05", "1.50")] * 3)
        connection.commit()
        cursor.execute("SELECT a, b, c FROM capi")
        rows = cursor.fetchall()
        self.assertEqual((len(rows), rows[0][0], str(rows[0][1]), str(rows[0][2])), (3, 1, "2026-01-02 03:04:05", "1.50"))
        connection.rollback()

    # ---- others ------------------------------------------------------------------------------

    def test_jdbc(self):
        self.program("javac", "-d", self.directory, HERE / "drivers" / "Smoke.java")
        jar = "/usr/share/java/mariadb-java-client.jar"
        for options in ("", "useServerPrepStmts=true&", "useServerPrepStmts=true&useBulkStmts=true&", "useCompression=true&",
                        "rewriteBatchedStatements=true&"):
            url = f"jdbc:mariadb://127.0.0.1:{self.proxy.port}/app?{options}allowMultiQueries=true"
            self.assertEqual(self.program("java", "-cp", f"{self.directory}:{jar}", "Smoke", url), "ok\n", options)

    def test_php(self):
        self.assertEqual(self.program("php", HERE / "drivers" / "smoke.php"), "ok\n")

    def test_perl(self):
        for driver in ("MariaDB", "mysql"):
            self.assertEqual(self.program("perl", HERE / "drivers" / "smoke.pl", driver), "ok\n")

    def test_go(self):
        source = self.directory / "go"
        source.mkdir()
        shutil.copy(HERE / "drivers" / "smoke.go", source)
        # Debian's packages are a GOPATH; no module is fetched.
        self.program("go", "build", "-o", self.directory / "smoke-go", "smoke.go", cwd=source, GO111MODULE="off",
                     GOPATH="/usr/share/gocode", GOCACHE=str(self.directory / "go-cache"), HOME=str(self.directory),
                     GOFLAGS="-p=2", timeout_s=250)
        self.assertEqual(self.program(self.directory / "smoke-go"), "ok\n")


if __name__ == "__main__":
    harness.run()

#!/usr/bin/python3
"""PostgreSQL 18's own client library: protocol 3.2 with its longer cancel keys, and TLS from
the first byte.

RELEVO_SERVER_IMAGE: PostgreSQL 18's, whose client programs run here.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import harness  # noqa: E402

NEWEST = {"PGMINPROTOCOLVERSION": "3.2", "PGMAXPROTOCOLVERSION": "3.2"}


class Libpq18(harness.IntegrationTest):
    cluster_options = {"replicas": 1, "tls": True}

    @classmethod
    def prepare(cls):
        cert, key = cls.directory / "relevo.crt", cls.directory / "relevo.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", key, "-out", cert], check=True, capture_output=True)
        cls.cert = cert
        cls.proxy.configure({"cluster": {"tls": {"mode": "allow", "cert": str(cert), "key": str(key)}}})

    def environment(self, more):
        return {**os.environ, "PGHOST": "127.0.0.1", "PGPORT": str(self.proxy.port), "PGUSER": "app",
                "PGDATABASE": "app", "PGPASSWORD": self.cluster.passwords["app"], "PGSSLMODE": "disable", **more}

    def program(self, name, *arguments, stdin=None, **more):
        done = subprocess.run(self.cluster.client(name, *arguments), input=stdin, capture_output=True, text=True,
                              timeout=120, env=self.environment(more))
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return done.stdout

    def test_it_is_18(self):
        self.assertIn("psql (PostgreSQL) 18", self.program("psql", "--version"))
        self.assertGreaterEqual(self.cluster.sql("db1", "SHOW server_version_num")[0][0], "180000")

    def test_protocol_3_2(self):
        out = self.program("psql", "-X", "-A", "-t", "-c", "\\conninfo", **NEWEST)
        self.assertRegex(out, r"Protocol Version\|3\.2")

    def test_protocol_3_0(self):
        oldest = {name: "3.0" for name in NEWEST}
        self.assertRegex(self.program("psql", "-X", "-A", "-t", "-c", "\\conninfo", **oldest), r"Protocol Version\|3\.0")

    def test_pgbench_by_protocol_3_2(self):
        self.program("pgbench", "-i", "-q", "-s", "1", **NEWEST)
        for mode in ("simple", "extended", "prepared"):
            with self.subTest(mode=mode):
                out = self.program("pgbench", "-n", "-c", "4", "-t", "50", "-M", mode, **NEWEST)
                self.assertIn("number of failed transactions: 0 ", out)

    def test_pipelines_of_psql(self):
        out = self.program("psql", "-X", "-A", "-t", "-f", "-", **NEWEST, stdin=r"""
\startpipeline
SELECT $1::int \bind 41 \sendpipeline
SELECT $1::int \bind 42 \sendpipeline
\endpipeline
SELECT $1 || '!' \parse greet
\bind_named greet hello \g
""")
        self.assertEqual(out.split(), ["41", "42", "hello!"])

    def test_cancel_with_a_longer_key(self):
        marker = "cancelled_by_libpq18"
        sql = f"SELECT count(*) AS {marker} FROM generate_series(1, 100000000000)"
        process = subprocess.Popen(self.cluster.client("psql", "-X", "-c", sql), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env=self.environment(NEWEST))
        harness.wait_until(
            lambda: any(self.cluster.sql(node, "SELECT 1 FROM pg_stat_activity WHERE state = 'active' "
                                         "AND query LIKE %s AND pid <> pg_backend_pid()", f"%{marker}%")
                        for node in self.cluster.ports), "the server runs it")
        # psql turns the signal into a CancelRequest. It runs among this machine's processes.
        found = subprocess.run(["pgrep", "-x", "-f", f".*/bin/psql -X -c .*{marker}.*"], capture_output=True, text=True,
                               check=True).stdout.split()
        os.kill(int(found[-1]), signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        self.assertIn("canceling statement due to user request", errors)

    def test_direct_tls_with_channel_binding(self):
        out = self.program("psql", "-X", "-A", "-t", "-c", "\\conninfo", **NEWEST, PGSSLMODE="verify-full",
                           PGSSLROOTCERT=str(self.cert), PGSSLNEGOTIATION="direct", PGCHANNELBINDING="require")
        self.assertRegex(out, r"SSL Connection\|true")
        self.assertRegex(out, r"Protocol Version\|3\.2")

    def test_every_server_connection_is_of_18_too(self):
        self.assertIn("18.", self.program("psql", "-X", "-A", "-t", "-c", "SHOW server_version"))


if __name__ == "__main__":
    harness.run()

#!/usr/bin/python3
"""The admin API, metrics, health checks and relevoctl in front of MySQL or MariaDB."""

import json
import unittest

import harness  # finds the other modules of tests, too
import either_engine


@unittest.skipIf(harness.STANDIN, "only relevo has it")
class Admin(either_engine.FollowedEvents, harness.IntegrationTest):
    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE t (a INT)")
        cls.cluster.await_replicas()

    def client_of(self, connection):
        """Its row: the connection id is the worker's number above 24 bits, the session's below."""
        number = connection.thread_id()
        name = f"{number >> 24}.{number & 0xffffff}"
        return next(client for client in self.proxy.clients() if client["id"] == name)

    def servers(self):
        body = self.proxy.get("/v1/clusters/test/servers")
        return body["servers"] if isinstance(body, dict) else body

    def explain(self, sql):
        code, out, err = self.proxy.ctl("explain", sql, "--json")
        self.assertEqual(code, 0, err)
        return json.loads(out)

    # ---- what there is -------------------------------------------------------------

    def test_topology(self):
        cluster = self.proxy.topology()
        self.assertEqual((cluster["name"], cluster["engine"], cluster["primary"], cluster["state"]),
                         ("test", "mysql", "db1", "healthy"))
        roles = {node["name"]: node["role"] for node in cluster["nodes"]}
        self.assertEqual(roles, {"db1": "primary", "db2": "replica", "db3": "replica"})
        version = self.cluster.sql("db1", "SELECT VERSION()")[0][0]
        for node in cluster["nodes"]:
            self.assertEqual(node["address"], f"127.0.0.1:{self.cluster.ports[node['name']]}")
            self.assertEqual((node["verdict"], node["state"]), ("Healthy", "online"))
            self.assertTrue(node["version"] and version.startswith(node["version"]), node["version"])
            self.assertRegex(node["position"], r"^([0-9]+-[0-9]+-[0-9]+|[0-9a-f-]{36}:[0-9:,-]+)")  # MariaDB, MySQL
            self.assertIsNotNone(node["lag_ms"])

    def test_idle_cluster_has_no_lag(self):
        self.proxy.await_topology(lambda t: all(n["lag_ms"] == 0 for n in t["nodes"]), "an idle cluster has lag 0")

    def test_clients_and_servers(self):
        connection = self.connect(program_name="seen")
        self.query(connection, "BEGIN")
        self.query(connection, "INSERT INTO t VALUES (1)")
        client = self.client_of(connection)
        self.assertEqual((client["user"], client["database"], client["node"], client["state"]),
                         ("app", "app", "db1", "in transaction"))
        self.assertEqual(client["application_name"], "seen")
        # Within a longer expression the number is the server's.
        thread = self.value(connection, "SELECT CONNECTION_ID() + 0")
        self.assertIn((thread, client["id"]), [(s["backend_pid"], s["client"]) for s in self.servers()])
        self.query(connection, "COMMIT")
        harness.wait_until(lambda: self.client_of(connection)["state"] == "idle", "the session is idle")
        self.assertNotIn(client["id"], [s["client"] for s in self.servers()])

    def test_pools(self):
        self.value(self.connect(), "SELECT COUNT(*) FROM t")
        body = self.proxy.get("/v1/clusters/test/pools")
        pools = body["pools"] if isinstance(body, dict) else body
        self.assertTrue(any(pool["user"] == "app" and pool["database"] == "app" for pool in pools), pools)
        out = self.proxy.ctl("pools")[1]
        self.assertIn("app", out)

    def test_pins_have_reasons(self):
        for statement, reason, undo in (
                ("CREATE TEMPORARY TABLE mine (a INT)", "temporary tables", "DROP TEMPORARY TABLE mine"),
                ("SELECT GET_LOCK('mine', 1)", "named locks", "SELECT RELEASE_LOCK('mine')"),
                ("LOCK TABLES t READ", "LOCK TABLES", "UNLOCK TABLES"),
                ("HANDLER t OPEN", "HANDLER", "HANDLER t CLOSE"),
                ("PREPARE p FROM 'SELECT 1'", "SQL-level prepared statements", "DEALLOCATE PREPARE p")):
            session = self.connect()
            self.query(session, statement)
            client = self.client_of(session)
            self.assertEqual(client["pinned"], reason, statement)
            row = next(s for s in self.servers() if s["client"] == client["id"])
            self.assertEqual(row["node"], client["node"])
            self.assertIn(reason, self.proxy.ctl("clients")[1])
            self.query(session, undo)
            harness.wait_until(lambda: self.client_of(session)["pinned"] == "", f"{undo} lets the session go")
            self.assertNotIn(client["id"], [s["client"] for s in self.servers()])
            session.close()

    # ---- explain -------------------------------------------------------------------

    def test_explain(self):
        for sql, cls, node in (("SELECT a FROM t", "read", ("db2", "db3")), ("INSERT INTO t VALUES (1)", "write", ("db1",)),
                               ("SELECT a FROM t FOR UPDATE", "write", ("db1",)), ("BEGIN", "session", None),
                               ("/* relevo: primary */ SELECT a FROM t", "read", ("db1",)),
                               ("no such statement", "write", ("db1",))):
            said = self.explain(sql)
            self.assertEqual(said["class"], cls, sql)
            if node is not None:
                self.assertIn(said["node"], node, sql)
            self.assertTrue(said["reason"], sql)

    def test_explain_knows_the_servers_version(self):
        """What executable comments mean depends on who reads them."""
        mariadb = "MariaDB" in self.cluster.sql("db1", "SELECT VERSION()")[0][0]
        for sql, cls in (("SELECT /*!40001 SQL_NO_CACHE */ a FROM t", "read"),
                         ("SELECT a FROM t /*!40000 FOR UPDATE */", "write"),
                         ("SELECT a FROM t /*!99999 FOR UPDATE */", "read"),
                         ("SELECT a FROM t /*M!100100 FOR UPDATE */", "write" if mariadb else "read"),
                         ("SELECT a FROM t /*M!999999 FOR UPDATE */", "read"),
                         ("SELECT a FROM t /*!80000 FOR UPDATE */", "read" if mariadb else "write")):
            said = self.explain(sql)
            self.assertEqual(said["class"], cls, f"{sql}: {said}")

    # ---- events, metrics, health -----------------------------------------------------

    def test_metrics_count_what_clients_do(self):
        session = self.connect()
        counted = ("relevo_client_queries_total", "relevo_client_received_bytes_total", "relevo_client_sent_bytes_total")
        before = {name: self.proxy.metric(name) for name in counted}
        for _ in range(20):
            self.query(session, "SELECT REPEAT('x', 1000)")
        after = {name: self.proxy.metric(name) for name in counted}
        self.assertGreaterEqual(after[counted[0]] - before[counted[0]], 20)
        self.assertGreater(after[counted[1]] - before[counted[1]], 20 * 28)
        self.assertGreater(after[counted[2]] - before[counted[2]], 20 * 1000)
        self.assertTrue(self.proxy.get("/metrics").rstrip().endswith("# EOF"), "OpenMetrics ends so")

    def test_refused_log_ins_and_broken_protocol_are_counted(self):
        before = self.proxy.metric("relevo_client_logins_failed_total")
        self.assertError(harness.ACCESS_DENIED, self.connect, password="wrong")
        self.assertEqual(self.proxy.metric("relevo_client_logins_failed_total"), before + 1)

    def test_health_checks(self):
        for path in ("/livez", "/readyz", "/primary", "/replica", "/replica?lag=5s"):
            for over in ("socket", "http"):
                self.assertEqual(self.proxy.api("GET", path, over=over)[0], 200, f"{path} over {over}")

    def test_relevoctl_shows(self):
        for command in ("topology", "pools", "clients", "servers", "events"):
            code, out, err = self.proxy.ctl(command)
            self.assertEqual(code, 0, f"{command}: {err}")
            code, out, err = self.proxy.ctl(command, "--json")
            self.assertEqual(code, 0, f"{command}: {err}")
            self.assertIsNotNone(json.loads(out), command)
        out = self.proxy.ctl("topology")[1]
        for word in ("db1", "db2", "db3", "primary", "replica"):
            self.assertIn(word, out)


if __name__ == "__main__":
    harness.run()

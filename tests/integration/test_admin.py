#!/usr/bin/python3
"""The admin API over the socket and over TCP, metrics, health checks, relevoctl."""

import json
import os
import socket
import stat
import subprocess
import unittest

import either_engine
import harness


@unittest.skipIf(harness.STANDIN, "only relevo has it")
class Admin(either_engine.FollowedEvents, harness.IntegrationTest):
    def test_topology(self):
        cluster = self.proxy.topology()
        self.assertEqual((cluster["name"], cluster["engine"], cluster["primary"], cluster["state"]),
                         ("test", "postgres", "db1", "healthy"))
        roles = {node["name"]: node["role"] for node in cluster["nodes"]}
        self.assertEqual(roles, {"db1": "primary", "db2": "replica", "db3": "replica"})
        for node in cluster["nodes"]:
            self.assertEqual(node["address"], f"127.0.0.1:{self.cluster.ports[node['name']]}")
            self.assertEqual(node["verdict"], "Healthy")
            self.assertRegex(node["position"], r"^[0-9A-F]+/[0-9A-F]+$")
            self.assertEqual(node["timeline"], 1)
            self.assertIsNotNone(node["lag_ms"])

    def test_idle_cluster_has_no_lag(self):
        self.proxy.await_topology(lambda t: all(n["lag_ms"] == 0 for n in t["nodes"]), "an idle cluster has lag 0")

    def test_replica_held_back_shows_its_lag(self):
        self.query(self.connect(), "CREATE TABLE held_back (a int)")
        self.cluster.run("set", "db3", "recovery_min_apply_delay=3s")
        try:
            self.query(self.connect(), "INSERT INTO held_back VALUES (1)")
            self.proxy.await_topology(
                lambda t: any(n["name"] == "db3" and (n["lag_ms"] or 0) > 500 for n in t["nodes"]), "db3's lag grows")
        finally:
            self.cluster.run("set", "db3", "recovery_min_apply_delay=0")
        self.proxy.await_healthy("db1")

    def test_clients_and_servers(self):
        connection = self.connect(application_name="seen")
        self.query(connection, "BEGIN")
        self.query(connection, "SELECT 1")
        client = next(c for c in self.proxy.clients() if c["application_name"] == "seen")
        self.assertEqual((client["user"], client["database"], client["node"]), ("app", "app", "db1"))
        pid = self.value(connection, "SELECT pg_backend_pid()")
        body = self.proxy.get("/v1/clusters/test/servers")
        servers = body["servers"] if isinstance(body, dict) else body
        self.assertIn((pid, client["id"]), [(s["backend_pid"], s["client"]) for s in servers])
        self.query(connection, "COMMIT")

    def test_unknown_things_are_404_with_a_code(self):
        for path in ("/v1/clusters/nope/pools", "/v1/nope", "/nope"):
            status, body = self.proxy.api("GET", path)
            self.assertEqual(status, 404, path)
            self.assertIn("message", body["error"])
            self.assertIn("code", body["error"])

    def test_health_checks(self):
        for path in ("/livez", "/readyz", "/primary", "/replica", "/replica?lag=5s"):
            for over in ("socket", "http"):
                self.assertEqual(self.proxy.api("GET", path, over=over)[0], 200, f"{path} over {over}")

    def test_writing_over_tcp_needs_the_token(self):
        for token, expected in ((None, (401, 403)), ("wrong", (401, 403)), (self.proxy.token, (200,))):
            status, _ = self.proxy.api("POST", "/v1/clusters/test/resume", over="http", token=token)
            self.assertIn(status, expected, token)
        self.assertEqual(self.proxy.api("POST", "/v1/clusters/test/resume")[0], 200)

    def test_socket_is_closed_to_others(self):
        mode = stat.S_IMODE(os.stat(self.proxy.socket).st_mode)
        self.assertEqual(mode & stat.S_IRWXO, 0, oct(mode))

    def test_metrics(self):
        before = self.proxy.get("/metrics")
        self.assertTrue(before.rstrip().endswith("# EOF"), "OpenMetrics ends so")
        names = {line.split("{")[0].split(" ")[0] for line in before.splitlines() if not line.startswith("#")}
        self.assertTrue(names and all(name.startswith("relevo_") for name in names), names)

    def test_bad_requests_do_not_hurt(self):
        for raw in (b"GET / HTTP/9.9\r\n\r\n", b"\0\1\2\3\r\n\r\n", b"GET /" + b"x" * 100000 + b" HTTP/1.1\r\n\r\n",
                    b"POST /v1/clusters/test/pause HTTP/1.1\r\nContent-Length: -1\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", self.proxy.http_port), 10) as connection:
                try:
                    connection.sendall(raw)
                    connection.recv(1000)
                except ConnectionError:
                    pass
        self.assertEqual(self.proxy.api("GET", "/livez")[0], 200)

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

    def test_relevoctl_over_http(self):
        done = subprocess.run([self.proxy.relevoctl, "--admin", f"http://127.0.0.1:{self.proxy.http_port}", "topology"],
                              capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_relevoctl_usage_and_failure(self):
        self.assertEqual(self.proxy.ctl("no-such-command")[0], 2)
        self.assertEqual(self.proxy.ctl("maintenance", "db2")[0], 2)
        done = subprocess.run([self.proxy.relevoctl, "--admin", "/nonexistent/socket", "topology"],
                              capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stderr.strip())

    def test_check_and_exit_codes(self):
        program = self.proxy.program
        self.assertEqual(subprocess.run([program, "--version"], capture_output=True, timeout=30).returncode, 0)
        env = {**os.environ, "REPL_PASSWORD": "x"}
        good = subprocess.run([program, "--config", self.proxy.config_file, "--check"], capture_output=True, text=True,
                              env=env, timeout=30)
        self.assertEqual(good.returncode, 0, good.stderr)
        bad = self.directory / "bad.json"
        bad.write_text('{ "workers": "many", "clusters": [{ "name": "x", "lisen": [] }] } // two errors and more')
        done = subprocess.run([program, "--config", bad, "--check"], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 2)
        for expected in ("workers", "lisen", "listen"):
            self.assertIn(expected, done.stderr)
        self.assertEqual(subprocess.run([program, "--no-such-flag"], capture_output=True, timeout=30).returncode, 2)


if __name__ == "__main__":
    harness.run()

#!/usr/bin/python3
"""Logging in: every method, every refusal, and what a start-up packet may carry."""

import contextlib
import socket
import struct
import threading
import unittest

import psycopg2

import harness
import wire


class Passthrough(harness.IntegrationTest):
    """No users in the configuration: verifiers come from the server's own catalogue."""

    cluster_options = {"hba": ["host all old 127.0.0.1/32 md5"]}

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "SET password_encryption = 'md5'; CREATE ROLE old LOGIN PASSWORD 'old secret'")
        cls.cluster.sql("db1", "CREATE ROLE changing LOGIN PASSWORD 'first'")
        cls.cluster.sql("db1", "CREATE ROLE leaving LOGIN PASSWORD 'here'")
        cls.cluster.sql("db1", "CREATE ROLE nologin PASSWORD 'x'")
        cls.cluster.passwords.update(old="old secret", changing="first", leaving="here", nologin="x")
        cls.cluster.await_replicas()

    def log_in(self, user, password, **parameters):
        connection = wire.Wire(self.proxy.port)
        self.addCleanup(connection.socket.close)
        return connection.log_in(user, password, "app", **parameters)

    def refused(self, user, password, database="app"):
        with wire.Wire(self.proxy.port) as connection, self.assertRaises(wire.ServerError) as caught:
            connection.log_in(user, password, database)
        return caught.exception.sqlstate

    def test_scram(self):
        with contextlib.closing(self.connect()) as connection:
            self.assertEqual(self.value(connection, "SELECT current_user"), "app")

    def test_md5_role(self):
        connection = self.log_in("old", "old secret")
        self.assertEqual(connection.simple("SELECT session_user"), [["old"]])

    def test_wrong_password(self):
        self.assertEqual(self.refused("app", "wrong"), "28P01")
        self.assertEqual(self.refused("old", "wrong"), "28P01")
        self.assertEqual(self.refused("app", ""), "28P01")

    def test_unknown_user_looks_like_a_wrong_password(self):
        self.assertEqual(self.refused("nobody at all", "x"), "28P01")

    @harness.not_standin("pgbouncer")
    def test_role_without_login(self):
        self.assertIn(self.refused("nologin", "x"), ("28000", "28P01"))

    @harness.not_standin("pgbouncer")
    def test_unknown_database(self):
        self.assertEqual(self.refused("app", self.cluster.passwords["app"], "no such database"), "3D000")

    @harness.not_standin("pgbouncer")
    def test_changed_password_takes_effect(self):
        self.log_in("changing", "first").simple("SELECT 1")
        self.cluster.sql("db1", "ALTER ROLE changing PASSWORD 'second'")
        self.cluster.await_replicas()
        # The old one may go on for as long as the catalogue's last reading counts.
        harness.wait_until(lambda: self.accepts("changing", "second"), "the new password is accepted")
        harness.wait_until(lambda: not self.accepts("changing", "first"), "the old password is refused")
        self.assertEqual(self.log_in("changing", "second").simple("SELECT session_user"), [["changing"]])

    @harness.not_standin("pgbouncer")
    def test_dropped_role(self):
        self.log_in("leaving", "here").simple("SELECT 1")
        self.cluster.sql("db1", "DROP ROLE leaving")
        harness.wait_until(lambda: not self.accepts("leaving", "here"), "a dropped role is refused")

    def accepts(self, user, password):
        try:
            self.log_in(user, password).simple("SELECT 1")
            return True
        except wire.ServerError:
            return False

    def test_reports_parameters_and_key(self):
        connection = self.log_in("app", self.cluster.passwords["app"])
        for name in ("server_version", "client_encoding", "standard_conforming_strings", "TimeZone",
                     "DateStyle", "integer_datetimes"):
            self.assertIn(name, connection.parameters)
        self.assertEqual(connection.parameters["client_encoding"], "UTF8")
        self.assertIsNotNone(connection.cancel_key)

    @harness.not_standin("pgbouncer")
    def test_settings_in_the_startup_packet(self):
        connection = self.log_in("app", self.cluster.passwords["app"], application_name="shop",
                                 client_encoding="LATIN1", search_path="pg_catalog", work_mem="5MB",
                                 options="-c statement_timeout=12345 -c DateStyle=German")
        for name, value in {"application_name": "shop", "client_encoding": "LATIN1",
                            "search_path": "pg_catalog", "work_mem": "5MB",
                            "statement_timeout": "12345ms"}.items():
            for _ in range(4):  # on whichever server connection it happens to get
                self.assertEqual(connection.simple(f"SHOW {name}"), [[value]], name)
        self.assertTrue(connection.simple("SHOW DateStyle")[0][0].startswith("German"))

    @harness.not_standin("pgbouncer")
    def test_bad_setting_in_the_startup_packet(self):
        with wire.Wire(self.proxy.port) as connection, self.assertRaises(wire.ServerError) as caught:
            connection.log_in("app", self.cluster.passwords["app"], "app", no_such_setting="1").simple("SELECT 1")
        self.assertEqual(caught.exception.sqlstate, "42704")

    @harness.not_standin("postgres")  # it speaks GSSAPI
    def test_gssenc_is_refused_politely(self):
        with wire.Wire(self.proxy.port) as connection:
            connection.send(struct.pack("!ii", 8, wire.GSSENC_REQUEST))
            self.assertEqual(connection.exactly(1), b"N")
            connection.log_in("app", self.cluster.passwords["app"], "app")

    @harness.only_relevo
    def test_protocol_3_2_has_longer_cancel_keys_or_is_negotiated(self):
        with wire.Wire(self.proxy.port) as connection:
            connection.log_in("app", self.cluster.passwords["app"], "app", wire.PROTOCOL_3_2)
            self.assertEqual(connection.simple("SELECT 1"), [["1"]])
            if connection.negotiated is None:
                self.assertGreater(len(connection.cancel_key[1]), 4)

    @harness.not_standin("pgbouncer")
    def test_newer_minor_version_is_negotiated_down(self):
        with wire.Wire(self.proxy.port) as connection:
            connection.log_in("app", self.cluster.passwords["app"], "app", 3 << 16 | 9999)
            self.assertIsNotNone(connection.negotiated)
            self.assertEqual(connection.simple("SELECT 1"), [["1"]])

    @harness.not_standin("pgbouncer")
    def test_unknown_protocol_options_are_named(self):
        with wire.Wire(self.proxy.port) as connection:
            connection.log_in("app", self.cluster.passwords["app"], "app", **{"_pq_.no_such_option": "1"})
            self.assertIn(b"_pq_.no_such_option", connection.negotiated or b"")

    def test_many_log_ins_at_once(self):
        def one(_):
            with contextlib.closing(psycopg2.connect(self.conninfo())) as connection:
                connection.cursor().execute("SELECT 1")
        self.parallel(40, one)


@unittest.skipIf(harness.STANDIN, "only relevo has this configuration")
class BeforeTheServers(harness.IntegrationTest):
    """Relevo may be up before the servers are, and start anew while clients connect."""

    cluster_options = {"replicas": 0}

    @classmethod
    def settle(cls):
        pass  # that is what the tests are about

    def test_log_in_right_after_the_start(self):
        for _ in range(3):
            self.proxy.stop()
            self.proxy.start(wait=False)
            harness.wait_until(self.proxy_accepts, "relevo accepts")
            self.assertEqual(self.value(self.connect(), "SELECT 1"), 1)

    def test_log_in_while_no_server_is_there(self):
        self.cluster.run("stop", "db1")
        try:
            self.proxy.await_topology(lambda t: t["nodes"][0]["state"] == "down", "db1 is down")
            found = []
            client = threading.Thread(target=lambda: found.append(self.value(self.connect(), "SELECT 1")))
            client.start()
            harness.wait_until(lambda: any(c["state"] == "login" for c in self.proxy.clients()), "a client logs in")
        finally:
            self.cluster.run("start", "db1")
        client.join(30)
        self.assertEqual(found, [1])

    def proxy_accepts(self):
        with contextlib.closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", self.proxy.port)) == 0


class ConfiguredUsers(harness.IntegrationTest):
    """Users with their passwords in the configuration; nothing is read from pg_authid."""

    cluster_options = {"replicas": 1}

    @classmethod
    def prepare(cls):
        users = [{"name": "app", "password": cls.cluster.passwords["app"]}]
        cls.proxy.configure({"cluster": {"auth": {"users": users}}})

    def test_listed_user(self):
        self.assertEqual(self.value(self.connect(), "SELECT current_user"), "app")

    def test_wrong_password(self):
        with wire.Wire(self.proxy.port) as connection, self.assertRaises(wire.ServerError) as caught:
            connection.log_in("app", "wrong", "app")
        self.assertEqual(caught.exception.sqlstate, "28P01")

    def test_user_that_is_not_listed(self):
        with wire.Wire(self.proxy.port) as connection, self.assertRaises(wire.ServerError) as caught:
            connection.log_in("postgres", self.cluster.passwords["postgres"], "app")
        self.assertEqual(caught.exception.sqlstate, "28P01")


@unittest.skipIf(harness.STANDIN, "only relevo has this configuration")
class UnixSocket(harness.IntegrationTest):
    """unix:/path, named as libpq looks for it; password by default."""

    cluster_options = {"replicas": 0}
    auth = {}

    @classmethod
    def prepare(cls):
        listen = [f"127.0.0.1:{cls.proxy.port}", f"unix:{cls.directory}/.s.PGSQL.6432"]
        users = [{"name": "app", "password": cls.cluster.passwords["app"]}]
        cls.proxy.configure({"cluster": {"listen": listen, "auth": {"users": users, **cls.auth}}})

    def through_socket(self, password):
        connection = psycopg2.connect(host=str(self.directory), port=6432, user="app", dbname="app",
                                      password=password, connect_timeout=10)
        self.addCleanup(connection.close)
        return self.value(connection, "SELECT current_user")

    def test_password(self):
        self.assertEqual(self.through_socket(self.cluster.passwords["app"]), "app")
        with self.assertRaisesRegex(psycopg2.OperationalError, "password"):
            self.through_socket("wrong")


@unittest.skipIf(harness.STANDIN, "only relevo has this configuration")
class TrustedUnixSocket(UnixSocket):
    """auth.unix_socket trust: who may open the socket is believed; TCP still asks."""

    auth = {"unix_socket": "trust"}

    def test_password(self):
        self.assertEqual(self.through_socket("whatever"), "app")
        with self.assertRaisesRegex(psycopg2.OperationalError, "password"):
            self.connect(password="whatever")


if __name__ == "__main__":
    harness.run()

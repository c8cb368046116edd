#!/usr/bin/python3
"""TLS on both sides."""

import ssl
import subprocess
import unittest

import pymysql

import harness
import wire

import either_engine


class TlsTest(harness.IntegrationTest):
    cluster_options = {"replicas": 1, "tls": True}
    mode = "allow"

    @classmethod
    def prepare(cls):
        cls.cert, cls.key = cls.directory / "relevo.crt", cls.directory / "relevo.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=relevo", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-keyout", cls.key, "-out", cls.cert], check=True, capture_output=True)
        cls.proxy.configure({"cluster": {
            "tls": {"mode": cls.mode, "cert": str(cls.cert), "key": str(cls.key)},
            "server_tls": {"mode": "verify-full", "ca": str(cls.cluster.ca)},
        }})

    def context(self, authority):
        return ssl.create_default_context(cafile=str(authority))

    def in_tls(self, context=None):
        session = wire.Wire(self.proxy.port)
        self.addCleanup(session.socket.close)
        return session.start_tls(context).log_in("app", self.cluster.passwords["app"])


@unittest.skipIf(harness.STANDIN, "TLS of the proxy's own")
class Tls(either_engine.WaitingOverTls, TlsTest):
    def tls_session(self):
        session = self.connect(ssl={"ca": str(self.cert)})
        self.assertEqual(self.value(session, "SELECT 1"), 1)
        return session

    def half_a_handshake(self):
        session = wire.Wire(self.proxy.port)
        session.capabilities |= wire.SSL
        session.write(session.response("app", b"", None)[:32])
        session.send_bytes(b"\x16\x03\x01\x02\x00\x01")
        return session.socket

    def test_verified(self):
        session = self.in_tls(self.context(self.cert))
        self.assertEqual(session.query("SELECT 1"), [["1"]])

    def test_driver(self):
        session = self.connect(ssl={"ca": str(self.cert)})
        self.assertEqual(self.value(session, "SELECT 1"), 1)

    def test_wrong_authority_is_noticed_by_the_client(self):
        with self.assertRaises((ssl.SSLError, pymysql.MySQLError)):
            self.connect(ssl={"ca": self.cluster.ca, "check_hostname": True})

    def test_large_result_and_statement(self):
        session = self.in_tls()
        self.assertEqual(len(session.query("SELECT REPEAT('x', 10000000)")[0][0]), 10000000)
        self.assertEqual(session.results(b"SELECT LENGTH('" + b"y" * 10000000 + b"')")[0].rows, [["10000000"]])

    def test_servers_are_reached_over_tls(self):
        session = self.connect()
        self.assertNotEqual(self.query(session, "SHOW SESSION STATUS LIKE 'Ssl_cipher'")[0][1], "")

    def test_tls_that_is_announced_and_not_begun(self):
        with wire.Wire(self.proxy.port) as session:
            session.capabilities |= wire.SSL
            session.write(session.response("app", b"x" * 20, "app")[:32])
            session.send_bytes(b"this is no ClientHello" * 10)
            session.closed()
        self.assertEqual(self.in_tls().query("SELECT 1"), [["1"]])

    def test_bytes_smuggled_ahead_of_the_tls_handshake(self):
        """A command sent in the clear with the request must not be run inside TLS."""
        with wire.Wire(self.proxy.port) as session:
            session.capabilities |= wire.SSL
            request = wire.packet(session.response("app", b"", None)[:32], 1)
            session.send_bytes(request + wire.packet(b"\x03CREATE TABLE smuggled (a INT)"))
            session.sequence = 2
            with self.assertRaises((wire.Closed, OSError)):
                session.socket = ssl._create_unverified_context().wrap_socket(session.socket)
                session.log_in("app", self.cluster.passwords["app"])
        self.assertError(harness.NO_SUCH_TABLE, self.query, self.connect(), "SELECT * FROM smuggled")

    def test_plain_is_allowed(self):
        self.assertEqual(self.value(self.connect(), "SELECT 1"), 1)


@unittest.skipIf(harness.STANDIN, "TLS of the proxy's own")
class TlsRequired(TlsTest):
    mode = "require"

    def test_tls(self):
        self.assertEqual(self.in_tls(self.context(self.cert)).query("SELECT 1"), [["1"]])

    def test_plain_is_refused(self):
        """3159 is what a server with require_secure_transport says."""
        self.assertError((3159, harness.ACCESS_DENIED), self.connect)


if __name__ == "__main__":
    harness.run()

#!/usr/bin/python3
"""TLS on both sides."""

import contextlib
import shutil
import socket
import ssl
import struct
import subprocess
import unittest

import psycopg2

import either_engine
import harness
import wire


@unittest.skipIf(harness.STANDIN, "TLS of the proxy's own")
class Tls(either_engine.WaitingOverTls, harness.IntegrationTest):
    cluster_options = {"replicas": 1, "tls": True}

    @classmethod
    def make_certificate(cls, name):
        """A certificate for localhost, its own authority."""
        cert, key = cls.directory / f"{name}.crt", cls.directory / f"{name}.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-keyout", key, "-out", cert], check=True, capture_output=True)
        return cert, key

    @classmethod
    def prepare(cls):
        cls.cert, cls.key = cls.make_certificate("first")
        cls.proxy.configure({"cluster": {
            "tls": {"mode": "allow", "cert": str(cls.cert), "key": str(cls.key)},
            "server_tls": {"mode": "verify-full", "ca": str(cls.cluster.ca)},
        }})

    def tls_session(self):
        session = self.connect(sslmode="require")
        self.assertEqual(self.value(session, "SELECT 1"), 1)
        return session

    def half_a_handshake(self):
        plain = socket.create_connection(("127.0.0.1", self.proxy.port), 20)
        plain.sendall(struct.pack("!ii", 8, wire.SSL_REQUEST))
        self.assertEqual(plain.recv(1), b"S")
        plain.sendall(b"\x16\x03\x01\x02\x00\x01")
        return plain

    def test_verify_full(self):
        connection = self.connect(sslmode="verify-full", sslrootcert=self.cert, channel_binding="require")
        self.assertEqual(self.value(connection, "SELECT 1"), 1)
        self.assertTrue(connection.info.ssl_in_use)

    def test_wrong_authority_is_noticed_by_the_client(self):
        with self.assertRaisesRegex(psycopg2.OperationalError, "certificate"):
            self.connect(sslmode="verify-full", sslrootcert=self.cluster.ca)

    def test_plain_is_allowed(self):
        connection = self.connect(sslmode="disable")
        self.assertFalse(connection.info.ssl_in_use)
        self.assertEqual(self.value(connection, "SELECT 1"), 1)

    def test_servers_are_reached_over_tls(self):
        connection = self.connect(sslmode="disable")
        self.assertTrue(self.value(connection, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))

    def test_large_result_over_tls(self):
        connection = self.connect(sslmode="require")
        self.assertEqual(len(self.value(connection, "SELECT repeat('x', 20000000)")), 20000000)

    def test_direct_tls(self):
        """PostgreSQL 17's clients may begin with TLS and the ALPN protocol "postgresql"."""
        context = ssl.create_default_context(cafile=self.cert)
        context.set_alpn_protocols(["postgresql"])
        plain = socket.create_connection(("127.0.0.1", self.proxy.port), 20)
        with contextlib.closing(context.wrap_socket(plain, server_hostname="localhost")) as secure:
            self.assertEqual(secure.selected_alpn_protocol(), "postgresql")
            secure.sendall(wire.startup_packet({"user": "app", "database": "app"}))
            self.assertEqual(secure.recv(1), b"R")

    def test_bytes_stuffed_behind_the_ssl_request_are_not_trusted(self):
        """CVE-2021-23214: what came in plain text must not be taken as if encrypted."""
        with wire.Wire(self.proxy.port) as connection:
            connection.send(struct.pack("!ii", 8, wire.SSL_REQUEST) + wire.startup_packet({"user": "app"}))
            answer = connection.exactly(1)
            self.assertIn(answer, (b"S", b"E"))
            connection.until_closed()

    def test_certificate_reload_keeps_sessions(self):
        before = self.connect(sslmode="verify-full", sslrootcert=self.cert)
        second_cert, second_key = self.make_certificate("second")
        trusted = self.directory / "trusted-first.crt"
        shutil.copy(self.cert, trusted)
        shutil.copy(second_cert, self.cert)
        shutil.copy(second_key, self.key)
        try:
            status, body = self.proxy.api("POST", "/v1/reload")
            self.assertEqual(status, 200, body)
            after = self.connect(sslmode="verify-full", sslrootcert=second_cert)
            self.assertEqual(self.value(after, "SELECT 1"), 1)
            self.assertEqual(self.value(before, "SELECT 1"), 1)
            with self.assertRaises(psycopg2.OperationalError):
                self.connect(sslmode="verify-full", sslrootcert=trusted)
        finally:
            shutil.copy(second_cert, self.cert)


@unittest.skipIf(harness.STANDIN, "TLS of the proxy's own")
class TlsRequired(harness.IntegrationTest):
    cluster_options = {"replicas": 0}

    @classmethod
    def prepare(cls):
        cert, key = Tls.make_certificate.__func__(cls, "required")
        cls.proxy.configure({"cluster": {"tls": {"mode": "require", "cert": str(cert), "key": str(key)}}})

    def test_plain_is_refused(self):
        with wire.Wire(self.proxy.port) as connection:
            connection.send(wire.startup_packet({"user": "app", "database": "app"}))
            self.assertIn(connection.closed(), ("28000", "08P01"))

    def test_encrypted_is_served(self):
        self.assertEqual(self.value(self.connect(sslmode="require"), "SELECT 1"), 1)


@unittest.skipIf(harness.STANDIN, "TLS of the proxy's own")
class Cleartext(harness.IntegrationTest):
    """auth.cleartext_over_tls: the password itself, where TLS hides it."""

    cluster_options = {"replicas": 0}

    @classmethod
    def prepare(cls):
        cert, key = Tls.make_certificate.__func__(cls, "cleartext")
        cls.proxy.configure({"cluster": {"tls": {"mode": "allow", "cert": str(cert), "key": str(key)},
                                         "auth": {"cleartext_over_tls": True}}})

    def test_right_and_wrong_password(self):
        self.assertEqual(self.value(self.connect(sslmode="require"), "SELECT 1"), 1)
        with self.assertRaisesRegex(psycopg2.OperationalError, "password authentication failed"):
            self.connect(sslmode="require", password="wrong")
        with self.assertRaisesRegex(psycopg2.OperationalError, "password authentication failed"):
            self.connect(sslmode="require", user="nobody_there", password="any")

    def test_no_scram_over_tls_and_scram_without(self):
        with self.assertRaisesRegex(psycopg2.OperationalError, "channel binding"):
            self.connect(sslmode="require", channel_binding="require")
        self.assertEqual(self.value(self.connect(sslmode="disable"), "SELECT 1"), 1)


if __name__ == "__main__":
    harness.run()

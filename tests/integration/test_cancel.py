#!/usr/bin/python3
"""CancelRequest: reaches the server that runs the query, and nobody else's."""

import socket
import struct
import threading
import time

import psycopg2
import psycopg2.errors

import harness
import wire


class Cancel(harness.IntegrationTest):
    cluster_options = {"replicas": 1}

    def running(self, marker):
        return harness.wait_until(
            lambda: any(self.cluster.sql(node, "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE %s "
                                         "AND pid <> pg_backend_pid()", f"%{marker}%") for node in self.cluster.ports),
            f"the server runs {marker}")

    def cancelled(self, sql, marker):
        connection = self.connect()
        outcome = []

        def run():
            try:
                connection.cursor().execute(sql)
                outcome.append("finished")
            except psycopg2.Error as error:
                outcome.append(error.pgcode)
        thread = threading.Thread(target=run)
        thread.start()
        self.running(marker)
        began = time.monotonic()
        connection.cancel()
        thread.join(10)
        self.assertEqual(outcome, ["57014"])
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(self.value(connection, "SELECT 1"), 1)

    def test_cancel_on_the_primary(self):
        self.cancelled("SELECT pg_sleep(60), 'cancel_w' FOR UPDATE", "cancel_w")

    def test_cancel_of_a_read(self):
        self.cancelled("SELECT count(*) FROM generate_series(1, 100000000000) /* cancel_r */", "cancel_r")

    def test_cancel_from_any_worker(self):
        """New connections land on whichever worker: each must find the session."""
        def one(number):
            self.cancelled(f"SELECT pg_sleep(60), 'cancel_{number}_x'", f"cancel_{number}_x")
        self.parallel(8, one)

    def test_wrong_key_cancels_nothing(self):
        with wire.Wire(self.proxy.port) as victim:
            victim.log_in("app", self.cluster.passwords["app"], "app")
            victim.send(wire.query("SELECT pg_sleep(1), 'wrong_key'"))
            self.running("wrong_key")
            pid, secret = victim.cancel_key
            wrong = bytes([secret[0] ^ 1]) + secret[1:]
            for key in (wrong, b"\0" * len(secret)):
                self.send_cancel(pid, key)
            self.assertEqual(len(wire.rows_of(victim.until_ready())), 1)

    def test_cancel_of_an_idle_session_is_harmless(self):
        with wire.Wire(self.proxy.port) as idle:
            idle.log_in("app", self.cluster.passwords["app"], "app")
            self.send_cancel(*idle.cancel_key)
            # A late cancel must not hit the next query, nor another session's.
            for _ in range(20):
                self.assertEqual(idle.simple("SELECT 1"), [["1"]])

    def send_cancel(self, pid, secret):
        """As libpq does: sends, and waits for the close."""
        with socket.create_connection(("127.0.0.1", self.proxy.port), 10) as request:
            request.sendall(struct.pack("!iii", 12 + len(secret), wire.CANCEL_REQUEST, pid) + secret)
            self.assertEqual(request.recv(1), b"")


if __name__ == "__main__":
    harness.run()

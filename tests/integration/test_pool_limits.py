#!/usr/bin/python3
"""Limits hold over all workers, queues are bounded and fair, errors are the contract's."""

import threading
import time
import unittest

import psycopg2

import harness
import wire


@unittest.skipIf(harness.STANDIN == "postgres", "it has no pools")
class PoolLimits(harness.IntegrationTest):
    cluster_options = {"replicas": 1}
    config = {"cluster": {"pool": {"size": 3, "max_clients": 40, "queue_timeout": "3s"}}}

    def backends(self, node="db1"):
        return self.cluster.sql(node, "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app'")[0][0]

    def test_never_more_server_connections_than_the_size(self):
        stop = threading.Event()
        most = []

        def watch():
            while not stop.is_set():
                most.append(max(self.backends("db1"), 0 if harness.STANDIN else self.backends("db2")))
                time.sleep(0.05)
        watcher = threading.Thread(target=watch)
        watcher.start()

        def one(number):
            connection = psycopg2.connect(self.conninfo())
            connection.autocommit = True
            cursor = connection.cursor()
            for _ in range(20):
                cursor.execute("SELECT pg_sleep(0.005)" + (" FOR UPDATE" if number % 2 else ""))
            connection.close()
        try:
            self.parallel(24, one)
        finally:
            stop.set()
            watcher.join()
        self.assertLessEqual(max(most), 3)

    @harness.only_relevo
    def test_queue_timeout(self):
        holders = [self.connect(autocommit=False) for _ in range(3)]
        for holder in holders:
            self.query(holder, "SELECT 1")  # an open transaction, to the primary
        waiting = self.connect()
        began = time.monotonic()
        self.assertSqlState("53300", self.query, waiting, "CREATE TABLE never (a int)")
        self.assertGreater(time.monotonic() - began, 2.8)
        self.assertLess(time.monotonic() - began, 10)
        # The session goes on.
        holders[0].rollback()
        self.assertEqual(self.value(waiting, "SELECT 1 FOR UPDATE"), 1)
        for holder in holders:
            holder.rollback()

    def test_first_come_first_served(self):
        holders = [self.connect(autocommit=False) for _ in range(3)]
        for holder in holders:
            self.query(holder, "SELECT 1")
        order, lock = [], threading.Lock()
        sessions = [self.connect() for _ in range(6)]

        def one(number):
            self.query(sessions[number], "SELECT pg_sleep(0.02) FOR UPDATE")
            with lock:
                order.append(number)
        threads = []
        for number in range(6):
            thread = threading.Thread(target=one, args=(number,))
            thread.start()
            threads.append(thread)
            time.sleep(0.05)  # the order of arrival is what is tested
        holders[0].rollback()  # one connection serves them all, in turn
        for thread in threads:
            thread.join()
        for holder in holders[1:]:
            holder.rollback()
        self.assertEqual(order, sorted(order))

    def test_no_session_starves(self):
        """Short queries get through while a few sessions never stop asking."""
        stop = threading.Event()

        def greedy(_):
            connection = psycopg2.connect(self.conninfo())
            connection.autocommit = True
            cursor = connection.cursor()
            while not stop.is_set():
                cursor.execute("SELECT pg_sleep(0.002)")
            connection.close()
        threads = [threading.Thread(target=greedy, args=(n,)) for n in range(10)]
        for thread in threads:
            thread.start()
        try:
            longest = 0.0
            for _ in range(20):
                connection = self.connect()
                began = time.monotonic()
                self.query(connection, "SELECT 1")
                longest = max(longest, time.monotonic() - began)
                connection.close()
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertLess(longest, 2.5)  # nobody's turn is near queue_timeout

    @harness.only_relevo
    def test_too_many_clients(self):
        sessions = []
        try:
            harness.wait_until(lambda: not self.proxy.clients(), "earlier sessions are gone")
            for _ in range(40):
                sessions.append(wire.Wire(self.proxy.port).log_in("app", self.cluster.passwords["app"], "app"))
            with wire.Wire(self.proxy.port) as extra:
                with self.assertRaises((wire.ServerError, wire.Closed)) as caught:
                    extra.log_in("app", self.cluster.passwords["app"], "app")
                self.assertEqual(getattr(caught.exception, "sqlstate", "53300"), "53300")
            self.assertEqual(sessions[0].simple("SELECT 1"), [["1"]])
        finally:
            for session in sessions:
                session.send(wire.terminate())
                session.socket.close()
        harness.wait_until(lambda: len(self.proxy.clients()) < 40, "closed sessions are forgotten")
        self.assertEqual(self.value(self.connect(), "SELECT 1"), 1)

    @harness.only_relevo
    def test_pools_are_shown(self):
        self.query(self.connect(), "SELECT 1")
        body = self.proxy.get("/v1/clusters/test/pools")
        rows = body["pools"] if isinstance(body, dict) else body
        self.assertTrue(rows)
        for row in rows:
            self.assertLessEqual(row["active"] + row["idle"] + row["connecting"], row["size"])

    def test_vanished_clients_give_their_connection_back(self):
        for _ in range(10):
            client = wire.Wire(self.proxy.port).log_in("app", self.cluster.passwords["app"], "app")
            client.simple("BEGIN")
            client.simple("SELECT 1 FOR UPDATE")
            client.socket.close()
        # Were they not given back, three would have used all up.
        self.assertEqual(self.value(self.connect(), "SELECT 1 FOR UPDATE"), 1)


if __name__ == "__main__":
    harness.run()

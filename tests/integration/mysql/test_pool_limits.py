#!/usr/bin/python3
"""Limits hold over all workers, queues are bounded and fair, errors are the contract's."""

import contextlib
import threading
import time
import unittest

import pymysql

import harness
import wire


@unittest.skipIf(harness.STANDIN, "it has no pools")
class PoolLimits(harness.IntegrationTest):
    cluster_options = {"replicas": 1}
    config = {"cluster": {"pool": {"size": 3, "max_clients": 40, "queue_timeout": "1s"}}}

    def backends(self, node="db1"):
        return self.cluster.sql(node, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'app'")[0][0]

    def test_never_more_server_connections_than_the_size(self):
        stop = threading.Event()
        most = []

        def watch():
            while not stop.is_set():
                most.append(max(self.backends("db1"), self.backends("db2")))
                time.sleep(0.05)
        watcher = threading.Thread(target=watch)
        watcher.start()

        def one(number):
            connection = pymysql.connect(**self.arguments())
            cursor = connection.cursor()
            for _ in range(20):
                cursor.execute("SELECT SLEEP(0.005)" + (" FOR UPDATE" if number % 2 else ""))
            connection.close()
        try:
            self.parallel(24, one)
        finally:
            stop.set()
            watcher.join()
        self.assertLessEqual(max(most), 3)

    def test_queue_timeout(self):
        holders = [self.connect(autocommit=False) for _ in range(3)]
        for holder in holders:
            self.query(holder, "BEGIN")
            self.query(holder, "SELECT 1 FOR UPDATE")
        waiting = self.connect()
        began = time.monotonic()
        self.assertError((harness.TOO_MANY_CONNECTIONS, harness.LOCK_WAIT_TIMEOUT), self.query, waiting,
                         "CREATE TABLE never (a INT)")
        self.assertGreater(time.monotonic() - began, 0.8)
        self.assertLess(time.monotonic() - began, 5)
        # The session goes on.
        holders[0].rollback()
        self.assertEqual(self.value(waiting, "SELECT 1 FOR UPDATE"), 1)
        for holder in holders:
            holder.rollback()

    def test_first_come_first_served(self):
        holders = [self.connect(autocommit=False) for _ in range(3)]
        for holder in holders:
            self.query(holder, "BEGIN")
            self.query(holder, "SELECT 1 FOR UPDATE")
        order, lock = [], threading.Lock()
        sessions = [self.connect() for _ in range(6)]

        def one(number):
            self.query(sessions[number], "SELECT SLEEP(0.02) FOR UPDATE")
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
            connection = pymysql.connect(**self.arguments())
            cursor = connection.cursor()
            while not stop.is_set():
                cursor.execute("SELECT SLEEP(0.002)")
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
        self.assertLess(longest, 0.9)

    def test_too_many_clients(self):
        sessions = []
        try:
            harness.wait_until(lambda: not self.proxy.clients(), "earlier sessions are gone")
            for _ in range(40):
                sessions.append(wire.Wire(self.proxy.port).log_in("app", self.cluster.passwords["app"]))
            with self.assertRaises(wire.ServerError) as caught:
                wire.Wire(self.proxy.port).log_in("app", self.cluster.passwords["app"])
            self.assertEqual(caught.exception.code, harness.TOO_MANY_CONNECTIONS)
            self.assertEqual(sessions[0].query("SELECT 1"), [["1"]])
        finally:
            for session in sessions:
                session.send(wire.COM_QUIT)
                session.socket.close()
        harness.wait_until(lambda: len(self.proxy.clients()) < 40, "closed sessions are forgotten")
        self.assertEqual(self.value(self.connect(), "SELECT 1"), 1)

    def test_pools_are_shown(self):
        self.query(self.connect(), "SELECT 1")
        body = self.proxy.get("/v1/clusters/test/pools")
        rows = body["pools"] if isinstance(body, dict) else body
        self.assertTrue(rows)
        for row in rows:
            self.assertLessEqual(row["active"] + row["idle"] + row["connecting"], row["size"])

    def test_vanished_clients_give_their_connection_back(self):
        for _ in range(10):
            client = wire.Wire(self.proxy.port).log_in("app", self.cluster.passwords["app"])
            client.query("BEGIN")
            client.query("SELECT 1 FOR UPDATE")
            client.socket.close()
        # Were they not given back, three would have used all up.
        self.assertEqual(self.value(self.connect(), "SELECT 1 FOR UPDATE"), 1)


@unittest.skipIf(harness.STANDIN, "it has no pools")
class KindsOfClients(harness.IntegrationTest):
    """Drivers of different kinds cannot share server connections, and share the limit all the same."""

    cluster_options = {"replicas": 0}
    config = {"cluster": {"pool": {"size": 3, "queue_timeout": "20s"}}}
    kinds = (wire.USUAL, wire.USUAL | wire.FOUND_ROWS, wire.USUAL & ~wire.MULTI_STATEMENTS)

    def session(self, kind):
        session = wire.Wire(self.proxy.port, capabilities=kind).log_in("app", self.cluster.passwords["app"])
        self.addCleanup(session.socket.close)
        return session

    @contextlib.contextmanager
    def watched(self):
        """How many connections the server had at most."""
        stop, most = threading.Event(), [0]

        def watch():
            with contextlib.closing(self.cluster.connect("db1")) as connection, connection.cursor() as cursor:
                while not stop.is_set():
                    cursor.execute("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'app'")
                    most[0] = max(most[0], cursor.fetchall()[0][0])
        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield most
        finally:
            stop.set()
            watcher.join()

    def opened(self):
        return sum(row["active"] + row["idle"] + row["connecting"]
                   for row in self.proxy.get("/v1/clusters/test/pools")["pools"])

    def test_all_kinds_together_open_no_more_than_the_size(self):
        def one(number):
            session = self.session(self.kinds[number % 3])
            for _ in range(15):
                session.query("SELECT SLEEP(0.005) FOR UPDATE")
        with self.watched() as most:
            self.parallel(18, one)
        # Nine, if each kind had the size to itself. The server may list one for a moment
        # after it was closed and another let in.
        self.assertLessEqual(most[0], 5)

    def test_idle_connections_of_one_kind_make_way_for_another(self):
        first = [self.session(self.kinds[0]) for _ in range(3)]
        for session in first:
            session.query("BEGIN")
            session.query("SELECT 1 FOR UPDATE")
        for session in first:
            session.query("ROLLBACK")
        harness.wait_until(lambda: self.opened() == 3, "one kind has all connections, idle")
        other = self.session(self.kinds[1])
        began = time.monotonic()
        self.assertEqual(other.query("SELECT 7"), [["7"]])
        self.assertLess(time.monotonic() - began, 5)
        self.assertLessEqual(self.opened(), 3)

    def test_a_busy_kind_starves_no_other(self):
        stop = threading.Event()

        def greedy(_):
            session = self.session(self.kinds[0])
            while not stop.is_set():
                session.query("SELECT SLEEP(0.002)")
        threads = [threading.Thread(target=greedy, args=(n,)) for n in range(9)]
        for thread in threads:
            thread.start()
        try:
            longest = 0.0
            for number in range(10):
                session = self.session(self.kinds[1 + number % 2])
                began = time.monotonic()
                session.query("SELECT 1")
                longest = max(longest, time.monotonic() - began)
                session.socket.close()
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertLess(longest, 5)


@unittest.skipIf(harness.STANDIN, "it has no pools")
class Waiting(harness.IntegrationTest):
    cluster_options = {"replicas": 0}
    config = {"cluster": {"pool": {"size": 1}}}

    def test_what_waits_is_read_from_where_it_lies(self):
        """More may come behind a statement that waits for a connection, and move it."""
        # Two of a kind: clients that differ in what they can read have pools of their own.
        with wire.Wire(self.proxy.port) as holder, wire.Wire(self.proxy.port) as session:
            holder.log_in("app", self.cluster.passwords["app"])
            holder.query("BEGIN")
            holder.query("SELECT 1 FOR UPDATE")
            session.log_in("app", self.cluster.passwords["app"])
            session.send(wire.COM_QUERY, b"SET @waited = 'in the queue', @much = 1")
            harness.wait_until(lambda: any(c["state"] == "waiting" for c in self.proxy.clients()), "it waits")
            behind = [b"SELECT %d, '%s'" % (number, b"x" * 3000) for number in range(20)]
            for statement in behind:
                session.send(wire.COM_QUERY, statement)
            holder.query("ROLLBACK")
            session.read()
            for number, _ in enumerate(behind):
                session.sequence = 1
                self.assertEqual(session.read_results()[0].rows[0][0], str(number))
            self.assertEqual(session.query("SELECT @waited"), [["in the queue"]])


if __name__ == "__main__":
    harness.run()

#!/usr/bin/python3
"""Prepared statements of the binary protocol: they belong to the session, the server
connections do not."""

import struct
import subprocess

import MySQLdb

import harness
import wire


class Prepared(harness.IntegrationTest):
    cluster_options = {"replicas": 1}
    config = {"cluster": {"pool": {"size": 2}}}

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(200))",
                        "INSERT INTO t VALUES " + ", ".join(f"({n}, 'v{n}')" for n in range(1, 1001)),
                        "CREATE TABLE blobs (id INT AUTO_INCREMENT PRIMARY KEY, v LONGBLOB)")
        cls.cluster.await_replicas()

    def session(self, capabilities=wire.USUAL):
        session = wire.Wire(self.proxy.port, capabilities=capabilities)
        self.addCleanup(session.socket.close)
        return session.log_in("app", self.cluster.passwords["app"])

    def others_keep_busy(self):
        for _ in range(3):
            self.session().query("SELECT 1")

    def test_executed_again_on_any_server_connection(self):
        for capabilities in (wire.USUAL, wire.USUAL | wire.DEPRECATE_EOF):
            session = self.session(capabilities)
            statement = session.prepare("SELECT v FROM t WHERE id = ?")
            self.assertEqual((statement.parameters, statement.columns), (1, 1))
            for number in range(1, 20):
                if number % 5 == 0:
                    self.others_keep_busy()
                rows = session.execute(statement, number).rows
                self.assertEqual(rows, [b"\0\0" + wire.lenenc(len(f"v{number}")) + f"v{number}".encode()])

    def test_types_are_remembered_from_the_first_execution(self):
        """new-params-bound 0: the server knows the types from before; whichever server."""
        session = self.session()
        statement = session.prepare("SELECT ? + 1")
        head = struct.pack("<IBI", statement.id, 0, 1)
        session.send(wire.COM_STMT_EXECUTE, head + b"\0\1\x08\0" + struct.pack("<q", 41))
        self.assertEqual(session.read_results(lambda row, _: row)[0].rows[0][-8:], struct.pack("<q", 42))
        for number in range(5):
            self.others_keep_busy()
            session.send(wire.COM_STMT_EXECUTE, head + b"\0\0" + struct.pack("<q", number))
            self.assertEqual(session.read_results(lambda row, _: row)[0].rows[0][-8:], struct.pack("<q", number + 1))

    def test_two_sessions_have_statements_of_one_number(self):
        first, second = self.session(), self.session()
        one, two = first.prepare("SELECT 'one'"), second.prepare("SELECT 'two', 2")
        for _ in range(5):
            self.assertIn(b"one", first.execute(one).rows[0])
            self.assertIn(b"two", second.execute(two).rows[0])

    def test_close(self):
        session = self.session()
        statement = session.prepare("SELECT 1")
        session.send(wire.COM_STMT_CLOSE, struct.pack("<I", statement.id))  # no answer
        with self.assertRaises(wire.ServerError) as caught:
            session.execute(statement)
        self.assertEqual(caught.exception.code, 1243)
        self.assertEqual(session.query("SELECT 1"), [["1"]])

    def test_another_sessions_statement_cannot_be_used(self):
        statement = self.session().prepare("SELECT 'secret'")
        with self.assertRaises(wire.ServerError):
            self.session().execute(wire.Statement(statement.id + 1000, 0, 1))

    def test_long_data(self):
        session = self.session()
        statement = session.prepare("INSERT INTO blobs (v) VALUES (?)")
        for piece in range(8):
            session.send(wire.COM_STMT_SEND_LONG_DATA, struct.pack("<IH", statement.id, 0) + bytes([piece]) * 100000)
        session.send(wire.COM_STMT_EXECUTE, struct.pack("<IBI", statement.id, 0, 1) + b"\0\1\xfb\0")
        ok = session.read_results()[0]
        rows = session.query(f"SELECT LENGTH(v), HEX(LEFT(v, 1)), HEX(RIGHT(v, 1)) FROM blobs WHERE id = {ok.insert_id}")
        self.assertEqual(rows, [["800000", "00", "07"]])

    def test_reset_forgets_long_data(self):
        session = self.session()
        statement = session.prepare("SELECT LENGTH(?)")
        session.send(wire.COM_STMT_SEND_LONG_DATA, struct.pack("<IH", statement.id, 0) + b"x" * 1000)
        session.simple(wire.COM_STMT_RESET, struct.pack("<I", statement.id))
        self.assertIn(b"\x05", session.execute(statement, "fives").rows[0])

    def test_cursor(self):
        session = self.session()
        statement = session.prepare("SELECT id FROM t ORDER BY id")
        opened = session.execute(statement, cursor=1)
        self.assertTrue(opened.status & wire.CURSOR_EXISTS)
        seen = []
        while True:
            self.others_keep_busy() if len(seen) < 30 else None
            part = session.fetch(statement, 7 if len(seen) < 30 else 400)
            seen += [struct.unpack("<i", row[-4:])[0] for row in part.rows]
            if part.status & wire.LAST_ROW_SENT:
                break
        self.assertEqual(seen, list(range(1, 1001)))

    def test_errors_of_prepare_and_execute(self):
        session = self.session()
        with self.assertRaises(wire.ServerError) as caught:
            session.prepare("SELECT * FROM nope")
        self.assertEqual(caught.exception.code, harness.NO_SUCH_TABLE)
        statement = session.prepare("INSERT INTO t VALUES (?, 'again')")
        for _ in range(3):
            with self.assertRaises(wire.ServerError) as caught:
                session.execute(statement, 1)
            self.assertEqual(caught.exception.code, 1062)

    def test_table_changes_under_a_statement(self):
        session, other = self.session(), self.session()
        other.query("CREATE TABLE changing (a INT)")
        other.query("INSERT INTO changing VALUES (1)")
        self.cluster.await_replicas()  # another session's table, which any replica may be asked of
        statement = session.prepare("SELECT * FROM changing")
        session.query("BEGIN")
        self.assertEqual(len(session.execute(statement).columns), 1)
        session.query("COMMIT")
        other.query("ALTER TABLE changing ADD b INT")
        session.query("BEGIN")
        self.assertEqual(len(session.execute(statement).columns), 2)
        session.query("COMMIT")

    def test_prepared_writes_and_reads_in_a_transaction(self):
        session = self.session()
        update, select = session.prepare("UPDATE t SET v = ? WHERE id = 7"), session.prepare("SELECT v FROM t WHERE id = 7")
        session.query("BEGIN")
        session.execute(update, "changed")
        self.assertIn(b"changed", session.execute(select).rows[0])
        session.query("ROLLBACK")
        self.assertIn(b"v7", session.execute(select).rows[0])

    def test_a_thousand_statements(self):
        session = self.session()
        statements = [session.prepare(f"SELECT {number} + ?") for number in range(1000)]
        self.others_keep_busy()
        for number in (0, 500, 999):
            self.assertEqual(len(session.execute(statements[number], 1).rows), 1)

    def test_reset_connection_forgets_statements(self):
        session = self.session()
        statement = session.prepare("SELECT 1")
        session.simple(wire.COM_RESET_CONNECTION)
        with self.assertRaises(wire.ServerError) as caught:
            session.execute(statement)
        self.assertEqual(caught.exception.code, 1243)

    def test_mysqlclient(self):
        """MySQLdb over Connector/C; text protocol, C types."""
        connection = MySQLdb.connect(host="127.0.0.1", port=self.proxy.port, user="app", database="app",
                                     password=self.cluster.passwords["app"], autocommit=True)
        self.addCleanup(connection.close)
        cursor = connection.cursor()
        cursor.execute("SELECT id, v FROM t WHERE id IN (%s, %s) ORDER BY id", (8, 9))
        self.assertEqual(cursor.fetchall(), ((8, "v8"), (9, "v9")))

    def test_binary_protocol_of_connector_c(self):
        """sysbench: every statement of its load is a prepared one."""
        options = ["--mysql-host=127.0.0.1", f"--mysql-port={self.proxy.port}", "--mysql-user=app",
                   f"--mysql-password={self.cluster.passwords['app']}", "--mysql-db=app", "--tables=2",
                   "--table-size=500", "--threads=4", "--db-ps-mode=auto", "--mysql-ignore-errors=1213,1205,1020"]
        for action in (["prepare"], ["--time=3", "run"], ["cleanup"]):
            done = subprocess.run(["sysbench", "oltp_read_write", *options, *action], capture_output=True, text=True,
                                  timeout=100, stdin=subprocess.DEVNULL)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.cluster.await_replicas()  # what one run leaves behind is for other sessions to read


if __name__ == "__main__":
    harness.run()

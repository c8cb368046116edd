#!/usr/bin/python3
"""Query attributes: offered where the servers have them, and passed on as they are.

https://dev.mysql.com/doc/refman/8.4/en/query-attributes.html
"""

import struct

import harness
import wire

QUERY_ATTRIBUTES = 1 << 27
PARAMETER_COUNT_AVAILABLE = 8


def attributes(**named):
    """(the null bitmap and all else up to the values, the values): strings."""
    head = bytes((len(named) + 7) // 8) + b"\1"
    head += b"".join(b"\xfe\0" + wire.lenenc(len(name)) + name.encode() for name in named)
    return head, b"".join(wire.lenenc(len(value)) + value.encode() for value in named.values())


def with_attributes(sql, **named):
    payload = wire.lenenc(len(named)) + b"\1"
    if named:
        payload += b"".join(attributes(**named))
    return payload + sql.encode()


class QueryAttributes(harness.IntegrationTest):
    cluster_options = {"replicas": 1}

    @classmethod
    def prepare(cls):
        cls.mysql = "MariaDB" not in cls.cluster.sql("db1", "SELECT VERSION()")[0][0]
        cls.cluster.sql("db1", "CREATE TABLE attributed (a INT)")
        if cls.mysql:
            cls.cluster.sql("db1", "INSTALL COMPONENT 'file://component_query_attributes'")
        cls.cluster.await_replicas()

    def session(self):
        connection = wire.Wire(self.proxy.port, capabilities=wire.USUAL | QUERY_ATTRIBUTES)
        self.addCleanup(connection.socket.close)
        return connection

    def rows(self, session, sql, **named):
        session.send(wire.COM_QUERY, with_attributes(sql, **named))
        result = session.read_results()[0]
        return result.rows if isinstance(result, wire.Result) else result

    def test_offered_where_the_servers_have_them(self):
        self.assertEqual(bool(self.session().handshake.capabilities & QUERY_ATTRIBUTES), self.mysql)

    def logged_in(self):
        if not self.mysql:
            # Asked for where it was not offered, it is not agreed upon: commands stay as they were.
            connection = self.session().log_in("app", self.cluster.passwords["app"])
            self.assertEqual(connection.query("SELECT 1"), [["1"]])
            return None
        return self.session().log_in("app", self.cluster.passwords["app"])

    def test_statements(self):
        session = self.logged_in()
        if session is None:
            return
        self.assertEqual(self.rows(session, "SELECT 1"), [["1"]])
        ask = "SELECT mysql_query_attribute_string('id')"
        self.assertEqual(self.rows(session, ask, id="seven", other="x"), [["seven"]])
        self.assertEqual(self.rows(session, ask), [[None]])
        self.assertEqual(self.rows(session, "INSERT INTO attributed VALUES (1)", id="SELECT").affected, 1)
        self.assertEqual(self.rows(session, "SELECT COUNT(*) > 0 FROM attributed", id="DELETE FROM attributed"), [["1"]])
        # State that is brought to another connection comes in commands of our own.
        self.rows(session, "SET @mine = 7, sql_mode = 'ANSI_QUOTES'")
        self.assertEqual(self.rows(session, "SELECT @mine, @@sql_mode", id="x"), [["7", "ANSI_QUOTES"]])

    def test_executions(self):
        session = self.logged_in()
        if session is None:
            return
        statement = session.prepare("SELECT ?, mysql_query_attribute_string('id')")
        # The parameter and an attribute: an empty name, and `id`.
        session.send(wire.COM_STMT_EXECUTE,
                     struct.pack("<IBI", statement.id, PARAMETER_COUNT_AVAILABLE, 1) + b"\2\0\1"
                     + b"\xfe\0\0" + b"\xfe\0\2id" + b"\5value" + b"\5seven")
        rows = session.read_results(lambda payload, _: payload)[0].rows
        self.assertEqual(rows, [b"\0\0\5value\5seven"])
        session.send(wire.COM_STMT_EXECUTE, struct.pack("<IBI", statement.id, 0, 1) + b"\1\0\1" + b"\xfe\0\0" + b"\5again")
        rows = session.read_results(lambda payload, _: payload)[0].rows
        self.assertEqual(rows, [b"\0\x08\5again"])

    def test_attributes_that_lie(self):
        session = self.logged_in()
        if session is None:
            return
        for payload in (b"", b"\1", b"\1\2\0\1", b"\1\1\0\0SELECT 1", b"\xfe" + b"\xff" * 8 + b"\1", b"\1\1\0\1\xfe\0\1a\xff"):
            other = self.logged_in()
            other.send(wire.COM_QUERY, payload)
            error = other.closed()
            self.assertEqual(error.code, harness.MALFORMED_PACKET, payload)


if __name__ == "__main__":
    harness.run()

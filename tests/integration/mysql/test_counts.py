#!/usr/bin/python3
"""ROW_COUNT() and FOUND_ROWS() say through the proxy what they say on a connection of one's
own, although the statement that they ask about ran on one that others have had since."""

import harness
import wire

# What was ahead: FOUND_ROWS() is 7, ROW_COUNT() 5.
AHEAD = ("SELECT * FROM u LIMIT 7", "INSERT INTO t (v) VALUES (1), (2), (3), (4), (5)")

# After each of these the two are asked for.
STEPS = [
    (), ("SELECT 1 UNION SELECT 2 UNION SELECT 3",), ("SELECT * FROM u WHERE 0",), ("SELECT * FROM u LIMIT 4",),
    ("SELECT * FROM u LIMIT 2, 3",), ("SELECT * FROM u ORDER BY v DESC LIMIT 3 OFFSET 2",), ("SELECT * FROM u LIMIT 20, 3",),
    ("SELECT * FROM u WHERE id = 3 LIMIT 1, 1",), ("SELECT 1 LIMIT 1, 1",), ("SELECT COUNT(*) FROM u LIMIT 0",),
    ("SELECT SQL_CALC_FOUND_ROWS * FROM u LIMIT 2",), ("SELECT SQL_CALC_FOUND_ROWS * FROM u LIMIT 2", "SET @a = 1"),
    ("(SELECT * FROM u LIMIT 3) UNION ALL (SELECT * FROM u LIMIT 4)",), ("SELECT * FROM u UNION ALL SELECT * FROM u LIMIT 3",),
    ("SELECT v FROM u EXCEPT SELECT 1 LIMIT 2",), ("SELECT v FROM u INTERSECT SELECT 1",), ("SELECT DISTINCT v FROM u LIMIT 1",),
    ("SELECT v, COUNT(*) FROM u GROUP BY v LIMIT 2, 3",), ("SELECT (SELECT v FROM u LIMIT 1, 1) FROM u LIMIT 3",),
    ("SELECT * FROM (SELECT * FROM u LIMIT 1, 6) x LIMIT 2",), ("WITH c AS (SELECT * FROM u) SELECT * FROM c LIMIT 3",),
    ("WITH c AS (SELECT 1) SELECT u.* FROM u JOIN c",), ("VALUES (1), (2)",), ("VALUES ROW(1), ROW(2)",), ("TABLE u LIMIT 2",),
    ("SELECT v INTO @x FROM u LIMIT 1",), ("SELECT v FROM u WHERE 0 INTO @x",), ("SELECT f()",), ("SELECT f() FROM u LIMIT 2",),
    ("DO 1",), ("SELECT * FROM u FOR UPDATE",), ("SELECT * FROM u OFFSET 2 ROWS",), ("SELECT * FROM u PROCEDURE ANALYSE()",),
    ("SELECT v FROM u ORDER BY v OFFSET 2 ROWS FETCH FIRST 2 ROWS ONLY",), ("SELECT * FROM u LIMIT ROWS EXAMINED 3",),
    ("INSERT INTO t (v) VALUES (1), (2)",), ("INSERT INTO t (v) SELECT v FROM u",), ("INSERT INTO t (v) VALUES ((SELECT 1))",),
    ("INSERT IGNORE INTO u VALUES (1, 1), (100, 1)",), ("INSERT INTO u VALUES (1, 1) ON DUPLICATE KEY UPDATE v = v + 1",),
    ("REPLACE INTO u VALUES (1, 1)",), ("INSERT INTO t (v) VALUES (9), (9) RETURNING id",),
    ("UPDATE u SET v = v",), ("UPDATE u SET v = v + 1",), ("UPDATE u SET v = v + 1 ORDER BY id LIMIT 3",),
    ("UPDATE u SET v = 1 WHERE id = 100",), ("UPDATE u a JOIN u b ON a.id = b.id SET a.v = a.v + 1",),
    ("UPDATE u a, u b SET a.v = a.v + 1 WHERE a.id = b.id",), ("UPDATE u SET v = 2 WHERE id IN (SELECT 1 UNION SELECT 3)",),
    ("DELETE FROM t LIMIT 2",), ("DELETE FROM u WHERE id IN (SELECT 1)",), ("DELETE a FROM u a JOIN u b ON a.id = b.id",),
    ("CREATE TABLE n AS SELECT * FROM u", "DROP TABLE n"), ("CREATE TABLE n (a INT)", "DROP TABLE n"), ("TRUNCATE t",),
    ("SHOW TABLES",), ("SHOW VARIABLES LIKE 'port%'",), ("SHOW WARNINGS",), ("SHOW CREATE TABLE u",), ("DESCRIBE u",),
    ("EXPLAIN SELECT * FROM u LIMIT 2",), ("ANALYZE SELECT * FROM u",), ("CHECK TABLE u",), ("HELP 'select'",),
    ("SET @x = 1",), ("SET sql_mode = ''",), ("SET @x = (SELECT COUNT(*) FROM u)", "SELECT 1"), ("USE app",),
    ("SET STATEMENT max_statement_time = 10 FOR SELECT * FROM u LIMIT 2",),
    ("BEGIN", "SELECT * FROM u LIMIT 3"), ("BEGIN", "UPDATE u SET v = v + 1", "COMMIT"), ("BEGIN", "SELECT SQL_CALC_FOUND_ROWS * FROM u LIMIT 3", "COMMIT"),
    ("BEGIN", "SELECT * FROM u LIMIT 2, 2", "ROLLBACK"), ("BEGIN", "SELECT nope"), ("BEGIN", "SELECT CONNECTION_ID()"),
    ("BEGIN", "SELECT CONNECTION_ID()", "SET @a = 1"), ("BEGIN", "SELECT * FROM u LIMIT 4", "PING"), ("BEGIN", "SELECT CONNECTION_ID()", "COMMIT"),
    ("SELECT nope",), ("SELEC",), ("INSERT INTO u VALUES (1, 1)",),
    ("UPDATE u SET id = 1",), ("SELECT * FROM u LIMIT 3", "SELECT nope"), ("CALL p()",),
    ("INSERT INTO t (v) VALUES (1), (2); SELECT 1 UNION SELECT 2",), ("SELECT 1 UNION SELECT 2; INSERT INTO t (v) VALUES (1), (2)",),
    ("SELECT 1 UNION SELECT 2; SELECT nope",), ("SET @a = 1; COMMIT",), ("UPDATE u SET v = v + 1; SET @a = 1",),
    ("SELECT ROW_COUNT()",), ("SELECT FOUND_ROWS()",), ("SELECT ROW_COUNT()", "SET @a = 1"), ("SELECT CONNECTION_ID()",),
    ("PING",), ("SELECT * FROM u LIMIT 3", "PING"), ("INIT_DB app",), ("INIT_DB nope",), ("SET_OPTION",), ("PREPARE SELECT * FROM u",), ("PREPARE SELEC",),
    ("EXECUTE SELECT * FROM u LIMIT 3",), ("EXECUTE SELECT SQL_CALC_FOUND_ROWS * FROM u LIMIT 3",), ("EXECUTE UPDATE u SET v = v + 1",),
    ("EXECUTE SELECT * FROM u LIMIT 3, ?",), ("EXECUTE SELECT * FROM u LIMIT 3 OFFSET ?",), ("EXECUTE SELECT ROW_COUNT()",), ("CURSOR SELECT * FROM u",), ("RESET", "SET NAMES utf8mb4"),
]

# How they are asked for. No column may lose its name, nor its type.
QUESTIONS = [
    "SELECT ROW_COUNT()", "select found_rows ( ) AS `found it`", "SELECT ROW_COUNT() + 0, FOUND_ROWS() f, 'x' y",
    "SELECT FOUND_ROWS(), (SELECT ROW_COUNT()), CONCAT(ROW_COUNT(), ' rows') FROM u WHERE id = 1",
    "EXECUTE SELECT ROW_COUNT()", "EXECUTE SELECT FOUND_ROWS() x", "EXECUTE SELECT ROW_COUNT(), FOUND_ROWS() * 2",
    "INSERT INTO asked VALUES (ROW_COUNT(), FOUND_ROWS()); SELECT * FROM asked",
    "INSERT INTO t (v) VALUES (1), (2), (3); SELECT ROW_COUNT(), FOUND_ROWS()",
]


def without_length(column):
    """MariaDB derives an expression's display length from that of its literals."""
    return column[:-10] + column[-6:]


class Counts(harness.IntegrationTest):
    """A pool of two: whatever a session gives back, another has next."""

    cluster_options = {"replicas": 1}
    config = {"cluster": {"pool": {"size": 2}, "routing": {"reads": "primary"}}}

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "SET GLOBAL log_bin_trust_function_creators = 1",
                        "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v INT)", "CREATE TABLE u (id INT PRIMARY KEY, v INT)",
                        "CREATE TABLE others (v INT)", "CREATE TABLE asked (row_count BIGINT, found_rows BIGINT)",
                        "CREATE PROCEDURE p() BEGIN SELECT 1 UNION SELECT 2; UPDATE u SET v = v + 1; END",
                        "CREATE FUNCTION f() RETURNS INT READS SQL DATA RETURN (SELECT COUNT(*) FROM u)")
        cls.cluster.await_replicas()

    def session(self, port, capabilities=wire.USUAL):
        session = wire.Wire(port, capabilities=capabilities)
        self.addCleanup(session.socket.close)
        return session.log_in("app", self.cluster.passwords["app"])

    def run_step(self, session, step):
        """What the client gets: rows and columns, or an error's number."""
        word, _, rest = step.partition(" ")
        try:
            if word == "PING":
                session.simple(wire.COM_PING)
            elif word == "INIT_DB":
                session.simple(wire.COM_INIT_DB, rest.encode())
            elif word == "SET_OPTION":
                session.simple(wire.COM_SET_OPTION, b"\0\0")
            elif word == "RESET":
                session.simple(wire.COM_RESET_CONNECTION)
            elif word == "PREPARE":
                session.prepare(rest)
            elif word in ("EXECUTE", "CURSOR"):
                statement = session.prepare(rest)
                session.send(wire.COM_STMT_EXECUTE, wire.execute_payload(statement.id, [2] * statement.parameters, word == "CURSOR"))
                results = session.read_results(lambda payload, _: payload)
                if results[-1].status & wire.CURSOR_EXISTS:
                    session.fetch(statement, 3)
                    session.fetch(statement, 100)
                return [([*map(without_length, r.columns)], r.rows) if isinstance(r, wire.Result) else r.affected for r in results]
            else:
                return [([*map(without_length, r.columns)], r.rows) if isinstance(r, wire.Result) else r.affected for r in session.results(step)]
        except wire.ServerError as error:
            return error.code
        return None

    def answers(self, port, step, between, capabilities=wire.USUAL):
        """Of each question, after the step."""
        found = []
        for question in QUESTIONS:
            self.cluster.sql("db1", "TRUNCATE t", "TRUNCATE asked", "DELETE FROM u",
                             "INSERT INTO u VALUES (1,1),(2,2),(3,3),(4,4),(5,5),(6,6),(7,7),(8,8)")
            session = self.session(port, capabilities)
            for statement in (*AHEAD, *step):
                self.run_step(session, statement)
                between()
            found.append(self.run_step(session, question))
            # Itself a statement, about which may be asked.
            between()
            found.append(self.run_step(session, "SELECT ROW_COUNT()"))
            session.socket.close()
        return found

    def others(self):
        """Have the connection, if it is not kept, and leave their own numbers on it."""
        if not hasattr(self, "other"):
            self.other = self.connect()
        self.query(self.other, "SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4")
        self.query(self.other, "INSERT INTO others VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9)")

    def check(self, capabilities=wire.USUAL, steps=STEPS):
        for step in steps:
            with self.subTest(step=step):
                direct = self.answers(self.cluster.ports["db1"], step, lambda: None, capabilities)
                kept = step and (step[0] == "BEGIN" or "CALL" in step[0])
                proxied = self.answers(self.proxy.port, step, (lambda: None) if kept else self.others, capabilities)
                self.assertEqual(direct, proxied)

    def test_as_on_a_connection_of_ones_own(self):
        self.check()

    def test_with_deprecate_eof_and_found_rows(self):
        some = [step for step in STEPS if step and any(word in step[0] for word in ("UPDATE", "EXECUTE", "LIMIT 4", "PING"))]
        self.check(wire.USUAL | wire.DEPRECATE_EOF | wire.FOUND_ROWS, some)

    @harness.only_relevo
    def test_no_session_is_pinned_by_asking(self):
        session = self.connect()
        self.query(session, "INSERT INTO t (v) VALUES (7), (7), (7)")
        self.others()
        self.assertEqual(self.value(session, "SELECT ROW_COUNT()"), 3)
        self.query(session, "SELECT SQL_CALC_FOUND_ROWS * FROM u LIMIT 1")
        self.others()
        self.assertEqual(self.value(session, "SELECT FOUND_ROWS() + 0"), self.value(session, "SELECT COUNT(*) FROM u"))
        self.assertEqual(self.pinned(session), "")


if __name__ == "__main__":
    harness.run()

#!/usr/bin/python3
"""The oracle of MySQL's routing is execution: what the corpus calls a read runs on a
read-only server as a user without privileges over that, is not refused, and leaves
everything as it was: data, sequences, locks, variables, the binary log. No relevo
takes part.

Tables and columns that the statements name are made when the server misses them, so
that they run and do not just fail. What the server doesn't understand is counted.
"""

import contextlib
import re
import tempfile
import unittest
from collections import Counter
from pathlib import Path

import pymysql

import harness

CORPUS = harness.ROOT / "tests" / "corpus" / "mysql"

# sql_mode for the files that speak a dialect; other servers' dialects can't run here.
DIALECTS = {"": "", "mysql" if harness.runs_mysql() else "mariadb": "", "ansi_quotes": "ANSI_QUOTES",
            "no_backslash_escapes": "NO_BACKSLASH_ESCAPES"}

REFUSED = (1290, 1836, 1792, 1205, 1207)  # read-only server or transaction, a lock
NO_TABLE, NO_COLUMN, NO_DATABASE, NO_ACCESS, NO_TABLE_ACCESS = 1146, 1054, 1049, 1044, 1142
SYNTAX = 1064

COLUMN_IS_THERE = 1060

# Where each flavour keeps what a session, or all of them, may have changed.
SESSION_STATE = {
    "mariadb": {
        "variables": "SELECT VARIABLE_NAME, VARIABLE_VALUE FROM information_schema.SESSION_VARIABLES",
        "user variables": "SELECT * FROM information_schema.USER_VARIABLES",
        "locks": "SELECT LOCK_MODE, LOCK_TYPE, TABLE_NAME FROM information_schema.METADATA_LOCK_INFO "
                 "WHERE THREAD_ID = CONNECTION_ID()"},
    "mysql": {
        "variables": "SELECT UPPER(VARIABLE_NAME), VARIABLE_VALUE FROM performance_schema.session_variables",
        "user variables": "SELECT VARIABLE_NAME, VARIABLE_VALUE FROM performance_schema.user_variables_by_thread "
                          "WHERE THREAD_ID = PS_CURRENT_THREAD_ID()",
        "locks": "SELECT LOCK_TYPE, OBJECT_NAME FROM performance_schema.metadata_locks "
                 "WHERE OWNER_THREAD_ID = PS_CURRENT_THREAD_ID()"}}
# They change by themselves: time, dice, what the last statement did, how many there were.
NOT_STATE = ("TIMESTAMP", "RAND_SEED1", "RAND_SEED2", "WARNING_COUNT", "ERROR_COUNT", "LAST_GTID", "STATEMENT_ID")

COLUMN_TYPE = "VARCHAR(20) CHARACTER SET utf8mb4"
MENDS_MAX = 60  # tables and columns that one statement may miss


def statements():
    """(place, class, why, text, sql_mode) of each statement that the server may run."""
    for path in sorted(CORPUS.glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        dialect = re.search(r"^-- dialect: (\w+)$", text, re.MULTILINE)
        dialect = dialect[1] if dialect else ""
        if dialect not in DIALECTS:
            continue
        marks = list(re.finditer(r"^-- expect: (\w+) \| (.*)\n", text, re.MULTILINE))
        for mark, following in zip(marks, [*marks[1:], None]):
            body = text[mark.end():following.start() if following else len(text)].rstrip(" \n")
            line = text.count("\n", 0, mark.start()) + 1
            yield f"{path.name}:{line}", mark[1], mark[2], body, DIALECTS[dialect]


def without_parameters(text):
    """A question mark outside of literals is a parameter: a number will do."""
    return re.sub(r"('(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`)|\?", lambda m: m[1] or "1", text)


class Oracle(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="relevo-oracle-")
        cls.addClassCleanup(cls.directory.cleanup)
        Path(cls.directory.name).chmod(0o755)  # the servers run as a user of their own
        cls.cluster = harness.Cluster(Path(cls.directory.name) / "cluster", replicas=1)
        cls.addClassCleanup(cls.cluster.destroy)
        cls.cluster.sql("db1", "CREATE TABLE canary (id INT PRIMARY KEY, v INT)", "INSERT INTO canary VALUES (1, 1)",
                        *cls.cluster.by_flavour(["CREATE SEQUENCE s_numbers"],
                                                ["GRANT SELECT ON performance_schema.* TO app"]))
        cls.cluster.await_replicas()

    def admin(self, *statements):
        """On the replica alone: the binary log hears nothing of it. MySQL's binds even root."""
        self.cluster.by_flavour(lambda: None, lambda: self.cluster.sql("db2", "SET GLOBAL super_read_only = OFF"))()
        try:
            return self.cluster.sql("db2", "SET sql_log_bin = 0", *statements)
        finally:
            self.cluster.by_flavour(lambda: None, lambda: self.cluster.sql("db2", "SET GLOBAL super_read_only = ON"))()

    def made_for(self, error, text, made):
        """Whether what the server misses could be made."""
        number, message = error.args
        if number == NO_TABLE:
            database, table = re.search(r"Table '(\w+)\.(.+)' doesn't exist", message).groups()
            if database in ("information_schema", "performance_schema", "mysql", "sys"):
                return False
            self.admin(f"CREATE TABLE `{database}`.`{table}` (made_id INT PRIMARY KEY) ENGINE=InnoDB",
                       f"INSERT INTO `{database}`.`{table}` VALUES (1)")
            made.append((database, table))
            return True
        if number == NO_COLUMN and made:
            column = re.search(r"Unknown column '(?:.*\.)?([^.']+)'", message)
            if column is None:
                return False
            name = column[1].replace("`", "``")
            named = [(database, table) for database, table in made if table.lower() in text.lower()]
            added = False
            for database, table in named:
                try:
                    self.admin(f"ALTER TABLE `{database}`.`{table}` ADD COLUMN `{name}` {COLUMN_TYPE} DEFAULT '1'")
                    added = True
                except pymysql.MySQLError as failed:
                    self.assertEqual(failed.args[0], COLUMN_IS_THERE, failed)
            return added
        if number in (NO_DATABASE, NO_ACCESS, NO_TABLE_ACCESS):
            database = re.search(r"(?:database '|for table `)(\w+)", message)
            if database is None:
                return False
            self.admin(f"CREATE DATABASE IF NOT EXISTS `{database[1]}`", f"GRANT ALL ON `{database[1]}`.* TO app@'%'")
            return True
        return False

    def run_as_app(self, text, sql_mode):
        """The error, None if it ran; and the session's state afterwards."""
        with contextlib.closing(self.cluster.connect("db2", "app", charset="utf8mb4",
                                client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS)) as session:
            with session.cursor() as cursor:
                cursor.execute("SET sql_mode = %s, lock_wait_timeout = 1, innodb_lock_wait_timeout = 1, "
                               + self.cluster.by_flavour("max_statement_time = 20", "max_execution_time = 20000"), (sql_mode,))
                before = self.session_state(session, cursor)
                try:
                    cursor.execute(text)
                    while True:
                        cursor.fetchall()
                        if not cursor.nextset():
                            break
                    error = None
                except pymysql.MySQLError as failed:
                    error = failed
                return error, before, self.session_state(session, cursor)

    def session_state(self, session, cursor):
        """What a read must not change for its session."""
        state = {"in transaction": bool(session.server_status & pymysql.constants.SERVER_STATUS.SERVER_STATUS_IN_TRANS)}
        for name, query in (*SESSION_STATE[self.cluster.flavour].items(), ("database", "SELECT DATABASE()"),
                            ("last insert id", "SELECT LAST_INSERT_ID()")):
            try:
                cursor.execute(query)
                state[name] = sorted(repr(row) for row in cursor.fetchall() if row[0] not in NOT_STATE)
            except pymysql.MySQLError as error:
                state[name] = error.args[0]
        return state

    def server_state(self):
        """What a read must not change for anybody: checked once, over all of them."""
        return {
            "tables": self.admin("CHECKSUM TABLE canary"),
            "sequence": self.cluster.by_flavour(lambda: self.admin("SELECT * FROM s_numbers"), lambda: None)(),
            "binary log": self.cluster.position("db2"),
            "settings": self.cluster.sql("db2", self.cluster.by_flavour(
                "SELECT * FROM information_schema.GLOBAL_VARIABLES WHERE VARIABLE_NAME NOT IN "
                "('GTID_BINLOG_STATE', 'TIMESTAMP') ORDER BY 1",
                "SELECT * FROM performance_schema.global_variables ORDER BY 1")),
        }

    def test_what_is_called_a_read_is_one(self):
        before_all = self.server_state()
        outcomes = Counter()
        made = [("app", "t")]
        self.admin("CREATE TABLE t (made_id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
        for place, cls, why, text, sql_mode in statements():
            if cls != "read":
                continue
            sql = without_parameters(text)
            for _ in range(MENDS_MAX):
                error, before, after = self.run_as_app(sql, sql_mode)
                if error is None or not self.made_for(error, sql, made):
                    break
            number = error.args[0] if error else 0
            outcomes["ran" if not error else "syntax" if number == SYNTAX else f"error {number}"] += 1
            if number not in (0, SYNTAX):
                harness.say(f"{place}: {error}")
            with self.subTest(place=place, why=why, sql=text):
                self.assertNotIn(number, REFUSED, f"a replica refuses it: {error}")
                self.assertEqual(before, after)
        harness.say(f"outcomes: {dict(outcomes)}")
        self.assertEqual(before_all, self.server_state())
        self.assertGreater(outcomes["ran"], self.cluster.by_flavour(200, 120), "too little of the corpus ran to prove anything")

    def test_the_oracle_can_tell(self):
        """Statements that are no reads must be seen as such, or the test above is blind."""
        for sql in ("INSERT INTO canary VALUES (2, 2)", "SELECT * FROM canary FOR UPDATE",
                    *self.cluster.by_flavour(["SELECT NEXTVAL(s_numbers)"], [])):
            error, _, _ = self.run_as_app(sql, "")
            self.assertIsNotNone(error, sql)
            self.assertIn(error.args[0], REFUSED, sql)
        for sql in ("SET @a = 1", "SELECT @a := 1", "SELECT 1 INTO @a", "SET sort_buffer_size = 300000", "USE information_schema",
                    "START TRANSACTION", "SELECT LAST_INSERT_ID(5)"):
            error, before, after = self.run_as_app(sql, "")
            self.assertIsNone(error, sql)
            self.assertNotEqual(before, after, sql)


if __name__ == "__main__":
    harness.run()

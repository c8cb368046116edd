#!/usr/bin/python3
"""The oracle of MySQL's routing is execution: what is called a read runs on a read-only
server, is not refused to a user without privileges over that, and leaves everything as
it was, even for root: data, sequences, locks, variables, the binary log. That holds for
the corpus and for statements spliced out of it. Through relevo, each server's general
log says where a statement ran: a read on the replica, a write on the primary.

Tables and columns that the statements name are made when the server misses them, so
that they run and do not just fail. What the server doesn't understand is counted.
"""

import contextlib
import os
import re
import unittest
import urllib.parse
from collections import Counter, defaultdict

import pymysql

import harness
import corpus  # harness knows where it is

# sql_mode for the files that speak a dialect; other servers' dialects can't run here.
DIALECTS = {"": "", "mysql" if harness.runs_mysql() else "mariadb": "", "ansi_quotes": "ANSI_QUOTES",
            "no_backslash_escapes": "NO_BACKSLASH_ESCAPES"}

REFUSED = (1290, 1836, 1792, 1205, 1207)  # read-only server or transaction, a lock
NO_TABLE, NO_COLUMN, NO_DATABASE, NO_ACCESS, NO_TABLE_ACCESS = 1146, 1054, 1049, 1044, 1142
SYNTAX = 1064

COLUMN_IS_THERE = 1060

# What a read must not change for its session, as far as one row can tell. Some variables
# change by themselves: time, dice, what the last statement did, how many there were.
NOT_STATE = "('TIMESTAMP', 'RAND_SEED1', 'RAND_SEED2', 'WARNING_COUNT', 'ERROR_COUNT', 'LAST_GTID', 'STATEMENT_ID')"
SESSION_STATE = {
    "mariadb": f"""SELECT
        (SELECT BIT_XOR(CRC32(CONCAT(VARIABLE_NAME, '=', VARIABLE_VALUE))) FROM information_schema.SESSION_VARIABLES
         WHERE VARIABLE_NAME NOT IN {NOT_STATE}) AS variables,
        (SELECT BIT_XOR(CRC32(CONCAT_WS('=', VARIABLE_NAME, VARIABLE_VALUE))) FROM information_schema.USER_VARIABLES) AS user_variables,
        DATABASE(), LAST_INSERT_ID(), IS_USED_LOCK('oracle'), @@in_transaction""",
    "mysql": f"""SELECT
        (SELECT BIT_XOR(CRC32(CONCAT(VARIABLE_NAME, '=', VARIABLE_VALUE))) FROM performance_schema.session_variables
         WHERE UPPER(VARIABLE_NAME) NOT IN {NOT_STATE} AND VARIABLE_NAME NOT LIKE 'gtid%') AS variables,
        (SELECT BIT_XOR(CRC32(CONCAT_WS('=', VARIABLE_NAME, VARIABLE_VALUE))) FROM performance_schema.user_variables_by_thread
         WHERE THREAD_ID = PS_CURRENT_THREAD_ID()) AS user_variables,
        DATABASE(), LAST_INSERT_ID(), IS_USED_LOCK('oracle'),
        (SELECT COUNT(*) FROM performance_schema.metadata_locks WHERE OWNER_THREAD_ID = PS_CURRENT_THREAD_ID()
         AND OBJECT_NAME NOT IN ('metadata_locks', 'user_variables_by_thread', 'session_variables')) AS locks"""}

# Relevo itself answers for a connection's id and counts; MySQL logs passwords and PREPARE in its own words.
UNLOGGED = re.compile(r"CONNECTION_ID|PASSWORD|^PREPARE\b|^\s*SELECT\s+(FOUND_ROWS|ROW_COUNT)\(\)\s*$")

MULTI_STATEMENTS = pymysql.constants.CLIENT.MULTI_STATEMENTS
COLUMN_TYPE = "VARCHAR(20) CHARACTER SET utf8mb4"
MENDS_MAX = 60  # tables and columns that one statement may miss


# What splicing puts into statements: the places where a write hides.
SPICES = ("NEXTVAL(s_numbers)", "NEXT VALUE FOR s_numbers", "PREVIOUS VALUE FOR s_numbers", "SETVAL(s_numbers, 100)", "s_numbers.nextval",
          "LASTVAL(s_numbers)", "GET_LOCK('oracle', 0)", "RELEASE_ALL_LOCKS()", "LAST_INSERT_ID(5)", "@a := 1", "INTO @a", "writes()",
          "app.writes()", "writes ()", "app.count()", "count ()", "FOR UPDATE", "LOCK IN SHARE MODE", "FOR SHARE", "INTO OUTFILE '/tmp/x'",
          "SQL_CALC_FOUND_ROWS", "/*! FOR UPDATE */", "/*!50000 , writes() */", "/*M! , GET_LOCK('oracle', 0) */", "-- x\n", "#\n",
          "LOWER('x')", "(SELECT 1)", "1", "'x'", "`t`", "FROM t", "AS y", "PROCEDURE ANALYSE()", "USER()", "UUID()", "RAND()", "MAX (1)",
          "INTERVAL 1 DAY", "{fn writes()}", "_utf8mb4'x'", "COLLATE utf8mb4_bin", "JOIN", "ON 1", ",", "(", ")", ";", "EXPLAIN", "ANALYZE",
          "DO", "WITH x AS (SELECT 1)", "UNION ALL SELECT 1", "LIMIT 1", "v_writes", "FROM v_writes", "FROM s_numbers")
# More statements by other dice make a long hunt of test_what_is_spliced_and_called_a_read.
SPLICED = int(os.environ.get("RELEVO_SPLICED", "2000"))
SEED = int(os.environ.get("RELEVO_SPLICED_SEED", "4"))

# So that what the corpus says of them runs. `count` is a stored function of a shipped one's name.
OBJECTS = ["CREATE TABLE canary (id INT AUTO_INCREMENT PRIMARY KEY, v INT)", "INSERT INTO canary VALUES (1, 1)",
           "CREATE TABLE t (made_id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)", "CREATE PROCEDURE p() SELECT 1",
           "CREATE EVENT ev ON SCHEDULE EVERY 1 YEAR DO SELECT 1", "CREATE TRIGGER tr BEFORE DELETE ON canary FOR EACH ROW SET @a = 1",
           "CREATE FUNCTION writes() RETURNS INT BEGIN INSERT INTO canary (v) VALUES (2); RETURN 1; END",
           "CREATE FUNCTION `count` () RETURNS INT BEGIN INSERT INTO canary (v) VALUES (3); RETURN 1; END",
           "CREATE FUNCTION doubles(a INT) RETURNS INT DETERMINISTIC RETURN a * 2",
           "CREATE FUNCTION total() RETURNS INT READS SQL DATA RETURN (SELECT SUM(v) FROM canary)",
           "CREATE FUNCTION doubles_total() RETURNS INT READS SQL DATA RETURN doubles(total())",
           "CREATE FUNCTION grade(a INT) RETURNS VARCHAR(9) DETERMINISTIC BEGIN DECLARE word VARCHAR(9); "
           "IF a > 9 THEN SET word = 'high'; ELSE SET word = 'low'; END IF; RETURN word; END",
           "CREATE FUNCTION says_it_reads() RETURNS INT READS SQL DATA RETURN writes()",
           "CREATE FUNCTION locks_a_row() RETURNS INT READS SQL DATA BEGIN DECLARE x INT; "
           "SELECT v INTO x FROM canary WHERE id = 1 FOR UPDATE; RETURN x; END",
           "CREATE FUNCTION sets_variable() RETURNS INT BEGIN SET @stored = 1; RETURN 1; END",
           "CREATE FUNCTION takes_lock() RETURNS INT RETURN GET_LOCK('oracle', 0)",
           "CREATE VIEW v_doubles AS SELECT doubles(v) AS d FROM canary"]
SEQUENCES = ["CREATE SEQUENCE s_numbers", "CREATE SEQUENCE sq"]
READS_SEQUENCE = re.compile(r"\bFROM `?(s_numbers|sq)\b")


def without_parameters(text):
    """A question mark outside of literals is a parameter: a number will do."""
    return re.sub(r"('(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`)|\?", lambda m: m[1] or "1", text)


class Oracle(harness.IntegrationTest):
    cluster_options = {"replicas": 1, "settings": ["general_log=ON", "log_output=TABLE", "log_bin_trust_function_creators=ON"]}
    config = {"cluster": {"routing": {"consistency": "eventual", "max_lag": "60s"}}}

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", *OBJECTS, *cls.cluster.by_flavour(SEQUENCES, ["GRANT SELECT ON performance_schema.* TO app"]))
        cls.cluster.await_replicas()
        cls.all = [(place, cls_, why, text, DIALECTS[dialect]) for place, cls_, why, text, dialect in corpus.statements("mysql")
                   if dialect in DIALECTS]
        cls.reads = [(place, why, without_parameters(text), sql_mode) for place, cls_, why, text, sql_mode in cls.all if cls_ == "read"]

    def setUp(self):
        self.sessions = {}
        self.position_before = None  # unless somebody else wrote since
        self.beside = self.cluster.connect("db2")  # root, to look at the replica
        self.addCleanup(self.beside.close)

    def made_for(self, error, text, made):
        """Whether what the server misses could be made, on the primary and so on the replica."""
        number, message = error.args
        if number == NO_TABLE:
            database, table = re.search(r"Table '(\w+)\.(.+)' doesn't exist", message).groups()
            if database in ("information_schema", "performance_schema", "mysql", "sys"):
                return False
            self.cluster.sql("db1", f"CREATE TABLE `{database}`.`{table}` (made_id INT PRIMARY KEY) ENGINE=InnoDB",
                             f"INSERT INTO `{database}`.`{table}` VALUES (1)")
            made.append((database, table))
        elif number == NO_COLUMN:
            column = re.search(r"Unknown column '(?:.*\.)?([^.']+)'", message)
            if column is None:
                return False
            name = column[1].replace("`", "``")
            added = False
            for database, table in made:
                if table.lower() not in text.lower():
                    continue
                try:
                    self.cluster.sql("db1", f"ALTER TABLE `{database}`.`{table}` ADD COLUMN `{name}` {COLUMN_TYPE} DEFAULT '1'")
                    added = True
                except pymysql.MySQLError as failed:
                    self.assertEqual(failed.args[0], COLUMN_IS_THERE, failed)
            if not added:
                return False
        elif number in (NO_DATABASE, NO_ACCESS, NO_TABLE_ACCESS):
            database = re.search(r"(?:database '|for table `)(\w+)", message)
            if database is None or database[1] == "performance_schema":
                return False
            self.cluster.sql("db1", f"CREATE DATABASE IF NOT EXISTS `{database[1]}`", f"GRANT ALL ON `{database[1]}`.* TO app@'%'")
        else:
            return False
        self.sessions.clear()  # privileges count from the next session on
        self.position_before = None
        self.cluster.await_replicas()
        return True

    # ---- straight at the replica ----------------------------------------------------

    def session(self, user, sql_mode):
        """A session straight at the replica, and its state when it was new; kept while it stays so."""
        kept = self.sessions.get((user, sql_mode))
        if kept is None:
            connection = self.cluster.connect("db2", user, charset="utf8mb4", client_flag=MULTI_STATEMENTS, read_timeout=30)
            self.addCleanup(lambda: connection.open and connection.close())
            with connection.cursor() as cursor:
                cursor.execute("SET sql_mode = %s, lock_wait_timeout = 1, innodb_lock_wait_timeout = 1, "
                               + self.cluster.by_flavour("max_statement_time = 20", "max_execution_time = 20000"), (sql_mode,))
            kept = self.sessions[user, sql_mode] = (connection, self.session_state(connection))
        return kept

    def position(self):
        """What the replica has written to its binary log."""
        return self.query(self.beside, self.cluster.by_flavour("SELECT @@GLOBAL.gtid_binlog_pos", "SELECT @@GLOBAL.gtid_executed"))

    def session_state(self, connection):
        try:
            with connection.cursor() as cursor:
                cursor.execute(SESSION_STATE[self.cluster.flavour])
                in_transaction = bool(connection.server_status & pymysql.constants.SERVER_STATUS.SERVER_STATUS_IN_TRANS)
                return (*cursor.fetchone(), in_transaction)
        except (pymysql.MySQLError, OSError) as error:
            return f"lost: {error}"

    @staticmethod
    def execute(connection, text):
        with connection.cursor() as cursor:
            cursor.execute(text)
            while True:
                cursor.fetchall()
                if not cursor.nextset():
                    return

    def observed(self, user, text, sql_mode=""):
        """Runs it on the replica: its error, and how session or server changed by it."""
        connection, before = self.session(user, sql_mode)
        position = self.position_before or self.position()
        error = None
        try:
            self.execute(connection, text)
        except pymysql.MySQLError as failed:
            error = failed
        after = self.session_state(connection)
        changes = []
        if after != before:
            del self.sessions[user, sql_mode]
            connection.close()
            changes.append(f"{before} became {after}")
        self.position_before = self.position()
        if self.position_before != position:
            changes.append("the replica's binary log grew")
        return error, changes

    def assertReplicaTakes(self, user, text, sql_mode=""):  # noqa: N802
        """The error's number; 0 if it ran."""
        error, changes = self.observed(user, text, sql_mode)
        number = error.args[0] if error else 0
        self.assertNotIn(number, REFUSED, f"a replica refuses it to {user}: {text}\n{error}")
        self.assertEqual(changes, [], f"as {user}: {text}")
        return number

    def server_state(self):
        """What a read must not change for anybody: checked once, over all of them."""
        return {
            "tables": self.cluster.sql("db2", "CHECKSUM TABLE canary"),
            "sequence": self.cluster.by_flavour(lambda: self.cluster.sql("db2", "SELECT * FROM s_numbers"), lambda: None)(),
            "settings": self.cluster.sql("db2", self.cluster.by_flavour(
                "SELECT * FROM information_schema.GLOBAL_VARIABLES WHERE VARIABLE_NAME NOT IN "
                "('GTID_BINLOG_STATE', 'GTID_BINLOG_POS', 'GTID_CURRENT_POS', 'GTID_SLAVE_POS', 'TIMESTAMP') ORDER BY 1",
                "SELECT * FROM performance_schema.global_variables WHERE VARIABLE_NAME NOT LIKE 'gtid%' ORDER BY 1")),
        }

    def explained(self, text):
        """The class that relevo gives it."""
        return self.proxy.get("/v1/explain?sql=" + urllib.parse.quote(text))["class"]

    # ---- the tests, in the order of their names ----------------------------------------

    def test_the_oracle_can_tell(self):
        """Statements that are no reads must be seen as such, or the tests below are blind."""
        for sql in ("INSERT INTO canary VALUES (2, 2)", "SELECT * FROM canary FOR UPDATE", "SELECT writes()",
                    *self.cluster.by_flavour(["SELECT NEXTVAL(s_numbers)"], [])):
            error, _ = self.observed("app", sql)
            self.assertIsNotNone(error, sql)
            self.assertIn(error.args[0], REFUSED, sql)
        for sql in ("SET @a = 1", "SELECT @a := 1", "SELECT 1 INTO @a", "SET sort_buffer_size = 300000", "USE information_schema",
                    "START TRANSACTION", "SELECT LAST_INSERT_ID(5)", "SELECT GET_LOCK('oracle', 0)"):
            error, changes = self.observed("app", sql)
            self.assertIsNone(error, sql)
            self.assertNotEqual(changes, [], sql)

    def test_what_is_called_a_read_is_one(self):
        before_all = self.server_state()
        outcomes = Counter()
        made = [("app", "t")]
        for place, why, sql, sql_mode in self.reads:
            with self.subTest(place=place, why=why, sql=sql):
                for _ in range(MENDS_MAX):
                    error, _ = self.observed("app", sql, sql_mode)
                    if error is None or not self.made_for(error, sql, made):
                        break
                number = self.assertReplicaTakes("app", sql, sql_mode)
                outcomes["ran" if not number else "syntax" if number == SYNTAX else f"error {number}"] += 1
                if number not in (0, SYNTAX):
                    harness.say(f"{place}: {error}")
                # Root may write on MariaDB's replica: so it must not want to.
                if number != SYNTAX:
                    self.assertReplicaTakes("root", sql, sql_mode)
        harness.say(f"{len(self.reads)} reads: {dict(outcomes)}")
        self.assertEqual(before_all, self.server_state())
        # MySQL's corpus is MariaDB's too, and what one alone knows the other does not understand.
        understood = len(self.reads) - outcomes["syntax"]
        self.assertGreater(outcomes["ran"], 0.9 * understood, "too little of the corpus ran to prove anything")

    def test_what_is_spliced_and_called_a_read(self):
        """Statements made of the corpus's pieces that pass for reads, as app and as root."""
        splicer = corpus.Splicer([sql for _, _, sql, sql_mode in self.reads if not sql_mode],
                                 [without_parameters(text) for _, _, _, text, sql_mode in self.all if not sql_mode], SPICES, seed=SEED)
        outcomes = Counter()
        before = self.server_state()
        for _ in range(SPLICED):
            sql = splicer.statement()
            if not sql or "SLEEP" in sql.upper() or "BENCHMARK" in sql.upper() or self.explained(sql) != "read":
                outcomes["no read"] += 1
                continue
            with self.subTest(sql=sql):
                number = self.assertReplicaTakes("app", sql)
                outcomes["ran" if not number else "failed"] += 1
                if not number:
                    self.assertReplicaTakes("root", sql)
        harness.say(f"{SPLICED} spliced statements: {dict(outcomes)}")
        self.assertEqual(before, self.server_state())
        self.assertGreater(outcomes["ran"], SPLICED / 20)

    def test_where_statements_run(self):
        """Each statement carries a comment with its number, which the servers' general logs show.
        The last of the tests: what writes here drops what others use."""
        expected, ran, seen, outcomes = {}, set(), defaultdict(set), Counter()
        shared = self.session_of_relevo()  # of the reads, which leave no traces
        self.addCleanup(shared.close)
        # What acts on the session goes where the session is: nothing to compare.
        in_order = list(enumerate(sorted((entry for entry in self.all if entry[1] != "session"), key=lambda entry: entry[1] != "read")))
        for number, (place, cls, why, text, sql_mode) in in_order:  # before anything is written
            expected[number] = (place, self.known_class(cls, text, sql_mode), why, text)
        for number, (_, cls, _, text, sql_mode) in in_order:
            session = shared if expected[number][1] == "read" and not sql_mode else self.session_of_relevo()
            if sql_mode:
                self.execute(session, f"SET sql_mode = '{sql_mode}'")
            try:
                self.execute(session, f"/* oracle {number} */ {without_parameters(text)}")
                ran.add(number)
                outcomes[f"{cls}: ran"] += 1
            except (pymysql.MySQLError, OSError) as error:
                outcomes[f"{cls}: failed"] += 1
                if cls == "read":
                    self.assertNotIn(error.args[0], REFUSED, text)
            if session is not shared and session.open:
                session.close()
        for node in self.cluster.ports:
            for (logged,) in self.cluster.sql(node, "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log "
                                                    "WHERE CONVERT(argument USING utf8mb4) LIKE '/* oracle %' "
                                                    "AND user_host LIKE 'app[%'", database=None):  # not what replicates
                seen[int(logged.split()[2])].add(node)
        harness.say(f"{len(expected)} statements: {dict(outcomes)}; logged: {len(seen)}")
        for number, (place, cls, why, text) in expected.items():
            node = {"read": {"db2"}, "write": {"db1"}}.get(cls)
            # MySQL does not log what it doesn't understand.
            if node and (seen[number] or (number in ran and not UNLOGGED.search(text))):
                with self.subTest(place=place, why=why, sql=text):
                    self.assertEqual(seen[number], node)

    def known_class(self, cls, text, sql_mode):
        """The corpus speaks of servers that are not known; relevo knows this one, and its own functions."""
        if READS_SEQUENCE.search(text):
            return "write"  # it is the primary's, once it is known to be one
        if cls == "write" and not sql_mode and self.explained(text) == "read":
            self.assertReplicaTakes("app", without_parameters(text))
            self.assertReplicaTakes("root", without_parameters(text))
            return "read"
        return cls

    def session_of_relevo(self):
        """One of app's; what a statement took from it is given back: the database, the password."""
        def connected():
            try:
                return pymysql.connect(**self.arguments(charset="utf8mb4", client_flag=MULTI_STATEMENTS))
            except pymysql.MySQLError as error:
                self.assertIn(error.args[0], (NO_DATABASE, harness.ACCESS_DENIED), error)
                mend = "CREATE DATABASE IF NOT EXISTS app" if error.args[0] == NO_DATABASE else \
                    f"ALTER USER app@'%' IDENTIFIED BY '{self.cluster.passwords['app']}'"
                self.cluster.sql("db1", mend, database=None)
                return None
        return harness.wait_until(connected, "app logs in")


if __name__ == "__main__":
    harness.run()

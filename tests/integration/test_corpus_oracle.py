#!/usr/bin/python3
"""The oracle of PostgreSQL's routing is execution: each statement of the corpus runs on a
real cluster, and the servers themselves tell.

Through relevo, each server's log says where it ran: a read on the replica, a write on the
primary. Straight at the servers, what is called a read is not refused by the replica and
leaves the session and the primary as they were: tables, sequences, locks, settings.
tests/corpus/postgres_schema.psql makes what the statements name, so that they run.
"""

import contextlib
import io
import os
import re
import unittest
import urllib.parse
from collections import Counter, defaultdict

import psycopg2

import corpus
import harness

# The table t is a different one in each; a statement may need any of them.
SEARCH_PATHS = ("words,public", "numbers,public", "keywords,public")
LIMITS = "-c statement_timeout=10s -c lock_timeout=2s"

# What a server in recovery answers to what it can't do.
READ_ONLY = "25006"
IN_RECOVERY = re.compile("recovery is in progress|during recovery|in recovery")

# What a read must not change for its session.
SESSION_STATE = """SELECT
  (SELECT md5(string_agg(name || '=' || setting, ';' ORDER BY name)) FROM pg_settings),
  (SELECT string_agg(locktype || mode || coalesce(objid, 0), ';') FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'),
  (SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_cursors),
  (SELECT count(*) FROM pg_listening_channels()), current_user, session_user, pg_my_temp_schema()"""

# What it must not change for anybody: contents of tables and sequences, objects, locks.
SERVER_STATE = """SELECT
  (SELECT json_object_agg(c.oid::regclass, md5(query_to_xml(format('SELECT * FROM %s', c.oid::regclass), true, true, '')::text))
   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'S', 'm') AND n.nspname !~ '^(pg_|information_schema)')::text,
  (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_proc), (SELECT count(*) FROM pg_largeobject_metadata),
  (SELECT count(*) FROM pg_prepared_xacts), (SELECT count(*) FROM pg_replication_slots),
  (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'), pg_notification_queue_usage()"""

CAUTIOUS_MAX = 0.03  # of the corpus's reads

# Volatile, and harmless all the same: time, chance, sizes, sleep. What relevo ships is held against this.
VOLATILE_AND_HARMLESS = {
    "clock_timestamp", "gen_random_uuid", "pg_collation_actual_version", "pg_database_collation_actual_version",
    "pg_database_size", "pg_indexes_size", "pg_is_in_recovery", "pg_jit_available", "pg_partition_ancestors",
    "pg_partition_tree", "pg_relation_size", "pg_sleep", "pg_sleep_for", "pg_sleep_until", "pg_table_size",
    "pg_tablespace_size", "pg_total_relation_size", "random", "timeofday"}
# Of servers after 15, where they have them.
VOLATILE_AND_HARMLESS_SINCE = {"array_sample", "array_shuffle", "random_normal", "uuidv4", "uuidv7"}

# What splicing puts into statements: the places where a write hides.
SPICES = ("nextval('orders_seq')", "('orders_seq'::regclass).nextval", "(1::bigint).pg_try_advisory_lock", "charge(1)",
          "pg_advisory_lock(1)", "set_config('work_mem', '1MB', false)", "lower('x')", "(SELECT 1)", "1", "'x'", "::regclass",
          ".nextval", "q.nextval", "unnest(ARRAY['orders_seq'::regclass]) q", "FOR UPDATE", "INTO x", "FROM t", "AS y",
          "TABLESAMPLE system(1)", "::int", "currval('orders_seq')", "touch(1)", "create_order(1, 'x')", "setseed(0.5)",
          "txid_current()", "pg_notify('a', 'b')", "lo_creat(1)", "process_batch(1)", "JOIN", "ON true", ",", "(", ")")
# More statements by other dice make a long hunt of test_spliced_statements.
SPLICED = int(os.environ.get("RELEVO_SPLICED", "2000"))
SEED = int(os.environ.get("RELEVO_SPLICED_SEED", "4"))


def without_parameters(text):
    """$1 outside of literals is a parameter: NULL will do."""
    return re.sub(r"('(?:[^']|'')*'|\"[^\"]*\"|\$([^\W\d]\w*)?\$.*?\$\2\$)|(?<![\w$])\$\d+", lambda m: m[1] or "NULL", text, flags=re.DOTALL)


def execute(connection, text):
    """Runs it, whatever it copies."""
    with connection.cursor() as cursor:
        if re.match(r"(/\*.*?\*/|--.*\n|\s)*copy\b", text, re.IGNORECASE | re.DOTALL):
            cursor.copy_expert(text, io.BytesIO())
        else:
            cursor.execute(text)


class Oracle(harness.IntegrationTest):
    cluster_options = {"replicas": 1, "settings": ["log_statement=all", "log_min_error_statement=error", "max_prepared_transactions=5"]}
    config = {"cluster": {"routing": {"consistency": "eventual", "max_lag": "60s"}}}

    @classmethod
    def prepare(cls):
        schema = harness.ROOT / "tests" / "corpus" / "postgres_schema.psql"
        cls.cluster.sql("db1", "GRANT ALL ON SCHEMA public TO app")
        cls.cluster.sql("db1", schema.read_text(encoding="utf-8"), user="app")
        cls.cluster.await_replicas()
        cls.all = [entry for entry in corpus.statements("postgres") if entry[4] == ""]
        cls.reads = [(place, why, without_parameters(text)) for place, cls_, why, text, _ in cls.all if cls_ == "read"]

    def setUp(self):
        self.sessions = {}

    # ---- what the servers say ---------------------------------------------------

    def server_log(self, node, since=0):
        path = self.cluster.directory / node / "log"
        text = path.read_bytes()
        return text[since:].decode(errors="replace"), len(text)

    def explained(self, text):
        """The class that relevo gives it."""
        return self.proxy.get("/v1/explain?sql=" + urllib.parse.quote(text))["class"]

    def session(self, node, path):
        """A session as app, straight at the node, and its state when it was new; kept while it stays so."""
        kept = self.sessions.get((node, path))
        if kept is None:
            connection = self.cluster.connect(node, "app", options=f"{LIMITS} -c search_path={path}")
            self.addCleanup(connection.close)
            kept = self.sessions[node, path] = (connection, self.session_state(connection))
        return kept

    @staticmethod
    def session_state(connection):
        if connection.closed:
            return "closed"
        with connection.cursor() as cursor:
            cursor.execute(SESSION_STATE)
            return cursor.fetchone()

    def observed(self, node, text, path):
        """Runs it straight at the node: its error, and how the session changed by it."""
        connection, before = self.session(node, path)
        error = None
        try:
            execute(connection, text)
        except psycopg2.Error as failed:
            error = failed
        after = self.session_state(connection)
        if after == before:
            return error, None
        del self.sessions[node, path]
        connection.close()
        return error, f"{before} became {after}"

    def server_state(self):
        return self.cluster.sql("db1", SERVER_STATE)

    def assertReplicaTakes(self, error, text):  # noqa: N802
        if error is not None:
            self.assertNotEqual(error.pgcode, READ_ONLY, f"{text}\n{error}")
            self.assertIsNone(IN_RECOVERY.search(str(error)), f"{text}\n{error}")

    def path_for(self, text):
        """(error, search path) by which it runs on the replica; the last error if by none."""
        for path in SEARCH_PATHS:
            error, changed = self.observed("db2", text, path)
            self.assertReplicaTakes(error, text)
            self.assertIsNone(changed, text)
            if error is None:
                break
        return error, path

    # ---- the tests -----------------------------------------------------------------

    def test_reads_leave_everything_as_it_was(self):
        outcomes = Counter()
        state = self.server_state()
        for place, why, text in self.reads:
            with self.subTest(place=place, why=why, sql=text):
                error, path = self.path_for(text)
                outcomes["ran" if error is None else f"error {error.pgcode}"] += 1
                if error is not None:
                    harness.say(f"{place}: {str(error).splitlines()[0]}")
                _, changed = self.observed("db1", text, path)
                self.assertIsNone(changed)
                before, state = state, self.server_state()
                self.assertEqual(before, state, "the primary is not as it was")
        harness.say(f"{len(self.reads)} reads: {dict(outcomes)}")
        self.assertGreater(outcomes["ran"], 0.95 * len(self.reads), "too little of the corpus runs to prove anything")

    def test_where_statements_run(self):
        """Each statement carries a comment with its number, which the servers' logs show.
        The last of the tests by its name: what writes here drops what others use."""
        expected, seen, outcomes = {}, defaultdict(set), Counter()
        since = {node: self.server_log(node)[1] for node in self.cluster.ports}
        # What reads comes first: what writes may drop it.
        for number, (place, cls, why, text, _) in enumerate(sorted(self.all, key=lambda entry: entry[1] != "read")):
            expected[number] = (place, cls, why, text)
            text = f"/* oracle {number} */ {without_parameters(text)}"
            for path in SEARCH_PATHS if cls == "read" else SEARCH_PATHS[:1]:
                with contextlib.closing(psycopg2.connect(self.conninfo(options=f"{LIMITS} -c search_path={path}"))) as connection:
                    connection.autocommit = True
                    try:
                        execute(connection, text)
                        outcomes[f"{cls}: ran"] += 1
                        break
                    except psycopg2.Error as error:
                        self.assertReplicaTakes(error, text)
            else:
                outcomes[f"{cls}: failed"] += 1
        for node, position in since.items():
            for number in re.findall(r"/\* oracle (\d+) \*/", self.server_log(node, position)[0]):
                seen[int(number)].add(node)
        harness.say(f"{len(expected)} statements: {dict(outcomes)}")
        cautious = []
        for number, (place, cls, why, text) in expected.items():
            with self.subTest(place=place, why=why, sql=text):
                if cls == "read" and seen[number] == {"db1"}:
                    cautious.append(f"{place}: {text}")
                elif cls == "read":
                    self.assertEqual(seen[number], {"db2"})
                elif cls == "write":
                    self.assertEqual(seen[number], {"db1"})
        # To the primary for caution: no error, and no success.
        harness.say(f"reads that ran on the primary: {cautious}")
        self.assertLessEqual(len(cautious), CAUTIOUS_MAX * len(self.reads))
        self.assertEqual(self.proxy.topology()["primary"], "db1")

    def test_volatile_functions_of_the_server_are_no_reads(self):
        """Held against the server's own catalogue, not against the list that relevo ships."""
        harmless, volatile = set(), set()
        for (name,) in self.cluster.sql("db1", "SELECT DISTINCT proname FROM pg_proc WHERE provolatile = 'v' AND prokind = 'f' "
                                               "AND pronamespace = 'pg_catalog'::regnamespace"):
            volatile.add(name)
            if self.explained(f'SELECT pg_catalog."{name}"()') == "read":
                harmless.add(name)
        self.assertEqual(harmless, VOLATILE_AND_HARMLESS | VOLATILE_AND_HARMLESS_SINCE & volatile)

    def test_spliced_statements(self):
        """Statements made of the corpus's pieces: what relevo calls a read, a replica runs and stays as it was."""
        splicer = corpus.Splicer([text for _, _, text in self.reads],
                                 [without_parameters(text) for _, _, _, text, _ in self.all], SPICES, seed=SEED)
        outcomes = Counter()
        for _ in range(SPLICED):
            text = splicer.statement()
            if not text or self.explained(text) != "read" or "pg_sleep" in text:
                outcomes["no read"] += 1
                continue
            with self.subTest(sql=text):
                error, _ = self.path_for(text)
                outcomes["ran" if error is None else "failed"] += 1
        harness.say(f"{SPLICED} spliced statements: {dict(outcomes)}")
        self.assertGreater(outcomes["ran"], SPLICED / 20)

    def test_the_oracle_can_tell(self):
        """Statements that are no reads must be seen as such, or the tests above are blind."""
        for text in ("INSERT INTO queue VALUES (7)", "SELECT nextval('orders_seq')", "SELECT ('orders_seq'::regclass).nextval",
                     "SELECT create_order(1, 'EUR')", "SELECT 1 INTO x", "SELECT * FROM accounts FOR UPDATE", "SELECT txid_current()"):
            error, _ = self.observed("db2", text, "public")
            with self.assertRaises(AssertionError, msg=text):
                self.assertReplicaTakes(error, text)
        for text in ("SELECT pg_advisory_lock(1)", "SET work_mem = '1MB'", "SELECT set_config('work_mem', '1MB', false)",
                     "PREPARE p AS SELECT 1", "DECLARE c CURSOR WITH HOLD FOR SELECT 1", "SELECT (1::bigint).pg_advisory_lock_shared"):
            error, changed = self.observed("db2", text, "public")
            self.assertIsNone(error, text)
            self.assertIsNotNone(changed, text)
        state = self.server_state()
        for text in ("SELECT nextval('orders_seq')", "SELECT charge(3)", "CREATE TABLE made ()", "SELECT lo_creat(1)"):
            self.observed("db1", text, "public")
            before, state = state, self.server_state()
            self.assertNotEqual(before, state, text)


if __name__ == "__main__":
    harness.run()

#!/usr/bin/python3
"""LASTVAL() of MariaDB's sequences says through the proxy what it says on a connection of
one's own, although others take numbers on the same server connection in between."""

import harness
import wire
from test_counts import without_length

# Whose statement, and which. There is one server connection for all of them, so that each
# finds there what another left. A sequence and its tables are one scenario's alone.
SCENARIOS = {
    "explicit": [
        ("a", "SELECT NEXTVAL({s})"), ("b", "SELECT NEXT VALUE FOR {s}, 'x'"), ("a", "SELECT 1"), ("a", "SELECT LASTVAL({s})"),
        ("b", "SELECT LASTVAL({s})"), ("c", "SELECT LASTVAL({s})"), ("a", "SELECT LASTVAL( {s} ) AS mine, PREVIOUS VALUE FOR {s}, lastval({s}) + 1"),
        ("b", "INSERT INTO {s}_t VALUES (LASTVAL({s}), NEXTVAL({s}))"), ("a", "SELECT * FROM {s}_t"), ("c", "SELECT LASTVAL({s}), NEXTVAL({s}), LASTVAL({s})"),
        ("a", "SELECT LASTVAL({s})"), ("b", "SELECT LASTVAL({s}) FROM {s}_t WHERE LASTVAL({s}) = (SELECT MAX(id) + 1 FROM {s}_t)"),
        ("a", "INSERT INTO {s}_t VALUES (PREVIOUS VALUE FOR {s}, 0)"), ("b", "SELECT * FROM {s}_t ORDER BY id, v"), ("d", "SELECT LASTVAL({s})"),
        ("a", "SET @mine = LASTVAL({s})"), ("a", "SELECT @mine"),
    ],
    "taken by none": [
        ("a", "SELECT NEXTVAL({s})"), ("b", "SELECT NEXTVAL({s}) FROM {s}_t WHERE id = 0"), ("c", "SELECT 1"), ("b", "SELECT LASTVAL({s})"),
        ("b", "INSERT INTO {s}_t SELECT NEXTVAL({s}), 1 FROM {s}_t WHERE id = 0"), ("a", "SELECT LASTVAL({s})"), ("b", "SELECT LASTVAL({s})"),
    ],
    "taken before it failed": [
        ("a", "SELECT NEXTVAL({s})"), ("b", "INSERT INTO {s}_k VALUES (1, NEXTVAL({s}))"), ("b", "INSERT INTO {s}_k VALUES (1, NEXTVAL({s}))"),
        ("a", "SELECT LASTVAL({s})"), ("b", "SELECT 1"), ("b", "SELECT LASTVAL({s})"),
    ],
    "a default": [
        ("a", "INSERT INTO {s}_d (v) VALUES (1)"), ("b", "INSERT INTO {s}_d (v) VALUES (2), (3)"), ("a", "SELECT 1"), ("a", "SELECT LASTVAL({s})"),
        ("b", "SELECT LASTVAL({s})"), ("c", "SELECT LASTVAL({s})"), ("b", "UPDATE {s}_d SET v = v + 1"), ("c", "INSERT INTO {s}_d VALUES (100, 1)"),
        ("c", "SELECT LASTVAL({s})"), ("b", "SELECT LASTVAL({s})"), ("a", "EXECUTE INSERT INTO {s}_d (v) VALUES (4)"), ("b", "SELECT 1"), ("a", "SELECT LASTVAL({s})"),
    ],
    "a trigger over a default": [
        ("a", "INSERT INTO {s}_w VALUES (1)"), ("b", "INSERT INTO {s}_w VALUES (2)"), ("a", "SELECT LASTVAL({s})"), ("b", "SELECT LASTVAL({s})"),
        ("c", "SELECT LASTVAL({s})"), ("c", "SELECT n FROM {s}_v"), ("a", "SELECT LASTVAL({s})"), ("c", "SELECT LASTVAL({s})"),
    ],
    "transactions": [
        ("a", "BEGIN"), ("a", "SELECT NEXTVAL({s})"), ("a", "SELECT LASTVAL({s})"), ("a", "COMMIT"), ("b", "BEGIN"), ("b", "SELECT LASTVAL({s})"),
        ("b", "SELECT NEXTVAL({s})"), ("b", "SELECT LASTVAL({s})"), ("b", "EXECUTE SELECT LASTVAL({s})"), ("b", "ROLLBACK"), ("a", "BEGIN"),
        ("a", "SELECT LASTVAL({s})"), ("a", "EXECUTE SELECT LASTVAL({s})"), ("a", "COMMIT"), ("b", "SELECT LASTVAL({s})"),
    ],
    "autocommit off": [
        ("a", "SET autocommit = 0"), ("a", "SELECT NEXTVAL({s})"), ("a", "COMMIT"), ("b", "SELECT NEXTVAL({s})"),
        ("b", "SET STATEMENT lock_wait_timeout = 2 FOR ALTER SEQUENCE {s} CACHE 10"), ("a", "SELECT LASTVAL({s})"), ("a", "COMMIT"), ("b", "SELECT LASTVAL({s})"),
    ],
    "prepared statements": [
        ("a", "EXECUTE SELECT NEXTVAL({s})"), ("b", "EXECUTE SELECT NEXTVAL({s})"), ("a", "EXECUTE SELECT LASTVAL({s})"), ("b", "EXECUTE SELECT LASTVAL({s}) + 0"),
        ("c", "EXECUTE SELECT LASTVAL({s})"), ("c", "EXECUTE INSERT INTO {s}_t VALUES (NEXTVAL({s}), 0)"), ("a", "EXECUTE SELECT LASTVAL({s})"), ("c", "EXECUTE SELECT LASTVAL({s})"),
    ],
    "prepared in another database": [
        ("a", "PREPARE SELECT NEXTVAL({s})"), ("a", "USE {db}2"), ("a", "RUN"), ("b", "SELECT LASTVAL({s})"), ("a", "SELECT LASTVAL({db}.{s})"),
        ("b", "SELECT NEXTVAL({s})"), ("a", "SELECT LASTVAL({db}.{s})"), ("a", "SELECT LASTVAL({s})"), ("b", "PREPARE SELECT LASTVAL({s})"),
        ("b", "USE {db}2"), ("a", "SELECT NEXTVAL({s})"), ("b", "RUN"), ("a", "SELECT LASTVAL({s})"),
    ],
    "several in one text": [
        ("a", "SELECT NEXTVAL({s})"), ("b", "INSERT INTO {s}_t VALUES (NEXTVAL({s}), 1); SELECT LASTVAL({s})"), ("a", "SELECT LASTVAL({s}); SELECT NEXTVAL({s}); SELECT LASTVAL({s})"),
        ("b", "SELECT LASTVAL({s})"), ("c", "SELECT LASTVAL({s}); SELECT NEXTVAL({s}), LASTVAL({s})"), ("a", "SELECT LASTVAL({s})"),
    ],
    "a reset": [
        ("a", "SELECT NEXTVAL({s})"), ("b", "SELECT NEXTVAL({s})"), ("a", "RESET"), ("a", "SELECT LASTVAL({s})"), ("b", "SELECT LASTVAL({s})"), ("a", "SELECT NEXTVAL({s})"),
        ("b", "SELECT 1"), ("a", "SELECT LASTVAL({s})"),
    ],
    "dropped": [
        ("a", "SELECT NEXTVAL({s})"), ("b", "SELECT NEXTVAL({s})"), ("a", "DROP SEQUENCE {s}"), ("a", "SELECT LASTVAL({s})"), ("b", "SELECT LASTVAL({s})"),
        ("a", "CREATE SEQUENCE {s}"), ("a", "SELECT LASTVAL({s})"), ("c", "SELECT LASTVAL({s})"), ("a", "SELECT NEXTVAL({s})"), ("c", "SELECT LASTVAL({s})"), ("a", "SELECT LASTVAL({s})"),
    ],
    "set back": [
        ("a", "SELECT NEXTVAL({s})"), ("c", "ALTER SEQUENCE {s} RESTART 1"), ("b", "SELECT NEXTVAL({s})"), ("c", "SELECT 1"), ("b", "SELECT LASTVAL({s})"), ("c", "SELECT LASTVAL({s})"),
    ],
    "as Oracle has it": [
        ("a", "SET sql_mode = 'ORACLE'"), ("b", "SET sql_mode = 'ORACLE'"), ("a", "SELECT {s}.nextval"), ("b", "SELECT `{s}`.NEXTVAL"), ("a", "SELECT {s}.currval"),
        ("b", "SELECT 1 + `{s}`.`currval` AS n"), ("c", "SELECT LASTVAL({s})"),
    ],
    "another database in use": [
        ("a", "SELECT NEXTVAL({db}.{s})"), ("b", "SELECT NEXTVAL({s})"), ("a", "USE {db}2"), ("a", "SELECT NEXTVAL({s})"), ("b", "SELECT LASTVAL({s})"), ("a", "SELECT LASTVAL({s})"),
        ("a", "SELECT LASTVAL({db}.{s})"), ("a", "USE {db}; SELECT LASTVAL({s}), LASTVAL({db}2.{s})"),
    ],
}


def names():
    return {scenario: f"s{number}" for number, scenario in enumerate(SCENARIOS)}


class Sequences(harness.IntegrationTest):
    """A pool of one: whatever a session gives back, another has next."""

    cluster_options = {"replicas": 1}
    config = {"cluster": {"pool": {"size": 1}}}

    @classmethod
    def prepare(cls):
        if cls.cluster.flavour == "mysql":
            return
        cls.cluster.sql("db1", "CREATE FUNCTION app.here() RETURNS INT READS SQL DATA RETURN @@port",
                        "CREATE SEQUENCE app.hidden", "CREATE PROCEDURE app.last() SELECT LASTVAL(hidden)",
                        "CREATE VIEW app.last_view AS SELECT LASTVAL(hidden) AS n")
        for database in ("alone", "relay", "alone2", "relay2"):
            cls.cluster.sql("db1", f"CREATE DATABASE {database}", f"GRANT ALL ON {database}.* TO app@'%'",
                            f"GRANT SELECT, TRIGGER, SHOW VIEW ON {database}.* TO relevo@'%'")
            for scenario, s in names().items():
                texts = str(SCENARIOS[scenario])
                if database.endswith("2") and "{db}2" not in texts:
                    continue
                made = [(f"CREATE SEQUENCE {s}", "{s}"), (f"CREATE TABLE {s}_t (id BIGINT, v BIGINT)", "{s}_t"),
                        (f"CREATE TABLE {s}_k (id BIGINT PRIMARY KEY, v BIGINT)", "{s}_k"),
                        (f"CREATE TABLE {s}_d (id BIGINT DEFAULT NEXTVAL({s}), v BIGINT)", "{s}_d" if "{s}_d" in texts else "{s}_w"),
                        (f"CREATE TABLE {s}_w (v BIGINT)", "{s}_w"),
                        (f"CREATE TRIGGER {s}_r AFTER INSERT ON {s}_w FOR EACH ROW INSERT INTO {s}_d (v) VALUES (NEW.v)", "{s}_w"),
                        (f"CREATE VIEW {s}_v AS SELECT NEXTVAL({s}) AS n", "{s}_v")]
                cls.cluster.sql("db1", f"USE {database}", *(sql for sql, if_used in made if if_used in texts))
        cls.cluster.await_replicas()

    def setUp(self):
        super().setUp()
        self.only("mariadb", "sequences")
        # With a session each: one that calls a function before it is known to be a read is pinned.
        harness.wait_until(self.catalogue_is_known, "the catalogue is known")

    def catalogue_is_known(self):
        session = self.connect()
        known = self.value(session, "SELECT here()") == self.cluster.ports["db2"]
        session.close()
        return known

    def session(self, port, database):
        session = wire.Wire(port)
        self.addCleanup(session.socket.close)
        return session.log_in("app", self.cluster.passwords["app"], database)

    def run_step(self, session, sql):
        """What the client gets; of a column what does not tell the table's name."""
        try:
            if sql == "RESET":
                return session.simple(wire.COM_RESET_CONNECTION).status & wire.IN_TRANSACTION
            if sql.startswith("PREPARE "):
                session.statement = session.prepare(sql[8:])
                return None
            if sql.startswith("EXECUTE ") or sql == "RUN":
                statement = session.statement if sql == "RUN" else session.prepare(sql[8:])
                session.send(wire.COM_STMT_EXECUTE, wire.execute_payload(statement.id, [], False))
                results = session.read_results(lambda payload, _: payload)
            else:
                results = session.results(sql)
        except wire.ServerError as error:
            session.results("SELECT 1")  # a session keeps its connection for what an error leaves
            return error.code
        return [(([*map(without_length, r.columns)] if "FROM" not in sql else None), r.rows)
                if isinstance(r, wire.Result) else r.affected for r in results]

    def answers(self, port, database, scenario):
        sessions = {who: self.session(port, database) for who, _ in SCENARIOS[scenario]}
        try:
            return [(who, sql, self.run_step(sessions[who], sql.format(s=names()[scenario], db=database)))
                    for who, sql in SCENARIOS[scenario]]
        finally:
            for session in sessions.values():
                session.socket.close()

    def test_as_on_connections_of_ones_own(self):
        for scenario in SCENARIOS:
            with self.subTest(scenario):
                direct = self.answers(self.cluster.ports["db1"], "alone", scenario)
                proxied = self.answers(self.proxy.port, "relay", scenario)
                self.assertEqual([str(step).replace("alone", "relay") for step in direct], [str(step) for step in proxied])

    @harness.only_relevo
    def test_no_session_is_pinned(self):
        self.cluster.sql("db1", "CREATE SEQUENCE app.numbers")
        session, other = self.connect(), self.connect()
        for taker in (session, other, session, other):
            number = self.value(taker, "SELECT NEXTVAL(numbers)")
            self.assertEqual(self.value(taker, "SELECT LASTVAL(numbers)"), number)
            self.assertEqual(self.pinned(taker), "")

    @harness.only_relevo
    def test_the_body_of_a_routine_sees_no_other_number(self):
        other, session = self.connect(), self.connect()
        self.query(other, "SELECT NEXTVAL(hidden)")
        self.assertEqual(self.query(session, "SELECT n FROM last_view"), [(None,)])
        self.query(other, "SELECT NEXTVAL(hidden)")
        self.assertEqual(self.query(session, "CALL last()"), [(None,)])


if __name__ == "__main__":
    harness.run()

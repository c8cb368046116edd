"""The MySQL and MariaDB tests' harness: base.py with their clusters and drivers.

    RELEVO_STANDIN        mariadb: the tests talk to db1 itself, where relevo would be
    RELEVO_SERVER_IMAGE   run the servers from this image: tests/support/containers

What one of the two flavours has alone is asked of it alone: IntegrationTest.only.
"""

import contextlib
import os
import sys
from pathlib import Path

import pymysql

sys.path.append(str(Path(__file__).resolve().parents[1]))

import base  # noqa: E402
from base import (BUILD, PATIENCE_S, ROOT, STANDIN, Relevo, Server, Workload, free_port, merged,  # noqa: E402,F401
                  not_standin, only_relevo, run, say, wait_until, workload_program)

# Errors by their numbers: PyMySQL keeps no SQLSTATE.
# https://mariadb.com/kb/en/mariadb-error-code-reference/
TOO_MANY_CONNECTIONS = 1040   # 08004
ACCESS_DENIED = 1045          # 28000
SYNTAX_ERROR = 1064           # 42000
NO_SUCH_TABLE = 1146          # 42S02
LOCK_WAIT_TIMEOUT = 1205      # HY000; of Relevo: the queue's timeout
DEADLOCK = 1213               # 40001: rolled back, safe to retry
READ_ONLY = 1290              # HY000: --read-only; of Relevo: no primary
QUERY_INTERRUPTED = 1317      # 70100: KILL QUERY
MALFORMED_PACKET = 1835       # 08S01
OUTCOME_UNKNOWN = 1180        # 08007
SERVER_GONE = (2006, 2013)    # the client's own words for a closed connection


class Cluster(base.Cluster):
    """Made by scripts/mycluster. `ed25519`: load the plugin for it, where it is MariaDB's."""

    program = ROOT / "scripts" / "mycluster"
    engine = "mysql"

    def __init__(self, directory, semi_sync=False, ed25519=False, settings=(), **options):
        more = ["--semi-sync"] if semi_sync else []
        if ed25519 and not runs_mysql():
            settings = [*settings, "plugin_load_add=auth_ed25519"]
        super().__init__(directory, settings=settings, more=more, **options)
        self.flavour = self.description["flavour"]

    def by_flavour(self, mariadb, mysql):
        """What is said in different words."""
        return mysql if self.flavour == "mysql" else mariadb

    def connect(self, node, user="root", database="app", **more):
        """Straight to a node, around the proxy."""
        return pymysql.connect(host="127.0.0.1", port=self.ports[node], user=user, password=self.passwords[user],
                               database=database, connect_timeout=10, autocommit=True, **more)

    def sql(self, node, *statements, user="root", database="app"):
        """All rows of the last of the statements, run straight on a node."""
        with contextlib.closing(self.connect(node, user, database)) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def await_replicas(self, primary="db1"):
        """Until every running replica has applied what the primary has written."""
        position = self.position(primary)
        applied = self.by_flavour(f"SELECT MASTER_GTID_WAIT('{position}', 0) = 0",
                                  f"SELECT GTID_SUBSET('{position}', @@GLOBAL.gtid_executed)")
        for node in self.ports:
            if node != primary:
                wait_until(lambda: self.sql(node, applied)[0][0], f"{node} applies {position}")

    def position(self, node):
        """What it has in its binary log, as a GTID position or set."""
        return self.sql(node, self.by_flavour("SELECT @@GLOBAL.gtid_binlog_pos",
                                              "SELECT REPLACE(@@GLOBAL.gtid_executed, '\\n', '')"))[0][0]


def runs_mysql():
    """Before there is a cluster that would tell."""
    return "mysql" in os.environ.get("RELEVO_SERVER_IMAGE", "")


class StandIn(Server):
    """The primary itself, where relevo would be."""

    def __init__(self, cluster, directory, changes=None):
        super().__init__(directory)
        self.name = STANDIN
        self.cluster = cluster
        self.port = cluster.ports["db1"]

    def start(self):
        return self

    def running(self):
        return True

    def await_healthy(self, primary=None):
        pass

    def stop(self):
        return 0


class IntegrationTest(base.IntegrationTest):
    """PyMySQL through the proxy."""

    cluster_type = Cluster
    standin_type = StandIn

    def only(self, flavour, why):
        """The test ends here, aloud, on the other one."""
        if self.cluster.flavour != flavour:
            self.skipTest(f"only {flavour}: {why}")

    def arguments(self, user="app", database="app", password=None, **more):
        return {"host": "127.0.0.1", "port": self.proxy.port, "user": user, "database": database,
                "password": password if password is not None else self.cluster.passwords[user],
                "connect_timeout": 20, "read_timeout": 60, "autocommit": True, **more}

    def connect(self, **more):
        """PyMySQL through the proxy; closed at the test's end."""
        connection = pymysql.connect(**self.arguments(**more))
        self.addCleanup(lambda: connection.open and connection.close())
        return connection

    def query(self, connection, text, *parameters):
        """All rows. PyMySQL puts the parameters into the text itself."""
        with connection.cursor() as cursor:
            cursor.execute(text, parameters or None)
            return list(cursor.fetchall())

    def value(self, connection, text, *parameters):
        return self.query(connection, text, *parameters)[0][0]

    def where(self, connection, text="SELECT @@port"):
        """The node that answered."""
        return self.cluster.name_of(self.value(connection, text))

    def assertError(self, expected, action, *arguments, **named):
        """`action` must fail with this error number, or one of these. The error."""
        try:
            action(*arguments, **named)
        except pymysql.MySQLError as error:
            self.assertIn(error.args[0], expected if isinstance(expected, tuple) else (expected,), str(error))
            return error
        raise AssertionError(f"no error; expected {expected}")

    def pinned(self, connection):
        """Why the session keeps its server connection; "" when it does not. A session
        is found by the connection id that relevo told its client: the worker's number
        above 24 bits, the session's below."""
        number = connection.thread_id()
        name = f"{number >> 24}.{number & 0xffffff}"
        found = [client for client in self.proxy.clients() if client["id"] == name]
        self.assertEqual(len(found), 1, self.proxy.clients())
        return found[0]["pinned"]

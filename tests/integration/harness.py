"""The PostgreSQL tests' harness: base.py with PostgreSQL's clusters and drivers.

    RELEVO_STANDIN   postgres or pgbouncer
"""

import contextlib
import os
import shutil
import socket
from pathlib import Path

import psycopg2
import psycopg2.extensions

import base
from base import (BUILD, PATIENCE_S, ROOT, STANDIN, Relevo, Server, Workload, free_port, merged,  # noqa: F401
                  not_standin, only_relevo, run, say, wait_until, workload_program)


# What a client program in a container gets of its caller's environment, where it is set.
LIBPQ_VARIABLES = ("PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGPASSWORD", "PGSSLMODE", "PGSSLROOTCERT",
                   "PGSSLNEGOTIATION", "PGCHANNELBINDING", "PGMINPROTOCOLVERSION", "PGMAXPROTOCOLVERSION",
                   "PGAPPNAME")


class Cluster(base.Cluster):
    """Made by scripts/pgcluster. `hba`: lines ahead of its pg_hba.conf."""

    program = ROOT / "scripts" / "pgcluster"
    engine = "postgres"

    def __init__(self, directory, hba=(), **options):
        super().__init__(directory, more=[part for line in hba for part in ("--hba", line)], **options)
        self.bin = Path(self.description["bin"])
        self.directory = Path(directory)

    def client(self, name, *arguments):
        """The command of one of PostgreSQL's client programs: of this machine, or, where the servers run in a
        container, of the servers' own version. Those see the environment's PG* and the test's directory."""
        image = os.environ.get("RELEVO_SERVER_IMAGE")
        if not image:
            return [str(self.bin / name), *map(str, arguments)]
        forwarded = [part for variable in LIBPQ_VARIABLES for part in ("--env", variable)]
        return ["docker", "run", "--rm", "--interactive", "--network", "host", "--pid", "host",
                "--user", f"{os.geteuid()}:{os.getegid()}", *forwarded,
                "--volume", f"{self.directory.parent}:{self.directory.parent}", image, name, *map(str, arguments)]

    def connect(self, node, user="postgres", database="app", **more):
        """Straight to a node, around the proxy."""
        connection = psycopg2.connect(host="127.0.0.1", port=self.ports[node], user=user,
                                      password=self.passwords[user], dbname=database,
                                      connect_timeout=10, **more)
        connection.autocommit = True
        return connection

    def sql(self, node, text, *parameters, user="postgres", database="app"):
        """All rows of a statement run straight on a node."""
        with contextlib.closing(self.connect(node, user, database)) as connection:
            cursor = connection.cursor()
            cursor.execute(text, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def await_replicas(self, primary="db1"):
        """Until every running replica has replayed what the primary has written."""
        position = self.sql(primary, "SELECT pg_current_wal_lsn()")[0][0]
        for node in self.ports:
            if node != primary:
                wait_until(lambda: self.sql(node, "SELECT pg_last_wal_replay_lsn() >= %s", position)[0][0],
                           f"{node} replays {position}")


class StandIn(Server):
    """PostgreSQL itself, or PgBouncer, where relevo would be."""

    def __init__(self, cluster, directory, changes=None):
        super().__init__(directory)
        self.name = STANDIN
        self.cluster = cluster
        self.pool = (changes or {}).get("cluster", {}).get("pool", {})
        if STANDIN == "postgres":
            self.port = cluster.ports["db1"]

    def start(self):
        if self.name == "pgbouncer":
            start_pgbouncer(self, self.cluster, self.pool.get("mode", "transaction"), self.pool.get("size", 20))
        return self

    def running(self):
        return self.name == "postgres" or super().running()

    def await_healthy(self, primary=None):
        pass

    def stop(self):
        if self.name == "pgbouncer":
            self.kill()
        return 0


# The root of another Debian with a newer PgBouncer in it, and this one's /tmp bound to its own.
PGBOUNCER_ROOT = os.environ.get("RELEVO_PGBOUNCER_ROOT", "")


def start_pgbouncer(server, cluster, pool_mode="transaction", pool_size=20, extra=""):
    """PgBouncer refuses to run as root; its files belong to whom it runs as."""
    users = server.directory / "userlist.txt"
    users.write_text("".join(f'"{user}" "{password}"\n' for user, password in cluster.passwords.items()))
    ini = server.directory / "pgbouncer.ini"
    ini.write_text(f"""[databases]
* = host=127.0.0.1 port={cluster.ports["db1"]}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {server.port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = {pool_mode}
default_pool_size = {pool_size}
max_client_conn = 10000
ignore_startup_parameters = extra_float_digits,options
{extra}
""")
    command = ["/usr/sbin/pgbouncer", ini]
    if os.geteuid() == 0:
        for path in (server.directory, users, ini):
            shutil.chown(path, "postgres")
        owner = users.stat()
        if PGBOUNCER_ROOT:
            command = ["chroot", f"--userspec={owner.st_uid}:{owner.st_gid}", PGBOUNCER_ROOT, *command]
        else:
            command = ["--reuid", "postgres", "--regid", "postgres", "--init-groups", *command]
    server.spawn(command)

    def accepts():
        if not server.running():
            raise AssertionError(f"pgbouncer ended:\n{server.log_tail()}")
        with contextlib.closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", server.port)) == 0
    wait_until(accepts, "pgbouncer accepts")


class IntegrationTest(base.IntegrationTest):
    """psycopg2 through the proxy."""

    cluster_type = Cluster
    standin_type = StandIn

    # ---- ways in ---------------------------------------------------------------

    def conninfo(self, user="app", database="app", password=None, **more):
        parts = {"host": "127.0.0.1", "port": self.proxy.port, "user": user, "dbname": database,
                 "password": password if password is not None else self.cluster.passwords[user],
                 "connect_timeout": 20, **more}
        return " ".join(f"{key}='{value}'" for key, value in parts.items())

    def connect(self, user="app", database="app", password=None, autocommit=True, **more):
        """psycopg2 through the proxy; closed at the test's end."""
        connection = psycopg2.connect(self.conninfo(user, database, password, **more))
        connection.autocommit = autocommit
        self.addCleanup(connection.close)
        return connection

    def query(self, connection, text, *parameters):
        """All rows, or None for a statement that returns none."""
        cursor = connection.cursor()
        cursor.execute(text, parameters or None)
        return cursor.fetchall() if cursor.description else None

    def value(self, connection, text, *parameters):
        return self.query(connection, text, *parameters)[0][0]

    def where(self, connection, text="SELECT inet_server_port()"):
        """The node that answered."""
        return self.cluster.name_of(self.value(connection, text))

    def assertSqlState(self, expected, action, *arguments):
        """`action` must fail with this SQLSTATE. The error."""
        try:
            action(*arguments)
        except psycopg2.Error as error:
            # An error at log-in carries its SQLSTATE in no field: libpq keeps the text only.
            if error.pgcode is not None:
                self.assertEqual(error.pgcode, expected, str(error))
            return error
        raise AssertionError(f"no error; expected {expected}")

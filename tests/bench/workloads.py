"""What tests/bench/run asks of every contender: pgbench and sysbench where they can do it,
our own few lines where not.

A workload says what it counts (`unit`), for whom it is fit, how it is run for a time,
and how at a fixed rate.
"""

import collections
import contextlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path

Done = collections.namedtuple("Done", "count seconds")
ROWS, COPY_BYTES, TABLE = 10000, 100 << 20, 10000


class Failed(Exception):
    pass


def percentiles(sorted_ms):
    if not sorted_ms:
        raise Failed("nothing was done at the fixed rate")
    return {name: sorted_ms[min(len(sorted_ms) - 1, int(len(sorted_ms) * share))]
            for name, share in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999))}


class Workload:
    unit, clients, tls, paced = "query", 16, False, None

    def __init__(self, name, **options):
        self.name = name
        self.__dict__.update(options)

    def suits(self, contender):
        if self.tls and contender.server and not contender.tls:
            return False  # the bytes would pass through encrypted: no work
        if self.clients > 1000:
            return contender.pools and contender.name != "Pgpool-II"  # a process a client
        return self.clients < 200 or contender.name != "Pgpool-II"


# -- PostgreSQL -------------------------------------------------------------------------


def environment(stage, tls):
    return {**os.environ, "PGPASSWORD": stage.cluster.passwords["app"], "PGSSLMODE": "require" if tls else "disable"}


class Pgbench(Workload):
    """`arguments`: pgbench's; `idle`: sessions that have asked once, beside the active ones.
    The clients' log-ins count with their queries."""

    arguments, idle, latency = ("-S",), 0, True

    def suits(self, contender):
        if "prepared" in self.arguments and getattr(contender, "prepared", True) is False:
            return False  # before 1.21 PgBouncer knows none in transaction mode
        if self.tls and contender.name == "direct":
            return False
        return super().suits(contender)

    def command(self, stage, contender, *more):
        arguments = [str(part).replace("{directory}", str(stage.directory)) for part in self.arguments]
        return [stage.cluster.bin / "pgbench", "-n", *arguments, "-c", str(min(self.clients, 1000) if not self.idle else 100),
                "-j", "1", *map(str, more), "-h", "127.0.0.1", "-p", str(contender.port), "-U", "app", "app"]

    def pgbench(self, stage, contender, *more, cwd=None):
        done = subprocess.run(self.command(stage, contender, *more), capture_output=True, text=True, timeout=300,
                              env=environment(stage, self.tls), cwd=cwd)
        if done.returncode != 0:
            raise Failed(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.stdout)
        told = re.search(r"tps = ([\d.]+)", done.stdout)
        if not told:
            raise Failed("no transaction was done in its time")
        self.per_second = float(told[1])
        return int(re.search(r"actually processed: (\d+)", done.stdout)[1])

    def run(self, stage, contender, seconds):
        with contextlib.ExitStack() as idle:
            if self.idle:
                log_in_many(stage, contender, self.idle, idle)
            if self.clients < 1000:
                return Done(self.pgbench(stage, contender, "-T", seconds), seconds)
            # pgbench's time runs while it connects; what it tells per second does not.
            count = self.pgbench(stage, contender, "-t", 10 * seconds)
            return Done(count, count / self.per_second)

    def paced(self, stage, contender, rate, seconds):
        prefix = stage.directory / "paced"
        self.pgbench(stage, contender, "-T", seconds, "-R", max(1, int(rate)), "-l", "--log-prefix", prefix)
        waits = []
        for path in stage.directory.glob("paced.*"):
            waits += [int(line.split()[2]) / 1000 for line in path.read_text().splitlines()]
            path.unlink()
        return percentiles(sorted(waits))


class Copy(Workload):
    """COPY of 100 MB out of the database, by one client."""

    unit, clients = "MB", 1

    def run(self, stage, contender, seconds):
        began, count = time.monotonic(), 0
        while count == 0 or time.monotonic() - began < seconds:
            done = subprocess.run(
                [stage.cluster.bin / "psql", "-qX", "-h", "127.0.0.1", "-p", str(contender.port), "-U", "app", "-d", "app",
                 "-c", "COPY (SELECT line FROM bench_copy) TO STDOUT"], stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, text=True, timeout=300, env=environment(stage, False))
            if done.returncode != 0:
                raise Failed(done.stderr.strip())
            count += COPY_BYTES >> 20
        return Done(count, time.monotonic() - began)


def log_in_many(stage, contender, count, until):
    """Sessions that have run one query and then are idle."""
    sys.path.insert(0, str(Path(stage.harness.__file__).parent))
    import wire  # pylint: disable=import-outside-toplevel
    for _ in range(count):
        client = wire.Wire(contender.port)
        until.callback(client.socket.close)
        client.log_in("app", stage.cluster.passwords["app"], "app", application_name="idle", client_encoding="UTF8")
        client.simple("SELECT 1")


class Crowd(Pgbench):
    """10,000 connected, of which 100 ask. Logged in once per contender, before its first turn."""

    clients, crowd = 10000, 9900

    def __init__(self, name, **options):
        super().__init__(name, **options)
        self._standing, self.arguments = {}, ("-S",)

    def command(self, stage, contender, *more):
        self.idle = True
        return super().command(stage, contender, *more)

    def run(self, stage, contender, seconds):
        if contender.name not in self._standing:
            before = contender.rss_kib()
            self._standing[contender.name] = stack = contextlib.ExitStack()
            log_in_many(stage, contender, self.crowd, stack)
            contender.kib_per_client = (contender.rss_kib() - before) / self.crowd
            stage.harness.say(f"{contender.name}: {contender.kib_per_client:.2f} KiB an idle client")
        return Done(self.pgbench(stage, contender, "-T", seconds), seconds)


def prepare_postgres(stage):
    subprocess.run([stage.cluster.bin / "pgbench", "-i", "-q", "-s", "10", "-h", "127.0.0.1", "-p",
                    str(stage.cluster.ports["db1"]), "-U", "app", "app"], check=True, capture_output=True,
                   env=environment(stage, False))
    stage.cluster.sql("db1", f"CREATE TABLE bench_rows AS SELECT i, md5(i::text) AS t FROM generate_series(1, {ROWS}) i",
                      user="app")
    stage.cluster.sql("db1", "CREATE TABLE bench_copy AS SELECT repeat(md5(i::text), 3) || '...' AS line "
                      f"FROM generate_series(1, {COPY_BYTES // 100}) i", user="app")
    (stage.directory / "rows.sql").write_text("SELECT i, t FROM bench_rows;\n")
    stage.cluster.await_replicas()


def of_postgres():
    return [Pgbench("simple"), Pgbench("extended", arguments=("-S", "-M", "extended")),
            Pgbench("prepared", arguments=("-S", "-M", "prepared")),
            Pgbench("simple-64", clients=64), Pgbench("simple-1000", clients=1000, latency=False),
            Pgbench("tpcb", arguments=("-b", "tpcb-like"), unit="transaction of 7"),
            Pgbench("rows", arguments=("-f", "{directory}/rows.sql"), unit="result of 10,000 rows", clients=4, latency=False),
            Copy("copy"), Pgbench("tls", tls=True, latency=False),
            Pgbench("connect", arguments=("-S", "-C"), unit="connect, query, disconnect", latency=False),
            Crowd("crowd", latency=False)]


# -- MySQL and MariaDB --------------------------------------------------------------------


class Sysbench(Workload):
    ps_mode = "disable"

    def sysbench(self, stage, port, command, *more):
        done = subprocess.run(
            ["sysbench", "oltp_point_select", "--db-driver=mysql", "--mysql-host=127.0.0.1", f"--mysql-port={port}",
             "--mysql-user=app", f"--mysql-password={stage.cluster.passwords['app']}", "--mysql-db=app",
             "--mysql-ssl=off", "--tables=1", f"--table-size={TABLE}", f"--threads={self.clients}",
             f"--db-ps-mode={self.ps_mode}", *more, command], capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            raise Failed(done.stdout[-500:] + done.stderr)
        return done.stdout

    def run(self, stage, contender, seconds):
        output = self.sysbench(stage, contender.port, "run", f"--time={seconds}")
        return Done(int(re.search(r"^\s+total:\s+(\d+)", output, re.M)[1]), seconds)

    def paced(self, stage, contender, rate, seconds):
        output = self.sysbench(stage, contender.port, "run", f"--time={seconds}", f"--rate={max(1, int(rate))}", "--histogram")
        waits = []
        for value, count in re.findall(r"^\s*([\d.]+) \|.*\s(\d+)$", output, re.M):
            waits += [float(value)] * int(count)
        return percentiles(waits)


def of_mysql():
    return [Sysbench("text"), Sysbench("binary", ps_mode="auto"), Sysbench("text-64", clients=64)]


def prepare(stage):
    if stage.engine == "postgres":
        return prepare_postgres(stage)
    Sysbench("prepare", clients=1).sysbench(stage, stage.cluster.ports["db1"], "prepare")
    return stage.cluster.await_replicas()


def of(engine):
    return of_postgres() if engine == "postgres" else of_mysql()

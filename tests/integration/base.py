"""What every integration test stands on, whichever the engine: a real cluster, a
real relevo, a load with a ledger.

A test file makes one cluster and one relevo per class, waits until it is ready,
and takes both down again, whatever happens: when this process dies in any way, a
watchdog that waits for the end of a pipe removes the cluster. What an engine adds
(how to connect, what may stand in for relevo) is in its own harness.py.

    RELEVO_BUILD_DIR   where proxy/relevo was built (default: build/asan)
    RELEVO_STANDIN     run the tests against that instead of relevo. It shows that a
                       test asks for the database's behaviour and not for ours; what
                       only relevo does is skipped then. Which there are: harness.py
    RELEVO_KEEP        1: leave logs and configuration of a failed class in place
    RELEVO_PATIENCE    seconds to wait for what must happen (default: 20)

A missing driver or program is a failure, never a skip.
"""

import contextlib
import copy
import faulthandler
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("RELEVO_BUILD_DIR", ROOT / "build" / "asan"))
STANDIN = os.environ.get("RELEVO_STANDIN", "")

# Sanitizers and two busy cores make everything slower; no test waits for less.
PATIENCE_S = float(os.environ.get("RELEVO_PATIENCE", "20"))


def only_relevo(test):
    """For what the database itself is not meant to do."""
    return unittest.skipIf(STANDIN, "only relevo does this")(test)


def not_standin(name):
    """For what this stand-in is known to do differently."""
    return unittest.skipIf(STANDIN == name, f"{name} differs here")


def wait_until(condition, what, timeout_s=PATIENCE_S, every_s=0.02):
    """The condition's first true value; an AssertionError that says what did not happen."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:g} s: {what}")
        time.sleep(every_s)


def free_port():
    """A port of loopback below the ephemeral range, free now."""
    for port in range(11000 + os.getpid() % 900, 12000):
        if port in free_port.given:
            continue
        with contextlib.closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        free_port.given.add(port)
        return port
    raise AssertionError("no free port on loopback")


free_port.given = set()


def say(text):
    print(f"  {text}", file=sys.stderr, flush=True)


class Cluster:
    """One primary, db1, and replicas db2, db3, ... made by `program`, one of scripts/."""

    program = None
    engine = None  # as the configuration calls it

    def __init__(self, directory, replicas=2, delays=None, settings=(), tls=False, more=()):
        self.directory = Path(directory)
        arguments = ["--replicas", str(replicas), "--fast"]
        for node, delay in (delays or {}).items():
            arguments += ["--apply-delay", f"{node}={delay}"]
        for setting in settings:
            arguments += ["--set", setting]
        if tls:
            arguments.append("--tls")
        arguments += more
        # The watchdog: its input ends when this process does. A session and a
        # parent of its own, so that whoever kills us does not kill it with us.
        self._watchdog = subprocess.Popen(
            ["setsid", "-f", "sh", "-c", f'cat >/dev/null; "{self.program}" destroy "{directory}"'],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        began = time.monotonic()
        self.run("create", *arguments)
        self.description = description = json.loads((self.directory / "cluster.json").read_text())
        self.passwords = description["passwords"]
        self.ca = description.get("ca")
        self.ports = {node["name"]: node["port"] for node in description["nodes"]}
        say(f"cluster of {replicas + 1} nodes up in {time.monotonic() - began:.1f} s")

    def run(self, command, *arguments):
        """`program` COMMAND with this cluster's directory. Its standard output."""
        done = subprocess.run([self.program, command, self.directory, *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
                              env={**os.environ, "CLUSTER_QUIET": "1"})
        if done.returncode != 0:
            raise AssertionError(f"{self.program.name} {command} failed: {done.stderr}{done.stdout}")
        return done.stdout

    def status(self):
        return {node["name"]: node for node in json.loads(self.run("status", "--json"))["nodes"]}

    def name_of(self, port):
        return next(name for name, p in self.ports.items() if p == int(port))

    def destroy(self):
        self.run("destroy")
        self._watchdog.stdin.close()
        self._watchdog.wait()


def merged(base, changes):
    """`base` with `changes` laid over it, deeply; None removes a key."""
    result = copy.deepcopy(base)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


class Server:
    """A process under test that listens on `port`."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.port = free_port()
        self.log = self.directory / "log"
        self.process = None

    def spawn(self, command, env=None):
        with open(self.log, "ab") as log:
            # It dies with this process, even if that is killed.
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *map(str, command)], stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT,
                # Whatever authorities this machine's user trusts are none of the tests'.
                env={**{name: value for name, value in os.environ.items() if name not in ("SSL_CERT_FILE", "SSL_CERT_DIR")},
                     **(env or {})})

    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def rss_kib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def log_tail(self, lines=40):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


class Relevo(Server):
    """A relevo in front of `cluster`. `changes` are laid over the test configuration:
    {"cluster": {...}} over the one cluster's part, the rest over the top level."""

    name = "relevo"

    def __init__(self, cluster, directory, changes=None):
        super().__init__(directory)
        self.cluster = cluster
        self.http_port = free_port()
        self.token = "integration-test-token"
        self.socket = self.directory / "admin.sock"
        self.program = BUILD / "proxy" / "relevo"
        self.relevoctl = BUILD / "proxy" / "admin" / "relevoctl"
        self.config_file = self.directory / "relevo.json"
        self.config = None
        self.configure(changes or {})

    def configure(self, changes):
        """Writes the configuration; it takes effect at start() or reload()."""
        changes = dict(changes)
        of_cluster = changes.pop("cluster", {})
        passwords = self.cluster.passwords
        secret = self.directory / "monitor.secret"
        secret.write_text(passwords["relevo"])
        config = merged({
            "admin": {"socket": str(self.socket), "http": f"127.0.0.1:{self.http_port}",
                      "token": self.token},
            "workers": 2,
            "log": {"level": "info"},
            "state_dir": str(self.directory / "state"),
            "drain_timeout": "5s",
            "clusters": [],
        }, changes)
        config["clusters"] = [merged({
            "name": "test",
            "engine": self.cluster.engine,
            "listen": [f"127.0.0.1:{self.port}"],
            "nodes": [{"name": name, "address": f"127.0.0.1:{port}"}
                      for name, port in self.cluster.ports.items()],
            "monitor": {"user": "relevo", "password": {"file": str(secret)}},
            "replication": {"user": "repl", "password": {"env": "REPL_PASSWORD"}},
        }, of_cluster)]
        (self.directory / "state").mkdir(exist_ok=True)
        self.config = config
        self.config_file.write_text(json.dumps(config, indent=2))

    def start(self, wait=True):
        if not self.program.exists():
            raise AssertionError(f"{self.program} is not built")
        self.spawn([self.program, "--config", self.config_file],
                   env={"REPL_PASSWORD": self.cluster.passwords["repl"],
                        # A small quarantine: tests measure resident memory, and what ASan
                        # keeps of freed buffers would count as relevo's.
                        "ASAN_OPTIONS": "abort_on_error=0:exitcode=99:detect_leaks=1:quarantine_size_mb=16",
                        "UBSAN_OPTIONS": "print_stacktrace=1"})
        if wait:
            self.await_ready()
        return self

    def await_ready(self):
        def ready():
            if not self.running():
                raise AssertionError(f"relevo ended with {self.process.returncode}:\n{self.log_tail()}")
            try:
                return self.api("GET", "/readyz")[0] == 200
            except OSError:
                return False
        wait_until(ready, "relevo is ready")

    def stop(self, timeout_s=PATIENCE_S):
        """SIGTERM; its exit code."""
        if self.running():
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout_s)

    # ---- the admin interface -------------------------------------------------

    def api(self, method, path, body=None, over="socket", token=None, timeout_s=40):
        """(status, decoded body). `over`: "socket" or "http"."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=timeout_s)
        if over == "socket":
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(timeout_s)
            connection.sock.connect(str(self.socket))
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        payload = None
        if body is not None:
            payload = json.dumps(body)
            headers["Content-Type"] = "application/json"
        with contextlib.closing(connection):
            connection.request(method, path, payload, headers)
            response = connection.getresponse()
            text = response.read().decode()
        if "json" in (response.getheader("Content-Type") or ""):
            return response.status, json.loads(text)
        return response.status, text

    def get(self, path):
        status, body = self.api("GET", path)
        if status != 200:
            raise AssertionError(f"GET {path}: {status} {body}")
        return body

    def topology(self):
        return self.get("/v1/topology")["clusters"][0]

    def nodes(self):
        return {node["name"]: node for node in self.topology()["nodes"]}

    def clients(self):
        body = self.get("/v1/clusters/test/clients")
        return body["clients"] if isinstance(body, dict) else body

    def metric(self, name):
        """The sum of a metric over its labels."""
        values = re.findall(rf"^{re.escape(name)}(?:{{[^}}]*}})? ([0-9.e+-]+)", self.get("/metrics"), re.M)
        if not values:
            raise AssertionError(f"no metric {name}")
        return sum(map(float, values))

    def ctl(self, *arguments, timeout_s=60):
        """relevoctl: (exit code, standard output, standard error)."""
        done = subprocess.run([self.relevoctl, "--admin", str(self.socket), *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout_s)
        return done.returncode, done.stdout, done.stderr

    def await_topology(self, condition, what, timeout_s=PATIENCE_S):
        last = {}

        def holds():
            last["seen"] = self.topology()
            return condition(last["seen"]) and last["seen"]
        try:
            return wait_until(holds, what, timeout_s)
        except AssertionError as error:
            raise AssertionError(f"{error}; topology: {json.dumps(last.get('seen'))}") from None

    def await_healthy(self, primary=None):
        """Until all nodes are online and every replica is eligible for reads."""
        return self.await_topology(
            lambda t: t["state"] == "healthy" and (primary is None or t["primary"] == primary)
            and all(n["eligible_for_reads"] for n in t["nodes"] if n["role"] == "replica"),
            "the cluster is healthy" + (f" with primary {primary}" if primary else ""))


class Workload:
    """relevo-workload through the proxy, in the background. See tests/support/workload."""

    def __init__(self, test, verify=True, setup=True, **options):
        self.directory = Path(tempfile.mkdtemp(dir=test.directory))
        self.json = self.directory / "summary.json"
        ready = self.directory / "ready"
        cluster = test.cluster
        hosts = ",".join(["127.0.0.1"] * len(cluster.ports))
        ports = ",".join(map(str, cluster.ports.values()))
        command = [workload_program(), *(["--setup"] if setup else []),
                   "--stdin", "--json", self.json, "--ready-file", ready,
                   "--conninfo", f"host=127.0.0.1 port={test.proxy.port} user=app dbname=app"]
        if cluster.engine != "postgres":  # the default, from before there were two
            command += ["--engine", cluster.engine]
        if verify:  # straight at the servers; it finds the one that is primary now
            command += ["--verify", f"host={hosts} port={ports} user=app dbname=app "
                                    "target_session_attrs=read-write connect_timeout=5"]
        for name, port in cluster.ports.items():
            command += ["--node", f"{name}={port}"]
        for name, value in options.items():
            command.append("--" + name.replace("_", "-"))
            if value is not True:
                command.append(str(value))
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE,
                                        stdout=sys.stderr,
                                        env={**os.environ, "PGPASSWORD": cluster.passwords["app"],
                                             "MYSQL_PWD": cluster.passwords["app"]})
        wait_until(lambda: ready.exists() or self.process.poll() is not None, "the workload runs")

    def running(self):
        return self.process.poll() is None

    def finish(self, timeout_s=120):
        """Tells it to stop (if it has not); its summary."""
        self.process.stdin.close()
        self.process.wait(timeout_s)
        if not self.json.exists():
            raise AssertionError(f"the workload failed with {self.process.returncode}")
        return json.loads(self.json.read_text())


def workload_program():
    for candidate in (os.environ.get("RELEVO_WORKLOAD"),
                      BUILD / "tests" / "support" / "workload" / "relevo-workload"):
        if candidate and Path(candidate).exists():
            return candidate
    raise AssertionError(f"relevo-workload is not built in {BUILD}")


class IntegrationTest(unittest.TestCase):
    """One cluster and one proxy per class. An engine's harness names the first two;
    tests say what they need by the others."""

    cluster_type = None   # a Cluster
    standin_type = None   # what RELEVO_STANDIN puts in relevo's place
    cluster_options = {}  # of cluster_type
    config = {}           # of Relevo

    @classmethod
    def setUpClass(cls):
        cls.directory = Path(tempfile.mkdtemp(prefix="relevo-test-"))
        cls.directory.chmod(0o711)  # the servers' own user passes through
        cls.addClassCleanup(cls._remove)
        cls.failed = False
        say(f"{cls.__name__} in {cls.directory}")
        cls.cluster = cls.cluster_type(cls.directory / "cluster", **cls.cluster_options)
        cls.addClassCleanup(cls.cluster.destroy)
        (cls.directory / "proxy").mkdir(mode=0o755)
        cls.proxy = (cls.standin_type if STANDIN else Relevo)(cls.cluster, cls.directory / "proxy", cls.config)
        cls.addClassCleanup(cls.proxy.kill)
        cls.prepare()
        cls.proxy.start()
        cls.settle()

    @classmethod
    def prepare(cls):
        """Runs before the proxy starts: roles, tables."""

    @classmethod
    def settle(cls):
        """Runs once the proxy is up: waits for what the tests begin with."""
        cls.proxy.await_healthy()

    @classmethod
    def tearDownClass(cls):
        # A proxy under a sanitizer tells of a leak by its exit code, at the end.
        code = cls.proxy.stop()
        if code != 0:
            cls.failed = True
            raise AssertionError(f"{cls.proxy.name} ended with {code}:\n{cls.proxy.log_tail()}")

    @classmethod
    def _remove(cls):
        if cls.failed and os.environ.get("RELEVO_KEEP") == "1":
            say(f"kept: {cls.directory}")
        else:
            shutil.rmtree(cls.directory, ignore_errors=True)

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            type(self).failed = True
            print(f"---- the end of {self.proxy.name}'s log, {self.id()}\n{self.proxy.log_tail()}\n----",
                  file=sys.stderr, flush=True)

    def tearDown(self):
        self.assertTrue(self.proxy.running(), f"{self.proxy.name} died:\n{self.proxy.log_tail()}")

    def parallel(self, count, function):
        """Runs function(0..count-1) on threads; raises the first of their errors."""
        errors = []

        def guarded(number):
            try:
                function(number)
            except BaseException as error:  # pylint: disable=broad-except
                errors.append(error)
        threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]


def run(timeout_s=None):
    """What a test file ends with. Prints each test as it runs; on a hang, where."""
    limit = timeout_s or float(os.environ.get("RELEVO_TEST_TIMEOUT", "280"))
    faulthandler.dump_traceback_later(limit, exit=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    unittest.main(module="__main__", verbosity=2, failfast=False, buffer=False)

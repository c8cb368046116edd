"""A cluster of Docker Compose as a stage for drills (see ../tests/drills/play.py)."""

import http.client
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import play

HERE = Path(__file__).resolve().parent
NODES = {"db1": "10.{net}.11", "db2": "10.{net}.12", "db3": "10.{net}.13", "relevo": "10.{net}.10"}
# Of each engine: its part of the databases' addresses, the admin API's port on this
# machine, the servers' and Relevo's in their containers, and where a node's data are.
ENGINES = {
    "postgres": {"net": "211.54", "admin": 18008, "port": 5432, "proxy": 6432, "data": "/var/lib/postgresql"},
    "mysql": {"net": "211.33", "admin": 18009, "port": 3306, "proxy": 6446, "data": "/var/lib/mysql"},
    "mariadb": {"net": "211.34", "admin": 18010, "port": 3306, "proxy": 6446, "data": "/var/lib/mysql"},
}


class Broken(play.Failed):
    """What could not be done, in words for whoever runs drills."""


def compose_program():
    """`docker compose` where it is a plugin, docker-compose otherwise."""
    if not shutil.which("docker"):
        raise Broken("no docker here; on Debian 12: apt install docker.io docker-compose")
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode != 0:
        raise Broken("docker does not answer: is its daemon running, and may you use it? (`docker info` tells)")
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0:
        return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    raise Broken("neither `docker compose` nor docker-compose; on Debian 12: apt install docker-compose")


class Compose:
    """One engine's cluster, its own Compose project."""

    def __init__(self, engine, durability="quorum", disk=""):
        self.engine = engine
        self.facts = ENGINES[engine]
        self.project = f"relevo-{engine}"
        self.program = [*compose_program(), "-p", self.project, "-f", str(HERE / f"{engine}.yml")]
        if disk:
            self.program += ["-f", str(HERE / "small-disk.yml")]
        self.environment = {**os.environ, "DOCKER_BUILDKIT": os.environ.get("DOCKER_BUILDKIT", "0"),
                            "COMPOSE_DOCKER_CLI_BUILD": "0", "DURABILITY": durability, **({"DISK": disk} if disk else {})}
        self.load = None

    # ---- commands -----------------------------------------------------------------

    def run(self, *command, check=True, timeout_s=120, quiet=True):
        try:
            done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, env=self.environment,
                                  capture_output=quiet, text=True, timeout=timeout_s, check=False)
        except subprocess.TimeoutExpired:
            raise Broken(f'{" ".join(map(str, command))}: not done within {timeout_s} s') from None
        if check and done.returncode != 0:
            said = f": {done.stderr.strip()[-600:]}" if quiet else ""
            raise Broken(f'{" ".join(map(str, command))} failed{said}')
        return done.stdout or ""

    def compose(self, *command, **options):
        return self.run(*self.program, *command, **options)

    def container(self, service):
        """Its id, whether it runs or not. (Compose itself takes a second to tell.)"""
        found = self.run("docker", "ps", "-a", "-q", "--filter", f"label=com.docker.compose.project={self.project}",
                         "--filter", f"label=com.docker.compose.service={service}").split()
        if not found:
            raise Broken(f"there is no container of {service}")
        return found[0]

    def inside(self, service, *command, **options):
        return self.run("docker", "exec", self.container(service), *command, **options)

    # ---- the cluster's life ---------------------------------------------------------

    def up(self):
        try:
            self.compose("up", "-d", timeout_s=1800, quiet=not sys.stderr.isatty())
        except Broken as error:
            other = self.run("docker", "ps", "--filter", f'publish={self.facts["admin"]}', "--format", "{{.Names}}").strip()
            if not other or other.startswith(self.project):
                raise
            raise Broken(f"{error}\n{other} has the ports and networks of this cluster: end that one first") from None

    def build(self):
        try:
            self.compose("build", timeout_s=3600, quiet=False)
        except Broken as error:
            missing = [suite for suite in ("bookworm", "sid") if (suite == "bookworm" or self.engine == "mysql") and not
                       self.run("docker", "images", "-q", f"debian:{suite}-slim")]
            if not missing:
                raise
            raise Broken(f"{error}. Can no registry be reached? "
                         f'{" and ".join(f"compose/base-image {suite}" for suite in missing)} makes the base image') from None

    def down(self):
        """Everything of it, whatever is there and whoever left it."""
        self.run("docker", "rm", "--force", f"{self.project}-slow-link", check=False)
        for _ in range(3):  # an interrupted `up` may still have a container under way
            self.compose("down", "--volumes", "--remove-orphans", "--timeout", "2", timeout_s=180)
            if not self.run("docker", "ps", "-aq", "--filter", f"label=com.docker.compose.project={self.project}"):
                return
        raise Broken("a container comes again and again")

    def logs(self):
        return self.compose("logs", "--no-color", "--timestamps", check=False)

    def await_whole(self, within_s=180):
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            topology = self.topology()
            if topology and topology["state"] == "healthy" and len(topology["nodes"]) == 3 and all(
                    node["role"] == "primary" or node["eligible_for_reads"] for node in topology["nodes"]):
                return
            time.sleep(0.3)
        raise Broken(f"the cluster is not whole within {within_s} s")

    # ---- what Relevo says -------------------------------------------------------------

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.facts["admin"], timeout=2)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return json.loads(response.read()) if response.status == 200 else None
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()

    def topology(self):
        answer = self.get("/v1/topology")
        return answer["clusters"][0] if answer and answer["clusters"] else None

    def events(self, since):
        answer = self.get(f"/v1/events?since={since}")
        events = (answer or {}).get("events", []) if isinstance(answer, dict) else (answer or [])
        return events, max([since, *(event["id"] for event in events)])

    def relevoctl(self, *arguments):
        """(its exit code, what it printed), wherever it printed it."""
        command = ["docker", "exec", self.container("relevo"), "relevoctl", "--admin", "/run/relevo/admin.sock", *arguments]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, timeout=90, check=False)
        except subprocess.TimeoutExpired:
            raise Broken(f'{" ".join(command)}: not done within 90 s') from None
        return done.returncode, done.stdout.strip()

    # ---- the load ---------------------------------------------------------------------

    def conninfo(self, host, port, more=""):
        return f"host={host} port={port} user=app dbname=app {more}".strip()

    def load_begins(self):
        """The workload in the client's container; its timeline comes on standard output."""
        hosts = ",".join(self.address(node) for node in ("db1", "db2", "db3"))
        ports = ",".join([str(self.facts["port"])] * 3)
        command = ["docker", "exec", "-i", self.container("client"), "relevo-workload",
                   "--engine", "postgres" if self.engine == "postgres" else "mysql",
                   "--conninfo", self.conninfo("relevo", self.facts["proxy"]), "--setup",
                   "--writers", "16", "--readers", "8", "--idle", "10",
                   "--writes-per-second", "400", "--reads-per-second", "800",
                   "--verify", self.conninfo(hosts, ports, "target_session_attrs=read-write connect_timeout=5"),
                   "--json", "/tmp/summary.json", "--timeline", "/dev/stdout", "--quiet", "--stdin"]
        self.load = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                     env=self.environment)

        def points():
            for line in self.load.stdout:
                yield json.loads(line)
        return points()

    def load_ends(self):
        # The ledger is compared at the servers themselves, which the client otherwise cannot reach.
        client = self.container("client")
        self.run("docker", "network", "connect", f"{self.project}_databases", client)
        try:
            self.load.stdin.close()
            self.load.wait(180)
            return json.loads(self.inside("client", "cat", "/tmp/summary.json"))
        finally:
            self.run("docker", "network", "disconnect", f"{self.project}_databases", client, check=False)

    # ---- what drills do -----------------------------------------------------------------

    def address(self, node):
        return NODES[node].format(net=self.facts["net"])

    def act(self, action, node):
        getattr(self, "do_" + action)(node)

    def do_kill(self, node):
        """The server's processes; a node's machine goes on and refuses, as it would. (A
        container that ends takes its network along, and nobody is told: that is isolate.)"""
        if node == "relevo":
            self.run("docker", "kill", self.container(node))
        else:
            self.inside(node, "sh", "-c", "touch /tmp/stay-down; pkill -KILL -x 'postgres|mariadbd|mysqld'")

    def do_stop(self, node):
        self.run("docker", "stop", "-t", "30", self.container(node))

    def do_start(self, node):
        self.run("docker", "restart", "-t", "0", self.container(node))

    def do_restart(self, node):
        self.run("docker", "restart", "-t", "30", self.container(node))

    def do_freeze(self, node):
        self.run("docker", "pause", self.container(node))

    def do_thaw(self, node):
        self.run("docker", "unpause", self.container(node))

    def do_isolate(self, node):
        self.run("docker", "network", "disconnect", f"{self.project}_databases", self.container(node))

    def do_reconnect(self, node):
        self.run("docker", "network", "connect", "--ip", self.address(node), "--alias", node,
                 f"{self.project}_databases", self.container(node))

    def firewall(self, node, *rule):
        """iptables in a node's own network: a container beside it that may do so."""
        self.run("docker", "run", "--rm", "--network", f"container:{self.container(node)}", "--user", "0",
                 "--cap-add", "NET_ADMIN", "--entrypoint", "iptables", "relevo-client:local", *rule)

    def between(self, verb, node, other):
        for chain, side in (("INPUT", "-s"), ("OUTPUT", "-d")):
            self.firewall(node, verb, chain, side, self.address(other), "-j", "DROP")

    def do_hide(self, node):
        self.between("-I", node, "relevo")

    def do_show(self, node):
        self.between("-D", node, "relevo")

    def lossy(self, verb):
        for node in ("db1", "db2", "db3", "relevo"):
            self.firewall(node, verb, "INPUT", "-s", self.address("db1").rsplit(".", 1)[0] + ".0/24", "-m", "statistic",
                          "--mode", "random", "--probability", "0.05", "-j", "DROP")

    def do_lose(self, _):
        self.lossy("-I")

    def do_keep(self, _):
        self.lossy("-D")

    def do_slow(self, _):
        """In Relevo's own network, by a container beside it that may do so."""
        nodes = [self.address(node) for node in ("db1", "db2", "db3")]
        self.run("docker", "run", "--detach", "--rm", "--name", f"{self.project}-slow-link",
                 "--label", f"com.docker.compose.project={self.project}",
                 "--label", "com.docker.compose.service=slow-link",  # not the one of the image
                 "--network", f'container:{self.container("relevo")}',
                 "--user", "0", "--device", "/dev/net/tun", "--cap-add", "NET_ADMIN", "--cap-add", "NET_RAW",
                 "relevo-client:local", "slow-link", "50", *nodes)

    def do_quicken(self, _):
        self.run("docker", "rm", "--force", f"{self.project}-slow-link")

    def superuser_sql(self, node, *statements):
        for sql in statements:
            if self.engine == "postgres":
                self.inside(node, "psql", "-XqAt", "-h", "/var/run/postgresql", "-U", "postgres", "-c", sql)
            else:
                self.inside(node, self.engine, "--no-defaults", "--socket=/run/mysqld/socket", "--user=root",
                            "--password=superuser", "-e", sql)

    def applies_late_by(self, node, seconds):
        match self.engine:
            case "postgres":
                self.superuser_sql(node, f"ALTER SYSTEM SET recovery_min_apply_delay = '{seconds}s'",
                                   "SELECT pg_reload_conf()")
            case "mariadb":
                self.superuser_sql(node, "STOP SLAVE", f"CHANGE MASTER TO MASTER_DELAY = {seconds}", "START SLAVE")
            case "mysql":
                self.superuser_sql(node, "STOP REPLICA SQL_THREAD",
                                   f"CHANGE REPLICATION SOURCE TO SOURCE_DELAY = {seconds}", "START REPLICA SQL_THREAD")

    def do_delay(self, node):
        self.applies_late_by(node, 3)

    def do_hurry(self, node):
        self.applies_late_by(node, 0)

    def do_fill(self, node):
        full = f"{self.facts['data']}/ballast"
        self.inside(node, "sh", "-c", f"dd if=/dev/zero of={full} bs=64k 2>&1 | grep -q 'No space left'")

    def do_empty(self, node):
        # Not inside the node: its server may have ended, and the container with it.
        self.inside("disks", "rm", f"/{node}/ballast")

    def do_switchover(self, node):
        to = ["--to", node] if node else []
        self.inside("relevo", "relevoctl", "--admin", "/run/relevo/admin.sock", "switchover", *to)

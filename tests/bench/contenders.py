"""Who stands between client and server in tests/bench/run, each started with one thread
(one process, for those that fork) and no log line per connection: `direct` is nobody,
`floor` our own bare relay, the rest is what is installed.

A contender tells its CPU time and resident memory over all its processes and threads.
"""

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLOOR = Path(os.environ.get("RELEVO_FLOOR", ROOT / "build" / "floor" / "relevo-floor"))
PGPOOL_ROOT = os.environ.get("RELEVO_PGPOOL_ROOT", "")
TICK = os.sysconf("SC_CLK_TCK")


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def family(pid):
    """A process and all that come from it."""
    pids, parents = [pid], {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents.setdefault(int(stat.read_text().rsplit(")", 1)[1].split()[1]), []).append(int(stat.parent.name))
        except OSError:
            continue
    for one in pids:
        pids += parents.get(one, [])
    return pids


class Contender:
    """`server`: the harness's handle of its process; none for the direct way."""

    def __init__(self, name, port, server=None, pools=True, tls=False):
        self.name, self.port, self.server = name, port, server
        self.pools = pools  # more clients than server connections
        self.tls = tls      # speaks TLS itself, rather than passing it on

    def cpu(self):
        """(user, system) seconds so far; children that have ended count for their parents."""
        user = system = 0
        for pid in family(self.server.process.pid) if self.server else ():
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            user += int(fields[11]) + int(fields[13])
            system += int(fields[12]) + int(fields[14])
        return user / TICK, system / TICK

    def rss_kib(self):
        total = 0
        for pid in family(self.server.process.pid) if self.server else ():
            try:
                found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
            except OSError:
                continue
            total += int(found[1]) if found else 0
        return total


def place(stage, name):
    server = stage.harness.Server(stage.directory / name)
    server.directory.mkdir(mode=0o755)
    server.name = name
    return server


def started(stage, server, command, env=None):
    server.spawn(command, env)
    stage.harness.wait_until(lambda: not server.running() or answers(server.port), f"{server.name} listens")
    if not server.running():
        raise SystemExit(f"{server.name} ended:\n{server.log_tail()}")
    return server


def floor(stage):
    if not FLOOR.exists():
        subprocess.run(["cmake", "-S", ROOT / "tests/bench/floor", "-B", FLOOR.parent, "-G", "Ninja",
                        "-DCMAKE_BUILD_TYPE=Release"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["cmake", "--build", FLOOR.parent], check=True, stdout=subprocess.DEVNULL)
    server = place(stage, "floor")
    started(stage, server, [FLOOR, "--listen", f"127.0.0.1:{server.port}",
                            "--connect", f"127.0.0.1:{stage.cluster.ports['db1']}"])
    return Contender("floor", server.port, server, pools=False)


def haproxy(stage):
    if not shutil.which("haproxy", path="/usr/sbin:/usr/bin"):
        return None
    server = place(stage, "HAProxy")
    configuration = server.directory / "haproxy.cfg"
    configuration.write_text(f"""
global
    nbthread 1
    maxconn 5000
defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h
listen relay
    bind 127.0.0.1:{server.port}
    server primary 127.0.0.1:{stage.cluster.ports["db1"]}
""")
    started(stage, server, ["/usr/sbin/haproxy", "-db", "-f", configuration])
    return Contender("HAProxy", server.port, server, pools=False)


def pgbouncer(stage, root):
    """Debian's own, or the one in `root` (see pgbench_cpu.py --help)."""
    harness = stage.harness
    command = (["chroot", root] if root else []) + ["/usr/sbin/pgbouncer", "--version"]
    try:
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    version = tuple(map(int, re.search(r"(\d+)\.(\d+)", text).groups()))
    server = place(stage, f"PgBouncer-{version[0]}.{version[1]}")
    tls = ""
    if stage.certificate:
        for path in stage.certificate:
            shutil.copy(path, server.directory)
            shutil.chown(server.directory / path.name, "postgres")
        cert, key = (server.directory / path.name for path in stage.certificate)
        tls = f"client_tls_sslmode = allow\nclient_tls_cert_file = {cert}\nclient_tls_key_file = {key}\nclient_tls_ca_file = {cert}\n"
    prepared = "max_prepared_statements = 200\n" if version >= (1, 21) else ""
    harness.PGBOUNCER_ROOT = root
    harness.start_pgbouncer(server, stage.cluster, "transaction", 20,
                            f"log_connections = 0\nlog_disconnections = 0\n{prepared}{tls}server_tls_sslmode = disable\n")
    made = Contender(f"PgBouncer {version[0]}.{version[1]}", server.port, server, tls=bool(tls))
    made.prepared = version >= (1, 21)
    return made


def pgpool(stage, clients):
    program = Path(PGPOOL_ROOT or "/", "usr/sbin/pgpool")
    if not program.exists():
        return None
    server = place(stage, "Pgpool-II")
    cluster, directory = stage.cluster, server.directory
    nodes = "".join(f"""backend_hostname{i} = '127.0.0.1'
backend_port{i} = {port}
backend_flag{i} = 'DISALLOW_TO_FAILOVER'
backend_weight{i} = 1
""" for i, port in enumerate(cluster.ports.values()))
    (directory / "pool_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
    (directory / "pool_passwd").write_text("".join(f"{u}:TEXT{p}\n" for u, p in cluster.passwords.items()))
    (directory / "pgpool.conf").write_text(f"""listen_addresses = '127.0.0.1'
port = {server.port}
socket_dir = '{directory}'
pcp_port = {stage.harness.free_port()}
pcp_socket_dir = '{directory}'
pid_file_name = '{directory}/pgpool.pid'
work_dir = '{directory}'
logdir = '{directory}'
backend_clustering_mode = 'streaming_replication'
{nodes}enable_pool_hba = on
pool_passwd = 'pool_passwd'
load_balance_mode = on
num_init_children = {clients}
max_pool = 1
sr_check_user = 'relevo'
sr_check_password = '{cluster.passwords["relevo"]}'
sr_check_database = 'postgres'
health_check_period = 0
""")
    for path in (directory, *directory.iterdir()):
        shutil.chown(path, "postgres")
    command = [program, "-n", "-f", directory / "pgpool.conf", "-a", directory / "pool_hba.conf"]
    if os.geteuid() == 0:
        command = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups", *command]
    env = {"LD_LIBRARY_PATH": f"{PGPOOL_ROOT}/usr/lib/x86_64-linux-gnu"} if PGPOOL_ROOT else None
    started(stage, server, command, env)
    return Contender("Pgpool-II", server.port, server)


def all_of(stage, engine, clients):
    """In the order of the tables. `stage.proxy` runs."""
    made = [Contender("direct", stage.cluster.ports["db1"], pools=False), floor(stage),
            Contender("Relevo", stage.proxy.port, stage.proxy, tls=bool(stage.certificate)), haproxy(stage)]
    if engine == "postgres":
        made.append(pgbouncer(stage, ""))
        if os.environ.get("RELEVO_PGBOUNCER_ROOT"):
            made.append(pgbouncer(stage, os.environ["RELEVO_PGBOUNCER_ROOT"]))
        made.append(pgpool(stage, clients))
    return [one for one in made if one]

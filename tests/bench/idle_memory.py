#!/usr/bin/python3
"""Resident memory of the proxy per idle client, without TLS.

Each client logs in, runs one query, and then is idle: a session that has done
nothing yet would cost less than real ones do.

    tests/bench/idle_memory.py [--clients 5000] [--against pgbouncer] [--json FILE]

Exit code 0: at most 16 KiB a client. RELEVO_BUILD_DIR names the build (default
build/release).
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "integration"))
os.environ.setdefault("RELEVO_BUILD_DIR", str(ROOT / "build" / "release"))

import harness  # noqa: E402
import wire  # noqa: E402

LIMIT_KIB = 16


def settled_rss(server):
    """The resident memory once it no longer moves."""
    last, same = server.rss_kib(), 0
    while same < 5:
        time.sleep(0.1)
        now = server.rss_kib()
        same = same + 1 if now == last else 0
        last = now
    return last


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=5000)
    parser.add_argument("--against", choices=["relevo", "pgbouncer"], default="relevo")
    parser.add_argument("--json")
    options = parser.parse_args()

    # Two descriptors a client, ours and the proxy's; the proxy inherits the limit.
    wanted = options.clients + 1000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        if hard != resource.RLIM_INFINITY and hard < wanted:
            raise SystemExit(f"the limit of open files is {hard}; {wanted} are needed (ulimit -n)")
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

    directory = Path(tempfile.mkdtemp(prefix="relevo-bench-"))
    directory.chmod(0o711)
    (directory / "proxy").mkdir(mode=0o755)
    cluster = harness.Cluster(directory / "cluster", replicas=1)
    clients, server = [], None
    try:
        if options.against == "relevo":
            server = harness.Relevo(cluster, directory / "proxy", {"log": {"level": "warning"},
                                                                   "cluster": {"pool": {"max_clients": wanted}}})
            server.start().await_healthy()
        else:
            server = harness.Server(directory / "proxy")
            server.name = "pgbouncer"
            harness.start_pgbouncer(server, cluster, extra="log_connections = 0\nlog_disconnections = 0")

        def one_client():
            client = wire.Wire(server.port)
            client.log_in("app", cluster.passwords["app"], "app", application_name="idle", client_encoding="UTF8")
            client.simple("SELECT 1")
            clients.append(client)
        for _ in range(100):  # what is paid once: pools, caches, arenas
            one_client()
        before, counted = settled_rss(server), len(clients)
        for number in range(options.clients):
            one_client()
            if (number + 1) % 1000 == 0:
                harness.say(f"{number + 1} clients, {server.rss_kib()} KiB")
        after = settled_rss(server)
        each = (after - before) / (len(clients) - counted)
        for client in clients[::500]:
            assert client.simple("SELECT 1") == [["1"]]
        print(f"\n{server.name}: {options.clients} idle clients, {before} -> {after} KiB resident: "
              f"{each:.2f} KiB a client (limit {LIMIT_KIB})")
        if options.json:
            Path(options.json).write_text(json.dumps(
                {"proxy": server.name, "clients": options.clients, "before_kib": before, "after_kib": after,
                 "kib_per_client": each}, indent=2) + "\n")
        return 0 if each <= LIMIT_KIB else 1
    finally:
        for client in clients:
            client.socket.close()
        if server:
            server.kill()
        cluster.destroy()
        harness.shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())

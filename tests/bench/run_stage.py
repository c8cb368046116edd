"""The stage of tests/bench/run: one worker, a primary and a replica, and a certificate for
the workloads over TLS."""

import subprocess

from stage import Stage

QUIET = {"log": {"level": "warning"}, "workers": 1}


class Bench(Stage):
    """A stage with certificates for the workloads over TLS."""

    def __init__(self, engine, tls):
        super().__init__(engine, replicas=1, **({"settings": ["max_connections=1300"]} if engine == "postgres" else {}))
        self.engine, self.certificate = engine, None
        cluster = {"server_tls": {"mode": "disable"}, "pool": {"size": 20, "max_clients": 12000},
                   # pgbench's own tables are asked for before the first catalogue was read.
                   "routing": {"max_lag": "10s"}}
        if tls:
            self.certificate = [self.directory / "proxy" / name for name in ("bench.crt", "bench.key")]
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-days", "2", "-subj", "/CN=localhost", "-out", self.certificate[0],
                            "-keyout", self.certificate[1]], check=True, capture_output=True)
            cluster["tls"] = {"mode": "allow", "cert": str(self.certificate[0]), "key": str(self.certificate[1])}
        self.proxy.configure({**QUIET, "cluster": cluster})

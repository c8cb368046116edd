#!/usr/bin/python3
"""Client and probe on MySQL 9.7 with both C libraries: with MariaDB's as they are
compiled here, and with Oracle's, with which they are compiled in its container.

mysql_server_test.cpp says what is asked of them. RELEVO_SERVER_IMAGE: MySQL's.
"""

import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "mysql"))

import harness  # noqa: E402

LIBRARY = "relevo-test-libmysqlclient:9.7"


class ClientLibrary(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="relevo-library-")
        cls.addClassCleanup(cls.directory.cleanup)
        Path(cls.directory.name).chmod(0o755)
        cls.cluster = harness.Cluster(Path(cls.directory.name) / "cluster", replicas=1, semi_sync=True)
        cls.addClassCleanup(cls.cluster.destroy)

    def environment(self):
        return {"RELEVO_PRIMARY_PORT": str(self.cluster.ports["db1"]),
                "RELEVO_REPLICA_PORT": str(self.cluster.ports["db2"]),
                "RELEVO_MONITOR_PASSWORD": self.cluster.passwords["relevo"]}

    def run_program(self, *command, **environment):
        done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=250, env={**os.environ, **environment})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def in_image(self, *command, **environment):
        """With the sources where they are, read-only, and a directory to compile in."""
        build = harness.BUILD / "libmysqlclient"
        build.mkdir(parents=True, exist_ok=True)
        options = [part for name in environment for part in ("--env", name)]
        return self.run_program("docker", "run", "--rm", "--network", "host", "--user", f"{os.geteuid()}:{os.getegid()}",
                                "--volume", f"{harness.ROOT}:{harness.ROOT}:ro", "--volume", f"{build.resolve()}:/build",
                                "--workdir", "/build", *options, LIBRARY, *command, **environment)

    def test_mariadbs(self):
        out = self.run_program(harness.BUILD / "tests" / "integration" / "containers" / "mysql_server_test",
                               **self.environment())
        self.assertIn("[  PASSED  ] 7 tests", out)

    def test_oracles(self):
        began = time.monotonic()
        self.in_image("cmake", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O0 -g0", "-Wno-dev",
                      "-S", harness.ROOT / "tests" / "support" / "containers" / "libmysqlclient", "-B", "/build")
        self.in_image("cmake", "--build", "/build")
        harness.say(f"compiled with libmysqlclient in {time.monotonic() - began:.0f} s")
        linked = self.in_image("sh", "-c", "ldd mysql_server_test")
        self.assertIn("libmysqlclient.so", linked)
        self.assertNotIn("libmariadb", linked)
        self.assertIn("[  PASSED  ] 7 tests", self.in_image("./mysql_server_test", **self.environment()))


if __name__ == "__main__":
    harness.run()

#!/usr/bin/python3
"""Which replica gets a read, when one of them is slow, or has just come back."""

import sys
import time
import unittest
from pathlib import Path

import psycopg2

import harness

sys.path.append(str(Path(__file__).resolve().parents[1] / "support"))
from delay_gate import DelayGate  # noqa: E402


@unittest.skipIf(harness.STANDIN, "only relevo balances")
class Balance(harness.IntegrationTest):
    cluster_options = {"replicas": 3}

    @classmethod
    def prepare(cls):
        cls.gate = DelayGate(cls.cluster.ports["db4"])
        cls.addClassCleanup(cls.gate.close)
        ports = {**cls.cluster.ports, "db4": cls.gate.port}
        cls.proxy.configure({"cluster": {"nodes": [
            {"name": name, "address": f"127.0.0.1:{port}"} for name, port in ports.items()]}})

    @classmethod
    def settle(cls):
        super().settle()
        cls.up_since = time.monotonic()

    def reads(self, sessions=6, count=100):
        """Which nodes answered, by how many statements, with `sessions` at work at once."""
        seen = {name: 0 for name in self.cluster.ports}

        def one(_):
            connection = psycopg2.connect(self.conninfo())
            connection.autocommit = True
            cursor = connection.cursor()
            for _ in range(count):
                cursor.execute("SELECT inet_server_port()")
                seen[self.cluster.name_of(cursor.fetchone()[0])] += 1
            connection.close()
        self.parallel(sessions, one)
        return seen

    def test_a_slow_replica_loses_its_traffic(self):
        harness.wait_until(lambda: self.reads(2, 30)["db4"] > 5, "all of them share")
        self.gate.delay_s = 0.02
        try:
            harness.wait_until(lambda: self.reads(2, 30)["db4"] == 0, "the slow one is left alone")
            def left_alone():  # on a busy machine the others look slow now and then, too
                seen = self.reads()
                return seen["db1"] == 0 and seen["db4"] < 0.01 * sum(seen.values())
            harness.wait_until(left_alone, "the slow one has less than a hundredth, and the others have the rest")
            self.assertTrue(self.proxy.nodes()["db4"]["eligible_for_reads"])
        finally:
            self.gate.delay_s = 0.0
        harness.wait_until(lambda: self.reads(2, 30)["db4"] > 5, "it is as quick as the others again")

    def test_one_that_comes_back_warms_up(self):
        # Within three seconds of Relevo's start nobody counts as away.
        harness.wait_until(lambda: time.monotonic() > self.up_since + 4, "Relevo is four seconds old")
        self.cluster.run("stop", "db3")
        self.proxy.await_topology(lambda t: any(n["name"] == "db3" and n["state"] == "down" for n in t["nodes"]),
                                  "db3 is down")
        self.cluster.run("start", "db3")
        self.proxy.await_topology(lambda t: any(n["name"] == "db3" and n["eligible_for_reads"] for n in t["nodes"]),
                                  "db3 is eligible")
        seen = self.reads(2, 20)
        self.assertEqual(seen["db3"], 0, "others have few statements under way: it is not its turn yet")
        harness.wait_until(lambda: self.reads(2, 30)["db3"] > 5, "it is warm")


if __name__ == "__main__":
    harness.run()

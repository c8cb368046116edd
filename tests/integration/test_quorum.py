#!/usr/bin/python3
"""Quorum mode on servers without any synchronous setting: Relevo makes commits wait, and keeps them waiting."""

import unittest

import either_engine
import harness


@unittest.skipIf(harness.STANDIN, "only relevo keeps it")
class Quorum(either_engine.KeptQuorum, harness.IntegrationTest):
    def waits(self, node):
        return self.cluster.sql(node, "SHOW synchronous_standby_names")[0][0] == 'ANY 1 ("db1", "db2", "db3")'

    def stop_waiting(self, node):
        self.cluster.sql(node, "ALTER SYSTEM SET synchronous_standby_names = ''")
        self.cluster.sql(node, "SELECT pg_reload_conf()")
        harness.wait_until(lambda: not self.waits(node), "commits wait no more")


if __name__ == "__main__":
    harness.run()

#!/usr/bin/python3
"""Quorum mode on servers without semi-synchronous replication: Relevo sets it up, and keeps it so."""

import unittest

import harness  # finds the other modules of tests, too
import either_engine


@unittest.skipIf(harness.STANDIN, "only relevo keeps it")
class Quorum(either_engine.KeptQuorum, harness.IntegrationTest):
    @classmethod
    def prepare(cls):
        if cls.cluster.flavour == "mysql":  # its plugins are not loaded yet
            cls.cluster.sql("db1", "GRANT INSERT ON mysql.plugin TO relevo@'%'")

    def semi_sync(self, node):
        """Its variables, by the new names."""
        told = self.cluster.sql(node, "SHOW GLOBAL VARIABLES LIKE 'rpl_semi_sync_%'")
        told += self.cluster.sql(node, "SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_%_status'")
        return {name.lower().replace("master", "source").replace("slave", "replica"): value for name, value in told}

    def waits(self, node):
        has = self.semi_sync(node)
        follows = self.cluster.sql(node, self.cluster.by_flavour("SHOW ALL SLAVES STATUS", "SHOW REPLICA STATUS"))
        role = "replica" if follows else "source"
        other = "source" if role == "replica" else "replica"
        return (has.get(f"rpl_semi_sync_{role}_enabled") == "ON" and has.get(f"rpl_semi_sync_{role}_status") == "ON"
                and has[f"rpl_semi_sync_{other}_enabled"] == "OFF"
                and has["rpl_semi_sync_source_wait_point"] == "AFTER_SYNC"
                and int(has["rpl_semi_sync_source_timeout"]) > 24 * 3600 * 1000)

    def stop_waiting(self, node):
        name = self.cluster.by_flavour("master", "source")
        self.cluster.sql(node, f"SET GLOBAL rpl_semi_sync_{name}_enabled = OFF")


if __name__ == "__main__":
    harness.run()

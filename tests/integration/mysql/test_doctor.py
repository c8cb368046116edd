#!/usr/bin/python3
"""doctor in front of MariaDB or MySQL: each thing broken on a real server, told, mended as it was told, silent again."""

import threading
import unittest

import harness  # finds the other modules of tests, too
import doctoring


@unittest.skipIf(harness.STANDIN, "only relevo has it")
class Doctor(doctoring.Doctoring, harness.IntegrationTest):
    cluster_options = {"semi_sync": True,
                       "settings": ["sync_binlog=1", "innodb_flush_log_at_trx_commit=1", "sync_relay_log=1"]}
    config = {"cluster": {"failover": {"durability": "quorum", "acks": 1, "quorum_settings": "observe", "drain": "30s"}}}

    def broken(self, node, setting, bad):
        """Until the test's end. By a statement, as an option file would need a restart."""
        good = self.cluster.sql(node, f"SELECT @@GLOBAL.{setting}")[0][0]

        def literal(value):
            return f"'{value}'" if isinstance(value, str) else value
        self.addCleanup(self.cluster.sql, node, f"SET GLOBAL {setting} = {literal(good)}")
        self.cluster.sql(node, f"SET GLOBAL {setting} = {literal(bad)}")

    def admin(self, *statements):
        """On the primary; accounts replicate."""
        self.cluster.sql("db1", *statements)
        self.cluster.await_replicas()

    # ---- settings ------------------------------------------------------------------------

    def settings(self):
        """(node, variable, bad value, check, severity)"""
        yield "db1", "sync_binlog", 0, "sync_binlog", "warning"
        yield "db2", "innodb_flush_log_at_trx_commit", 2, "innodb_flush_log_at_trx_commit", "warning"
        yield "db3", "binlog_expire_logs_seconds", 3600, "binlog_expire_logs_seconds", "warning"
        yield "db2", "sync_relay_log", 10000, "sync_relay_log", "warning"
        yield from self.cluster.by_flavour((
            ("db2", "slave_net_timeout", 60, "replica_net_timeout", "warning"),
            ("db3", "gtid_strict_mode", 0, "gtid_strict_mode", "warning"),
            ("db1", "binlog_format", "MIXED", "binlog_format", "warning"),
            ("db1", "rpl_semi_sync_master_timeout", 10000, "semi_sync_timeout", "error"),
            ("db2", "rpl_semi_sync_master_wait_point", "AFTER_COMMIT", "semi_sync_wait_point", "warning"),
        ), (
            ("db2", "replica_net_timeout", 60, "replica_net_timeout", "warning"),
            ("db1", "rpl_semi_sync_source_timeout", 10000, "semi_sync_timeout", "error"),
            ("db2", "rpl_semi_sync_source_wait_point", "AFTER_COMMIT", "semi_sync_wait_point", "warning"),
            ("db1", "rpl_semi_sync_source_wait_for_replica_count", 2, "semi_sync_acks", "warning"),
        ))

    def test_settings_are_told_and_mended_by_their_statement(self):
        for node, setting, bad, check, severity in self.settings():
            with self.subTest(setting=setting):
                self.broken(node, setting, bad)
                finding = self.told(node, check, severity, "at once")
                self.await_silence(node)
                persisted = finding["statements"][0].startswith("SET PERSIST ")
                self.assertEqual(persisted, self.cluster.flavour == "mysql", finding)
                self.doCleanups()
                self.await_silence()

    def test_what_it_reads_is_what_the_server_has(self):
        """Facts that no variable tells: a clean cluster would be silent about them as well if none were read."""
        replica, period = self.cluster.by_flavour(
            ("SLAVE", "MASTER_HEARTBEAT_PERIOD"), ("REPLICA", "SOURCE_HEARTBEAT_PERIOD"))
        change = self.cluster.by_flavour("CHANGE MASTER TO", "CHANGE REPLICATION SOURCE TO")

        def beat(seconds):
            self.cluster.await_replicas()
            self.cluster.sql("db3", f"STOP {replica}", f"{change} {period} = {seconds}", f"START {replica}")
            self.proxy.await_healthy("db1")
        self.addCleanup(beat, 1)
        beat(30)
        finding = self.await_finding("db3", "heartbeat_period")
        self.assertIn("after 30.5 s", finding["found"])
        self.assertEqual((finding["severity"], finding["takes_effect"]), ("warning", "by hand"))
        beat(0)
        self.assertEqual(harness.wait_until(
            lambda: self.await_finding("db3", "heartbeat_period")["severity"], "it is told"), "error")

    def test_semi_sync_without_its_switch(self):
        name = self.cluster.by_flavour("rpl_semi_sync_master_enabled", "rpl_semi_sync_source_enabled")
        self.broken("db1", name, 0)
        finding = self.await_finding("db1", "semi_sync_enabled")
        self.assertEqual((finding["severity"], finding["takes_effect"]), ("error", "by hand"))
        # A part of its role, which --fix never touches.
        code, told = self.doctor("--fix")
        self.assertEqual((code, told["ran"]), (1, []))

    # ---- privileges -----------------------------------------------------------------------

    def test_each_grant_that_is_missing_is_told(self):
        grants = self.cluster.by_flavour(
            ("SLAVE MONITOR ON *.*", "REPLICATION SLAVE ADMIN ON *.*", "RELOAD ON *.*", "READ_ONLY ADMIN ON *.*",
             "CONNECTION ADMIN ON *.*", "PROCESS ON *.*", "REPLICATION MASTER ADMIN ON *.*",
             "SELECT ON mysql.global_priv"),
            ("REPLICATION CLIENT ON *.*", "REPLICATION_SLAVE_ADMIN ON *.*", "RELOAD ON *.*",
             "SYSTEM_VARIABLES_ADMIN ON *.*", "CONNECTION_ADMIN ON *.*", "PROCESS ON *.*",
             "SELECT ON performance_schema.*", "SELECT ON mysql.user"))
        for grant in grants:
            with self.subTest(grant=grant):
                self.addCleanup(self.admin, f"GRANT {grant} TO relevo@'%'")
                self.admin(f"REVOKE {grant} FROM relevo@'%'")
                finding = self.await_finding("db2", "privileges")
                # No node has a role without the first; then the statement is for each alone.
                self.assertIn(finding["on"], ("db1", "db2"))
                self.assertEqual((finding["severity"], finding["takes_effect"]), ("error", "by hand"))
                self.assertIn(grant, finding["found"])
                told = self.await_finding("db1", "privileges")
                self.assertEqual(told["on"], "db1")
                self.run_as_told({**told, "statements": [part for statement in told["statements"]
                                                         for part in statement.split("; ")]})
                self.cluster.await_replicas()
                self.await_silence("db1")
                self.doCleanups()
                self.await_silence()
                self.proxy.await_healthy("db1")  # the monitor has noticed as well

    def test_fix_says_what_the_monitor_may_not(self):
        self.cluster.by_flavour(lambda: None, lambda: self.skipTest("MySQL's monitor may set all of them"))()
        self.broken("db2", "sync_binlog", 0)
        self.await_finding("db2", "sync_binlog")
        code, told = self.doctor("--fix")
        self.assertEqual((code, [one["ok"] for one in told["ran"]]), (1, [False]))
        self.assertIn("privilege", told["ran"][0]["outcome"])

    # ---- the replication user --------------------------------------------------------------

    def test_the_replication_user(self):
        password = self.cluster.passwords["repl"]
        mend = f"ALTER USER repl@'%' IDENTIFIED BY '{password}' ACCOUNT UNLOCK"
        self.addCleanup(self.admin, mend)
        for broken, severity in (("ALTER USER repl@'%' IDENTIFIED BY 'another'", "warning"),
                                 ("ALTER USER repl@'%' ACCOUNT LOCK", "error")):
            with self.subTest(broken=broken):
                self.admin(broken)
                for node in ("db1", "db2", "db3"):
                    self.assertEqual(self.await_finding(node, "replication_user")["severity"], severity)
                self.admin(mend)
                self.await_silence()

    # ---- --fix ---------------------------------------------------------------------------

    def test_fix_mends_what_needs_no_restart_and_is_done_then(self):
        name = self.cluster.by_flavour("slave_net_timeout", "replica_net_timeout")
        self.broken("db2", name, 60)
        self.broken("db3", name, 60)
        for node in ("db2", "db3"):
            self.await_finding(node, "replica_net_timeout")
        statement = self.cluster.by_flavour(f"SET GLOBAL {name} = 4", f"SET PERSIST {name} = 4")
        code, told = self.doctor("--fix")
        self.assertEqual(code, 0, told)
        self.assertEqual([(one["node"], one["statement"], one["ok"]) for one in told["ran"]],
                         [("db2", statement, True), ("db3", statement, True)])
        self.assertEqual([node["findings"] for node in told["nodes"]], [[], [], []])
        self.assertEqual(self.cluster.sql("db2", f"SELECT @@GLOBAL.{name}")[0][0], 4)
        self.assertEqual(self.doctor("--fix")[1]["ran"], [])
        self.assertIn(f"db2: doctor --fix: {statement}: done", self.proxy.ctl("events")[1])

    def test_fix_is_refused_during_a_switchover(self):
        self.admin("CREATE TABLE held (a INT)")
        holder = self.connect()
        holder.begin()
        self.query(holder, "INSERT INTO held VALUES (1)")
        outcome = []
        moving = threading.Thread(target=lambda: outcome.append(self.proxy.ctl("switchover", "--to", "db2")))
        moving.start()
        try:
            self.proxy.await_topology(lambda t: t["state"] == "failing_over", "the switchover has begun")
            status, body = self.proxy.api("POST", "/v1/clusters/test/doctor")
            self.assertEqual((status, body["error"]["code"]), (409, "failing_over"))
            code, _, err = self.proxy.ctl("doctor", "--fix")
            self.assertEqual(code, 1)
            self.assertIn("under way", err)
        finally:
            holder.commit()
            moving.join(harness.PATIENCE_S)
        self.assertEqual([code for code, _, _ in outcome], [0], outcome)
        self.proxy.await_healthy("db2")
        self.await_silence()
        code, _, err = self.proxy.ctl("switchover", "--to", "db1")
        self.assertEqual(code, 0, err)
        self.proxy.await_healthy("db1")


if __name__ == "__main__":
    harness.run()

#!/usr/bin/python3
"""doctor in front of PostgreSQL: each thing broken on a real server, told, mended as it was told, silent again."""

import unittest

import doctoring
import harness

RULE = "ANY 1 (db1, db2, db3)"


@unittest.skipIf(harness.STANDIN, "only relevo has it")
class Doctor(doctoring.Doctoring, harness.IntegrationTest):
    cluster_options = {"settings": ["fsync=on"]}
    config = {"cluster": {"failover": {"durability": "quorum", "acks": 1, "quorum_settings": "observe"}}}

    @classmethod
    def prepare(cls):
        for node in cls.cluster.ports:
            cls.cluster.run("set", node, f"synchronous_standby_names={RULE}")

    def broken(self, node, setting, bad):
        """Until the test's end. As an operator would: in postgresql.conf."""
        good = self.cluster.sql(node, f"SHOW {setting}")[0][0]

        def mend():
            self.cluster.run("set", node, f"{setting}={good}")
            self.cluster.sql(node, f"ALTER SYSTEM RESET {setting}")
            self.cluster.sql(node, "SELECT pg_reload_conf()")
        self.addCleanup(mend)
        self.cluster.run("set", node, f"{setting}={bad}")

    # ---- settings ----------------------------------------------------------------------

    def all_told_and_mended(self, *broken):
        for node, setting, bad, _ in broken:
            self.broken(node, setting, bad)
        for node, setting, _, severity in broken:
            self.told(node, setting, severity, "reload")
        self.await_silence()
        self.doCleanups()
        self.await_silence()

    def test_settings_are_told_and_mended_by_their_statement(self):
        self.all_told_and_mended(
            ("db2", "wal_receiver_timeout", "60s", "warning"),
            ("db2", "wal_retrieve_retry_interval", "5s", "warning"),
            ("db3", "wal_receiver_status_interval", "10s", "note"),
            ("db1", "wal_sender_timeout", "60s", "note"),
            ("db2", "hot_standby_feedback", "off", "note"),
            ("db3", "max_standby_streaming_delay", "-1", "warning"),
            ("db1", "wal_keep_size", "0", "warning"),
            ("db1", "full_page_writes", "off", "warning"),
            ("db2", "fsync", "off", "warning"),
            ("db2", "restart_after_crash", "off", "note"))

    def test_the_worst_values(self):
        self.all_told_and_mended(
            ("db2", "wal_receiver_timeout", "0", "error"),
            ("db1", "synchronous_commit", "local", "error"),
            ("db1", "synchronous_standby_names", "", "error"),
            ("db2", "synchronous_standby_names", "ANY 1 (db1, other)", "error"))

    def test_what_only_a_person_can_decide(self):
        self.broken("db3", "max_slot_wal_keep_size", "-1")
        self.assertEqual(self.await_finding("db3", "max_slot_wal_keep_size")["takes_effect"], "by hand")
        self.broken("db3", "recovery_min_apply_delay", "1h")
        self.await_finding("db3", "recovery_min_apply_delay")
        self.assertEqual(self.doctor("--fix")[1]["ran"], [])

    def test_a_restart_is_left_to_its_owner(self):
        self.addCleanup(self.restarted, "db3", "max_replication_slots", "10")
        self.restarted("db3", "max_replication_slots", "1")
        finding = self.await_finding("db3", "max_replication_slots")
        self.assertEqual((finding["severity"], finding["takes_effect"]), ("warning", "restart"))
        code, told = self.doctor("--fix")
        self.assertEqual((code, told["ran"]), (0, []))
        self.run_as_told(finding)
        self.assertIn("waits for a restart", self.await_pending("db3", "max_replication_slots"))
        self.cluster.run("restart", "db3")
        self.proxy.await_healthy("db1")
        self.await_silence()
        self.cluster.sql("db3", "ALTER SYSTEM RESET max_replication_slots")

    def await_pending(self, node, check):
        """On file at once; seen as waiting once the server has looked."""
        self.cluster.sql(node, "SELECT pg_reload_conf()")

        def found():
            text = self.await_finding(node, check)["found"]
            return "waits" in text and text
        return harness.wait_until(found, f"{check} of {node} waits for a restart")

    def restarted(self, node, setting, value):
        self.cluster.run("set", node, f"{setting}={value}")
        self.cluster.run("restart", node)
        self.proxy.await_healthy("db1")

    def test_replicas_are_known_by_their_names(self):
        conninfo = self.cluster.sql("db2", "SHOW primary_conninfo")[0][0]
        self.addCleanup(self.follows, "db2", conninfo)
        self.follows("db2", conninfo.replace("application_name=db2", "application_name=other"))
        finding = self.await_finding("db2", "application_name")
        self.assertEqual(finding["severity"], "error")
        self.assertNotIn(self.cluster.passwords["repl"], str(self.doctor()[1]))

    def follows(self, node, conninfo):
        self.cluster.sql(node, "ALTER SYSTEM SET primary_conninfo = '%s'" % conninfo.replace("'", "''"))
        self.cluster.sql(node, "SELECT pg_reload_conf()")

    # ---- privileges ----------------------------------------------------------------------

    def limit_monitor(self):
        """To the grants of docs/operations.md; a superuser again at the test's end."""
        self.addCleanup(self.as_admin, "ALTER ROLE relevo SUPERUSER")
        self.as_admin(
            "GRANT pg_monitor, pg_signal_backend, pg_write_server_files TO relevo",
            "GRANT EXECUTE ON FUNCTION pg_catalog.pg_promote(boolean, integer), pg_catalog.pg_reload_conf() TO relevo",
            "GRANT SET, ALTER SYSTEM ON PARAMETER primary_conninfo, primary_slot_name, wal_retrieve_retry_interval,"
            " default_transaction_read_only TO relevo",
            "GRANT SELECT ON pg_catalog.pg_authid TO relevo",
            "ALTER ROLE relevo NOSUPERUSER REPLICATION")

    def as_admin(self, *statements):
        """On the primary, in the monitor's database: what a catalogue's functions allow is each database's own."""
        for statement in statements:
            self.cluster.sql("db1", statement, database="postgres")
        self.cluster.await_replicas()

    def privileges(self):
        return [one for one in self.findings("db1") if one["check"] == "privileges"]

    def test_the_documented_grants_are_enough(self):
        self.limit_monitor()
        self.assertEqual([one for node in self.doctor()[1]["nodes"] for one in node["findings"]
                          if one["check"] == "privileges"], [])

    def test_each_grant_that_is_missing_is_told(self):
        self.limit_monitor()
        for revoke, severity in (
                ("REVOKE EXECUTE ON FUNCTION pg_catalog.pg_promote(boolean, integer) FROM relevo, PUBLIC", "error"),
                ("REVOKE EXECUTE ON FUNCTION pg_catalog.pg_reload_conf() FROM relevo", "error"),
                ("REVOKE SET, ALTER SYSTEM ON PARAMETER primary_conninfo FROM relevo", "error"),
                ("REVOKE SET, ALTER SYSTEM ON PARAMETER primary_slot_name FROM relevo", "error"),
                ("REVOKE SET, ALTER SYSTEM ON PARAMETER wal_retrieve_retry_interval FROM relevo", "error"),
                ("REVOKE SET, ALTER SYSTEM ON PARAMETER default_transaction_read_only FROM relevo", "error"),
                ("REVOKE pg_monitor FROM relevo", "error"),
                ("REVOKE pg_signal_backend FROM relevo", "error"),
                ("REVOKE pg_write_server_files FROM relevo", "note"),
                ("REVOKE EXECUTE ON FUNCTION pg_catalog.pg_control_system() FROM PUBLIC", "warning"),
                ("REVOKE SELECT ON pg_catalog.pg_authid FROM relevo", "error"),
                ("ALTER ROLE relevo NOREPLICATION", "warning")):
            with self.subTest(revoke=revoke):
                self.as_admin(revoke)
                told = self.privileges()
                self.assertEqual({one["severity"] for one in told} - {"warning"} or {"warning"}, {severity}, told)
                self.assertEqual({one["takes_effect"] for one in told}, {"by hand"})
                self.assertEqual(self.doctor()[0], 1 if severity == "error" else 0)
                for one in told:
                    self.as_admin(*one["statements"])
                self.assertEqual(self.privileges(), [])

    def test_fix_says_what_the_monitor_may_not(self):
        self.limit_monitor()
        self.broken("db2", "wal_receiver_timeout", "60s")
        self.await_finding("db2", "wal_receiver_timeout")
        code, told = self.doctor("--fix")
        self.assertEqual(code, 1)
        refused = [one for one in told["ran"] if not one["ok"]]
        self.assertEqual([one["check"] for one in refused], ["wal_receiver_timeout"])
        self.assertIn("permission denied", refused[0]["outcome"])
        self.as_admin("ALTER ROLE relevo SUPERUSER")

    # ---- the replication user --------------------------------------------------------------

    def test_the_replication_user(self):
        password = self.cluster.passwords["repl"]
        self.addCleanup(self.as_admin, f"ALTER ROLE repl LOGIN REPLICATION PASSWORD '{password}' VALID UNTIL 'infinity'")
        for broken in ("ALTER ROLE repl PASSWORD 'another'", "ALTER ROLE repl NOLOGIN", "ALTER ROLE repl NOREPLICATION",
                       "ALTER ROLE repl VALID UNTIL '2001-01-01'"):
            with self.subTest(broken=broken):
                self.as_admin(broken)
                for node in ("db1", "db2", "db3"):
                    self.assertEqual(self.await_finding(node, "replication_user")["severity"], "error")
                self.as_admin(f"ALTER ROLE repl LOGIN REPLICATION PASSWORD '{password}' VALID UNTIL 'infinity'")
                self.await_silence()

    # ---- --fix ---------------------------------------------------------------------------

    def test_fix_mends_what_needs_no_restart_and_is_done_then(self):
        self.broken("db2", "wal_receiver_timeout", "60s")
        self.broken("db2", "hot_standby_feedback", "off")
        self.broken("db3", "wal_retrieve_retry_interval", "5s")
        for node, check in (("db2", "wal_receiver_timeout"), ("db2", "hot_standby_feedback"),
                            ("db3", "wal_retrieve_retry_interval")):
            self.await_finding(node, check)
        code, told = self.doctor("--fix", "--node", "db3")
        self.assertEqual((code, {one["node"] for one in told["ran"]}), (0, {"db3"}))
        code, told = self.doctor("--fix")
        self.assertEqual(code, 0, told)
        self.assertEqual([(one["node"], one["statement"], one["ok"]) for one in told["ran"]],
                         [("db2", "ALTER SYSTEM SET wal_receiver_timeout = '4s'", True),
                          ("db2", "ALTER SYSTEM SET hot_standby_feedback = 'on'", True),
                          ("db2", "SELECT pg_reload_conf()", True)])
        self.assertEqual([node["findings"] for node in told["nodes"]], [[], [], []])
        self.assertEqual(self.cluster.sql("db2", "SHOW wal_receiver_timeout"), [("4s",)])
        again = self.doctor("--fix")[1]
        self.assertEqual(again["ran"], [])
        events = self.proxy.ctl("events")[1]
        self.assertIn("db2: doctor --fix: ALTER SYSTEM SET wal_receiver_timeout = '4s': done", events)
        self.assertIn("ran on", self.shown_fix())

    def shown_fix(self):
        self.broken("db1", "wal_sender_timeout", "60s")
        self.await_finding("db1", "wal_sender_timeout")
        code, out, err = self.proxy.ctl("doctor", "--fix")
        self.assertEqual((code, err), (0, ""))
        return out


if __name__ == "__main__":
    harness.run()

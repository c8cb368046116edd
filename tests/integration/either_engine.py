"""Tests that are word for word the same for both engines, mixed into those of each."""

import subprocess
import threading
import time

import base


class FollowedEvents:
    def test_events_follow(self):
        process = subprocess.Popen([self.proxy.relevoctl, "--admin", str(self.proxy.socket), "events", "--follow"],
                                   stdout=subprocess.PIPE, text=True)
        lines, seen = [], threading.Event()

        def read():
            for line in process.stdout:
                lines.append(line)
                if "db3" in line and "maintenance" in line:
                    seen.set()
        threading.Thread(target=read, daemon=True).start()
        try:
            self.proxy.ctl("maintenance", "db3", "on")
            self.assertTrue(seen.wait(base.PATIENCE_S), f"the event is followed; seen: {lines}")
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
            self.proxy.ctl("maintenance", "db3", "off")
        self.proxy.await_healthy("db1")


class RecordedFailover:
    def assertReplays(self):
        """The journal of a failover that was: decided again it is the same, and it is told why."""
        journal = self.proxy.directory / "state" / "test" / "test.journal.jsonl"

        def replay(file):
            return subprocess.run([self.proxy.program, "replay", file], stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=60)
        done = replay(journal)
        self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr)
        self.assertRegex(done.stdout, rf"{self.primary}: Dead, confirmed")
        for rule in (203, 210, 220, 230):
            self.assertIn(f"rule {rule} ", done.stdout)
        self.assertIn("all are decided the same today", done.stdout)

        text = journal.read_text()
        self.assertIn('"rule":203', text)
        changed = self.proxy.directory / "changed.jsonl"
        changed.write_text(text.replace('"rule":203', '"rule":204', 1))
        done = replay(changed)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("DIFFERS: recorded was rule 204", done.stdout)
        self.assertEqual(replay(self.proxy.directory / "absent").returncode, 1)


class IdleSessions:
    def test_sigterm_does_not_wait_for_idle_sessions(self):
        idle = [self.connect() for _ in range(5)]
        self.assertEqual(self.value(idle[0], "SELECT 1"), 1)
        began = time.monotonic()
        self.assertEqual(self.proxy.stop(), 0)
        self.assertLess(time.monotonic() - began, 4)


class SilentConnections:
    @base.only_relevo
    def test_silent_connections_are_dropped(self):
        silent = [self.raw() for _ in range(50)]
        began = time.monotonic()
        for connection in silent:
            connection.closed()
        self.assertLess(time.monotonic() - began, 8)

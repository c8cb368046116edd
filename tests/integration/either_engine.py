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

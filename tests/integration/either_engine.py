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

    def test_events_after_a_restart_are_news(self):
        def ids(path="/v1/events"):
            return [event["id"] for event in self.proxy.get(path)["events"]]
        last = ids()[-1]
        self.assertEqual(self.proxy.stop(), 0)
        self.proxy.start()
        self.proxy.await_healthy("db1")
        self.assertEqual(ids(f"/v1/events?since={last}"), ids())


class WaitingOverTls:
    """tls_session(): one that has run a statement. half_a_handshake(): a socket whose
    ClientHello will never be whole."""

    def cpu_while_idle(self, seconds=1.5):
        before = self.proxy.cpu_seconds()
        time.sleep(seconds)  # that nothing is done meanwhile is what is tested
        return self.proxy.cpu_seconds() - before

    def test_who_waits_over_tls_uses_no_cpu(self):
        """OpenSSL says when it has used up what the kernel announced; asking again and again
        whether there is more takes a whole core."""
        without = self.cpu_while_idle()
        sessions = [self.tls_session() for _ in range(4)]
        self.assertLess(self.cpu_while_idle() - without, 0.4)
        handshake = self.half_a_handshake()
        self.assertLess(self.cpu_while_idle() - without, 0.4)
        handshake.close()
        for session in sessions:
            session.close()


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


class KeptQuorum:
    """Servers that nobody has told to wait for replicas, and a Relevo that is to see to it.
    waits(node): whether its commits, or as a replica those after its promotion, wait for one.
    stop_waiting(node): as somebody might who knows nothing of it."""

    config = {"cluster": {"failover": {"durability": "quorum", "acks": 1}}}

    def rules(self):
        events = self.proxy.get("/v1/events")
        return {event["rule"] for event in (events["events"] if isinstance(events, dict) else events)}

    def await_promise(self, primary):
        """Until every node that is up is set, and what was written before is where it has to be."""
        up = {name for name, facts in self.cluster.status().items() if facts["state"] == "up"}
        base.wait_until(lambda: all(self.waits(node) for node in up), f"{up} are set")
        self.proxy.await_topology(
            lambda t: t["primary"] == primary
            and all(n["reason"] == "" for n in t["nodes"] if n["name"] == primary), "the promise holds")

    def test_is_kept_from_nothing_on_and_holds_when_the_primary_is_killed(self):
        primary = self.proxy.await_healthy()["primary"]
        self.await_promise(primary)
        self.assertLessEqual({542, 904, 905}, self.rules())

        load = base.Workload(self, writers=8, readers=2, idle=0, writes_per_second=400, reads_per_second=100)
        self.stop_waiting(primary)
        base.wait_until(lambda: self.waits(primary), "what somebody undid is done again")
        self.await_promise(primary)
        self.cluster.run("kill", primary)
        new = self.proxy.await_topology(lambda t: t["primary"] not in (None, primary), "a new primary")["primary"]
        self.assertTrue(self.waits(new), "from its first commit on")
        summary = load.finish()
        self.assertNotEqual(summary["writes"]["acknowledged"], 0)
        self.assertEqual(summary["ledger"]["missing"], 0, summary["ledger"])
        self.await_promise(new)


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


class SlowRead:
    """A read that takes `seconds` on whichever replica, in the background."""

    def __init__(self, test, text, connection=None):
        self.test, self.rows, self.error = test, None, None
        connection = connection or test.connect()
        before = {client["id"] for client in test.proxy.clients() if client["state"] == "active"}
        self.thread = threading.Thread(target=self._run, args=(connection, text), daemon=True)
        self.thread.start()

        def begun():
            found = [client["node"] for client in test.proxy.clients()
                     if client["id"] not in before and client["state"] == "active"]
            return found and found[0]
        self.node = base.wait_until(begun, "the read is under way")

    def _run(self, connection, text):
        try:
            self.rows = self.test.query(connection, text)
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def port(self):
        """Of the node that answered in the end, in the first column."""
        self.thread.join(base.PATIENCE_S + 10)
        self.test.assertFalse(self.thread.is_alive(), "the read ends")
        self.test.assertIsNone(self.error)
        return int(self.rows[0][0])


class LostReplicas:
    """A replica goes while it works on a read of which nothing has been answered: the
    answer comes from another node, and the client never knows. `slow_read` is the
    engine's: a text that takes some seconds and answers with the node's port."""

    def lost(self, how, back, text=None):
        replays = self.proxy.metric("relevo_replays_total")
        read = SlowRead(self, text or self.slow_read)
        self.assertIn(read.node, ("db2", "db3"))
        self.cluster.run(how, read.node)
        try:
            self.assertNotEqual(self.cluster.name_of(read.port()), read.node)
            self.assertGreater(self.proxy.metric("relevo_replays_total"), replays)
        finally:
            self.cluster.run(back, read.node)
            self.proxy.await_healthy("db1")

    def test_a_replica_is_killed(self):
        self.lost("kill", "start")

    def test_a_replica_is_shut_down(self):
        self.lost("stop", "start")

    def test_a_replica_hangs(self):
        self.lost("pause", "resume")


class HeldTransactions:
    """A BEGIN waits for its transaction's first statement. `is_open(session)`: by what the
    proxy told it last. Of a cluster with a table `t` and a pool of less than six."""

    @base.only_relevo
    def test_until_its_first_statement_it_needs_no_connection(self):
        sessions = [self.connect() for _ in range(6)]
        for session in sessions:
            self.query(session, "BEGIN")
            self.assertTrue(self.is_open(session))
        rows = [row for row in self.proxy.clients() if row["state"] == "in transaction"]
        self.assertEqual((len(rows), {row["node"] for row in rows}), (6, {""}), rows)
        for session in sessions:
            self.query(session, "COMMIT")
            self.assertFalse(self.is_open(session))
        self.assertEqual({row["state"] for row in self.proxy.clients()}, {"idle"})

    @base.only_relevo
    def test_paused_it_begins_and_its_first_statement_waits(self):
        session = self.connect()
        self.assertEqual(self.proxy.ctl("pause")[0], 0)
        try:
            self.query(session, "BEGIN")
            self.query(session, "COMMIT")
            self.query(session, "BEGIN")
            thread = threading.Thread(target=self.query, args=(session, "INSERT INTO t VALUES (43)"))
            thread.start()
            base.wait_until(lambda: [row for row in self.proxy.clients() if row["state"] == "waiting"], "it waits")
        finally:
            self.assertEqual(self.proxy.ctl("resume")[0], 0)
        thread.join(base.PATIENCE_S)
        self.assertEqual(self.value(session, "SELECT COUNT(*) FROM t WHERE id = 43"), 1)
        self.query(session, "ROLLBACK")


class Misroutes:
    """What a replica refuses because it writes runs once, on the primary; the next of
    its shape goes there at once. `refused(session, number)` is the engine's: it runs
    such a statement with that number in it and returns the node that answered."""

    def counts(self):
        return [int(self.proxy.metric(f"relevo_{name}_total")) for name in ("misroutes", "replays")]

    def told(self):
        return [line for line in self.proxy.log.read_text().splitlines()
                if "refused a statement because it writes" in line]

    def refused_once(self, refused, shape):
        session, (misroutes, replays) = self.connect(), self.counts()
        written = self.written()
        self.assertEqual(refused(session, 1), "db1")
        self.assertEqual(self.counts(), [misroutes + 1, replays + 1])
        for number in range(2, 6):
            self.assertEqual(refused(session, number), "db1")
        self.assertEqual(self.written(), written + 5)  # once each

        def all_workers_know():
            before = self.counts()
            answered = {refused(self.connect(), number) for number in range(6, 12)}
            self.assertEqual(answered, {"db1"})
            return self.counts() == before
        base.wait_until(all_workers_know, "no worker tries it on a replica any more")
        told = base.wait_until(lambda: [line for line in self.told() if shape in line], f"{shape} is told")
        self.assertEqual(len(told), 1, told)
        self.assertIn(shape, self.proxy.ctl("events")[1])


class Tokens:
    """A token of one relevo is honoured by another. The replicas apply everything late
    (cluster_options), so that what a session reads tells where it reads.

    The engine's: token(session), present(session, token), count(session), insert(session),
    ask_for_token: all ways to ask, ahead: a token that the cluster never gets to, bad:
    what is no token, refused(session, text): the error of presenting it."""

    @classmethod
    def start_other(cls):
        directory = cls.directory / "other"
        directory.mkdir(mode=0o755)
        # Where sessions need not even see their own writes, the token is all that counts.
        changes = {"cluster": {"failover": {"mode": "off"}, "routing": {"consistency": "eventual"}}}
        cls.other = base.Relevo(cls.cluster, directory, base.merged(cls.config, changes))
        cls.addClassCleanup(cls.other.kill)
        cls.other.start()
        cls.other.await_healthy()

    def elsewhere(self):
        """A session on the other relevo."""
        mine, type(self).proxy = self.proxy, self.other
        try:
            return self.connect()
        finally:
            type(self).proxy = mine

    def test_another_session_reads_no_older(self):
        self.cluster.await_replicas()
        writer, reader, late = self.connect(), self.elsewhere(), self.elsewhere()
        base.wait_until(lambda: self.where(reader) != "db1", "the reader is on a replica")
        before = self.count(late)
        self.insert(writer)
        token = self.token(writer)
        self.present(reader, token)
        self.assertEqual(self.count(reader), before + 1)
        self.assertEqual(self.where(reader), "db1")
        self.assertEqual(self.count(late), before, "who presents nothing reads what a replica has")
        # As soon as a replica is known to have it, that is where it reads.
        base.wait_until(lambda: self.where(reader) != "db1", "a replica has it")
        self.assertEqual(self.count(reader), before + 1)

    def test_every_way_to_ask(self):
        session = self.connect()
        tokens = [self.value(session, text) for text in self.ask_for_token]
        self.assertEqual(len(set(tokens)), 1, tokens)
        self.present(session, tokens[0])
        self.count(session)

    def test_what_is_ahead_is_read_from_the_primary(self):
        session = self.elsewhere()
        self.present(session, self.ahead)
        for _ in range(3):
            self.assertEqual(self.where(session), "db1")
        self.present(session, "")
        base.wait_until(lambda: self.where(session) != "db1", "without a token it is on a replica")

    def test_what_is_no_token_is_refused(self):
        session = self.connect()
        for text in self.bad:
            with self.subTest(text):
                self.refused(session, text)
        self.count(session)

    def test_zz_a_token_outlives_a_switchover(self):
        writer, reader = self.connect(), self.connect()
        self.insert(writer)
        token, count = self.token(writer), self.count(writer)
        code, _, err = self.proxy.ctl("switchover", "--to", "db2")
        self.assertEqual(code, 0, err)
        self.proxy.await_topology(
            lambda t: t["primary"] == "db2" and any(n["role"] == "replica" and n["eligible_for_reads"] for n in t["nodes"]),
            "db2 has a replica")
        self.present(reader, token)
        self.assertEqual(self.count(reader), count)
        base.wait_until(lambda: self.where(reader) != "db2", "a replica of the new primary has it")
        self.assertEqual(self.count(reader), count)
        after = self.token(self.connect())
        self.present(reader, after)
        self.assertEqual(self.count(reader), count)


class CatalogRouting:
    """known_read: what is a read only by the catalogue. Each test then begins with `session`."""

    known_read = None

    def setUp(self):
        if self.known_read:
            self.session = self.known()

    def known(self, read=None, **more):
        """A session whose catalogue is known, and no replica behind it."""
        connection = self.connect(**more)
        read = read or self.known_read
        base.wait_until(lambda: self.where(connection, read) != "db1", f"the catalogue is known: {read} is a read")
        return connection

    def on_replica(self, sql, connection=None):
        """It is a read: a moment after the session's last write it goes to a replica."""
        base.wait_until(lambda: self.where(connection or self.session, sql) != "db1",
                        f"{sql} goes to a replica", 3 * base.PATIENCE_S)

    def on_primary(self, sql, connection=None):
        self.assertEqual(self.where(connection or self.session, sql), "db1", sql)

    def turns_to_primary(self, sql, connection=None):
        base.wait_until(lambda: self.where(connection or self.session, sql) == "db1", f"{sql} goes to the primary",
                        3 * base.PATIENCE_S)

    def explain(self, sql, *more):
        code, out, err = self.proxy.ctl("explain", sql, *more)
        self.assertEqual(code, 0, err)
        return out

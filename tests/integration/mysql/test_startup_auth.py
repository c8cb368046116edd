#!/usr/bin/python3
"""Logging in: every method, every refusal, and what a log-in may carry."""

import contextlib
import os
import subprocess
import unittest

import pymysql

import harness
import wire


class LogIn(harness.IntegrationTest):
    """What both ways of knowing users have in common, and the ways to log in."""

    def log_in(self, user, password, database="app", **more):
        connection = wire.Wire(self.proxy.port)
        self.addCleanup(connection.socket.close)
        return connection.log_in(user, password, database, **more)

    def refused(self, user, password, database="app"):
        with wire.Wire(self.proxy.port) as connection, self.assertRaises(wire.ServerError) as caught:
            connection.log_in(user, password, database)
        return caught.exception

    def accepts(self, user, password):
        try:
            self.log_in(user, password).query("SELECT 1")
            return True
        except wire.ServerError:
            return False

    def by_connector(self, user, password, *options):
        """Through Connector/C, which knows every method: who the server says it is."""
        done = subprocess.run(["mariadb", "--no-defaults", "--skip-ssl", "--protocol=tcp", "--host=127.0.0.1",
                               f"--port={self.proxy.port}", f"--user={user}", "--batch", "--skip-column-names",
                               *options, "--execute=SELECT USER()", "app"],
                              capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                              env={**os.environ, "MYSQL_PWD": password})
        return done.returncode, (done.stdout if done.returncode == 0 else done.stderr).strip()


class Passthrough(LogIn):
    """No users in the configuration: what the server's own catalogue says counts."""

    cluster_options = {"ed25519": True}

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE USER changing IDENTIFIED BY 'first'",
                        "CREATE USER leaving IDENTIFIED BY 'here'",
                        "CREATE USER locked IDENTIFIED BY 'x' ACCOUNT LOCK",
                        "CREATE USER bare IDENTIFIED BY ''",
                        cls.cluster.by_flavour("CREATE USER modern IDENTIFIED VIA ed25519 USING PASSWORD('curve')",
                                               "CREATE USER modern IDENTIFIED BY 'curve'"),
                        *(f"GRANT ALL ON app.* TO {user}" for user in
                          ("changing", "leaving", "locked", "bare", "modern")))
        cls.cluster.await_replicas()

    def test_by_the_method_of_the_account(self):
        session = self.log_in("app", self.cluster.passwords["app"])
        self.assertRegex(session.query("SELECT USER()")[0][0], "^app@")
        self.assertEqual(session.query("SELECT CURRENT_USER(), DATABASE()"), [["app@%", "app"]])

    def test_after_a_switch(self):
        """The client begins with a method that the account does not have."""
        with wire.Wire(self.proxy.port) as session:
            session.write(session.response("app", b"not a scramble of it", "app", plugin="client_ed25519"))
            session.finish_log_in(self.cluster.passwords["app"])
            self.assertEqual(session.query("SELECT CURRENT_USER()"), [["app@%"]])

    def test_ed25519(self):
        self.only("mariadb", "ed25519")
        for _ in range(3):
            code, said = self.by_connector("modern", "curve")
            self.assertEqual((code, said.split("@")[0]), (0, "modern"), said)
        self.assertEqual(self.by_connector("modern", "wrong")[0], 1)

    def test_ed25519_when_nobody_has_logged_in_before(self):
        """What relevo knows of other sessions is not needed."""
        self.only("mariadb", "ed25519")
        self.cluster.sql("db1", "CREATE USER newcomer IDENTIFIED VIA ed25519 USING PASSWORD('just now')",
                         "GRANT ALL ON app.* TO newcomer")
        self.cluster.await_replicas()
        harness.wait_until(lambda: self.by_connector("newcomer", "just now")[0] == 0, "a new account logs in")

    def test_account_with_two_methods(self):
        """Either of them will do, whichever the server asks for first."""
        self.only("mariadb", "accounts of two methods")
        for user, first, second in (("either", "ed25519", "mysql_native_password"),
                                    ("other_way", "mysql_native_password", "ed25519")):
            self.cluster.sql("db1", f"CREATE USER {user} IDENTIFIED VIA {first} USING PASSWORD('same') "
                                    f"OR {second} USING PASSWORD('same')", f"GRANT ALL ON app.* TO {user}")
            self.cluster.await_replicas()
            harness.wait_until(lambda: self.accepts(user, "same"), f"{user} logs in natively")
            session = self.log_in(user, "same")
            self.assertEqual(session.query("SELECT CURRENT_USER()"), [[f"{user}@%"]])
            self.assertEqual(self.by_connector(user, "same")[0], 0)
            self.assertEqual(self.refused(user, "wrong").code, harness.ACCESS_DENIED)
            # Back to the log-in's state, by COM_CHANGE_USER on the server connection.
            session.query("USE app")
            nowhere = self.log_in(user, "same", database=None)
            self.assertEqual(nowhere.query("SELECT DATABASE()"), [[None]])

    def test_wrong_password(self):
        for user, password in (("app", "wrong"), ("app", ""), ("bare", "something")):
            error = self.refused(user, password)
            self.assertEqual((error.code, error.sqlstate), (harness.ACCESS_DENIED, "28000"))
            self.assertIn(f"'{user}'@", error.text)

    def test_empty_password(self):
        self.assertEqual(self.log_in("bare", "").query("SELECT CURRENT_USER()"), [["bare@%"]])

    def test_unknown_user_looks_like_a_wrong_password(self):
        unknown, wrong = self.refused("nobody at all", "x"), self.refused("app", "x")
        self.assertEqual((unknown.code, unknown.sqlstate), (wrong.code, wrong.sqlstate))
        self.assertEqual(unknown.text.replace("nobody at all", "app"), wrong.text)

    def test_locked_account(self):
        self.assertIn(self.refused("locked", "x").code, (harness.ACCESS_DENIED, 4151, 3118))

    def test_unknown_database(self):
        error = self.refused("root", self.cluster.passwords["root"], "no such database") \
            if harness.STANDIN else self.refused("app", self.cluster.passwords["app"], "no such database")
        self.assertIn(error.code, (1049, 1044))

    def test_no_database(self):
        session = self.log_in("app", self.cluster.passwords["app"], database=None)
        self.assertEqual(session.query("SELECT DATABASE()"), [[None]])
        with self.assertRaises(wire.ServerError) as caught:
            session.query("SELECT * FROM t")
        self.assertEqual(caught.exception.code, 1046)

    def test_changed_password_takes_effect(self):
        self.log_in("changing", "first").query("SELECT 1")
        self.cluster.sql("db1", "ALTER USER changing IDENTIFIED BY 'second'")
        self.cluster.await_replicas()
        # The old one may go on for as long as the catalogue's last reading counts.
        harness.wait_until(lambda: self.accepts("changing", "second"), "the new password is accepted")
        harness.wait_until(lambda: not self.accepts("changing", "first"), "the old password is refused")

    def test_dropped_account(self):
        self.log_in("leaving", "here").query("SELECT 1")
        self.cluster.sql("db1", "DROP USER leaving")
        harness.wait_until(lambda: not self.accepts("leaving", "here"), "a dropped account is refused")

    def test_greeting(self):
        with wire.Wire(self.proxy.port) as one, wire.Wire(self.proxy.port) as other:
            self.assertEqual(one.handshake.protocol, 10)
            self.assertEqual("MariaDB" in one.handshake.version, self.cluster.flavour == "mariadb")
            # MariaDB 10 says "5.5.5-" ahead of it.
            self.assertTrue(one.handshake.version.endswith(self.cluster.sql("db1", "SELECT VERSION()")[0][0]))
            self.assertNotEqual(one.handshake.connection_id, other.handshake.connection_id)
            self.assertEqual(len(one.handshake.salt), 20)
            self.assertNotEqual(one.handshake.salt, other.handshake.salt)
            self.assertNotIn(0, one.handshake.salt)
            for capability in (wire.PROTOCOL_41, wire.PLUGIN_AUTH, wire.DEPRECATE_EOF, wire.MULTI_RESULTS,
                               wire.TRANSACTIONS, wire.SECURE_CONNECTION):
                self.assertTrue(one.handshake.capabilities & capability, hex(capability))

    def test_character_set_of_the_log_in(self):
        for charset, name in ((45, "utf8mb4"), (8, "latin1"), (33, "utf8mb3")):
            session = self.log_in("app", self.cluster.passwords["app"], charset=charset)
            for _ in range(3):  # on whichever server connection it happens to get
                self.assertEqual(session.query("SELECT @@character_set_client, @@character_set_results"),
                                 [[name, name]])

    # ---- COM_CHANGE_USER -----------------------------------------------------------

    def change_user(self, session, user, password, database="app"):
        plugin = session.handshake.plugin
        answer = wire.ANSWERS[plugin](password, session.handshake.salt)
        session.send(wire.COM_CHANGE_USER, user.encode() + b"\0" + bytes([len(answer)]) + answer
                     + database.encode() + b"\0" + (45).to_bytes(2, "little") + plugin.encode() + b"\0")
        return session.finish_log_in(password)

    def test_change_user(self):
        session = self.log_in("app", self.cluster.passwords["app"])
        session.query("SET @mine = 1")
        session.query("CREATE TEMPORARY TABLE mine (a INT)")
        self.change_user(session, "bare", "")
        self.assertEqual(session.query("SELECT CURRENT_USER(), @mine"), [["bare@%", None]])
        with self.assertRaises(wire.ServerError) as caught:
            session.query("SELECT * FROM mine")
        self.assertEqual(caught.exception.code, harness.NO_SUCH_TABLE)
        self.change_user(session, "app", self.cluster.passwords["app"])
        self.assertEqual(session.query("SELECT CURRENT_USER(), DATABASE()"), [["app@%", "app"]])

    def test_change_user_refused(self):
        session = self.log_in("app", self.cluster.passwords["app"])
        with self.assertRaises(wire.ServerError) as caught:
            self.change_user(session, "changing", "wrong")
        self.assertEqual(caught.exception.code, harness.ACCESS_DENIED)
        # MariaDB goes on as the former user, MySQL closes; never as the other one.
        with contextlib.suppress(wire.Closed):
            self.assertEqual(session.query("SELECT CURRENT_USER()"), [["app@%"]])

    def test_reset_connection(self):
        session = self.log_in("app", self.cluster.passwords["app"])
        session.query("SET @mine = 1, sql_mode = ''")
        session.query("CREATE TEMPORARY TABLE mine (a INT)")
        session.simple(wire.COM_RESET_CONNECTION)
        self.assertEqual(session.query("SELECT @mine, @@sql_mode = @@GLOBAL.sql_mode"), [[None, "1"]])
        with self.assertRaises(wire.ServerError):
            session.query("SELECT * FROM mine")


@unittest.skipUnless(harness.runs_mysql(), "only MySQL has caching_sha2_password (RELEVO_SERVER_IMAGE)")
class CachingSha2(LogIn):
    """MySQL's method on its paths; those over TLS are in test_tls.py."""

    cluster_options = {"replicas": 0}

    def test_without_tls_the_password_comes_under_the_servers_key_and_then_no_more(self):
        self.cluster.sql("db1", "CREATE USER fresh IDENTIFIED BY 'never seen'", "GRANT ALL ON app.* TO fresh")
        harness.wait_until(lambda: self.accepts("fresh", "never seen"), "nobody has logged in before, and one does")
        for _ in range(3):
            session = self.log_in("fresh", "never seen")
            self.assertEqual(session.steps[-1], "fast")
            self.assertEqual(session.query("SELECT CURRENT_USER()"), [["fresh@%"]])
        for wrong in ("", "never", "never seen "):
            self.assertEqual(self.refused("fresh", wrong).code, harness.ACCESS_DENIED)

    def test_a_user_that_is_unknown_is_asked_as_one_that_is_known(self):
        asked = {}
        for user in ("nobody at all", "app"):
            with wire.Wire(self.proxy.port) as session:
                with self.assertRaises(wire.ServerError) as caught:
                    session.log_in(user, "wrong")
                asked[user] = session.steps, caught.exception.code, caught.exception.sqlstate
        self.assertEqual(asked["nobody at all"], asked["app"])
        self.assertIn("full", asked["app"][0])

    def test_mysqls_own_client(self):
        """Of the version of its server, out of its image. As it comes it asks for no key,
        so that it gets in where the password is known already."""
        asks = ["--ssl-mode=DISABLED", "--get-server-public-key"]
        app = self.cluster.passwords["app"]
        for options, password, code in ((asks, app, 0), ([], app, 0), (asks, "wrong", 1)):
            with self.subTest(options=options, code=code):
                done = subprocess.run(
                    ["docker", "run", "--rm", "--network", "host", "--env", "MYSQL_PWD",
                     os.environ["RELEVO_SERVER_IMAGE"], "mysql", "--no-defaults", "--protocol=tcp", "--host=127.0.0.1",
                     f"--port={self.proxy.port}", "--user=app", "--batch", "--skip-column-names", *options,
                     "--execute=SELECT CURRENT_USER(); SET @a = 7; SELECT @a; SHOW SESSION STATUS LIKE 'Uptime'", "app"],
                    capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                    env={**os.environ, "MYSQL_PWD": password})
                self.assertEqual(done.returncode, code, done.stdout + done.stderr)
                if code == 0:
                    self.assertEqual(done.stdout.splitlines()[:2], ["app@%", "7"])
                else:
                    self.assertIn("ERROR 1045 (28000)", done.stderr)


@unittest.skipIf(harness.STANDIN, "only relevo has a configuration of users")
class ConfiguredUsers(LogIn):
    """Users with clear passwords in relevo's configuration; no other may log in."""

    cluster_options = {"replicas": 0}

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE USER other IDENTIFIED BY 'x'", "GRANT ALL ON app.* TO other")
        cls.config = {"cluster": {"auth": {"users": [{"name": "app", "password": cls.cluster.passwords["app"]}]}}}
        cls.proxy.configure(cls.config)

    def test_log_in(self):
        self.assertEqual(self.log_in("app", self.cluster.passwords["app"]).query("SELECT CURRENT_USER()"), [["app@%"]])
        self.assertEqual(self.refused("app", "wrong").code, harness.ACCESS_DENIED)

    def test_others_are_refused(self):
        self.assertEqual(self.refused("other", "x").code, harness.ACCESS_DENIED)

    def test_every_method_of_the_client(self):
        """With the clear password any method that the client begins with will do."""
        for method in ("mysql_native_password", "client_ed25519", "caching_sha2_password"):
            code, said = self.by_connector("app", self.cluster.passwords["app"], f"--default-auth={method}")
            self.assertEqual((code, said.split("@")[0]), (0, "app"), f"{method}: {said}")
            self.assertEqual(self.by_connector("app", "wrong", f"--default-auth={method}")[0], 1, method)


class Drivers(LogIn):
    cluster_options = {"replicas": 0}

    def test_errors_are_the_drivers_own(self):
        with self.assertRaises(pymysql.err.OperationalError) as caught:
            self.connect(password="wrong")
        self.assertEqual(caught.exception.args[0], harness.ACCESS_DENIED)

    def test_many_at_once(self):
        def one(_):
            with contextlib.closing(pymysql.connect(**self.arguments())) as connection:
                self.assertEqual(self.value(connection, "SELECT 7"), 7)
        self.parallel(30, one)


if __name__ == "__main__":
    harness.run()

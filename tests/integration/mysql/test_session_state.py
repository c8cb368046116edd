#!/usr/bin/python3
"""What a session has set, remembered and locked stays its own while server
connections are shared, whichever of them it happens to get."""

import pymysql

import harness


class SessionState(harness.IntegrationTest):
    """A small pool: sessions meet one another's server connections all the time."""

    cluster_options = {"replicas": 1}
    config = {"cluster": {"pool": {"size": 2}}}

    @classmethod
    def prepare(cls):
        cls.cluster.sql("db1", "CREATE DATABASE one", "CREATE DATABASE two", "GRANT ALL ON one.* TO app",
                        "GRANT ALL ON two.* TO app",
                        "CREATE TABLE one.t (v VARCHAR(10))", "INSERT INTO one.t VALUES ('one')",
                        "CREATE TABLE two.t (v VARCHAR(10))", "INSERT INTO two.t VALUES ('two')",
                        "CREATE TABLE app.counted (id INT AUTO_INCREMENT PRIMARY KEY, v INT)",
                        "CREATE PROCEDURE app.makes_temp() CREATE TEMPORARY TABLE made (a INT)")
        cls.cluster.await_replicas()

    def others_keep_busy(self):
        """So that a session that wrongly gives its connection away won't get it back."""
        for _ in range(3):
            other = self.connect()
            self.query(other, "SELECT 1")
            self.query(other, "DO SLEEP(0)")

    def assertPinned(self, session, holds):
        if not harness.STANDIN:
            (self.assertTrue if holds else self.assertFalse)(self.pinned(session))

    # ---- settings ------------------------------------------------------------------

    def test_system_variables(self):
        first, second = self.connect(), self.connect()
        self.query(first, "SET sort_buffer_size = 300000, sql_mode = 'ANSI_QUOTES'")
        self.query(second, "SET SESSION sort_buffer_size = 400000")
        for _ in range(5):
            self.assertEqual(self.query(first, "SELECT @@sort_buffer_size, @@sql_mode"), [(300000, "ANSI_QUOTES")])
            self.assertEqual(self.value(second, "SELECT @@sort_buffer_size"), 400000)
            self.assertEqual(self.value(self.connect(), "SELECT @@sort_buffer_size = @@GLOBAL.sort_buffer_size"), 1)

    def test_set_to_default(self):
        session = self.connect()
        self.query(session, "SET sort_buffer_size = 300000")
        self.query(session, "SET sort_buffer_size = DEFAULT")
        for _ in range(3):
            self.assertEqual(self.value(session, "SELECT @@sort_buffer_size = @@GLOBAL.sort_buffer_size"), 1)

    def test_settings_that_refer_to_others(self):
        session = self.connect()
        self.query(session, "SET sort_buffer_size = 300000")
        self.query(session, "SET sort_buffer_size = @@sort_buffer_size + 100000, @half = @@sort_buffer_size / 2")
        for _ in range(3):
            self.assertEqual(self.value(session, "SELECT @@sort_buffer_size"), 400000)

    def test_failed_set_changes_nothing(self):
        session = self.connect()
        self.query(session, "SET sort_buffer_size = 300000")
        self.assertError(1231, self.query, session, "SET sql_mode = 'nonsense'")
        self.assertError(1193, self.query, session, "SET sort_buffer_size = 500000, no_such_variable = 1")
        for _ in range(3):
            self.assertEqual(self.value(session, "SELECT @@sort_buffer_size"), 300000)

    def test_names_and_character_sets(self):
        first, second = self.connect(), self.connect()
        self.query(first, "SET NAMES latin1 COLLATE latin1_german2_ci")
        self.query(second, "SET CHARACTER SET koi8r")
        for _ in range(3):
            self.assertEqual(self.query(first, "SELECT @@character_set_client, @@collation_connection"),
                             [("latin1", "latin1_german2_ci")])
            self.assertEqual(self.value(second, "SELECT @@character_set_results"), "koi8r")

    def test_isolation(self):
        session = self.connect()
        isolation = self.cluster.by_flavour("SELECT @@tx_isolation", "SELECT @@transaction_isolation")
        self.query(session, "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        for _ in range(3):
            self.assertEqual(self.value(session, isolation), "SERIALIZABLE")
        # For the next transaction alone.
        self.query(session, "SET TRANSACTION READ ONLY")
        self.query(session, "START TRANSACTION")
        self.assertError(1792, self.query, session, "INSERT INTO counted (v) VALUES (1)")
        self.query(session, "ROLLBACK")
        self.query(session, "INSERT INTO counted (v) VALUES (1)")

    def test_autocommit_off(self):
        session, other = self.connect(), self.connect()
        self.query(session, "DELETE FROM counted WHERE v = 55")
        self.query(session, "SET autocommit = 0")
        self.query(session, "INSERT INTO counted (v) VALUES (55)")
        self.others_keep_busy()
        self.assertEqual(self.value(other, "SELECT COUNT(*) FROM counted WHERE v = 55"), 0)
        self.query(session, "ROLLBACK")
        self.query(session, "INSERT INTO counted (v) VALUES (55)")
        self.query(session, "COMMIT")
        self.query(session, "SET autocommit = 1")
        self.query(session, "INSERT INTO counted (v) VALUES (55)")
        self.query(other, "INSERT INTO counted (v) VALUES (56)")  # from here it reads what is committed now
        self.assertEqual(self.value(other, "SELECT COUNT(*) FROM counted WHERE v = 55"), 2)

    def test_time_zone(self):
        session = self.connect()
        self.query(session, "SET time_zone = '+09:00', timestamp = 0")
        self.query(session, "SET timestamp = 86400")
        for _ in range(3):
            self.assertEqual(str(self.value(session, "SELECT NOW()")), "1970-01-02 09:00:00")

    def test_use(self):
        first, second = self.connect(), self.connect()
        self.query(first, "USE one")
        second.select_db("two")  # COM_INIT_DB
        for _ in range(4):
            self.assertEqual(self.value(first, "SELECT v FROM t"), "one")
            self.assertEqual(self.value(second, "SELECT v FROM t"), "two")
            self.assertEqual(self.value(self.connect(), "SELECT DATABASE()"), "app")
        self.assertError((1049, 1044), self.query, first, "USE no_such")
        self.assertEqual(self.value(first, "SELECT v FROM t"), "one")

    # ---- user variables --------------------------------------------------------------

    def test_user_variables(self):
        first, second = self.connect(), self.connect()
        self.query(first, "SET @a = 'first', @b = NULL, @`odd name` = 1.50")
        self.query(second, "SET @a = 'second'")
        for _ in range(4):
            self.assertEqual(self.query(first, "SELECT @a, @b, CAST(@`odd name` AS CHAR)"), [("first", None, "1.50")])
            self.assertEqual(self.value(second, "SELECT @a"), "second")
            self.assertIsNone(self.value(self.connect(), "SELECT @a"))

    def test_user_variables_set_by_statements(self):
        session = self.connect()
        self.query(session, "SELECT v INTO @found FROM one.t")
        self.others_keep_busy()
        self.assertEqual(self.value(session, "SELECT @found"), "one")
        self.assertEqual(self.value(session, "SELECT @counter := 41"), 41)
        self.others_keep_busy()
        self.assertEqual(self.value(session, "SELECT @counter := @counter + 1"), 42)
        self.others_keep_busy()
        self.assertEqual(self.value(session, "SELECT @counter"), 42)

    def test_awkward_values(self):
        session = self.connect()
        for value in ("it's", 'a "quoted" word', "back\\slash", "", "ünïcödé", "a;b", "/* no comment */", "nul\0nul"):
            self.query(session, "SET @v = %s", value)
            for _ in range(3):
                self.others_keep_busy()
                self.assertEqual(self.value(session, "SELECT @v"), value)

    # ---- what the last statement left behind -------------------------------------------

    def test_last_insert_id(self):
        first, second = self.connect(), self.connect()
        self.query(first, "INSERT INTO counted (v) VALUES (1)")
        mine = first.insert_id()
        self.query(second, "INSERT INTO counted (v) VALUES (2), (3)")
        theirs = second.insert_id()
        self.assertNotEqual(mine, theirs)
        for _ in range(3):
            self.others_keep_busy()
            self.assertEqual(self.value(first, "SELECT LAST_INSERT_ID()"), mine)
            self.assertEqual(self.value(second, "SELECT LAST_INSERT_ID()"), theirs)
        self.assertEqual(self.value(self.connect(), "SELECT LAST_INSERT_ID()"), 0)
        self.query(first, "SELECT LAST_INSERT_ID(4711)")
        self.others_keep_busy()
        self.assertEqual(self.value(first, "SELECT LAST_INSERT_ID()"), 4711)

    def test_last_insert_id_in_the_next_insert(self):
        session = self.connect()
        self.query(session, "INSERT INTO counted (v) VALUES (1)")
        mine = session.insert_id()
        self.others_keep_busy()
        self.query(session, "INSERT INTO counted (v) VALUES (LAST_INSERT_ID())")
        self.query(session, "SET @id = LAST_INSERT_ID()")
        self.assertEqual(self.value(session, "SELECT v FROM counted WHERE id = @id"), mine)

    def test_row_count(self):
        session = self.connect()
        self.query(session, "INSERT INTO counted (v) VALUES (7), (7), (7)")
        self.others_keep_busy()
        self.assertEqual(self.value(session, "SELECT ROW_COUNT()"), 3)
        self.others_keep_busy()
        self.assertEqual(self.value(session, "SELECT ROW_COUNT()"), -1, "the one before gave rows")
        self.assertPinned(session, False)

    def test_found_rows(self):
        session = self.connect()
        self.query(session, "SELECT SQL_CALC_FOUND_ROWS * FROM (SELECT 1 UNION SELECT 2 UNION SELECT 3) x LIMIT 2")
        self.others_keep_busy()
        self.assertEqual(self.value(session, "SELECT FOUND_ROWS()"), 3)

    def test_warnings(self):
        session = self.connect()
        self.query(session, "SET sql_mode = ''")
        for _ in range(3):
            self.query(session, "SELECT 1 / 0, CAST('12abc' AS SIGNED)")
            self.others_keep_busy()
            self.assertEqual([row[1] for row in self.query(session, "SHOW WARNINGS")], [1292])
        self.assertError(harness.NO_SUCH_TABLE, self.query, session, "SELECT * FROM no_such_table")
        self.others_keep_busy()
        self.assertEqual([row[1] for row in self.query(session, "SHOW ERRORS")], [harness.NO_SUCH_TABLE])
        self.assertError(harness.NO_SUCH_TABLE, self.query, session, "SELECT * FROM no_such_table")
        self.others_keep_busy()
        self.query(session, "GET DIAGNOSTICS CONDITION 1 @code = MYSQL_ERRNO")
        self.assertEqual(self.value(session, "SELECT @code"), harness.NO_SUCH_TABLE)

    def test_warning_count(self):
        session = self.connect()
        self.query(session, "SELECT CAST('12abc' AS SIGNED)")
        self.others_keep_busy()
        self.assertEqual(self.value(session, "SELECT @@warning_count"), 1)

    def test_last_value_of_a_sequence(self):
        """MySQL has none; its parser says so, through the proxy as without it."""
        create = "CREATE SEQUENCE numbers START WITH 10"
        session, other = self.connect(), self.connect()
        if self.cluster.flavour == "mysql":
            return self.assertError(harness.SYNTAX_ERROR, self.query, session, create)
        self.query(session, create)
        self.query(session, "CREATE TABLE numbered (v INT, later INT)")

        def other_takes_one():
            self.query(other, "SELECT NEXTVAL(numbers)")
            self.query(other, "DO 0")  # behind which it keeps no connection
        for take in ("SELECT NEXTVAL(numbers)", "INSERT INTO numbered VALUES (NEXT VALUE FOR numbers, 0)"):
            session = self.connect()
            self.query(session, take)
            self.others_keep_busy()
            other_takes_one()
            mine = self.value(session, "SELECT LASTVAL(numbers)")
            self.others_keep_busy()
            other_takes_one()
            self.query(session, "INSERT INTO numbered VALUES (PREVIOUS VALUE FOR numbers, 1)")
            self.assertEqual(self.value(session, "SELECT v FROM numbered WHERE later = 1"), mine)
            self.query(session, "DELETE FROM numbered")
            self.assertEqual(self.value(session, "SELECT NEXTVAL(numbers)"), mine + 3, "others have taken two since")
            session.close()

    # ---- what pins -----------------------------------------------------------------------

    def test_temporary_table(self):
        session = self.connect()
        self.query(session, "CREATE TEMPORARY TABLE mine AS SELECT 7 AS v")
        for _ in range(4):
            self.others_keep_busy()
            self.assertEqual(self.value(session, "SELECT v FROM mine"), 7)
        self.assertPinned(session, True)
        self.query(session, "DROP TEMPORARY TABLE mine")
        session.close()
        self.assertError(harness.NO_SUCH_TABLE, self.query, self.connect(), "SELECT v FROM mine")

    def test_temporary_table_made_by_a_procedure(self):
        """The text of the statement does not show it."""
        session = self.connect()
        self.query(session, "CALL makes_temp()")
        for _ in range(3):
            self.others_keep_busy()
            self.query(session, "INSERT INTO made VALUES (1)")
        self.assertEqual(self.value(session, "SELECT COUNT(*) FROM made"), 3)

    def test_get_lock_until_released(self):
        session, other = self.connect(), self.connect()
        self.assertEqual(self.value(session, "SELECT GET_LOCK('mine', 5)"), 1)
        self.others_keep_busy()
        self.assertEqual(self.value(other, "SELECT GET_LOCK('mine', 0)"), 0)
        self.assertPinned(session, True)
        self.assertEqual(self.value(session, "SELECT RELEASE_LOCK('mine')"), 1)
        self.assertEqual(self.value(other, "SELECT GET_LOCK('mine', 0)"), 1)
        self.assertEqual(self.value(other, "SELECT RELEASE_ALL_LOCKS()"), 1)

    def test_lock_is_gone_with_its_session(self):
        session, other = self.connect(), self.connect()
        self.assertEqual(self.value(session, "SELECT GET_LOCK('left', 5)"), 1)
        session.close()
        harness.wait_until(lambda: self.value(other, "SELECT GET_LOCK('left', 0)"), "the lock is free")
        self.query(other, "SELECT RELEASE_LOCK('left')")

    def test_lock_tables(self):
        session, other = self.connect(), self.connect()
        self.query(session, "LOCK TABLES counted WRITE")
        self.others_keep_busy()
        self.query(other, "SET lock_wait_timeout = 1")
        self.assertError(harness.LOCK_WAIT_TIMEOUT, self.query, other, "INSERT INTO counted (v) VALUES (9)")
        self.query(session, "INSERT INTO counted (v) VALUES (9)")
        self.assertPinned(session, True)
        self.query(session, "UNLOCK TABLES")
        self.query(other, "INSERT INTO counted (v) VALUES (9)")

    def test_handler(self):
        session = self.connect()
        self.query(session, "DELETE FROM counted")
        self.query(session, "INSERT INTO counted (v) VALUES (1), (2), (3)")
        self.query(session, "HANDLER counted OPEN AS h")
        for expected in (1, 2, 3):
            self.others_keep_busy()
            self.assertEqual(self.query(session, "HANDLER h READ `PRIMARY` NEXT")[0][1], expected)
        self.query(session, "HANDLER h CLOSE")

    def test_prepared_by_sql(self):
        session = self.connect()
        self.query(session, "PREPARE twice FROM 'SELECT ? * 2'")
        self.query(session, "SET @n = 21")
        for _ in range(3):
            self.others_keep_busy()
            self.assertEqual(self.value(session, "EXECUTE twice USING @n"), 42)
        self.query(session, "DEALLOCATE PREPARE twice")
        self.assertError(1243, self.query, session, "EXECUTE twice USING @n")

    # ---- and what must not last ------------------------------------------------------------

    def test_nothing_leaks_to_the_next_session(self):
        for _ in range(8):
            session = self.connect()
            self.assertEqual(self.query(session, "SELECT @v, @@sql_mode = @@GLOBAL.sql_mode, DATABASE()"),
                             [(None, 1, "app")])
            with self.assertRaises(pymysql.MySQLError):
                self.query(session, "SELECT * FROM mine")
            self.query(session, "SET @v = 1, sql_mode = ''")
            self.query(session, "USE one")
            self.query(session, "CREATE TEMPORARY TABLE mine (a INT)")
            self.query(session, "START TRANSACTION")
            session.close()

    def test_open_transaction_is_rolled_back_when_its_session_goes(self):
        session, other = self.connect(), self.connect()
        self.query(session, "START TRANSACTION")
        self.query(session, "INSERT INTO counted (id, v) VALUES (999999, 1)")
        session.close()
        # It would wait for the lock, and then find the key taken.
        self.query(other, "SET innodb_lock_wait_timeout = 20")
        self.query(other, "INSERT INTO counted (id, v) VALUES (999999, 2)")
        self.assertEqual(self.value(other, "SELECT v FROM counted WHERE id = 999999"), 2)
        self.query(other, "DELETE FROM counted WHERE id = 999999")


if __name__ == "__main__":
    harness.run()

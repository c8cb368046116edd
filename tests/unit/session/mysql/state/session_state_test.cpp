// What statements leave behind: told by their texts and by the server's trackers,
// as MariaDB 10.11 reports them.
#include "proxy/session/mysql/session_state.hpp"

#include <gtest/gtest.h>

namespace relevo::session::mysql {
namespace {

using wire::mysql::Command;

class SessionStateTest : public testing::Test {
 protected:
  using Reported = std::vector<std::pair<std::string, std::string>>;

  SessionStateTest() : session(table.intern(login_state("a", 45, true)), {}) {}

  void run(std::string_view sql, Reported reported = {}, bool failed = false) {
    Done done;
    done.meaning = meaning_of(route::analyze_mysql(sql, session.dialect()));
    done.outcome.variables = std::move(reported);
    done.outcome.failed = failed;
    session.on_done(table, done);
  }
  std::string system(const std::string& name) const {
    const auto found = session.state()->system.find(name);
    return found == session.state()->system.end() ? "" : found->second;
  }
  std::string user(const std::string& name) const {
    const auto found = session.state()->user.find(name);
    return found == session.state()->user.end() ? "" : found->second;
  }

  StateTable table;
  SessionState session;
};

TEST_F(SessionStateTest, TakesAVariablesValueFromTheServer) {
  run("SET sql_mode='ANSI'", {{"sql_mode", "REAL_AS_FLOAT,ANSI_QUOTES,ANSI"}});
  EXPECT_EQ(system("sql_mode"), "'REAL_AS_FLOAT,ANSI_QUOTES,ANSI'");
  EXPECT_TRUE(session.dialect().ansi_quotes);
  run("SET sql_mode=DEFAULT", {{"sql_mode", "STRICT_TRANS_TABLES"}});
  EXPECT_EQ(system("sql_mode"), "");
  EXPECT_FALSE(session.must_ask());
  EXPECT_FALSE(session.pins().any()) << session.pins().reason();
}

TEST_F(SessionStateTest, DoesNotFreezeTheClockByAStaleReport) {
  run("SET timestamp=100", {{"timestamp", "100.000000"}});
  EXPECT_EQ(system("timestamp"), "100.000000");
  run("SET timestamp=DEFAULT", {{"timestamp", "100.000000"}});  // as MariaDB says
  EXPECT_EQ(system("timestamp"), "");
}

TEST_F(SessionStateTest, AComputedValueThatWasNotReportedIsAskedFor) {
  run("SET time_zone = CONCAT('+0', '2:00')");
  ASSERT_TRUE(session.must_ask());
  EXPECT_EQ(session.ask_sql(), "SELECT @@time_zone");
  session.on_answer(table, {"+02:00"});
  EXPECT_EQ(system("time_zone"), "'+02:00'");
  EXPECT_FALSE(session.must_ask());
}

TEST_F(SessionStateTest, AReportThatNoTextExplainsIsAskedAbout) {
  run("SELECT f()", {{"lock_wait_timeout", "10"}});
  EXPECT_EQ(system("lock_wait_timeout"), "") << "a report alone may be stale";
  EXPECT_EQ(session.ask_sql(), "SELECT @@lock_wait_timeout");
  session.on_answer(table, {"50"});
  EXPECT_EQ(system("lock_wait_timeout"), "50");
  run("SELECT f()", {{"lock_wait_timeout", "50"}});
  EXPECT_FALSE(session.must_ask()) << "nothing new";
}

TEST_F(SessionStateTest, SetNamesSetsAllCharacterSets) {
  const Reported latin1 = {{"character_set_client", "latin1"},
                           {"character_set_connection", "latin1"},
                           {"character_set_results", "latin1"}};
  run("SET NAMES latin1", latin1);
  EXPECT_EQ(system("character_set_client"), "'latin1'");
  EXPECT_EQ(system("character_set_connection"), "'latin1'");
  EXPECT_EQ(system("character_set_results"), "'latin1'");
  EXPECT_EQ(system("collation_connection"), "");
  // No tracker speaks of the collation.
  run("SET NAMES 'latin1' COLLATE latin1_bin", latin1);
  EXPECT_EQ(system("character_set_connection"), "");
  EXPECT_EQ(system("collation_connection"), "'latin1_bin'");
  run("SET NAMES sjis", {{"character_set_client", "sjis"}});
  EXPECT_TRUE(session.dialect().ascii_in_multibyte);
  run("SET NAMES DEFAULT");
  EXPECT_EQ(system("character_set_client"), "");
  EXPECT_FALSE(session.must_ask());
}

TEST_F(SessionStateTest, FollowsUserVariablesWithAKnownValue) {
  run("SET @a = 5, @B = 'x'");
  EXPECT_EQ(user("a"), "5");
  EXPECT_EQ(user("b"), "_utf8mb4'x' COLLATE utf8mb4_general_ci");
  EXPECT_FALSE(session.pins().any()) << session.pins().reason();
}

TEST_F(SessionStateTest, PinsForUserVariablesThatTheServerAloneKnows) {
  run("SET @a = 5");
  run("SET @a = NOW()");
  EXPECT_EQ(user("a"), "");
  EXPECT_TRUE(session.pins().has(Pin::user_variables));
  run("SELECT 1 INTO @c");
  run("SET @a = 6");
  EXPECT_TRUE(session.pins().has(Pin::user_variables)) << "@c is still unknown";
  run("SET @c = NULL");
  EXPECT_FALSE(session.pins().has(Pin::user_variables));
  EXPECT_EQ(user("a"), "6");
}

TEST_F(SessionStateTest, KnowsItsRoutingTarget) {
  EXPECT_EQ(session.routing_target(), "");
  run("SET @relevo_target = 'Primary'");
  EXPECT_EQ(session.routing_target(), "primary");
  EXPECT_FALSE(session.pins().any());
  session.on_reset(table, true);
  EXPECT_EQ(session.routing_target(), "");
}

TEST_F(SessionStateTest, AFailedStatementSetsNothing) {
  run("SET sql_mode='ANSI', @a = 5", {}, true);
  EXPECT_EQ(system("sql_mode"), "");
  EXPECT_EQ(user("a"), "");
  EXPECT_TRUE(session.pins().has(Pin::user_variables)) << "or it did, before it failed";
}

TEST_F(SessionStateTest, VariablesThatDoNotFollowPin) {
  run("SET insert_id=9", {{"insert_id", "9"}});
  EXPECT_TRUE(session.pins().any()) << "the next INSERT uses it up";
  run("SET rand_seed1=9", {{"rand_seed1", "9"}});
  EXPECT_EQ(system("rand_seed1"), "");
  EXPECT_EQ(system("insert_id"), "");
}

TEST_F(SessionStateTest, FollowsTheSchema) {
  Done done;
  done.command = Command::init_db;
  done.outcome.schema = "b";
  session.on_done(table, done);
  EXPECT_EQ(session.state()->schema, "b");
}

TEST_F(SessionStateTest, TheSessionsIsolationHasTheServersName) {
  run("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
      {{"tx_isolation", "READ-COMMITTED"}});
  EXPECT_EQ(system("tx_isolation"), "'READ-COMMITTED'");
  EXPECT_FALSE(session.must_ask());
  EXPECT_FALSE(session.pins().any()) << session.pins().reason();
}

TEST_F(SessionStateTest, AResetBringsTheLoginBack) {
  run("SET @a = 5, sql_mode = ''", {{"sql_mode", ""}});
  run("CREATE TEMPORARY TABLE t (i INT)");
  Done done;
  done.command = Command::init_db;
  done.outcome.schema = "b";
  session.on_done(table, done);
  done = {};
  done.command = Command::reset_connection;
  session.on_done(table, done);
  StateData login = login_state("b", 45, true);  // the schema stays
  EXPECT_EQ(*session.state(), login);
  EXPECT_FALSE(session.pins().any());
}

// -- pins -----------------------------------------------------------------------------

TEST_F(SessionStateTest, EachPinGoesWithItsCause) {
  struct Case {
    const char* pins;
    Pin pin;
    const char* unpins;
  };
  const Case cases[] = {
      {"CREATE TEMPORARY TABLE t (i INT)", Pin::temporary_tables, "DROP TEMPORARY TABLE T"},
      {"LOCK TABLES t WRITE", Pin::table_locks, "UNLOCK TABLES"},
      {"SELECT GET_LOCK('x', 1)", Pin::named_locks, "SELECT RELEASE_LOCK('x')"},
      {"SELECT GET_LOCK(a, 1) FROM t", Pin::named_locks, "SELECT RELEASE_ALL_LOCKS()"},
      {"HANDLER t OPEN", Pin::handlers, "HANDLER t CLOSE"},
      {"PREPARE p FROM 'SELECT 1'", Pin::sql_statements, "DEALLOCATE PREPARE p"},
      {"XA START 'x'", Pin::xa, "XA COMMIT 'x'"},
  };
  for (const auto& [pins, pin, unpins] : cases) {
    run(pins);
    EXPECT_TRUE(session.pins().has(pin)) << pins;
    run("SELECT 1");
    EXPECT_TRUE(session.pins().has(pin)) << pins;
    run(unpins, {}, true);
    EXPECT_TRUE(session.pins().has(pin)) << unpins << " failed";
    run(unpins);
    EXPECT_FALSE(session.pins().has(pin)) << unpins;
    EXPECT_FALSE(session.pins().any()) << unpins << ": " << session.pins().reason();
  }
}

TEST_F(SessionStateTest, ALockTakenTwiceIsNotGoneWithOneRelease) {
  run("SELECT GET_LOCK('x', 1)");
  run("SELECT GET_LOCK('x', 1)");
  run("SELECT RELEASE_LOCK('x')");
  EXPECT_TRUE(session.pins().has(Pin::named_locks));
}

TEST_F(SessionStateTest, ARowsLockMayOutliveItsFailedStatement) {
  run("SELECT GET_LOCK('x', 1), 1/0", {}, true);
  EXPECT_TRUE(session.pins().has(Pin::named_locks));
}

TEST_F(SessionStateTest, TheNextTransactionsCharacteristicsStayUntilItIsOver) {
  run("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE");
  EXPECT_TRUE(session.pins().has(Pin::next_transaction));
  session.on_transaction_end();
  EXPECT_FALSE(session.pins().any());
}

TEST_F(SessionStateTest, WhatATextHidesPins) {
  run("CALL p()");
  EXPECT_TRUE(session.pins().any());
  session.pins().reset();
  Done done;
  done.meaning = unread_meaning();
  session.on_done(table, done);
  EXPECT_TRUE(session.pins().has(Pin::unknown));
}

TEST_F(SessionStateTest, SessionPoolingSurvivesAReset) {
  session.pins().add(Pin::mode);
  session.pins().reset();
  EXPECT_EQ(session.pins().reason(), "session pooling");
}

// -- diagnostics ------------------------------------------------------------------------

class DiagnosticsTest : public testing::Test {
 protected:
  using Need = Diagnostics::Need;
  static route::MysqlFacts facts(std::string_view sql) {
    return route::analyze_mysql(sql, {}).mysql;
  }
  void reply(std::string_view sql, Outcome outcome = {}, route::MysqlDialect dialect = {}) {
    const Meaning meaning = meaning_of(route::analyze_mysql(sql, dialect));
    diagnostics.on_reply(meaning, outcome);
  }
  static Outcome ok(std::uint64_t affected) {
    Outcome outcome;
    outcome.any_ok = true;
    outcome.affected_rows = affected;
    return outcome;
  }
  static Outcome of_rows(std::uint64_t rows) {
    Outcome outcome;
    outcome.any_result_set = outcome.ends_with_rows = true;
    outcome.rows = rows;
    return outcome;
  }
  // ROW_COUNT() and FOUND_ROWS(); "?": to be asked for.
  std::string counts() const {
    if (diagnostics.must_ask()) return "?";
    return std::to_string(diagnostics.counts().row_count) + " " +
           std::to_string(diagnostics.counts().found_rows);
  }
  Diagnostics diagnostics;
};

TEST_F(DiagnosticsTest, AsksForTheInsertIdOnlyWhereItMayHaveChanged) {
  reply("SELECT 1", of_rows(1));
  reply("INSERT INTO t VALUES (1)");
  EXPECT_FALSE(diagnostics.must_ask()) << "no column made a number";
  Outcome made;
  made.last_insert_id = 7;
  reply("INSERT INTO t VALUES (NULL)", std::move(made));
  EXPECT_TRUE(diagnostics.must_ask()) << "7 may have been given or made: only the server knows";
  EXPECT_EQ(diagnostics.ask_sql(), "SELECT LAST_INSERT_ID()");
  EXPECT_TRUE(diagnostics.on_answer({"3"}));
  EXPECT_FALSE(diagnostics.must_ask());
  EXPECT_EQ(diagnostics.need(facts("SELECT LAST_INSERT_ID()")), Need::last_insert_id);
  EXPECT_EQ(diagnostics.restore_sql(), "SET last_insert_id=3");
}

TEST_F(DiagnosticsTest, KnowsTheOtherWaysToSetAnInsertId) {
  for (const char* sql :
       {"SELECT LAST_INSERT_ID(5)", "SET last_insert_id = 5", "SET @@identity = 5", "CALL p()"}) {
    diagnostics.reset();
    reply(sql);
    EXPECT_TRUE(diagnostics.must_ask()) << sql;
  }
}

TEST_F(DiagnosticsTest, BelievesNoBadAnswer) {
  for (const char* bad : {"", "x", "1x", "-1", "99999999999999999999"}) {
    EXPECT_FALSE(diagnostics.on_answer({bad})) << bad;
  }
  EXPECT_TRUE(diagnostics.on_answer({"18446744073709551615"}));
}

TEST_F(DiagnosticsTest, KeepsTheConnectionForWarningsUntilTheNextStatement) {
  Outcome warned;
  warned.warnings = 1;
  reply("INSERT INTO t VALUES ('x')", warned);
  EXPECT_TRUE(diagnostics.keeps_connection());
  EXPECT_EQ(diagnostics.need(facts("SHOW WARNINGS")), Need::same_connection);
  reply("SHOW COUNT(*) WARNINGS");
  EXPECT_TRUE(diagnostics.keeps_connection()) << "showing leaves them";
  reply("SELECT 1");
  EXPECT_FALSE(diagnostics.keeps_connection());
  EXPECT_EQ(diagnostics.need(facts("SHOW WARNINGS")), Need::clean_slate);
  Outcome failed;
  failed.failed = true;
  reply("SELECT nope", failed);
  EXPECT_TRUE(diagnostics.keeps_connection());
}

TEST_F(DiagnosticsTest, CountsWhatRepliesTell) {
  reply("SELECT * FROM t", of_rows(3));
  EXPECT_EQ(counts(), "-1 3");
  reply("INSERT INTO t VALUES (1), (2)", ok(2));
  EXPECT_EQ(counts(), "2 3") << "FOUND_ROWS() is about the last SELECT";
  reply("SELECT * FROM t LIMIT 20, 10", of_rows(4));
  EXPECT_EQ(counts(), "-1 24");
  Outcome failed;
  failed.failed = true;
  reply("INSERT INTO t VALUES (1)", failed);
  EXPECT_EQ(counts(), "-1 24");
  reply("SET NAMES utf8mb4; SELECT 1; COMMIT", ok(0));
  EXPECT_EQ(counts(), "?");
}

TEST_F(DiagnosticsTest, AsksForCountsThatRepliesDoNotTell) {
  const route::MysqlDialect mariadb{.server = route::MysqlServer::mariadb};
  for (const char* sql :
       {"SELECT SQL_CALC_FOUND_ROWS * FROM t LIMIT 1", "SELECT 1 UNION SELECT 2 LIMIT 1",
        "SELECT * FROM t LIMIT ?, 5", "SELECT * FROM t LIMIT 5 OFFSET ?", "TABLE t",
        "SELECT * FROM t OFFSET 2 ROWS", "SELECT * FROM (SELECT * FROM t LIMIT 2, 3) x",
        "(SELECT 1)", "EXPLAIN ANALYZE SELECT 1", "WITH x AS (SELECT 1) DELETE FROM t"}) {
    reply(sql, of_rows(1));
    EXPECT_EQ(counts(), "?") << sql;
    EXPECT_EQ(diagnostics.ask_sql(), "SELECT LAST_INSERT_ID(),ROW_COUNT(),FOUND_ROWS()");
    EXPECT_FALSE(diagnostics.on_answer({"7"}));
    EXPECT_FALSE(diagnostics.on_answer({"7", "-1", "-1"}));
    EXPECT_TRUE(diagnostics.on_answer({"7", "-1", "12"}));
    EXPECT_EQ(counts(), "-1 12") << sql;
  }
  for (const char* sql : {"INSERT INTO t SELECT 1", "UPDATE a, b SET a.x = 1", "REPLACE t TABLE u",
                          "UPDATE a JOIN b SET a.x = 1", "DELETE a FROM a", "SELECT 1 INTO @a",
                          "SET @a = (SELECT 1 FROM t)", "DELETE FROM a USING a, b",
                          "UPDATE t SET a = (SELECT 1)", "CREATE TABLE t AS SELECT 1"}) {
    reply(sql, ok(1), mariadb);
    EXPECT_EQ(counts(), "?") << sql;
    EXPECT_TRUE(diagnostics.on_answer({"7", "1", "12"}));
  }
  // Beyond the end: 20 may have been skipped, or fewer.
  reply("SELECT * FROM t LIMIT 20, 10", of_rows(0));
  EXPECT_EQ(counts(), "?");
}

TEST_F(DiagnosticsTest, OtherStatementsLeaveFoundRows) {
  const route::MysqlDialect mariadb{.server = route::MysqlServer::mariadb};
  reply("SELECT 1", of_rows(3));
  for (const char* sql : {"INSERT INTO t VALUES ((SELECT 1))", "DO 1", "CREATE VIEW v AS SELECT 1",
                          "CREATE TABLE t (a INT)", "DELETE FROM t", "BEGIN", "SET @a = 1", "USE t",
                          "UPDATE t SET a = 1", "KILL 1"}) {
    reply(sql, ok(1), mariadb);
    EXPECT_EQ(counts(), "1 3") << sql;
  }
  for (const char* sql : {"SHOW CREATE TABLE t", "SHOW FULL PROCESSLIST", "EXPLAIN SELECT 1",
                          "SHOW SLAVE STATUS", "CHECK TABLE t"}) {
    reply(sql, of_rows(2), mariadb);
    EXPECT_EQ(counts(), "-1 3") << sql;
  }
  Outcome failed;
  failed.failed = true;
  reply("SELECT * FROM t", failed);
  EXPECT_EQ(counts(), "-1 3");
  for (const char* sql : {"SHOW TABLES", "SHOW FULL COLUMNS FROM t", "DESC t", "EXPLAIN `t`",
                          "SHOW GLOBAL STATUS LIKE 'x'", "SHOW COUNT(*) WARNINGS"}) {
    reply("SELECT 1", of_rows(3));
    reply(sql, of_rows(2), mariadb);
    EXPECT_EQ(counts(), "-1 2") << sql;
  }
}

TEST_F(DiagnosticsTest, AnUpdateSaysHowManyItFoundOnMysql) {
  const route::MysqlDialect mysql{.server = route::MysqlServer::mysql};
  const route::MysqlDialect mariadb{.server = route::MysqlServer::mariadb};
  reply("SELECT 1", of_rows(1));
  Outcome updated = ok(2);
  updated.matched_rows = 5;
  reply("UPDATE t SET a = 1", updated, mariadb);
  EXPECT_EQ(counts(), "2 1");
  reply("UPDATE t SET a = 1", updated, mysql);
  EXPECT_EQ(counts(), "2 5");
}

TEST_F(DiagnosticsTest, KnowsWhatTheConnectionDoesNot) {
  reply("SELECT * FROM t", of_rows(3));
  EXPECT_TRUE(diagnostics.server_has_counts());
  diagnostics.answered_ok();
  EXPECT_FALSE(diagnostics.server_has_counts());
  EXPECT_EQ(counts(), "0 3");
  reply("SET @a = 1", ok(0));
  EXPECT_TRUE(diagnostics.server_has_counts());
  diagnostics.answered_row();
  reply("SET @a = 1", ok(0));
  EXPECT_FALSE(diagnostics.server_has_counts()) << "its FOUND_ROWS() is still the one before";
  EXPECT_EQ(counts(), "0 1");
  reply("SELECT 1", of_rows(4));
  EXPECT_TRUE(diagnostics.server_has_counts());
  diagnostics.on_lent();
  reply("SET @a = 1", ok(0));
  EXPECT_FALSE(diagnostics.server_has_counts()) << "its FOUND_ROWS() is another session's";
  EXPECT_EQ(counts(), "0 4");
  reply("SELECT 1", of_rows(1));
  reply("SET @a = 1", ok(0));
  Outcome none;
  diagnostics.on_command(none);  // COM_STMT_PREPARE
  EXPECT_EQ(counts(), "0 1");
  none.failed = true;
  diagnostics.on_command(none);
  EXPECT_EQ(counts(), "-1 1");
}

// They would be put into SQL of our own.
TEST_F(SessionStateTest, NamesThatAreNoNamesPin) {
  for (const std::string name : {"a;DROP TABLE t", "a b", "", ".a", "a.", "\xc3\xa9", "a`b"}) {
    session.pins().reset();
    run("CALL p()", {{name, "1"}});
    EXPECT_FALSE(session.must_ask()) << name;
    EXPECT_TRUE(session.pins().has(Pin::variables)) << name;
  }
  run("CALL p()", {{"validate_password.policy", "1"}});
  EXPECT_EQ(session.ask_sql(), "SELECT @@validate_password.policy");
}

TEST_F(SessionStateTest, CharacterSetsByNumber) {
  run("SET character_set_client = 28", {{"character_set_client", "28"}});  // gbk
  EXPECT_TRUE(session.dialect().ascii_in_multibyte);
  run("SET character_set_client = 33", {{"character_set_client", "33"}});
  EXPECT_FALSE(session.dialect().ascii_in_multibyte);
  for (const std::string odd : {".5", "1e9", "-1", "99999999999999999999"}) {
    run("SET character_set_client = 1", {{"character_set_client", odd}});
    EXPECT_TRUE(session.dialect().ascii_in_multibyte) << odd;
  }
}

}  // namespace
}  // namespace relevo::session::mysql

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
  void reply(std::string_view sql, Outcome outcome = {}) {
    const Meaning meaning = meaning_of(route::analyze_mysql(sql, {}));
    diagnostics.on_reply(meaning, outcome);
    diagnostics.note_use(meaning.facts);
  }
  Diagnostics diagnostics;
};

TEST_F(DiagnosticsTest, AsksForTheInsertIdOnlyWhereItMayHaveChanged) {
  reply("SELECT 1");
  reply("INSERT INTO t VALUES (1)");
  EXPECT_FALSE(diagnostics.must_ask()) << "no column made a number";
  Outcome made;
  made.last_insert_id = 7;
  reply("INSERT INTO t VALUES (NULL)", std::move(made));
  EXPECT_TRUE(diagnostics.must_ask()) << "7 may have been given or made: only the server knows";
  EXPECT_TRUE(diagnostics.on_last_insert_id("3"));
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
    EXPECT_FALSE(diagnostics.on_last_insert_id(bad)) << bad;
  }
  EXPECT_TRUE(diagnostics.on_last_insert_id("18446744073709551615"));
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

TEST_F(DiagnosticsTest, AHabitOfCountingStays) {
  reply("SELECT SQL_CALC_FOUND_ROWS 1 LIMIT 1");
  EXPECT_TRUE(diagnostics.keeps_connection());
  EXPECT_FALSE(diagnostics.habitual());
  EXPECT_EQ(diagnostics.need(facts("SELECT FOUND_ROWS()")), Need::same_connection);
  reply("SELECT FOUND_ROWS()");
  EXPECT_TRUE(diagnostics.habitual());
  diagnostics.reset();
  EXPECT_EQ(diagnostics.need(facts("SELECT ROW_COUNT()")), Need::same_connection);
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

#include "proxy/session/mysql/state.hpp"

#include <gtest/gtest.h>

#include "proxy/session/mysql/quote.hpp"

namespace relevo::session::mysql {
namespace {

class StateTest : public testing::Test {
 protected:
  State state(std::string schema, Variables system = {}, Variables user = {}) {
    return table.intern({std::move(schema), std::move(system), std::move(user)});
  }
  StateTable table;
};

TEST_F(StateTest, EqualStatesAreOnePointer) {
  EXPECT_EQ(state("a", {{"sql_mode", "'ANSI'"}}), state("a", {{"sql_mode", "'ANSI'"}}));
  EXPECT_NE(state("a", {{"x", "1"}}), state("a", {}, {{"x", "1"}}));
  EXPECT_NE(state("a"), state("b"));
}

TEST_F(StateTest, NothingDiffersBetweenEquals) {
  EXPECT_FALSE(state_change(state("a"), state("a")));
  EXPECT_FALSE(state_change(no_state(), std::make_shared<const StateData>()));
}

TEST_F(StateTest, ChangesAreOneSet) {
  const auto change = state_change(
      state("a", {{"sql_mode", "'ANSI'"}, {"time_zone", "'+00:00'"}}, {{"old", "1"}, {"k", "2"}}),
      state("a", {{"autocommit", "0"}, {"sql_mode", "'TRADITIONAL'"}}, {{"k", "2"}, {"new", "3"}}));
  ASSERT_TRUE(change);
  EXPECT_EQ(change->sql,
            "SET time_zone=DEFAULT,autocommit=0,sql_mode='TRADITIONAL',@`old`=NULL,@`new`=3");
  EXPECT_EQ(change->schema, "");
  EXPECT_EQ(change->reset, Reset::none);
  EXPECT_TRUE(change->certain);
}

TEST_F(StateTest, WhatMayFailIsWaitedFor) {
  EXPECT_FALSE(state_change(state("a"), state("b"))->certain) << "it may have been dropped";
  EXPECT_FALSE(state_change(state("a"), state("a", {{"optimizer_switch", "'x=on'"}}))->certain);
  EXPECT_TRUE(state_change(state("a"), state("a", {{"sql_select_limit", "5"}}))->certain);
}

TEST_F(StateTest, ASchemaIsGivenUpByLoggingInAgain) {
  const auto change = state_change(state("a", {{"sql_mode", "''"}}), state("", {{"x", "1"}}));
  ASSERT_TRUE(change);
  EXPECT_EQ(change->reset, Reset::change_user);
  EXPECT_EQ(change->schema, "");
  // The reset has undone sql_mode, and set the character sets of its own.
  EXPECT_EQ(change->sql.find("sql_mode"), std::string::npos);
  EXPECT_NE(change->sql.find("character_set_client=DEFAULT"), std::string::npos) << change->sql;
  EXPECT_NE(change->sql.find("x=1"), std::string::npos);
  EXPECT_FALSE(change->certain);
}

TEST_F(StateTest, OfCharsetAndCollationOnlyOneIsSet) {
  const State plain = state("", {{"character_set_connection", "'latin1'"}});
  const State collated = state("", {{"collation_connection", "'latin1_bin'"}});
  EXPECT_EQ(state_change(plain, collated)->sql, "SET collation_connection='latin1_bin'");
  EXPECT_EQ(state_change(collated, plain)->sql, "SET character_set_connection='latin1'");
  EXPECT_EQ(state_change(collated, no_state())->sql, "SET collation_connection=DEFAULT");
}

TEST_F(StateTest, LoginsByNumberAndByNameShareAState) {
  const StateData data = login_state("a", 45, true);
  EXPECT_EQ(data.schema, "a");
  EXPECT_EQ(data.system.at("character_set_client"), "'utf8mb4'");
  EXPECT_EQ(data.system.at("collation_connection"), "'utf8mb4_general_ci'");
  EXPECT_EQ(login_state("", 192, true).system.at("collation_connection"), "192");
}

TEST_F(StateTest, ACollationThatTheServerDoesNotKnowCountsForNothing) {
  EXPECT_TRUE(login_state("", 255, true).system.empty()) << "MySQL's, told to a MariaDB";
  EXPECT_FALSE(login_state("", 255, false).system.empty());
  EXPECT_TRUE(login_state("", 2304, false).system.empty()) << "MariaDB's, told to a MySQL";
  EXPECT_TRUE(login_state("", 0, false).system.empty());
}

TEST_F(StateTest, ReportedValuesBecomeAssignments) {
  EXPECT_EQ(assignment_of("wait_timeout", "100"), "100");
  EXPECT_EQ(assignment_of("long_query_time", "10.000000"), "10.000000");
  EXPECT_EQ(assignment_of("autocommit", "ON"), "'ON'");
  EXPECT_EQ(assignment_of("character_set_results", ""), "NULL");
  EXPECT_EQ(assignment_of("sql_mode", ""), "''");
  EXPECT_EQ(assignment_of("init", "it's"), "_utf8mb4 X'69742773'");
}

TEST_F(StateTest, AStatementIsPreparedInItsOwnContext) {
  const State then = state("a", {{"sql_mode", "'ANSI'"}, {"time_zone", "'x'"}}, {{"v", "1"}});
  const State context = prepare_context(table, then);
  EXPECT_EQ(*context, (StateData{"a", {{"sql_mode", "'ANSI'"}}, {}}));
  EXPECT_EQ(prepare_context(table, context), context);
  const State now = state("b", {{"time_zone", "'y'"}}, {{"v", "2"}});
  EXPECT_EQ(*with_context(table, now, context),
            (StateData{"a", {{"sql_mode", "'ANSI'"}, {"time_zone", "'y'"}}, {{"v", "2"}}}));
  EXPECT_EQ(with_context(table, then, context), then);
}

TEST_F(StateTest, SaysHowVariablesAreFollowed) {
  EXPECT_EQ(following("sql_mode"), Following::replay);
  EXPECT_EQ(following("insert_id"), Following::pins);
  EXPECT_EQ(following("session_track_gtids"), Following::blinds);
  EXPECT_EQ(following("last_gtid"), Following::ignored);
}

TEST(Quoting, IsPlainAsciiWhateverTheText) {
  EXPECT_EQ(quote_text("abc"), "'abc'");
  EXPECT_EQ(quote_text("a'b"), "_utf8mb4 X'612762'");
  EXPECT_EQ(quote_text("a\\"), "_utf8mb4 X'615c'");
  EXPECT_EQ(quote_text("\xc3\xa9"), "_utf8mb4 X'c3a9'");
  EXPECT_EQ(quote_text(std::string_view("\0", 1)), "_utf8mb4 X'00'");
  EXPECT_EQ(quote_bytes("\xe9", "latin1", "latin1_bin"), "_latin1 X'e9' COLLATE latin1_bin");
  EXPECT_EQ(quote_name("a b"), "`a b`");
  EXPECT_FALSE(quote_name("a`b"));
  EXPECT_FALSE(quote_name(""));
}

TEST(Quoting, KnowsNumbers) {
  for (const char* number : {"0", "-1", "+2", "1.5", ".5", "5.", "1e9", "-1.5E-3"}) {
    EXPECT_TRUE(is_number(number)) << number;
  }
  for (const char* other : {"", "-", ".", "1e", "1 ", "0x1", "1,2", "nan", "--1", "e5"}) {
    EXPECT_FALSE(is_number(other)) << other;
  }
}

struct Literal {
  const char* sql;
  const char* portable;  // null: none
};

TEST(PortableLiteral, IsTheSameUnderAnySqlMode) {
  LiteralContext utf8;
  utf8.charset = "utf8mb4";
  utf8.collation = "utf8mb4_bin";
  const Literal literals[] = {
      {"5", "5"},
      {" -1.5 ", "-1.5"},
      {"NULL", "null"},
      {"True", "true"},
      {"0x1f", "0x1f"},
      {"0xzz", nullptr},
      {"X'1F'", "X'1F'"},
      {"x'1'", nullptr},
      {"b'01'", "b'01'"},
      {"b'02'", nullptr},
      {"'abc'", "_utf8mb4'abc' COLLATE utf8mb4_bin"},
      {"\"abc\"", "_utf8mb4'abc' COLLATE utf8mb4_bin"},
      {"'it''s'", "_utf8mb4 X'69742773' COLLATE utf8mb4_bin"},
      {"'a\\'b'", "_utf8mb4 X'612762' COLLATE utf8mb4_bin"},
      {"'\\n\\0\\Z'", "_utf8mb4 X'0a001a' COLLATE utf8mb4_bin"},
      {"'\\%\\x'", "_utf8mb4 X'5c2578' COLLATE utf8mb4_bin"},
      {"'a' 'b'", nullptr},
      {"'a', @b := 1", nullptr},
      {"'a' OR '1'", nullptr},
      {"'abc", nullptr},
      {"'abc\\'", nullptr},
      {"'", nullptr},
      {"", nullptr},
      {"NOW()", nullptr},
      {"@other", nullptr},
      {"1+1", nullptr},
  };
  for (const auto& [sql, portable] : literals) {
    const auto result = portable_literal(sql, utf8);
    EXPECT_EQ(result.has_value(), portable != nullptr) << sql;
    if (result && portable != nullptr) {
      EXPECT_EQ(*result, portable) << sql;
    }
  }
}

TEST(PortableLiteral, FollowsTheModeItWasWrittenIn) {
  LiteralContext context;
  context.no_backslash_escapes = true;
  context.charset = "utf8mb4";
  EXPECT_EQ(portable_literal("'a\\'", context), "_utf8mb4 X'615c'");
  context.ansi_quotes = true;
  EXPECT_FALSE(portable_literal("\"a\"", context)) << "a name, not a string";
  context.charset = {};
  EXPECT_FALSE(portable_literal("'a'", context)) << "of a character set that is not known";
  EXPECT_EQ(portable_literal("7", context), "7");
  context.charset = "utf8mb4'; DROP TABLE t";
  EXPECT_FALSE(portable_literal("'a'", context));
}

}  // namespace
}  // namespace relevo::session::mysql

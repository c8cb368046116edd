// Consistency tokens: what is one, who asks for one, and which replicas have it.
#include "proxy/route/token.hpp"

#include <gtest/gtest.h>

namespace relevo::route {
namespace {

using namespace std::chrono_literals;
using model::Engine;

model::Position at(std::string_view text) { return *model::Position::parse(text); }

TEST(Token, OfPostgres) {
  const auto token = parse_token("pg:0000000A:16/B374D848:7657544", Engine::postgres);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->timeline, 10U);
  EXPECT_EQ(token->position.to_string(), "16/B374D848");
}

TEST(Token, WithinAPageHeaderIsAtItsStart) {
  const auto lsn = [](std::string_view text) {
    return parse_token(text, Engine::postgres)->position.to_string();
  };
  EXPECT_EQ(lsn("pg:00000001:0/3002018:8216"), "0/3002000");  // 24 bytes into a page
  EXPECT_EQ(lsn("pg:00000001:0/3002019:8217"), "0/3002019");
  EXPECT_EQ(lsn("pg:00000001:0/3000028:40"), "0/3000000");  // of a segment
  EXPECT_EQ(lsn("pg:00000001:0/3000029:41"), "0/3000029");
}

TEST(Token, OfMysqlAndMariadb) {
  const auto mysql = parse_token("mysql:3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5", Engine::mysql);
  ASSERT_TRUE(mysql);
  EXPECT_NE(mysql->position.gtid_set(), nullptr);
  const auto mariadb = parse_token("mariadb:0-1-100,1-1-7", Engine::mysql);
  ASSERT_TRUE(mariadb);
  EXPECT_NE(mariadb->position.mariadb_gtid(), nullptr);
  EXPECT_TRUE(parse_token("mariadb:", Engine::mysql));  // nothing was ever written
}

TEST(Token, AnythingElseIsNone) {
  for (const char* text :
       {"", "pg", "pg:", "pg:1", "pg:1:0/1", "pg:1:0/1:", "pg:0:0/10:0", "pg:x:0/10:0", "pg:1:10:0",
        "pg:1:0/10:0:", "pg:1:0/10:x", "pg:1:0/10:17", "pg:100000000:0/10:0", "mysql:x", "0/10",
        "mariadb:0-1", "mariadb:3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5"}) {
    EXPECT_FALSE(parse_token(text, Engine::postgres)) << text;
    EXPECT_FALSE(parse_token(text, Engine::mysql)) << text;
  }
  EXPECT_FALSE(parse_token("mariadb:0-1-1", Engine::postgres));
  EXPECT_FALSE(parse_token("pg:00000001:0/3002019:8217", Engine::mysql));
  EXPECT_FALSE(parse_token("mysql:" + std::string(100'000, 'x'), Engine::mysql));
}

TEST(Token, WhoAsksForOne) {
  for (const char* sql :
       {"SHOW RELEVO TOKEN", "show relevo token;", " /* so */ Show Relevo\nToken ",
        "SELECT relevo.token()", "select RELEVO . TOKEN ( ) ;"}) {
    EXPECT_TRUE(asks_for_token_postgres(sql, {})) << sql;
  }
  for (const char* sql :
       {"SHOW relevo.token", "SELECT 'SHOW RELEVO TOKEN'", "SELECT relevo.token(), 1",
        "SELECT \"relevo\".token()", "SELECT 1; SHOW RELEVO TOKEN", "SELECT relevo.token(1)",
        "SHOW RELEVO TOKEN x", ""}) {
    EXPECT_FALSE(asks_for_token_postgres(sql, {})) << sql;
  }
  EXPECT_TRUE(asks_for_token_mysql("SHOW RELEVO TOKEN", {}));
  EXPECT_TRUE(asks_for_token_mysql("SELECT @relevo_token;", {}));
  EXPECT_FALSE(asks_for_token_mysql("SELECT @relevo_token, 1", {}));
  EXPECT_FALSE(asks_for_token_mysql("SELECT '@relevo_token'", {}));
}

struct Fixture {
  Fixture() {
    view.nodes.resize(2);
    view.primary = 0;
    view.nodes[0].timeline = 2;
    view.primary_position = at("0/5000");
    view.primary_sampled = model::Instant{10s};
  }
  model::View view;
  ReadAfter after;
};

TEST(ReadAfter, NothingPresentedAsksForNothing) {
  Fixture f;
  EXPECT_EQ(f.after.instant(f.view), std::nullopt);
}

TEST(ReadAfter, WhoCaughtUpToTheSampleHasIt) {
  Fixture f;
  f.after.set({.position = at("0/5000"), .timeline = 2});
  const auto instant = f.after.instant(f.view);
  ASSERT_TRUE(instant);
  EXPECT_LT(*instant, f.view.primary_sampled);
  EXPECT_GE(*instant, f.view.primary_sampled - 1us);
  // Once known it stays so: later samples do not move it.
  f.view.primary_sampled = model::Instant{20s};
  EXPECT_EQ(f.after.instant(f.view), instant);
}

TEST(ReadAfter, AheadOfThePrimaryNobodyHasIt) {
  Fixture f;
  f.after.set({.position = at("0/5001"), .timeline = 2});
  EXPECT_EQ(f.after.instant(f.view), model::Instant::max());
  f.view.primary_position = at("0/6000");
  EXPECT_LT(*f.after.instant(f.view), f.view.primary_sampled);
}

TEST(ReadAfter, AcrossTimelines) {
  Fixture f;
  f.after.set({.position = at("0/4000"), .timeline = 1});  // from before a failover
  EXPECT_NE(f.after.instant(f.view), model::Instant::max());
  f.after.set({.position = at("0/4000"), .timeline = 3});  // of a primary not heard of yet
  EXPECT_EQ(f.after.instant(f.view), model::Instant::max());
}

TEST(ReadAfter, OfAnotherKindOrWithoutAPrimaryNobodyHasIt) {
  Fixture f;
  f.after.set({.position = at("0-1-1")});
  EXPECT_EQ(f.after.instant(f.view), model::Instant::max());
  f.after.set(Token{});
  EXPECT_EQ(f.after.instant(f.view), model::Instant::max());
  f.after.set({.position = at("0/4000"), .timeline = 2});
  f.view.primary.reset();
  EXPECT_EQ(f.after.instant(f.view), model::Instant::max());
  f.after.clear();
  EXPECT_EQ(f.after.instant(f.view), std::nullopt);
}

}  // namespace
}  // namespace relevo::route

// Sequences by name, and what takes from them unseen.
#include <gtest/gtest.h>

#include "proxy/route/mysql/sequence_name.hpp"
#include "proxy/route/mysql/takers.hpp"
#include "tests/unit/route/mysql/dialect.hpp"

namespace relevo::route::mysql {
namespace {

std::string key(std::string_view name, std::string_view schema = "app", bool folds = false) {
  return sequence_key(name, test::mariadb, schema, folds).value_or("-");
}

TEST(SequenceKey, IsTheSameHoweverItIsWritten) {
  for (const char* name : {"s", "`s`", "app.s", "`app`.`s`", "app . `s`", "app./* a */s"}) {
    EXPECT_EQ(key(name), "`app`.`s`") << name;
  }
  EXPECT_EQ(key("other.s"), "`other`.`s`");
  EXPECT_EQ(key("S"), "`app`.`S`");
  EXPECT_EQ(key("App.S", "", true), "`app`.`s`");
  EXPECT_EQ(key("`a b`"), "`app`.`a b`");
}

TEST(SequenceKey, IsNoneOfWhatCannotBeSaidAgain) {
  for (const char* name : {"", "1", "'s'", "s t", "a.b.c", "s.", "`a``b`", "s\xc3\xa9", "s)"}) {
    EXPECT_EQ(key(name), "-") << name;
  }
  EXPECT_EQ(key("s", ""), "-") << "no database is in use";
  EXPECT_EQ(key("s", "a`b"), "-");
}

TEST(SequenceName, IsFoundFromBehind) {
  EXPECT_EQ(name_at_end("SELECT s"), "s");
  EXPECT_EQ(name_at_end("SELECT (app.`a b`"), "app.`a b`");
  EXPECT_EQ(name_at_end("s"), "s");
  for (const char* text : {"", "s ", ")", "`", ".s", "a.b.", " `"}) {
    const auto name = name_at_end(text);
    EXPECT_TRUE(name.empty() || text == std::string_view(".s")) << text;
  }
}

model::MysqlCatalogRows server() {
  model::MysqlCatalogRows rows;
  rows.mariadb = true;
  rows.tables = {{"app", "s", "SEQUENCE", "InnoDB"}, {"app", "r", "SEQUENCE", "InnoDB"}};
  rows.definitions = {
      {"app", "Filled", "(nextval(`app`.`s`) + 1)"},
      {"app", "logged", "begin insert into filled (v) values (new.v); call also(); end"},
      {"app", "also", "select next value for r into x"},
      {"app", "oracle", "set new.id = app.r.nextval"},
      {"app", "plain", "set new.v = 1"},
      {"app", "hidden", std::nullopt},
  };
  rows.views = {{"app", "numbers", "select nextval(`app`.`r`) AS `n`"}};
  rows.functions = {{.schema = "app",
                     .name = "takes",
                     .data_access = {},
                     .sql_mode = {},
                     .in_sql = true,
                     .body = "return (select n from numbers)"}};
  return rows;
}

std::string taken(std::string_view sql) {
  const Takers takers = takers_of(server(), test::mariadb);
  std::string all;
  for (const std::string_view one : taken_by(takers, sql, test::mariadb)) {
    all.append(all.empty() ? "" : " ").append(one);
  }
  return all;
}

TEST(Takers, AreFoundByWhatATextNames) {
  EXPECT_EQ(taken("INSERT INTO FILLED (v) VALUES (1)"), "`app`.`s`");
  EXPECT_EQ(taken("INSERT INTO app.`filled` (v) VALUES (1)"), "`app`.`s`");
  EXPECT_EQ(taken("INSERT INTO oracle VALUES (1)"), "`app`.`r`");
  EXPECT_EQ(taken("SELECT n FROM numbers"), "`app`.`r`");
  EXPECT_EQ(taken("INSERT INTO plain VALUES ('filled')"), "");
  EXPECT_EQ(taken("INSERT INTO hidden VALUES (1)"), "");
  EXPECT_EQ(taken("INSERT INTO filled SELECT 'unterminated"), "`app`.`s`");
}

TEST(Takers, TakeWhatTheyCallTakes) {
  EXPECT_EQ(taken("INSERT INTO logged VALUES (1)"), "`app`.`r` `app`.`s`");
  EXPECT_EQ(taken("DO takes()"), "`app`.`r`");
}

TEST(Takers, AreNoneWithoutSequences) {
  auto rows = server();
  rows.tables.clear();
  EXPECT_TRUE(takers_of(rows, test::mariadb).empty());
}

}  // namespace
}  // namespace relevo::route::mysql

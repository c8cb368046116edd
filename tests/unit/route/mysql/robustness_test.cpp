// The classifier is total: any bytes give an answer, views stay within the text,
// and damage to a write never makes it a read.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "proxy/route/policy.hpp"
#include "tests/unit/route/corpus.hpp"
#include "tests/unit/route/mysql/dialect.hpp"

namespace relevo::route {
namespace {

constexpr std::array dialects = {MysqlDialect{}, test::mariadb, test::mysql, test::ansi_quotes,
                                 test::no_backslash_escapes};

std::vector<test::CorpusStatement> corpus() { return test::load_corpus(RELEVO_MYSQL_CORPUS); }

// From a block of exactly that size, so that a sanitizer sees a read past it.
Analysis analyze_exactly(std::string_view sql, MysqlDialect dialect = {}) {
  const auto block = std::make_unique<char[]>(sql.size());
  std::ranges::copy(sql, block.get());
  const std::string_view text(block.get(), sql.size());
  const Analysis analysis = analyze_mysql(text, dialect);
  const auto within = [&](std::string_view view) {
    if (view.empty()) return true;
    if (view.size() > text.size()) return false;  // the sum below would wrap
    return std::less_equal<>{}(text.data(), view.data()) &&
           std::less_equal<>{}(view.data() + view.size(), text.data() + text.size());
  };
  EXPECT_TRUE(within(analysis.subject)) << sql;
  EXPECT_LE(analysis.effect_count, Analysis::max_effects);
  for (std::size_t i = 0; i < analysis.effect_count; ++i) {
    EXPECT_TRUE(within(analysis.effects[i].value)) << sql;
  }
  EXPECT_FALSE(analysis.reason.empty()) << sql;
  return analysis;
}

TEST(MysqlRobustness, EveryPrefixOfEveryStatement) {
  for (const auto& statement : corpus()) {
    // The quadratic cost of long statements is not worth its time.
    const std::size_t size = std::min<std::size_t>(statement.sql.size(), 400);
    for (std::size_t i = 0; i <= size; ++i) {
      analyze_exactly(std::string_view(statement.sql).substr(0, i),
                      test::dialect_of(statement.dialect));
    }
  }
}

TEST(MysqlRobustness, ValuesThatAreMissing) {
  for (const std::string_view sql :
       {"SET @a= ", "SET @a = ;", "SET a = , b = 1", "SET @@a = -", "SET ROLE ", "SET ROLE  ;",
        "SET SESSION TRANSACTION ", "SET TRANSACTION ISOLATION LEVEL  ,"}) {
    const Analysis analysis = analyze_exactly(sql, test::mariadb);
    EXPECT_NE(analysis.cls, StatementClass::read) << sql;
  }
}

// Neither the stack nor the time grows with how deep a text goes.
TEST(MysqlRobustness, StatementsWithinStatements) {
  for (const std::string_view part :
       {"SET STATEMENT a=1 FOR ", "EXPLAIN ", "ANALYZE ", "PREPARE p FROM ", "(SELECT ", "("}) {
    std::string sql;
    while (sql.size() < 4'000'000) sql += part;
    sql += "SELECT 1";
    const Analysis analysis = analyze_exactly(sql, test::mariadb);
    if (part.starts_with("SET")) {
      EXPECT_EQ(analysis.cls, StatementClass::write);
    }
  }
}

TEST(MysqlRobustness, MutatedBytes) {
  const auto statements = corpus();
  std::mt19937 random(20240517);  // fixed: a failure repeats
  constexpr std::string_view spicy = "'\"`();-/*!M#\\\n\0xXbBnN.,@:=?9";
  for (int round = 0; round < 60'000; ++round) {
    std::string sql = statements[random() % statements.size()].sql.substr(0, 300);
    for (unsigned edits = 1 + random() % 3; edits != 0 && !sql.empty(); --edits) {
      const std::size_t at = random() % sql.size();
      const char byte =
          random() % 2 == 0 ? spicy[random() % spicy.size()] : static_cast<char>(random() % 256);
      switch (random() % 3) {
        case 0:
          sql[at] = byte;
          break;
        case 1:
          sql.insert(at, 1, byte);
          break;
        default:
          sql.erase(at, 1);
          break;
      }
    }
    const MysqlDialect dialect = dialects[random() % dialects.size()];
    analyze_exactly(sql, dialect);
    // Whatever follows it, a write is a write, and a lock is noticed.
    if (round % 8 != 0) continue;
    EXPECT_EQ(analyze_exactly("DELETE FROM t; " + sql, dialect).cls, StatementClass::write) << sql;
    const Analysis locked = analyze_exactly("SELECT GET_LOCK('a', 1); " + sql, dialect);
    EXPECT_TRUE(locked.effect_count > 0 || locked.effects_overflow) << sql;
  }
}

// A statement that begins with a word that changes data stays a write whatever
// is done to the rest of it.
TEST(MysqlRobustness, DamageBehindTheFirstWordMakesNoRead) {
  auto statements = corpus();
  std::erase_if(statements, [](const test::CorpusStatement& s) {
    return !s.sql.starts_with("INSERT ") && !s.sql.starts_with("UPDATE ") &&
           !s.sql.starts_with("DELETE ") && !s.sql.starts_with("CREATE ") &&
           !s.sql.starts_with("ALTER ") && !s.sql.starts_with("REPLACE ");
  });
  ASSERT_GT(statements.size(), 30U);
  std::mt19937 random(7);
  for (int round = 0; round < 10'000; ++round) {
    std::string sql = statements[random() % statements.size()].sql;
    const std::size_t word = sql.find(' ') + 1;
    for (int edits = 0; edits < 3; ++edits) {
      sql[word + random() % (sql.size() - word)] = static_cast<char>(random() % 256);
    }
    EXPECT_EQ(analyze_exactly(sql).cls, StatementClass::write) << sql;
  }
}

TEST(MysqlRobustness, RandomBytes) {
  std::mt19937 random(3);
  for (int round = 0; round < 20'000; ++round) {
    std::string sql(random() % 40, '\0');
    for (char& c : sql) c = static_cast<char>(random() % 256);
    analyze_exactly(sql, dialects[random() % dialects.size()]);
  }
}

// Each byte is read a bounded number of times: shapes that make careless
// scanners quadratic take no time at a fifth of a megabyte.
TEST(MysqlRobustness, LongTextsTakeLinearTime) {
  const auto repeat = [](std::string_view start, std::string_view part) {
    std::string text(start);
    while (text.size() < 200'000) text += part;
    return text;
  };
  for (const std::string_view part :
       {"get_lock(", "'a' ", "/*",  "/* */", "/*!",  "/*! ", "/*!99999 ", "/*+ ",    "(",    ")",
        "``",        "'\\'", "a.",  "--",    "-- ",  "#",    "*/",        "@",       "@@a.", "@a:=",
        ";",         "x'",   "1e+", "f(",    "end ", "1,",   "WITH a(",   "INTO @a,"}) {
    analyze_exactly(repeat("SELECT ", part));
    analyze_exactly(repeat("SET ", part));
    analyze_exactly(repeat("CREATE PROCEDURE p() ", part));
    analyze_exactly(repeat("SET @a = ", part), test::mariadb);
  }
}

}  // namespace
}  // namespace relevo::route

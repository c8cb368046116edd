#include "proxy/session/postgres/analysis_cache.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <random>
#include <string>
#include <vector>

#include "proxy/route/postgres/catalog.hpp"
#include "tests/unit/route/corpus.hpp"

namespace relevo::session::postgres {
namespace {

route::Analysis analyze(AnalysisCache& cache, std::string_view sql, const route::Dialect& dialect) {
  route::Analysis found;
  found.effect_count = 1;  // what was there before is to leave no trace
  found.effects_overflow = true;
  found.subject = "before";
  cache.analyze(sql, dialect, found);
  return found;
}

void expect_same(const route::Analysis& a, const route::Analysis& b, const std::string& sql) {
  EXPECT_EQ(a.cls, b.cls) << sql;
  EXPECT_EQ(a.transaction, b.transaction) << sql;
  EXPECT_EQ(a.reason, b.reason) << sql;
  EXPECT_EQ(a.subject, b.subject) << sql;
  EXPECT_EQ(a.subject.data(), b.subject.data()) << sql;
  EXPECT_EQ(a.statements, b.statements) << sql;
  EXPECT_EQ(a.controls_transaction, b.controls_transaction) << sql;
  EXPECT_EQ(a.copy_from_stdin, b.copy_from_stdin) << sql;
  EXPECT_EQ(a.unproven, b.unproven) << sql;
  EXPECT_EQ(a.hint.target, b.hint.target) << sql;
  EXPECT_EQ(a.hint.max_lag, b.hint.max_lag) << sql;
  EXPECT_EQ(a.effect_count, b.effect_count) << sql;
  EXPECT_EQ(a.effects_overflow, b.effects_overflow) << sql;
  EXPECT_EQ(a.catalog_change, b.catalog_change) << sql;
  EXPECT_EQ(a.object, b.object) << sql;
}

TEST(AnalysisCache, SaysWhatTheClassifierSays) {
  AnalysisCache cache;
  std::vector<std::string> texts = {"",
                                    "SELECT 1",
                                    "select a, b from t where id = 5 and v > 3 order by a limit 10",
                                    "UPDATE t SET v = 1",
                                    "BEGIN",
                                    "COMMIT",
                                    "SELECT f(1)",
                                    "SET search_path = a, b",
                                    "/* relevo: replica, max_lag=5s */ SELECT 1",
                                    "COPY t FROM STDIN",
                                    "SELECT nextval('s')",
                                    "CREATE FUNCTION f() RETURNS int AS ''",
                                    "SELECT 1; DELETE FROM t",
                                    "LISTEN x",
                                    "SELECT " + std::string(AnalysisCache::text_bytes_max, '1'),
                                    "SELECT 'open"};
  for (int i = 0; i < 3000; ++i) texts.push_back("SELECT v FROM t WHERE id = " + std::to_string(i));
  for (int round = 0; round < 3; ++round) {
    for (const std::string& sql : texts) {
      expect_same(analyze(cache, sql, {}), route::analyze_postgres(sql, {}), sql);
    }
  }
  // What is found points into the text at hand, not into that of the first time.
  const std::string again(texts[3]);
  const auto found = analyze(cache, again, {});
  EXPECT_GE(found.subject.data(), again.data());
  EXPECT_LT(found.subject.data(), again.data() + again.size());
}

TEST(AnalysisCache, ServesOnlyTheSameDialectAndNaming) {
  AnalysisCache cache;
  const std::string sql = "SELECT 'a\\'; DELETE FROM t --'";
  route::Dialect backslashes;
  backslashes.standard_conforming_strings = false;
  EXPECT_EQ(analyze(cache, sql, {}).cls, route::StatementClass::write);
  EXPECT_EQ(analyze(cache, sql, backslashes).cls, route::StatementClass::read);
  route::Dialect suspect;
  suspect.naming = &route::postgres::suspect_naming;
  EXPECT_EQ(analyze(cache, "SELECT 1", {}).cls, route::StatementClass::read);
  EXPECT_EQ(analyze(cache, "SELECT 1", suspect).cls, route::StatementClass::write);
  EXPECT_EQ(analyze(cache, "SELECT 1", {}).cls, route::StatementClass::read);
}

// An application that writes values into its texts sends each of them once.
TEST(AnalysisCache, WhatComesOncePushesNothingOut) {
  AnalysisCache cache;
  const std::string often = "SELECT v FROM t WHERE id = 5";
  analyze(cache, often, {});
  EXPECT_FALSE(cache.holds(often, {}));
  analyze(cache, often, {});
  EXPECT_TRUE(cache.holds(often, {}));
  int kept = 0;
  for (int i = 0; i < 10000; ++i) {
    const std::string once = "SELECT v FROM u WHERE name = '" + std::to_string(i) + "'";
    analyze(cache, once, {});
    kept += cache.holds(once, {}) ? 1 : 0;
  }
  EXPECT_LT(kept, 200);  // by chance: one in 256
  EXPECT_TRUE(cache.holds(often, {}));
}

// Other digits in the place of each run of them, wherever it is: in names, strings and
// comments as well.
std::string with_other_digits(std::string_view sql, std::mt19937& random) {
  const auto is_digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  std::string out;
  for (std::size_t i = 0; i < sql.size(); ++i) {
    if (!is_digit(sql[i])) {
      out += sql[i];
      continue;
    }
    while (i + 1 < sql.size() && is_digit(sql[i + 1])) ++i;
    const auto digits = 1 + random() % 12;
    for (unsigned long n = 0; n < digits; ++n) out += static_cast<char>('0' + random() % 10);
  }
  return out;
}

// What is told of a text by another one's analysis is what its own would be.
void expect_no_difference(AnalysisCache& cache, const std::string& sql,
                          const route::Dialect& dialect, std::mt19937& random) {
  for (int i = 0; i < 4; ++i) {
    const std::string other = with_other_digits(sql, random);
    expect_same(analyze(cache, other, dialect), route::analyze_postgres(other, dialect), other);
  }
}

TEST(AnalysisCache, TellsOfOtherIntegersWhatIsTrueOfThem) {
  AnalysisCache cache;
  std::mt19937 random(1);
  for (const auto& statement : route::test::load_corpus()) {
    expect_no_difference(cache, statement.sql, route::test::postgres_dialect_of(statement.dialect),
                         random);
  }
}

TEST(AnalysisCache, TellsOfOtherIntegersWhatIsTrueOfThemInAnyOrder) {
  AnalysisCache cache;
  std::mt19937 random(2);
  const std::vector<std::string> parts = {"SELECT",  "UPDATE",   "DELETE",      "insert",
                                          "INTO",    "FROM",     "WHERE",       "t1",
                                          "\"c 2\"", "1",        "42",          "3.14",
                                          ".5",      "6.",       "1e5",         "1e-7",
                                          "0x1F",    "1_000",    "'a 1 b'",     "E'\\'1",
                                          "$1",      "$a$ 1 ",   "--",          "/* 1 */",
                                          "/*",      "\n",       "nextval",     "f",
                                          "(",       ")",        ",",           "=",
                                          "-",       "+",        "*",           "[1:2]",
                                          ";",       "::",       "LIMIT 1",     "FOR",
                                          "LOCK",    "ORDER",    "BY",          "1 ",
                                          " 2",      "EXPLAIN",  "(ANALYZE 0)", "AS",
                                          "int",     "\xc3\xa4", "SET",         "relevo.after",
                                          "=1",      "/"};
  for (int i = 0; i < 30000; ++i) {
    std::string sql(parts[random() % 4]);
    for (auto left = random() % 12; left > 0; --left) {
      if (random() % 4 != 0) sql += ' ';
      sql += parts[random() % parts.size()];
    }
    expect_no_difference(cache, sql, {}, random);
  }
}

// The word that decided is found behind integers of any length.
TEST(AnalysisCache, KnowsWhereItsSubjectIsInEachText) {
  AnalysisCache cache;
  for (const char* const id : {"1", "22", "333333333", "4"}) {
    const std::string sql = std::string("SELECT ") + id + ", mine(" + id + ") FROM t";
    const auto found = analyze(cache, sql, {});
    EXPECT_EQ(found.subject, "mine") << sql;
  }
  EXPECT_TRUE(cache.holds("SELECT 5, mine(6) FROM t", {}));
}

TEST(AnalysisCache, IsBounded) { EXPECT_LE(AnalysisCache::bytes(), 1U << 20); }

}  // namespace
}  // namespace relevo::session::postgres

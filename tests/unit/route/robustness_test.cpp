// The classifier is total: any bytes give an answer, views stay within the
// text, and damage to a write never makes it a read.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "proxy/route/policy.hpp"
#include "tests/unit/route/corpus.hpp"

namespace relevo::route {
namespace {

// From a block of exactly that size, so that a sanitizer sees a read past it.
Analysis analyze_exactly(std::string_view sql, Dialect dialect = {}) {
  const auto block = std::make_unique<char[]>(sql.size());
  std::ranges::copy(sql, block.get());
  const std::string_view text(block.get(), sql.size());
  const Analysis analysis = analyze_postgres(text, dialect);
  const auto within = [&](std::string_view view) {
    if (view.empty()) return true;
    return std::less_equal<>{}(text.data(), view.data()) &&
           std::less_equal<>{}(view.data() + view.size(), text.data() + text.size());
  };
  EXPECT_TRUE(within(analysis.subject)) << sql;
  EXPECT_LE(analysis.effect_count, Analysis::max_effects);
  EXPECT_FALSE(analysis.reason.empty()) << sql;
  return analysis;
}

TEST(Robustness, EveryPrefixOfEveryStatement) {
  for (const auto& statement : test::load_corpus()) {
    // The quadratic cost of long statements is not worth its time.
    const std::size_t size = std::min<std::size_t>(statement.sql.size(), 600);
    for (std::size_t i = 0; i <= size; ++i) {
      analyze_exactly(std::string_view(statement.sql).substr(0, i));
    }
  }
}

TEST(Robustness, MutatedBytes) {
  auto corpus = test::load_corpus();
  std::mt19937 random(20240517);  // fixed: a failure repeats
  constexpr std::string_view spicy = "'\"$();-/*\\\n\0eEUu&xX.,[]:=@";
  for (int round = 0; round < 100'000; ++round) {
    std::string sql = corpus[random() % corpus.size()].sql.substr(0, 300);
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
    analyze_exactly(sql, {.standard_conforming_strings = random() % 4 != 0,
                          .ascii_in_multibyte = random() % 8 == 0});
  }
}

// A statement that begins with a word that changes data stays a write whatever
// is done to the rest of it.
TEST(Robustness, DamageBehindTheFirstWordMakesNoRead) {
  auto corpus = test::load_corpus();
  std::erase_if(corpus, [](const test::CorpusStatement& s) {
    return !s.sql.starts_with("INSERT ") && !s.sql.starts_with("UPDATE ") &&
           !s.sql.starts_with("DELETE ") && !s.sql.starts_with("CREATE ") &&
           !s.sql.starts_with("ALTER ") && !s.sql.starts_with("DROP ");
  });
  ASSERT_GT(corpus.size(), 30U);
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string sql = corpus[random() % corpus.size()].sql;
    const std::size_t word = sql.find(' ') + 1;
    for (int edits = 0; edits < 3; ++edits) {
      sql[word + random() % (sql.size() - word)] = static_cast<char>(random() % 256);
    }
    EXPECT_EQ(analyze_exactly(sql).cls, StatementClass::write) << sql;
  }
}

TEST(Robustness, RandomBytes) {
  std::mt19937 random(3);
  for (int round = 0; round < 20'000; ++round) {
    std::string sql(random() % 40, '\0');
    for (char& c : sql) c = static_cast<char>(random() % 256);
    analyze_exactly(sql);
  }
}

// Each byte is read a bounded number of times: shapes that make careless
// scanners quadratic take no time at half a megabyte.
TEST(Robustness, LongTextsTakeLinearTime) {
  const auto repeat = [](std::string_view part) {
    std::string text = "SELECT ";
    while (text.size() < 500'000) text += part;
    return text;
  };
  for (const std::string_view part :
       {"set_config(", "'a' -- x\n", "$a$",       "/*",      "/* */",  "(",        ")",
        "\"\"",        "E'\\'",      "a.",        "--",      "$a",     "*/",       "U&\"",
        ";",           "pg_",        "OPERATOR(", "WITH a(", "COPY (", "EXPLAIN ("}) {
    analyze_exactly(repeat(part));
  }
}

}  // namespace
}  // namespace relevo::route

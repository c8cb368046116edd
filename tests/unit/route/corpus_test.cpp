// Every statement of the corpus is classified as its line says.
#include "tests/unit/route/corpus.hpp"

#include <gtest/gtest.h>

#include "proxy/route/policy.hpp"

namespace relevo::route {
namespace {

TEST(Corpus, EachStatementIsClassifiedAsExpected) {
  for (const auto& statement : test::load_corpus()) {
    const Analysis analysis =
        analyze_postgres(statement.sql, test::postgres_dialect_of(statement.dialect));
    EXPECT_EQ(to_string(analysis.cls), to_string(statement.expected))
        << statement.place << " (" << statement.why << ")\n"
        << statement.sql << "\nreason: " << analysis.reason << "; subject: " << analysis.subject;
    EXPECT_FALSE(analysis.reason.empty()) << statement.place;
  }
}

TEST(Corpus, IsLargeEnoughToMeanSomething) {
  std::size_t reads = 0;
  std::size_t others = 0;
  for (const auto& statement : test::load_corpus()) {
    ++(statement.expected == StatementClass::read ? reads : others);
  }
  EXPECT_GE(reads + others, 500U);
  EXPECT_GE(reads, 250U);
  EXPECT_GE(others, 200U);
}

// The strictest class of a text holds however statements are put together.
TEST(Corpus, JoiningStatementsTakesTheStrictestClass) {
  auto corpus = test::load_corpus();
  std::erase_if(corpus, [](const auto& s) { return !s.dialect.empty(); });
  for (std::size_t i = 0; i + 1 < corpus.size(); ++i) {
    const auto& a = corpus[i];
    const auto& b = corpus[i + 1];
    // A text that is cut short, or ends in a comment, swallows what follows.
    if (analyze_postgres(a.sql + "\n; INSERT", {}).statements < 2) continue;
    const Analysis joined = analyze_postgres(a.sql + "\n;" + b.sql, {});
    const bool write = a.expected == StatementClass::write || b.expected == StatementClass::write;
    const bool read = a.expected == StatementClass::read && b.expected == StatementClass::read;
    if (write) {
      EXPECT_EQ(joined.cls, StatementClass::write) << a.place;
    }
    if (read) {
      EXPECT_EQ(joined.cls, StatementClass::read) << a.place;
    }
  }
}

}  // namespace
}  // namespace relevo::route

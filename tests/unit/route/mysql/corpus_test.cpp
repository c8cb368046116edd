// Every statement of the MySQL corpus is classified as its line says.
#include "tests/unit/route/corpus.hpp"

#include <gtest/gtest.h>

#include "proxy/route/policy.hpp"
#include "tests/unit/route/mysql/dialect.hpp"

namespace relevo::route {
namespace {

using test::dialect_of;

std::vector<test::CorpusStatement> corpus() { return test::load_corpus(RELEVO_MYSQL_CORPUS); }

TEST(MysqlCorpus, EachStatementIsClassifiedAsExpected) {
  for (const auto& statement : corpus()) {
    const Analysis analysis = analyze_mysql(statement.sql, dialect_of(statement.dialect));
    EXPECT_EQ(to_string(analysis.cls), to_string(statement.expected))
        << statement.place << " (" << statement.why << ")\n"
        << statement.sql << "\nreason: " << analysis.reason << "; subject: " << analysis.subject;
    EXPECT_FALSE(analysis.reason.empty()) << statement.place;
  }
}

TEST(MysqlCorpus, IsLargeEnoughToMeanSomething) {
  std::size_t reads = 0;
  std::size_t others = 0;
  for (const auto& statement : corpus()) {
    ++(statement.expected == StatementClass::read ? reads : others);
  }
  EXPECT_GE(reads + others, 350U);
  EXPECT_GE(reads, 200U);
  EXPECT_GE(others, 200U);
}

// Knowing less of the server never makes a read of what was none.
TEST(MysqlCorpus, WithoutKnowledgeOfTheServerNothingIsLessStrict) {
  for (const auto& statement : corpus()) {
    MysqlDialect dialect = dialect_of(statement.dialect);
    if (dialect.server == MysqlServer::unknown) continue;
    const Analysis known = analyze_mysql(statement.sql, dialect);
    dialect.version = 0;
    const Analysis unversioned = analyze_mysql(statement.sql, dialect);
    dialect.server = MysqlServer::unknown;
    const Analysis unknown = analyze_mysql(statement.sql, dialect);
    if (known.cls != StatementClass::read) {
      EXPECT_NE(unversioned.cls, StatementClass::read) << statement.place;
      EXPECT_NE(unknown.cls, StatementClass::read) << statement.place;
    }
    if (known.cls == StatementClass::write) {
      EXPECT_EQ(unknown.cls, StatementClass::write) << statement.place;
    }
  }
}

// The strictest class of a text holds however statements are put together.
TEST(MysqlCorpus, JoiningStatementsTakesTheStrictestClass) {
  const auto statements = corpus();
  for (std::size_t i = 0; i + 1 < statements.size(); ++i) {
    const auto& a = statements[i];
    const auto& b = statements[i + 1];
    if (a.dialect != b.dialect) continue;
    const MysqlDialect dialect = dialect_of(a.dialect);
    // A text that is cut short, or ends in a comment, swallows what follows.
    if (analyze_mysql(a.sql + "\n; INSERT", dialect).statements < 2) continue;
    const Analysis joined = analyze_mysql(a.sql + "\n;" + b.sql, dialect);
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

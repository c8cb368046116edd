// docs/rules.md is made from the table of rules. After a change, run this program
// with RELEVO_UPDATE_DOCS=1 to write it anew.
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "failover/decide/step.hpp"
#include "tests/support/generated_table.hpp"

namespace relevo::decide {
namespace {

std::string table() {
  std::ostringstream rows;
  rows << "| rule | name | because |\n|---|---|---|\n";
  for (const RuleInfo& rule : rule_table()) {
    rows << "| " << rule.number << " | `" << rule.name << "` | " << rule.because << " |\n";
  }
  return rows.str();
}

TEST(RuleDocs, ListEveryRule) {
  test::expect_documented(std::string(RELEVO_DOCS) + "/rules.md", table());
}

// Operators search for a number: it means one thing, and a sentence explains it.
TEST(RuleDocs, NumbersAreUniqueAndExplained) {
  std::set<int> seen;
  for (const RuleInfo& rule : rule_table()) {
    EXPECT_TRUE(seen.insert(rule.number).second) << rule.number;
    EXPECT_FALSE(rule.name.empty()) << rule.number;
    EXPECT_TRUE(rule.because.ends_with('.')) << rule.number << ": " << rule.because;
  }
}

}  // namespace
}  // namespace relevo::decide

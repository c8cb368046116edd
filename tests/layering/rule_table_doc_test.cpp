// docs/rules.md is made from the table of rules. After a change, run this program
// with RELEVO_UPDATE_DOCS=1 to write it anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "failover/decide/step.hpp"

namespace relevo::decide {
namespace {

constexpr std::string_view begin_mark = "<!-- generated: begin -->\n";
constexpr std::string_view end_mark = "<!-- generated: end -->\n";
const std::string path = std::string(RELEVO_DOCS) + "/rules.md";

std::string table() {
  std::ostringstream rows;
  rows << "| rule | name | because |\n|---|---|---|\n";
  for (const RuleInfo& rule : rule_table()) {
    rows << "| " << rule.number << " | `" << rule.name << "` | " << rule.because << " |\n";
  }
  return rows.str();
}

std::string document() {
  std::stringstream content;
  content << std::ifstream(path).rdbuf();
  return content.str();
}

TEST(RuleDocs, ListEveryRule) {
  std::string text = document();
  const auto begin = text.find(begin_mark);
  const auto end = text.find(end_mark);
  ASSERT_NE(begin, std::string::npos) << path;
  ASSERT_NE(end, std::string::npos) << path;
  const auto start = begin + begin_mark.size();
  if (const char* update = std::getenv("RELEVO_UPDATE_DOCS"); update && *update == '1') {
    text.replace(start, end - start, table());
    std::ofstream(path) << text;
    return;
  }
  EXPECT_EQ(text.substr(start, end - start), table()) << "docs/rules.md is out of date";
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

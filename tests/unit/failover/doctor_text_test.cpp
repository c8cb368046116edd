// What stands in servers' own words, whole or torn, and the page made from the table.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "failover/doctor/check.hpp"
#include "failover/doctor/diagnose.hpp"
#include "tests/support/generated_table.hpp"
#include "topology/model/sync_rule.hpp"

namespace relevo::doctor {
namespace {

using model::application_name_of;
using model::parse_sync_rule;

std::string shown(std::string_view text) {
  const auto rule = parse_sync_rule(text);
  if (!rule) return "none";
  std::string out = std::to_string(rule->count);
  for (const auto& name : rule->names) out += " " + name;
  return out;
}

TEST(SyncRule, ReadsEveryForm) {
  EXPECT_EQ(shown("ANY 1 (db1, db2)"), "1 db1 db2");
  EXPECT_EQ(shown("FIRST 2 (a,b , c)"), "2 a b c");
  EXPECT_EQ(shown("2 (a, b)"), "2 a b");
  EXPECT_EQ(shown("a, b"), "1 a b");
  EXPECT_EQ(shown("*"), "1 *");
  EXPECT_EQ(shown("any, first"), "1 any first");
  EXPECT_EQ(shown("ANY 1 (\"one \"\"two\"\"\", \"(\")"), "1 one \"two\" (");
}

TEST(SyncRule, RefusesWhatIsNone) {
  for (const char* text : {"", "  ", "ANY", "ANY 1", "ANY 1 (", "ANY 1 ()", "ANY 1 (a", "ANY x (a)",
                           "ANY 1 (a,)", "ANY 1 (a b)", "a b", ",", "\"a", "1 (a) b", ")", "a)"}) {
    EXPECT_EQ(shown(text), text == std::string("ANY") ? "1 ANY" : "none") << text;
  }
}

TEST(SyncRule, IsTotalOverTornTexts) {
  const std::string whole = "FIRST 2 (\"a \"\"b\", c, *)";
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    for (std::size_t from = 0; from + length <= whole.size(); ++from) {
      (void)parse_sync_rule(whole.substr(from, length));
    }
  }
}

TEST(ApplicationName, IsReadAsLibpqDoes) {
  EXPECT_EQ(application_name_of("host=a application_name=db2 port=5"), "db2");
  EXPECT_EQ(application_name_of("application_name = 'd b\\'2' x=y"), "d b'2");
  EXPECT_EQ(application_name_of("password='application_name=no'"), "");
  EXPECT_EQ(application_name_of("application_name=a application_name=b"), "b");
  EXPECT_EQ(application_name_of("postgres://u@h/d?application_name=db3&x=y"), "db3");
  EXPECT_EQ(application_name_of("postgres://u@h/d"), "");
  const std::string whole = "host='a\\'b' application_name='c d' x=";
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    (void)application_name_of(whole.substr(0, length));
  }
}

// ---- docs/doctor.md ------------------------------------------------------------------------
// After a change, run this program with RELEVO_UPDATE_DOCS=1 to write the table anew.

TEST(DoctorDocs, ListEveryCheck) {
  test::expect_documented(std::string(RELEVO_DOCS) + "/doctor.md", checks_markdown());
}

TEST(DoctorDocs, EachCheckHasANameOfItsOwnAndAReason) {
  std::set<std::pair<std::string_view, unsigned>> seen;
  for (const auto& table :
       {postgres_checks(), mysql_checks(), semi_sync_checks(), account_checks()}) {
    for (const Check& check : table) {
      EXPECT_TRUE(seen.emplace(check.name, check.servers).second) << check.name;
      EXPECT_TRUE(check.why.ends_with('.')) << check.name;
      EXPECT_FALSE(check.wanted.empty()) << check.name;
    }
  }
}

}  // namespace
}  // namespace relevo::doctor

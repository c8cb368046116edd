// The documentation's tables are made from the tables in the code. After a
// change, run this program with RELEVO_UPDATE_DOCS=1 to write them anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "proxy/admin/metrics.hpp"
#include "proxy/admin/routes.hpp"

namespace relevo::admin {
namespace {

constexpr std::string_view begin_mark = "<!-- generated: begin -->\n";
constexpr std::string_view end_mark = "<!-- generated: end -->\n";

void expect_documented(const std::string& file, const std::string& table) {
  const std::string path = std::string(RELEVO_DOCS) + "/" + file;
  std::stringstream content;
  content << std::ifstream(path).rdbuf();
  std::string text = content.str();
  const auto begin = text.find(begin_mark);
  const auto end = text.find(end_mark);
  ASSERT_NE(begin, std::string::npos) << path;
  ASSERT_NE(end, std::string::npos) << path;
  const auto start = begin + begin_mark.size();
  if (const char* update = std::getenv("RELEVO_UPDATE_DOCS"); update && *update == '1') {
    text.replace(start, end - start, table);
    std::ofstream(path) << text;
    return;
  }
  EXPECT_EQ(text.substr(start, end - start), table) << "docs/" << file << " is out of date";
}

TEST(Docs, ListEveryRoute) { expect_documented("admin-api.md", routes_markdown()); }
TEST(Docs, ListEveryMetric) { expect_documented("metrics.md", metrics_markdown()); }

}  // namespace
}  // namespace relevo::admin

// Whether a page of docs/ shows the table that the code has, between its two marks.
// With RELEVO_UPDATE_DOCS=1 it is written there instead.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace relevo::test {

inline void expect_documented(const std::string& path, const std::string& table) {
  constexpr std::string_view begin_mark = "<!-- generated: begin -->\n";
  constexpr std::string_view end_mark = "<!-- generated: end -->\n";
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
  EXPECT_EQ(text.substr(start, end - start), table) << path << " is out of date";
}

}  // namespace relevo::test

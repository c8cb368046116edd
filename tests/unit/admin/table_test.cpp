#include "proxy/admin/relevoctl/table.hpp"

#include <gtest/gtest.h>

namespace relevo::admin {
namespace {

TEST(Table, AlignsAndLeavesNoSpacesBehind) {
  EXPECT_EQ(
      table({{{"a"}, {"10", Color::none, true}, {"x"}}, {{"bcd"}, {"5", Color::none, true}, {""}}},
            {}),
      "a    10  x\n"
      "bcd   5\n");
}

TEST(Table, GivesAnEmptyColumnNoRoom) {
  EXPECT_EQ(table({{{"a"}, {""}, {"b"}}, {{"c"}, {""}, {"d"}}}, {}), "a  b\nc  d\n");
}

TEST(Table, CountsCharactersAndNotBytes) {
  EXPECT_EQ(table({{{"é"}, {"x"}}, {{"ab"}, {"y"}}}, {}), "é   x\nab  y\n");
}

TEST(Table, ColorsTextButNotPadding) {
  const Style style{true};
  EXPECT_EQ(table({{{"a", Color::red}, {"b"}}, {{"ccc"}, {"d"}}}, style),
            "\x1b[31ma\x1b[0m    b\nccc  d\n");
  EXPECT_EQ(table({{{"a", Color::red}}}, Style{false}), "a\n");
}

TEST(Table, LetsNoControlCharacterThrough) {
  EXPECT_EQ(table({{{"\x1b[2Ja\nb\x7f\t\xC2\x9B"}}}, {}), "?[2Ja?b???\n");
  EXPECT_EQ(printable("naïve – ok"), "naïve – ok");
  EXPECT_EQ(printable("\xC2"), "\xC2");
}

}  // namespace
}  // namespace relevo::admin

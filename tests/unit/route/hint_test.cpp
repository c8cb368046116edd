#include "proxy/route/hint.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace relevo::route {
namespace {

using namespace std::chrono_literals;

Hint parse(std::string_view comment) {
  Hint hint;
  parse_hint(comment, hint);
  return hint;
}

TEST(Hint, Targets) {
  EXPECT_EQ(parse(" relevo: primary ").target, HintTarget::primary);
  EXPECT_EQ(parse("relevo:replica").target, HintTarget::replica);
  EXPECT_EQ(parse("\trelevo:\n primary\r").target, HintTarget::primary);
  EXPECT_EQ(parse("relevo: primary, replica").target, HintTarget::replica);
}

TEST(Hint, Durations) {
  EXPECT_EQ(parse("relevo: max_lag=200ms").max_lag, 200ms);
  EXPECT_EQ(parse("relevo: max_lag=5s").max_lag, 5s);
  EXPECT_EQ(parse("relevo: max_lag=2m").max_lag, 2min);
  EXPECT_EQ(parse("relevo: max_lag=1h").max_lag, 1h);
  EXPECT_EQ(parse("relevo: max_lag=0ms").max_lag, 0ms);
  EXPECT_EQ(parse("relevo: max_lag=4294967295h").max_lag, 4294967295h);
}

TEST(Hint, Several) {
  const Hint hint = parse("relevo: replica, max_lag=1s");
  EXPECT_EQ(hint.target, HintTarget::replica);
  EXPECT_EQ(hint.max_lag, 1s);
}

TEST(Hint, WhatIsNotUnderstoodIsIgnored) {
  for (const std::string_view comment :
       {"", " ", "primary", "relevo", "relevo :primary", "Relevo: primary", "x relevo: primary",
        "relevo: Primary", "relevo: primaryx", "relevo: max_lag",
        "relevo: max_lag=", "relevo: max_lag=5", "relevo: max_lag=-5s", "relevo: max_lag=5 s",
        "relevo: max_lag=5d", "relevo: max_lag=99999999999s", "relevo:", "relevo: ,,,"}) {
    const Hint hint = parse(comment);
    EXPECT_EQ(hint.target, HintTarget::none) << comment;
    EXPECT_EQ(hint.max_lag, std::nullopt) << comment;
  }
}

}  // namespace
}  // namespace relevo::route

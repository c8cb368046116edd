// A MariaDB history by origin: what is read, printed, and told apart.
#include "topology/model/mariadb_log_state.hpp"

#include <gtest/gtest.h>

namespace relevo::model {
namespace {

MariadbLogState state(std::string_view text) {
  const auto parsed = MariadbLogState::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(MariadbLogState{});
}

TEST(MariadbLogState, ReadsWhatServersPrint) {
  EXPECT_EQ(state("").to_string(), "");
  EXPECT_EQ(state("0-2-110,0-1-100").to_string(), "0-1-100,0-2-110");
  EXPECT_EQ(state(" 0-1-100 , 7-4294967295-18446744073709551615\n").to_string(),
            "0-1-100,7-4294967295-18446744073709551615");
  EXPECT_EQ(state("0-1-100,0-1-90").to_string(), "0-1-100");
}

TEST(MariadbLogState, RefusesEverythingElse) {
  for (const auto* text :
       {"0-1", "0-1-", "0-1-2-3", "-1-1", "0-1-x", "0-1-100,", ",0-1-100", "0-1-100;0-2-1",
        "4294967296-1-1", "0-1-18446744073709551616", "0 -1-1", "0-1-1 2", "16/B374D848"}) {
    EXPECT_FALSE(MariadbLogState::parse(text)) << text;
  }
}

TEST(MariadbLogState, HigherNumberOfAnotherOriginCoversNothing) {
  const auto old_primary = state("0-1-105");
  const auto promoted = state("0-1-100,0-2-110");
  EXPECT_FALSE(promoted.covers(old_primary));
  EXPECT_EQ(old_primary.excess_over(promoted), "0-1-101..105");
  EXPECT_TRUE(promoted.covers(state("0-1-100")));
  EXPECT_EQ(state("0-1-100").excess_over(promoted), "");
}

TEST(MariadbLogState, ExcessNamesEachOriginAndDomain) {
  EXPECT_EQ(state("0-1-5,0-3-9,2-1-1").excess_over(state("0-1-5,0-3-8")), "0-3-9,2-1-1");
  EXPECT_EQ(state("0-3-3").excess_over(state("")), "0-3-1..3");
  // An origin that the other never heard of counts on from where both were.
  EXPECT_EQ(state("0-1-9,0-2-10").excess_over(state("0-1-9")), "0-2-10");
  EXPECT_EQ(state("0-1-9,0-2-12").excess_over(state("0-1-9")), "0-2-10..12");
}

// Made from a copy at 0-3-120: of what server 1 wrote before it has no record.
TEST(MariadbLogState, CopiedServerHasWhatLiesBehindACommonPoint) {
  const auto copied = state("0-2-130,0-3-120");
  const auto old = state("0-1-100,0-3-120");
  EXPECT_TRUE(copied.covers(old));
  EXPECT_EQ(old.excess_over(copied), "");
  EXPECT_EQ(copied.excess_over(old), "0-2-121..130");
  EXPECT_EQ(state("0-1-100,0-3-121").excess_over(copied), "0-3-121");
}

TEST(MariadbLogState, EmptyIsCoveredByAll) {
  EXPECT_TRUE(state("").covers(state("")));
  EXPECT_TRUE(state("0-1-1").covers(state("")));
  EXPECT_FALSE(state("").covers(state("0-1-1")));
}

TEST(MariadbLogState, AddKeepsTheGreater) {
  auto sum = state("0-1-100,0-2-110");
  sum.add(state("0-1-103,0-2-7,1-1-1"));
  EXPECT_EQ(sum.to_string(), "0-1-103,0-2-110,1-1-1");
}

}  // namespace
}  // namespace relevo::model

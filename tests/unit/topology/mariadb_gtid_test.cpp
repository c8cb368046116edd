// MariaDB's GTID positions: the last transaction of each domain.
#include "topology/model/mariadb_gtid.hpp"

#include <gtest/gtest.h>

namespace relevo::model {
namespace {

MariadbGtid at(std::string_view text) {
  const auto parsed = MariadbGtid::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(MariadbGtid{});
}

TEST(MariadbGtid, ReadsWhatServersPrint) {
  EXPECT_EQ(at("").to_string(), "");
  EXPECT_EQ(at("2-3-7, 0-1-100\n").to_string(), "0-1-100,2-3-7");
  EXPECT_EQ(at("4294967295-4294967295-18446744073709551615").to_string(),
            "4294967295-4294967295-18446744073709551615");
}

TEST(MariadbGtid, RefusesEverythingElse) {
  for (const char* text :
       {"0", "0-1", "0-1-", "-1-2", "0-1-2-3", "0-1-2,", ",0-1-2", "0-1-2,0-2-3", "0--1-2", "0-1-x",
        "0-4294967296-1", "0-1-18446744073709551616", "16/B374D848", "0-1- 2"}) {
    EXPECT_FALSE(MariadbGtid::parse(text)) << text;
  }
}

TEST(MariadbGtid, CoversByDomain) {
  EXPECT_TRUE(at("0-1-100,2-1-5").covers(at("0-1-99")));
  EXPECT_TRUE(at("0-2-101").covers(at("0-1-100")));  // promoted: another server went on
  EXPECT_FALSE(at("0-1-100").covers(at("0-1-100,2-1-5")));
  EXPECT_FALSE(at("0-1-100,2-1-4").covers(at("0-1-99,2-1-5")));
  EXPECT_TRUE(at("0-1-1").covers(at("")));
  EXPECT_FALSE(at("").covers(at("0-1-1")));
}

TEST(MariadbGtid, EqualNumbersOfTwoServersParted) {
  EXPECT_FALSE(at("0-1-100").covers(at("0-2-100")));
  EXPECT_FALSE(at("0-2-100").covers(at("0-1-100")));
  EXPECT_EQ(at("0-1-100").excess_over(at("0-2-100")), "0-1-100");
}

TEST(MariadbGtid, CountsWhatIsMissing) {
  EXPECT_EQ(at("0-1-90,2-1-5").transactions_behind(at("0-1-100,2-1-4,7-1-3")), 13U);
  EXPECT_EQ(at("0-1-100").transactions_behind(at("0-1-90")), 0U);
  EXPECT_EQ(at("").transactions_behind(at("0-1-18446744073709551615,1-1-1")), UINT64_MAX);
}

TEST(MariadbGtid, TellsTheExcess) {
  EXPECT_EQ(at("0-1-105").excess_over(at("0-1-100")), "0-1-101..105");
  EXPECT_EQ(at("0-1-105,3-1-1").excess_over(at("0-2-105")), "0-1-105,3-1-1");
  EXPECT_EQ(at("0-1-100").excess_over(at("0-2-101")), "");
  EXPECT_EQ(at("").excess_over(at("0-1-1")), "");
}

TEST(MariadbGtid, AddKeepsTheFurther) {
  MariadbGtid sum = at("0-1-100,2-1-5");
  sum.add(at("0-2-103,2-9-4,5-5-5"));
  EXPECT_EQ(sum.to_string(), "0-2-103,2-1-5,5-5-5");
}

}  // namespace
}  // namespace relevo::model

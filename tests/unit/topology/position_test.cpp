// A position of any engine: the questions that the rest of the code asks.
#include "topology/model/position.hpp"

#include <gtest/gtest.h>

namespace relevo::model {
namespace {

constexpr const char* uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

Position at(const std::string& text) {
  const auto parsed = Position::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(Position{});
}

Position gtids(const std::string& rest) { return at(uuid + rest); }

TEST(Position, TextGoesThereAndBack) {
  for (const std::string& text :
       {std::string(), std::string("16/B374D848"), std::string("0-1-100,2-1-5"),
        uuid + std::string(":1-5:9"), std::string("empty set"), std::string("no GTID")}) {
    EXPECT_EQ(at(text).to_string(), text);
  }
  for (const char* text : {"x", " ", "0-1", "16/", "no gtid"}) EXPECT_FALSE(Position::parse(text));
}

TEST(Position, UnknownProvesNothing) {
  const Position unknown;
  EXPECT_FALSE(unknown.known());
  EXPECT_FALSE(unknown.covers(unknown));
  EXPECT_FALSE(at("0-1-1").covers(unknown));
  EXPECT_EQ(unknown.compare(unknown), std::partial_ordering::unordered);
  EXPECT_FALSE(unknown.excess_over(at("0-1-1")));
  EXPECT_FALSE(unknown.transactions_behind(at("0-1-1")));
}

TEST(Position, NothingWrittenYetIsKnown) {
  EXPECT_TRUE(Position{GtidSet{}}.known());
  EXPECT_TRUE(Position{GtidSet{}}.covers(Position{GtidSet{}}));
  EXPECT_FALSE(Position{GtidSet{}}.covers(Position{MariadbGtid{}}));
  EXPECT_TRUE(gtids(":1").covers(Position{GtidSet{}}));
}

TEST(Position, EnginesDoNotCompare) {
  const Position each[] = {at("1/0"), at("0-1-100"), gtids(":1-5")};
  for (const Position& left : each) {
    for (const Position& right : each) {
      if (&left == &right) continue;
      EXPECT_EQ(left.compare(right), std::partial_ordering::unordered);
      EXPECT_FALSE(left.bytes_behind(right));
      EXPECT_FALSE(left.transactions_behind(right));
      EXPECT_FALSE(left.excess_over(right));
    }
  }
}

TEST(Position, OrdersWhatCanBeOrdered) {
  EXPECT_EQ(at("1/8").compare(at("1/0")), std::partial_ordering::greater);
  EXPECT_EQ(at("0-1-5").compare(at("0-1-6")), std::partial_ordering::less);
  EXPECT_EQ(at("0-1-5").compare(at("0-2-5")), std::partial_ordering::unordered);
  EXPECT_EQ(gtids(":1-5").compare(gtids(":1-5")), std::partial_ordering::equivalent);
  EXPECT_EQ(gtids(":1-5").compare(gtids(":2-6")), std::partial_ordering::unordered);
}

TEST(Position, CountsInWhatTheEngineCounts) {
  EXPECT_EQ(at("1/0").bytes_behind(at("1/10")), 16U);
  EXPECT_EQ(at("1/10").bytes_behind(at("1/0")), 0U);
  EXPECT_FALSE(at("1/0").transactions_behind(at("1/10")));
  EXPECT_EQ(gtids(":1-5").transactions_behind(gtids(":3-9")), 4U);
  EXPECT_FALSE(gtids(":1-5").bytes_behind(gtids(":3-9")));
  EXPECT_EQ(at("0-1-5").transactions_behind(at("0-1-9")), 4U);
}

TEST(Position, ErrantTransactionsAreTheExcess) {
  EXPECT_EQ(gtids(":1-9").excess_over(gtids(":1-7")), uuid + std::string(":8-9"));
  EXPECT_EQ(gtids(":1-7").excess_over(gtids(":1-9")), "");
  EXPECT_EQ(at("0-1-9").excess_over(at("0-1-7")), "0-1-8..9");
  EXPECT_FALSE(at("1/10").excess_over(at("1/0")));  // a byte offset names no transaction
}

TEST(Position, AddKeepsBoth) {
  Position sum;
  sum.add(gtids(":1-3"));
  sum.add(gtids(":5"));
  EXPECT_EQ(sum, gtids(":1-3:5"));
  sum.add(at("0-1-1"));
  EXPECT_EQ(sum, gtids(":1-3:5"));
  Position lsn = at("1/0");
  lsn.add(at("0/8"));
  EXPECT_EQ(lsn, at("1/0"));
  lsn.add(at("2/0"));
  EXPECT_EQ(lsn, at("2/0"));
}

}  // namespace
}  // namespace relevo::model

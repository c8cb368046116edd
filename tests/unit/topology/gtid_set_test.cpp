// MySQL's GTID sets: text, and arithmetic against a plain set of numbers.
#include "topology/model/gtid_set.hpp"

#include <gtest/gtest.h>

#include <set>

namespace relevo::model {
namespace {

constexpr const char* a = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
constexpr const char* b = "4e11fa47-71ca-11e1-9e33-c80aa9429562";

GtidSet set_of(std::string_view text) {
  const auto parsed = GtidSet::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(GtidSet{});
}

std::string with(const char* uuid, const std::string& rest) { return std::string(uuid) + rest; }

TEST(GtidSet, ReadsWhatServersPrint) {
  EXPECT_EQ(set_of("").to_string(), "");
  EXPECT_EQ(set_of(with(a, ":1-5")).to_string(), with(a, ":1-5"));
  EXPECT_EQ(set_of("3E11FA47-71CA-11E1-9E33-C80AA9429562:7").to_string(), with(a, ":7"));
  EXPECT_EQ(set_of(with(b, ":1-3,\n") + with(a, ":2:9-11")).to_string(),
            with(a, ":2:9-11,") + with(b, ":1-3"));
  EXPECT_EQ(set_of(with(a, ":5-6:1-3:4")).to_string(), with(a, ":1-6"));
  EXPECT_EQ(set_of(with(a, ":9223372036854775806")).count(), 1U);
}

TEST(GtidSet, ReadsTags) {
  EXPECT_EQ(set_of(with(a, ":1-3:Trial:5:7-9:zeta:1")).to_string(),
            with(a, ":1-3:trial:5:7-9:zeta:1"));
  EXPECT_EQ(set_of(with(a, ":trial:5")).to_string(), with(a, ":trial:5"));
  EXPECT_FALSE(set_of(with(a, ":1-5")).covers(set_of(with(a, ":trial:1"))));
  EXPECT_EQ(set_of(with(a, ":1:trial:2")).minus(set_of(with(a, ":1"))).to_string(),
            with(a, ":trial:2"));
}

TEST(GtidSet, RefusesEverythingElse) {
  for (const char* rest :
       {"", ":", ":0", ":1-", ":-1", ":3-1", ":x-1", ":1-5:", ":1,", ":1;2", ":9223372036854775807",
        ":99999999999999999999", ":1 2", ":tag", ":1:tag", ":tag:tag2:1", ":1-2-3"}) {
    EXPECT_FALSE(GtidSet::parse(with(a, rest))) << rest;
  }
  for (const char* text :
       {"0-1-100", "16/B374D848", ",", "3e11fa47:1", "3e11fa4g-71ca-11e1-9e33-c80aa9429562:1",
        "3e11fa47071ca-11e1-9e33-c80aa9429562:1"}) {
    EXPECT_FALSE(GtidSet::parse(text)) << text;
  }
  const std::string long_tag(33, 't');
  EXPECT_FALSE(GtidSet::parse(with(a, ":" + long_tag + ":1")));
}

TEST(GtidSet, TellsWhatOneHasAndTheOtherLacks) {
  const GtidSet primary = set_of(with(a, ":1-100"));
  const GtidSet replica = set_of(with(a, ":1-90,") + with(b, ":1-2"));
  EXPECT_EQ(replica.minus(primary).to_string(), with(b, ":1-2"));  // errant
  EXPECT_EQ(primary.minus(replica).to_string(), with(a, ":91-100"));
  EXPECT_FALSE(replica.covers(primary));
  EXPECT_FALSE(primary.covers(replica));
  GtidSet both = primary;
  both.add(replica);
  EXPECT_TRUE(both.covers(primary));
  EXPECT_TRUE(both.covers(replica));
  EXPECT_EQ(both.count(), 102U);
}

TEST(GtidSet, CountNeverWraps) {
  std::string text;
  for (const char* tag : {"r", "s", "t"}) {
    text += (text.empty() ? "" : ",") + with(a, std::string(":") + tag + ":1-9223372036854775806");
  }
  EXPECT_EQ(set_of(text).count(), UINT64_MAX);
}

// Every pair of subsets of 1..7: the intervals must do what single numbers do.
TEST(GtidSet, AgreesWithPlainSets) {
  constexpr unsigned numbers = 7;
  const auto build = [](unsigned mask) {
    std::string text;
    for (unsigned i = 0; i < numbers; ++i) {
      if ((mask >> i & 1U) != 0) text += ":" + std::to_string(i + 1);
    }
    return text.empty() ? GtidSet{} : set_of(with(a, text));
  };
  for (unsigned left = 0; left < 1U << numbers; ++left) {
    const GtidSet l = build(left);
    for (unsigned right = 0; right < 1U << numbers; ++right) {
      const GtidSet r = build(right);
      ASSERT_EQ(l.covers(r), (right & ~left) == 0) << left << " " << right;
      ASSERT_EQ(l.minus(r), build(left & ~right)) << left << " " << right;
      GtidSet sum = l;
      sum.add(r);
      ASSERT_EQ(sum, build(left | right)) << left << " " << right;
    }
    ASSERT_EQ(set_of(l.to_string()), l);
    ASSERT_EQ(l.count(), static_cast<std::uint64_t>(__builtin_popcount(left)));
  }
}

}  // namespace
}  // namespace relevo::model

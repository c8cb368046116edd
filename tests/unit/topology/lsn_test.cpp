// LSNs as text, and the page headers in which no record can end.
#include "topology/model/lsn.hpp"

#include <gtest/gtest.h>

namespace relevo::model {
namespace {

constexpr std::uint64_t segment = 16 << 20;

TEST(Lsn, ReadsWhatThePgLsnTypePrints) {
  EXPECT_EQ(Lsn::parse("16/B374D848"), (Lsn{0x16'B374D848}));
  EXPECT_EQ(Lsn::parse("0/0"), (Lsn{0}));
  EXPECT_EQ(Lsn::parse("FFFFFFFF/ffffffff"), (Lsn{UINT64_MAX}));
  EXPECT_EQ((Lsn{0x16'B374D848}).to_string(), "16/B374D848");
}

TEST(Lsn, RefusesEverythingElse) {
  for (const char* text : {"", "/", "1/", "/1", "1", "1/2/3", "x/1", "1/x", "1/ 2", " 1/2", "1/2 ",
                           "-1/2", "+1/2", "123456789/1", "1/123456789", "0x1/2"}) {
    EXPECT_EQ(Lsn::parse(text), std::nullopt) << '"' << text << '"';
  }
}

TEST(Lsn, TakesAPositionWithinAPageHeaderBackToThePage) {
  struct Case {
    std::uint64_t value, normalized;
  };
  const std::uint64_t page = segment + 3 * 8192;
  for (const Case& test :
       {Case{page, page}, Case{page + 1, page}, Case{page + 24, page}, Case{page + 25, page + 25},
        Case{page + 40, page + 40}, Case{segment, segment}, Case{segment + 40, segment},
        Case{segment + 41, segment + 41}, Case{page - 1, page - 1}}) {
    EXPECT_EQ((Lsn{test.value}.normalized(segment).value), test.normalized) << test.value;
  }
}

TEST(Lsn, WithoutTheSegmentSizeNoLongHeaderIsAssumed) {
  EXPECT_EQ((Lsn{segment + 40}.normalized(0).value), segment + 40);
  EXPECT_EQ((Lsn{segment + 24}.normalized(0).value), segment);
}

}  // namespace
}  // namespace relevo::model

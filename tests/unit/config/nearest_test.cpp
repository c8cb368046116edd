#include "proxy/config/nearest.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace relevo::config {
namespace {

const std::vector<std::string> known{"reads", "max_lag", "consistency", "balance", "zone"};

TEST(Nearest, FindsTheWordThatWasMeant) {
  EXPECT_EQ(nearest("max_lagg", known), "max_lag");  // an insertion
  EXPECT_EQ(nearest("max_lg", known), "max_lag");    // a deletion
  EXPECT_EQ(nearest("max-lag", known), "max_lag");   // a replacement
  EXPECT_EQ(nearest("zoen", known), "zone");         // a swap
  EXPECT_EQ(nearest("consistancy", known), "consistency");
  EXPECT_EQ(nearest("read", known), "reads");
  EXPECT_EQ(nearest("reads", known), "reads");
}

TEST(Nearest, CountsASwapAsOneChange) {
  // "ab" -> "ba" is one swap or two replacements; "bx" is one replacement and one more.
  EXPECT_EQ(nearest("ab", std::vector<std::string>{"cd", "ba"}), "ba");
  EXPECT_EQ(nearest("ab", std::vector<std::string>{"abcc", "ba"}), "ba");
}

TEST(Nearest, TakesTheFirstOfEquals) {
  EXPECT_EQ(nearest("x", std::vector<std::string>{"a", "b"}), "a");
}

TEST(Nearest, HasAnAnswerForAnything) {
  EXPECT_EQ(nearest("", known), "zone");
  EXPECT_EQ(nearest("zone", {}), "");
  EXPECT_NE(nearest(std::string(1 << 20, 'x'), known), "");
}

}  // namespace
}  // namespace relevo::config

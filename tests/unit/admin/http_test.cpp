#include "proxy/admin/http.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/admin/token.hpp"

namespace relevo::admin {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(Target, SplitsBeforeItDecodes) {
  const auto target = parse_target("/v1/clusters/a%2Fb%20c/pools?x=1%262&y=a+b&z");
  ASSERT_TRUE(target);
  EXPECT_THAT(target->segments, ElementsAre("v1", "clusters", "a/b c", "pools"));
  EXPECT_THAT(target->query, ElementsAre(Pair("x", "1&2"), Pair("y", "a b"), Pair("z", "")));
}

TEST(Target, KeepsAPlusInAPath) { EXPECT_THAT(parse_target("/a+b")->segments, ElementsAre("a+b")); }

TEST(Target, TakesTheRootAndOneFinalSlash) {
  EXPECT_THAT(parse_target("/")->segments, IsEmpty());
  EXPECT_THAT(parse_target("/livez/")->segments, ElementsAre("livez"));
  EXPECT_THAT(parse_target("/a//b")->segments, ElementsAre("a", "", "b"));
}

TEST(Target, TakesTheLastOfARepeatedParameter) {
  EXPECT_THAT(parse_target("/?a=1&a=2&&")->query, ElementsAre(Pair("a", "2")));
}

TEST(Target, RefusesWhatIsMalformed) {
  for (const char* text :
       {"", "v1", "*", "http://host/", "/%", "/%4", "/%4g", "/?a=%", "/?%zz=1"}) {
    EXPECT_FALSE(parse_target(text)) << text;
  }
}

TEST(PercentEncode, IsReadBackAsItWas) {
  std::string every_byte;
  for (int c = 0; c < 256; ++c) every_byte += static_cast<char>(c);
  const auto target = parse_target("/?q=" + percent_encode(every_byte));
  ASSERT_TRUE(target);
  EXPECT_EQ(target->query.at("q"), every_byte);
}

TEST(ErrorResponse, MapsTheBackendsCodes) {
  EXPECT_EQ(error_response(Error{"unknown_node", ""}).status, 404);
  EXPECT_EQ(error_response(Error{"invalid", ""}).status, 400);
  EXPECT_EQ(error_response(Error{"timeout", ""}).status, 504);
  EXPECT_EQ(error_response(Error{"unavailable", ""}).status, 503);
  EXPECT_EQ(error_response(Error{"no_quorum", ""}).status, 409);
}

TEST(ErrorResponse, SurvivesBytesThatAreNotText) {
  EXPECT_EQ(error_response(400, "x", "\xff\"\n").body,
            "{\"error\":{\"code\":\"x\",\"message\":\"\xEF\xBF\xBD\\\"\\n\"}}\n");
}

TEST(Token, EqualsOnlyItself) {
  EXPECT_TRUE(tokens_equal("secret", "secret"));
  EXPECT_FALSE(tokens_equal("secret", "secreT"));
  EXPECT_FALSE(tokens_equal("secret", "secret "));
  EXPECT_FALSE(tokens_equal("secret", ""));
  EXPECT_FALSE(tokens_equal("", ""));
}

}  // namespace
}  // namespace relevo::admin

#include "proxy/session/mysql/auth/native_password.hpp"

#include <gtest/gtest.h>

#include "tests/unit/session/mysql/auth/vectors.hpp"

namespace relevo::session::mysql {
namespace {

TEST(NativePassword, TheStoredFormIsTheServers) {
  const auto verifier = make_native_verifier(make_native_key("secret"));
  EXPECT_EQ(verifier.to_string(), test::native_stored);
  EXPECT_EQ(parse_native_verifier(test::native_stored), verifier);
  EXPECT_EQ(parse_native_verifier("*14e65567abdb5135d0cfd9a70b3032c179a49ee7"), verifier);
}

TEST(NativePassword, NothingElseIsAVerifier) {
  std::string no_star = test::native_stored, no_hex = test::native_stored;
  no_star[0] = '0';
  no_hex[7] = 'G';
  const std::string others[] = {"",
                                "*",
                                no_star,
                                no_hex,
                                test::native_stored + "0",
                                test::native_stored.substr(0, 40),
                                "6f8c114b58f2ce9e"};
  for (const std::string& text : others) EXPECT_FALSE(parse_native_verifier(text)) << text;
}

TEST(NativePassword, TheProofIsTheDrivers) {
  EXPECT_EQ(text_of(native_proof(make_native_key("secret"), test::scramble)),
            test::native_secret_proof);
}

TEST(NativePassword, ARightProofRevealsTheKeyAndItAnswersAnotherScramble) {
  const auto verifier = parse_native_verifier(test::native_stored);
  ASSERT_TRUE(verifier);
  const auto key = check_native_proof(*verifier, test::scramble, test::native_secret_proof);
  ASSERT_EQ(key, make_native_key("secret"));
  const std::string other = test::scramble.substr(1) + "x";
  EXPECT_TRUE(check_native_proof(*verifier, other, text_of(native_proof(*key, other))));
}

TEST(NativePassword, AWrongProofRevealsNothing) {
  const auto verifier = *parse_native_verifier(test::native_stored);
  for (std::size_t i = 0; i < test::native_secret_proof.size(); ++i) {
    std::string changed = test::native_secret_proof;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(check_native_proof(verifier, test::scramble, changed)) << i;
    EXPECT_FALSE(
        check_native_proof(verifier, test::scramble, test::native_secret_proof.substr(0, i)));
  }
  EXPECT_FALSE(check_native_proof(verifier, test::scramble, test::native_secret_proof + "x"));
  EXPECT_FALSE(check_native_proof(verifier, test::scramble.substr(1), test::native_secret_proof));
}

}  // namespace
}  // namespace relevo::session::mysql

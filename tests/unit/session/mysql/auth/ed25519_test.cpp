// Made with libsodium, checked with OpenSSL: two implementations of the curve.
#include "proxy/session/mysql/auth/ed25519.hpp"

#include <gtest/gtest.h>

#include "tests/unit/session/mysql/auth/vectors.hpp"

namespace relevo::session::mysql {
namespace {

const std::string challenge = "0123456789abcdef0123456789ABCDEF";

TEST(Ed25519, ThePublicKeyIsMariadbs) {
  const auto stored = parse_ed25519_public_key(test::ed25519_stored);
  ASSERT_TRUE(stored);
  EXPECT_EQ(make_ed25519_public_key("secret"), *stored);
  EXPECT_NE(make_ed25519_public_key("secret1"), *stored);
}

TEST(Ed25519, NothingElseIsAPublicKey) {
  const std::string& good = test::ed25519_stored;
  std::string bad_character = good, spare_bits = good;
  bad_character[3] = '-';
  spare_bits.back() = 'Z';  // one more than 'Y'
  for (const std::string& text :
       {std::string(), good + "=", good.substr(1), bad_character, spare_bits}) {
    EXPECT_FALSE(parse_ed25519_public_key(text)) << text;
  }
}

TEST(Ed25519, ASignatureFitsItsKeyAndItsChallenge) {
  for (const std::string& password :
       {std::string(), std::string("secret"), std::string(300, 'x')}) {
    const auto key = make_ed25519_public_key(password);
    const Ed25519Signature signature = ed25519_sign(password, challenge);
    EXPECT_TRUE(ed25519_verify(key, challenge, text_of(signature)));
    EXPECT_FALSE(ed25519_verify(key, challenge.substr(1), text_of(signature)));
    EXPECT_FALSE(ed25519_verify(make_ed25519_public_key("another"), challenge, text_of(signature)));
  }
}

TEST(Ed25519, AChangedSignatureFitsNothing) {
  const auto key = make_ed25519_public_key("secret");
  const std::string signature(text_of(ed25519_sign("secret", challenge)));
  for (std::size_t i = 0; i < signature.size(); ++i) {
    std::string changed = signature;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(ed25519_verify(key, challenge, changed)) << i;
    EXPECT_FALSE(ed25519_verify(key, challenge, signature.substr(0, i))) << i;
  }
}

}  // namespace
}  // namespace relevo::session::mysql

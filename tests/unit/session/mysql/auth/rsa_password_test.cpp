#include "proxy/session/mysql/auth/rsa_password.hpp"

#include <gtest/gtest.h>

#include "tests/unit/session/mysql/auth/vectors.hpp"

namespace relevo::session::mysql {
namespace {

const RsaKeyPair& key_pair() {
  static const RsaKeyPair pair = RsaKeyPair::generate();
  return pair;
}

std::string encrypted(std::string_view password) {
  const auto cipher = encrypt_password(key_pair().public_key_pem(), password, test::scramble);
  EXPECT_TRUE(cipher) << cipher.error().message;
  return cipher.value_or("");
}

TEST(RsaPassword, ComesThrough) {
  EXPECT_TRUE(key_pair().public_key_pem().starts_with("-----BEGIN PUBLIC KEY-----\n"));
  for (const std::string& password :
       {std::string(), std::string("secret"), std::string(213, 'x')}) {
    const std::string cipher = encrypted(password);
    EXPECT_EQ(cipher.size(), key_pair().cipher_bytes());
    EXPECT_EQ(key_pair().decrypt_password(cipher, test::scramble), password);
  }
}

TEST(RsaPassword, IsOfNoUseInAnotherExchange) {
  const std::string cipher = encrypted("secret");
  std::string other = test::scramble;
  other[6] = static_cast<char>(other[6] ^ 0x40);  // over the zero byte: no end is found
  EXPECT_EQ(key_pair().decrypt_password(cipher, other), std::nullopt);
  other = test::scramble;
  other[0] = static_cast<char>(other[0] ^ 0x01);
  EXPECT_NE(key_pair().decrypt_password(cipher, other), "secret");
  EXPECT_EQ(RsaKeyPair::generate().decrypt_password(cipher, test::scramble), std::nullopt);
}

TEST(RsaPassword, AnythingElseIsNotDecrypted) {
  const std::string cipher = encrypted("secret");
  EXPECT_FALSE(key_pair().decrypt_password("", test::scramble));
  EXPECT_FALSE(key_pair().decrypt_password(cipher.substr(1), test::scramble));
  EXPECT_FALSE(key_pair().decrypt_password(cipher + "x", test::scramble));
  EXPECT_FALSE(key_pair().decrypt_password(std::string(256, '\xff'), test::scramble));
  for (std::size_t i = 0; i < cipher.size(); i += 17) {
    std::string changed = cipher;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(key_pair().decrypt_password(changed, test::scramble)) << i;
  }
}

TEST(RsaPassword, AKeyThatCannotBeUsedIsAnError) {
  const std::string& pem = key_pair().public_key_pem();
  for (std::size_t size = 0; size + 40 < pem.size(); size += 13) {
    const auto cipher = encrypt_password(pem.substr(0, size), "secret", test::scramble);
    ASSERT_FALSE(cipher) << size;
    EXPECT_EQ(cipher.error().code, "rsa_key");
  }
  const std::string ed25519_pem =
      "-----BEGIN PUBLIC KEY-----\n"
      "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
      "-----END PUBLIC KEY-----\n";
  EXPECT_FALSE(encrypt_password(ed25519_pem, "secret", test::scramble));
  EXPECT_FALSE(encrypt_password(pem, std::string(214, 'x'), test::scramble));
}

}  // namespace
}  // namespace relevo::session::mysql

#include "proxy/session/mysql/auth/caching_sha2.hpp"

#include <gtest/gtest.h>

#include "proxy/session/mysql/auth/sha256_crypt.hpp"
#include "tests/unit/session/mysql/auth/vectors.hpp"

namespace relevo::session::mysql {
namespace {

TEST(CachingSha2, TheProofIsTheDrivers) {
  EXPECT_EQ(text_of(sha2_proof(make_sha2_key("secret"), test::scramble)), test::sha2_secret_proof);
}

TEST(CachingSha2, ARightProofRevealsTheKeyAndThePassword) {
  const RememberedSha2 remembered = remember_sha2("secret");
  const auto key = check_sha2_proof(remembered, test::scramble, test::sha2_secret_proof);
  ASSERT_EQ(key, make_sha2_key("secret"));
  EXPECT_EQ(unseal_password(remembered, *key), "secret");
}

TEST(CachingSha2, AWrongProofRevealsNothing) {
  const RememberedSha2 remembered = remember_sha2("secret");
  for (std::size_t i = 0; i < test::sha2_secret_proof.size(); ++i) {
    std::string changed = test::sha2_secret_proof;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(check_sha2_proof(remembered, test::scramble, changed)) << i;
    EXPECT_FALSE(
        check_sha2_proof(remembered, test::scramble, test::sha2_secret_proof.substr(0, i)));
  }
  EXPECT_FALSE(check_sha2_proof(remembered, test::scramble, test::sha2_secret_proof + "x"));
}

TEST(CachingSha2, ASealedPasswordOpensWithItsKeyOnlyAndUnchangedOnly) {
  for (const std::string& password : {std::string(), std::string("x"), std::string(256, 'p')}) {
    const RememberedSha2 remembered = remember_sha2(password);
    EXPECT_EQ(unseal_password(remembered, make_sha2_key(password)), password);
    EXPECT_FALSE(unseal_password(remembered, make_sha2_key(password + "x")));
    for (std::size_t i = 0; i < remembered.sealed_password.size(); ++i) {
      RememberedSha2 changed = remembered;
      changed.sealed_password[i] = static_cast<char>(changed.sealed_password[i] ^ 1);
      EXPECT_FALSE(unseal_password(changed, make_sha2_key(password))) << i;
      changed.sealed_password = remembered.sealed_password.substr(0, i);
      EXPECT_FALSE(unseal_password(changed, make_sha2_key(password))) << i;
    }
  }
}

TEST(CachingSha2, WhatIsRememberedDoesNotShowThePassword) {
  const RememberedSha2 remembered = remember_sha2("correct horse");
  EXPECT_EQ(remembered.sealed_password.find("horse"), std::string::npos);
}

// The salts are 16 bytes at most: so far libcrypt and MySQL agree.
TEST(Sha256Crypt, AgreesWithLibcrypt) {
  struct Case {
    std::string password, salt;
    std::uint32_t rounds;
    std::string hash;
  };
  const Case cases[] = {
      {"Hello world!", "saltstring", 5000, "5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"},
      {"", "saltstring", 5000, "FdNfA4gXqvCeO6iZs7G/.wwwoywYZqo0l1pwmfWaBA7"},
      {std::string(100, 'x'), "0123456789abcdef", 1000,
       "czdOQCsA/VDhZcMjIK.oUKHWtOuofNpsEoUzu7ha619"},
      {std::string(32, 'x'), "0123456789abcdef", 1000,
       "9aTLN.HDRFFfhWWAE8/dBgfLdtuUGOFKc.qMLPMC1P8"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(sha256_crypt(c.password, c.salt, c.rounds), c.hash) << c.password;
  }
}

TEST(Sha256Crypt, ChecksAPasswordAgainstMysqlsCatalogue) {
  const auto stored = parse_stored_sha2(test::sha2_stored);
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->rounds, 5000U);
  EXPECT_EQ(stored->to_string(), test::sha2_stored);
  EXPECT_TRUE(password_matches(*stored, "hashcat"));
  EXPECT_FALSE(password_matches(*stored, "hashcat1"));
  EXPECT_FALSE(password_matches(*stored, ""));
  EXPECT_FALSE(password_matches(*stored, std::string(password_bytes_max + 1, 'x')));
}

TEST(Sha256Crypt, NothingElseIsAStoredHash) {
  for (std::size_t size = 0; size < test::sha2_stored.size(); ++size) {
    EXPECT_FALSE(parse_stored_sha2(test::sha2_stored.substr(0, size))) << size;
  }
  EXPECT_FALSE(parse_stored_sha2(test::sha2_stored + "x"));
  for (const std::string_view start :
       {"$B$005$", "$A$000$", "$A$ 05$", "$A$-05$", "$A$00g$", "$A$0050", "xA$005$"}) {
    EXPECT_FALSE(parse_stored_sha2(std::string(start) + test::sha2_stored.substr(7))) << start;
  }
}

TEST(Sha256Crypt, RoundsAreHexadecimal) {
  const auto stored = parse_stored_sha2("$A$FFF$" + test::sha2_stored.substr(7));
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->rounds, sha256_crypt_rounds_max);
  EXPECT_EQ(stored->to_string().substr(0, 7), "$A$FFF$");
}

}  // namespace
}  // namespace relevo::session::mysql

#include "proxy/session/postgres/auth/crypto.hpp"

#include <gtest/gtest.h>

#include <string>

namespace relevo::session::postgres {
namespace {

std::string hex(const Digest& digest) {
  std::string text;
  for (const std::byte byte : digest) {
    text += "0123456789abcdef"[std::to_integer<int>(byte) >> 4];
    text += "0123456789abcdef"[std::to_integer<int>(byte) & 15];
  }
  return text;
}

TEST(Crypto, Sha256) {  // FIPS 180-4 examples
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Crypto, HmacSha256) {  // RFC 4231, case 2, in one part and in several
  const std::string expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
  EXPECT_EQ(hex(hmac_sha256("Jefe", {"what do ya want for nothing?"})), expected);
  EXPECT_EQ(hex(hmac_sha256("Jefe", {"what do ya ", "", "want for ", "nothing?"})), expected);
  EXPECT_EQ(hex(hmac_sha256("", {})),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Crypto, Pbkdf2) {  // RFC 7914, section 11
  EXPECT_EQ(hex(pbkdf2_sha256("passwd", "salt", 1)),
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
  EXPECT_EQ(hex(pbkdf2_sha256("Password", "NaCl", 80000)),
            "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56");
}

TEST(Crypto, Md5) {  // RFC 1321
  EXPECT_EQ(md5_hex({"message ", "digest"}).value(), "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST(Crypto, ComparesWithoutShortcuts) {
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
  EXPECT_FALSE(equal_in_constant_time("", "a"));
}

TEST(Crypto, WipesSecrets) {
  Digest secret = sha256("secret");
  wipe(secret);
  EXPECT_EQ(secret, Digest{});
}

TEST(Base64, GivesTheVectorsOfItsRfc) {  // RFC 4648, section 10
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [data, text] : vectors) {
    EXPECT_EQ(base64_encode(data), text);
    EXPECT_EQ(base64_decode(text), data);
  }
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(base64_decode(base64_encode(all)), all);
}

TEST(Base64, RefusesWhatIsNotExactlyBase64) {
  for (const char* bad : {"Z", "Zg", "Zg=", "Zm8", "Zg===", "====", "=", "Zg==Zg==", "Zh==", "Zm9=",
                          " Zm9v", "Zm9v\n", "Zm 9v", "Zm9-", "Zm9_", "Z=9v", "Zm9v====", "A==="}) {
    EXPECT_EQ(base64_decode(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(base64_decode(std::string_view("Zm9\0", 4)), std::nullopt);
}

TEST(Base64, ADigestIsExactly32Bytes) {
  EXPECT_TRUE(base64_decode_digest(base64_encode(std::string(32, 'x'))));
  EXPECT_FALSE(base64_decode_digest(base64_encode(std::string(31, 'x'))));
  EXPECT_FALSE(base64_decode_digest(base64_encode(std::string(33, 'x'))));
}

}  // namespace
}  // namespace relevo::session::postgres

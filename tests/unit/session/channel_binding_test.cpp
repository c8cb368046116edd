#include "proxy/session/postgres/auth/channel_binding.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace relevo::session::postgres {
namespace {

struct Free {
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
};

enum class Key { p256, rsa_pss, ed25519 };

// A self-signed certificate in DER, signed with this kind of key and hash.
std::string certificate(Key kind, const char* hash) {
  const std::unique_ptr<EVP_PKEY, Free> key(
      kind == Key::p256      ? EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")
      : kind == Key::rsa_pss ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048})
                             : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const std::unique_ptr<X509, Free> x509(X509_new());
  X509_set_version(x509.get(), 2);
  X509_gmtime_adj(X509_getm_notBefore(x509.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(x509.get()), 3600);
  X509_set_pubkey(x509.get(), key.get());
  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;
  const EVP_MD* md = hash == nullptr ? nullptr : EVP_get_digestbyname(hash);
  EXPECT_EQ(EVP_DigestSignInit(context.get(), &key_context, md, nullptr, key.get()), 1);
  if (kind == Key::rsa_pss) EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING);
  EXPECT_GT(X509_sign_ctx(x509.get(), context.get()), 0);
  unsigned char* der = nullptr;
  const int size = i2d_X509(x509.get(), &der);
  EXPECT_GT(size, 0);
  std::string text(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

std::span<const std::byte> bytes(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string hashed(const std::string& data, const char* hash) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(data.data(), data.size(), digest, &size, EVP_get_digestbyname(hash), nullptr);
  return {reinterpret_cast<char*>(digest), size};
}

TEST(ChannelBinding, UsesTheHashOfTheCertificatesSignature) {
  const struct {
    Key key;
    const char* signed_with;
    const char* bound_with;
  } table[] = {{Key::p256, "SHA256", "SHA256"},
               {Key::p256, "SHA384", "SHA384"},
               {Key::p256, "SHA512", "SHA512"},
               {Key::p256, "SHA1", "SHA256"},
               {Key::rsa_pss, "SHA384", "SHA384"}};
  for (const auto& row : table) {
    const std::string der = certificate(row.key, row.signed_with);
    const auto binding = tls_server_end_point(bytes(der));
    ASSERT_TRUE(binding) << row.signed_with;
    EXPECT_EQ(*binding, hashed(der, row.bound_with)) << row.signed_with;
    const auto named = tls_server_end_point(bytes(der), row.signed_with);
    ASSERT_TRUE(named);
    EXPECT_EQ(*named, *binding);
  }
}

TEST(ChannelBinding, CountsMd5AsSha256) {
  EXPECT_EQ(tls_server_end_point(bytes("der"), "md5").value(), hashed("der", "SHA256"));
}

TEST(ChannelBinding, IsUndefinedForEd25519) {
  const std::string der = certificate(Key::ed25519, nullptr);
  const auto binding = tls_server_end_point(bytes(der));
  ASSERT_FALSE(binding);
  EXPECT_EQ(binding.error().code, "0A000");
}

TEST(ChannelBinding, RefusesWhatIsNoCertificate) {
  const std::string der = certificate(Key::p256, "SHA256");
  for (const std::string& bad : {std::string(), std::string("x"), der + "x",
                                 der.substr(0, der.size() - 1), der.substr(0, 10)}) {
    EXPECT_FALSE(tls_server_end_point(bytes(bad)));
  }
  EXPECT_FALSE(tls_server_end_point(bytes(der), "no such hash"));
}

}  // namespace
}  // namespace relevo::session::postgres

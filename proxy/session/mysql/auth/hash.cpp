#include "proxy/session/mysql/auth/hash.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <memory>

#include "topology/model/check.hpp"

// A hash fails only without memory, or without OpenSSL's default provider:
// neither leaves anything to go on with, hence the checks. (SHA-1 is an approved
// hash still, in FIPS mode too; it is MD5 that a policy may forbid.)

namespace relevo::session::mysql {
namespace {

struct Free {
  void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
};

template <std::size_t Size>
Digest<Size> hash(const EVP_MD* kind, std::initializer_list<std::string_view> parts) {
  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  RELEVO_CHECK(context != nullptr);
  RELEVO_CHECK(EVP_DigestInit_ex(context.get(), kind, nullptr) == 1);
  for (const std::string_view part : parts) {
    RELEVO_CHECK(EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1);
  }
  Digest<Size> digest;
  unsigned size = 0;
  RELEVO_CHECK(EVP_DigestFinal_ex(context.get(), digest.data(), &size) == 1 && size == Size);
  return digest;
}

}  // namespace

Sha1 sha1(std::initializer_list<std::string_view> parts) { return hash<20>(EVP_sha1(), parts); }
Sha256 sha256(std::initializer_list<std::string_view> parts) {
  return hash<32>(EVP_sha256(), parts);
}
Sha512 sha512(std::initializer_list<std::string_view> parts) {
  return hash<64>(EVP_sha512(), parts);
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void wipe(void* secret, std::size_t size_bytes) { OPENSSL_cleanse(secret, size_bytes); }

}  // namespace relevo::session::mysql

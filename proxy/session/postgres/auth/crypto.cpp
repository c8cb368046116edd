#include "proxy/session/postgres/auth/crypto.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cstring>
#include <memory>

#include "topology/model/check.hpp"

// SHA-256 and HMAC fail only without memory, or without OpenSSL's default
// provider: neither leaves anything to go on with, hence the checks.

namespace relevo::session::postgres {
namespace {

struct Free {
  void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
  void operator()(EVP_MAC* p) const { EVP_MAC_free(p); }
  void operator()(EVP_MAC_CTX* p) const { EVP_MAC_CTX_free(p); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

const unsigned char* data_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* data_of(Digest& digest) { return reinterpret_cast<unsigned char*>(digest.data()); }

constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

Digest sha256(std::string_view data) {
  Digest digest;
  RELEVO_CHECK(
      EVP_Digest(data.data(), data.size(), data_of(digest), nullptr, EVP_sha256(), nullptr) == 1);
  return digest;
}

Digest hmac_sha256(std::string_view key, std::initializer_list<std::string_view> parts) {
  const Owned<EVP_MAC> mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  RELEVO_CHECK(mac != nullptr);
  const Owned<EVP_MAC_CTX> context(EVP_MAC_CTX_new(mac.get()));
  RELEVO_CHECK(context != nullptr);
  char hash[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash, 0),
                                   OSSL_PARAM_construct_end()};
  // A null key means "keep the former one" to OpenSSL, which an empty view may hold.
  const unsigned char none = 0;
  const unsigned char* key_data = key.empty() ? &none : data_of(key);
  RELEVO_CHECK(EVP_MAC_init(context.get(), key_data, key.size(), parameters) == 1);
  for (const std::string_view part : parts) {
    RELEVO_CHECK(EVP_MAC_update(context.get(), data_of(part), part.size()) == 1);
  }
  Digest digest;
  std::size_t size = 0;
  RELEVO_CHECK(EVP_MAC_final(context.get(), data_of(digest), &size, digest.size()) == 1);
  RELEVO_CHECK(size == digest.size());
  return digest;
}

Digest pbkdf2_sha256(std::string_view password, std::string_view salt, std::uint32_t iterations) {
  RELEVO_CHECK(iterations >= 1 && iterations <= 0x7fffffff);
  Digest digest;
  const char none = 0;
  RELEVO_CHECK(PKCS5_PBKDF2_HMAC(
                   password.empty() ? &none : password.data(), static_cast<int>(password.size()),
                   data_of(salt), static_cast<int>(salt.size()), static_cast<int>(iterations),
                   EVP_sha256(), static_cast<int>(digest.size()), data_of(digest)) == 1);
  return digest;
}

Digest exclusive_or(const Digest& a, const Digest& b) {
  Digest result;
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = a[i] ^ b[i];
  return result;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void wipe(Digest& secret) { OPENSSL_cleanse(secret.data(), secret.size()); }

Result<std::string> md5_hex(std::initializer_list<std::string_view> parts) {
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  RELEVO_CHECK(context != nullptr);
  std::array<unsigned char, 16> digest{};
  bool ok = EVP_DigestInit_ex(context.get(), EVP_md5(), nullptr) == 1;
  for (const std::string_view part : parts) {
    ok = ok && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  }
  if (!ok || EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1) {
    return fail("0A000", "MD5 is not available: the system's cryptographic policy forbids it");
  }
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

std::string base64_encode(std::string_view data) {
  std::string text;
  text.reserve((data.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < data.size(); i += 3) {
    const std::size_t size = std::min<std::size_t>(3, data.size() - i);
    std::uint32_t word = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      word = (word << 8) | (j < size ? static_cast<unsigned char>(data[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      text += j <= size ? base64_digits[(word >> (18 - 6 * j)) & 63] : '=';
    }
  }
  return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && !text.empty() && text.back() == '=') {
    text.remove_suffix(1);
    ++padding;
  }
  std::string data;
  data.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t word = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const std::size_t digit = base64_digits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    word = (word << 6) | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      data += static_cast<char>((word >> bits) & 0xff);
      word &= (1U << bits) - 1;
    }
  }
  if (word != 0) return std::nullopt;
  return data;
}

std::optional<Digest> base64_decode_digest(std::string_view text) {
  const auto data = base64_decode(text);
  Digest digest;
  if (!data || data->size() != digest.size()) return std::nullopt;
  std::memcpy(digest.data(), data->data(), digest.size());
  return digest;
}

}  // namespace relevo::session::postgres

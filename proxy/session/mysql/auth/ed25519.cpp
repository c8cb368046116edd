#include "proxy/session/mysql/auth/ed25519.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <memory>

#include "topology/model/check.hpp"

namespace relevo::session::mysql {
namespace {

struct Free {
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

using Scalar = Digest<crypto_core_ed25519_SCALARBYTES>;
using Point = Digest<crypto_core_ed25519_BYTES>;

struct ExpandedKey {
  Scalar secret{};  // clamped
  Digest<32> prefix{};

  explicit ExpandedKey(std::string_view password) {
    Sha512 hash = sha512({password});
    std::copy_n(hash.begin(), secret.size(), secret.begin());
    std::copy_n(hash.begin() + secret.size(), prefix.size(), prefix.begin());
    secret[0] &= 248;
    secret[31] = static_cast<std::uint8_t>((secret[31] & 127) | 64);
    wipe(hash);
  }
  ~ExpandedKey() {
    wipe(secret);
    wipe(prefix);
  }
  ExpandedKey(const ExpandedKey&) = delete;
  ExpandedKey& operator=(const ExpandedKey&) = delete;
};

Point times_base(const Scalar& scalar) {
  Point point;
  RELEVO_CHECK(crypto_scalarmult_ed25519_base_noclamp(point.data(), scalar.data()) == 0);
  return point;
}

Scalar reduce(const Sha512& wide) {
  Scalar scalar;
  crypto_core_ed25519_scalar_reduce(scalar.data(), wide.data());
  return scalar;
}

std::optional<unsigned> base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<unsigned>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<unsigned>(c - 'a' + 26);
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0' + 52);
  if (c == '+') return 62;
  if (c == '/') return 63;
  return std::nullopt;
}

}  // namespace

std::optional<Ed25519PublicKey> parse_ed25519_public_key(std::string_view text) {
  Ed25519PublicKey key{};
  constexpr std::size_t characters = 43;  // 258 bits for 256
  if (text.size() != characters) return std::nullopt;
  std::size_t at = 0;
  unsigned bits = 0, held = 0;
  for (const char c : text) {
    const auto digit = base64_digit(c);
    if (!digit) return std::nullopt;
    bits = bits << 6 | *digit;
    held += 6;
    if (held >= 8) {
      held -= 8;
      key[at++] = static_cast<std::uint8_t>(bits >> held);
      bits &= (1U << held) - 1;
    }
  }
  if (bits != 0) return std::nullopt;  // the two spare bits
  return key;
}

Ed25519PublicKey make_ed25519_public_key(std::string_view password) {
  const ExpandedKey key(password);
  return times_base(key.secret);
}

// RFC 8032, 5.1.6, from step 2 on.
Ed25519Signature ed25519_sign(std::string_view password, std::string_view scramble) {
  const ExpandedKey key(password);
  const Point public_key = times_base(key.secret);
  Scalar nonce = reduce(sha512({text_of(key.prefix), scramble}));
  const Point r = times_base(nonce);
  const Scalar challenge = reduce(sha512({text_of(r), text_of(public_key), scramble}));
  Scalar product, s;
  crypto_core_ed25519_scalar_mul(product.data(), challenge.data(), key.secret.data());
  crypto_core_ed25519_scalar_add(s.data(), product.data(), nonce.data());
  wipe(nonce);
  wipe(product);
  Ed25519Signature signature;
  std::copy(r.begin(), r.end(), signature.begin());
  std::copy(s.begin(), s.end(), signature.begin() + r.size());
  return signature;
}

bool ed25519_verify(const Ed25519PublicKey& key, std::string_view scramble,
                    std::string_view signature) {
  const Owned<EVP_PKEY> loaded(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  RELEVO_CHECK(loaded != nullptr && context != nullptr);
  RELEVO_CHECK(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, loaded.get()) == 1);
  const auto* signature_data = reinterpret_cast<const unsigned char*>(signature.data());
  const auto* data = reinterpret_cast<const unsigned char*>(scramble.data());
  const bool valid =
      EVP_DigestVerify(context.get(), signature_data, signature.size(), data, scramble.size()) == 1;
  ERR_clear_error();
  return valid;
}

}  // namespace relevo::session::mysql

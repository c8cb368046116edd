#include "proxy/session/mysql/auth/native_password.hpp"

namespace relevo::session::mysql {
namespace {

std::optional<std::uint8_t> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  return std::nullopt;
}

}  // namespace

std::string NativeVerifier::to_string() const {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text = "*";
  for (const std::uint8_t byte : double_sha1) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::optional<NativeVerifier> parse_native_verifier(std::string_view text) {
  NativeVerifier verifier;
  if (text.size() != 1 + 2 * verifier.double_sha1.size() || text[0] != '*') return std::nullopt;
  for (std::size_t i = 0; i < verifier.double_sha1.size(); ++i) {
    const auto high = hex_digit(text[1 + 2 * i]), low = hex_digit(text[2 + 2 * i]);
    if (!high || !low) return std::nullopt;
    verifier.double_sha1[i] = static_cast<std::uint8_t>(*high << 4 | *low);
  }
  return verifier;
}

NativeKey make_native_key(std::string_view password) { return {sha1({password})}; }

NativeVerifier make_native_verifier(const NativeKey& key) { return {sha1({text_of(key.sha1)})}; }

Sha1 native_proof(const NativeKey& key, std::string_view scramble) {
  const auto verifier = make_native_verifier(key);
  return exclusive_or(key.sha1, sha1({scramble, text_of(verifier.double_sha1)}));
}

std::optional<NativeKey> check_native_proof(const NativeVerifier& verifier,
                                            std::string_view scramble, std::string_view proof) {
  const auto sent = digest_from<20>(proof);
  if (!sent) return std::nullopt;
  NativeKey key{exclusive_or(*sent, sha1({scramble, text_of(verifier.double_sha1)}))};
  if (equal_in_constant_time(make_native_verifier(key).double_sha1, verifier.double_sha1)) {
    return key;
  }
  return std::nullopt;
}

}  // namespace relevo::session::mysql

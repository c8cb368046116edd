#include "proxy/session/mysql/auth/sha256_crypt.hpp"

#include <array>
#include <charconv>

#include "proxy/session/mysql/auth/hash.hpp"
#include "topology/model/check.hpp"

namespace relevo::session::mysql {
namespace {

constexpr std::string_view prefix = "$A$";
constexpr std::size_t rounds_digits = 3;
constexpr std::uint32_t rounds_unit = 1'000;
constexpr std::size_t hash_characters = 43;

// crypt(3)'s own base 64: six bits a character, the low ones first.
void append_base64(std::string& out, unsigned high, unsigned middle, unsigned low, int characters) {
  static constexpr std::string_view alphabet =
      "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  unsigned bits = high << 16 | middle << 8 | low;
  for (; characters > 0; --characters, bits >>= 6) out += alphabet[bits & 63];
}

std::string encode(const Sha256& digest) {
  std::string text;
  text.reserve(hash_characters);
  // Each group of three bytes lies ten apart; which comes first rotates.
  for (unsigned i = 0; i < 10; ++i) {
    std::array<unsigned, 3> group = {digest[i], digest[i + 10], digest[i + 20]};
    const unsigned first = (3 - i % 3) % 3;
    append_base64(text, group[first], group[(first + 1) % 3], group[(first + 2) % 3], 4);
  }
  append_base64(text, 0, digest[31], digest[30], 3);
  return text;
}

// `digest`, over and over, cut to `size`.
std::string stretch(const Sha256& digest, std::size_t size) {
  std::string text;
  while (text.size() < size) text += text_of(digest);
  text.resize(size);
  return text;
}

std::string repeat(std::string_view text, std::size_t times) {
  std::string repeated;
  repeated.reserve(text.size() * times);
  for (; times > 0; --times) repeated += text;
  return repeated;
}

// The specification's digest A (steps 1 to 12).
Sha256 starting_digest(std::string_view password, std::string_view salt) {
  const Sha256 b = sha256({password, salt, password});
  std::string text = std::string(password) + std::string(salt) + stretch(b, password.size());
  for (std::size_t bits = password.size(); bits > 0; bits >>= 1) {
    text += (bits & 1) != 0 ? text_of(b) : password;
  }
  const Sha256 a = sha256({text});
  wipe(text);
  return a;
}

}  // namespace

std::string sha256_crypt(std::string_view password, std::string_view salt, std::uint32_t rounds) {
  RELEVO_CHECK(rounds >= 1 && password.size() <= password_bytes_max);
  Sha256 digest = starting_digest(password, salt);
  std::string repeated_password = repeat(password, password.size());
  const Sha256 dp = sha256({repeated_password});
  const Sha256 ds = sha256({repeat(salt, 16 + std::size_t{digest[0]})});
  std::string p = stretch(dp, password.size());
  const std::string s = stretch(ds, salt.size());
  for (std::uint32_t round = 0; round < rounds; ++round) {
    const bool odd = (round & 1) != 0;
    const std::string_view running = text_of(digest), nothing;
    digest = sha256({odd ? std::string_view(p) : running, round % 3 != 0 ? s : nothing,
                     round % 7 != 0 ? p : nothing, odd ? running : std::string_view(p)});
  }
  wipe(repeated_password);
  wipe(p);
  return encode(digest);
}

std::string StoredSha2::to_string() const {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  const std::uint32_t thousands = rounds / rounds_unit;
  std::string text(prefix);
  for (int shift = 8; shift >= 0; shift -= 4) text += digits[(thousands >> shift) & 15];
  return text + "$" + salt + hash;
}

std::optional<StoredSha2> parse_stored_sha2(std::string_view text) {
  constexpr std::size_t salt_at = prefix.size() + rounds_digits + 1;
  if (text.size() != salt_at + sha256_crypt_salt_bytes + hash_characters ||
      !text.starts_with(prefix) || text[salt_at - 1] != '$') {
    return std::nullopt;
  }
  StoredSha2 stored;
  std::uint32_t thousands = 0;
  const char* begin = text.data() + prefix.size();
  const auto parsed = std::from_chars(begin, begin + rounds_digits, thousands, 16);
  if (parsed.ec != std::errc() || parsed.ptr != begin + rounds_digits || thousands == 0) {
    return std::nullopt;
  }
  stored.rounds = thousands * rounds_unit;
  stored.salt = std::string(text.substr(salt_at, sha256_crypt_salt_bytes));
  stored.hash = std::string(text.substr(salt_at + sha256_crypt_salt_bytes));
  return stored;
}

bool password_matches(const StoredSha2& stored, std::string_view password) {
  if (password.size() > password_bytes_max) return false;
  return equal_in_constant_time(sha256_crypt(password, stored.salt, stored.rounds), stored.hash);
}

}  // namespace relevo::session::mysql

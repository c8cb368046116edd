// What MySQL stores for caching_sha2_password: "$A$" + rounds in thousands, three
// hex digits + "$" + 20 bytes of salt + 43 characters of SHA-crypt.
//
// The hash is Ulrich Drepper's SHA-crypt, "$5$" of crypt(3), with one difference:
// crypt(3) takes 16 bytes of salt at most. That is why libcrypt cannot do it.
// https://www.akkadia.org/drepper/SHA-crypt.txt
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace relevo::session::mysql {

inline constexpr std::uint32_t sha256_crypt_rounds_default = 5'000;
inline constexpr std::uint32_t sha256_crypt_rounds_max = 4'095'000;  // three hex digits
inline constexpr std::size_t sha256_crypt_salt_bytes = 20;
// MySQL's own limit. It bounds the work too, which grows with the length.
inline constexpr std::size_t password_bytes_max = 256;

struct StoredSha2 {
  std::uint32_t rounds = sha256_crypt_rounds_default;
  std::string salt;  // raw bytes
  std::string hash;  // 43 characters

  std::string to_string() const;  // as in mysql.user
  bool operator==(const StoredSha2&) const = default;
};

// Nullopt for anything but the form above; an empty text stands for the empty
// password, which has no hash.
std::optional<StoredSha2> parse_stored_sha2(std::string_view authentication_string);

// 43 characters. Takes about a microsecond a round: 3 ms at the default.
std::string sha256_crypt(std::string_view password, std::string_view salt, std::uint32_t rounds);

// False too for a password longer than password_bytes_max.
bool password_matches(const StoredSha2& stored, std::string_view password);

}  // namespace relevo::session::mysql

// The few primitives that logging in needs, over OpenSSL's libcrypto: nothing
// here is home-made except base64, whose OpenSSL form accepts too much.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "topology/model/result.hpp"

namespace relevo::session::postgres {

using Digest = std::array<std::byte, 32>;  // SHA-256

inline std::string_view text_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Digest sha256(std::string_view data);

// HMAC-SHA-256 over the parts, one after the other.
Digest hmac_sha256(std::string_view key, std::initializer_list<std::string_view> parts);

// SCRAM's SaltedPassword: Hi() of RFC 5802 is PBKDF2 with HMAC. Takes in the
// order of a microsecond per iteration: 2 to 4 ms at PostgreSQL's default of 4096.
Digest pbkdf2_sha256(std::string_view password, std::string_view salt, std::uint32_t iterations);

Digest exclusive_or(const Digest& a, const Digest& b);

// Takes the same time wherever the two differ (but not for different sizes).
bool equal_in_constant_time(std::string_view a, std::string_view b);

void wipe(Digest& secret);

// 32 lower-case hex digits. Fails where the system's policy forbids MD5 (FIPS).
Result<std::string> md5_hex(std::initializer_list<std::string_view> parts);

std::string base64_encode(std::string_view data);
// Strict RFC 4648: no white space, full padding, unused bits zero. So any
// accepted text is the only one for its data.
std::optional<std::string> base64_decode(std::string_view text);
std::optional<Digest> base64_decode_digest(std::string_view text);  // exactly 32 bytes

}  // namespace relevo::session::postgres

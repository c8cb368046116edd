// The hashes of MySQL's log-in methods, over OpenSSL's libcrypto, each a type of
// its own size: a SHA-1 key never lands where a SHA-256 key belongs.
//
// Digests of passwords are as secret as the passwords; whoever keeps one longer
// than a call wipes it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace relevo::session::mysql {

template <std::size_t Size>
using Digest = std::array<std::uint8_t, Size>;
using Sha1 = Digest<20>;
using Sha256 = Digest<32>;
using Sha512 = Digest<64>;

template <std::size_t Size>
std::string_view text_of(const Digest<Size>& digest) {
  return {reinterpret_cast<const char*>(digest.data()), Size};
}

// Over the parts, one after the other.
Sha1 sha1(std::initializer_list<std::string_view> parts);
Sha256 sha256(std::initializer_list<std::string_view> parts);
Sha512 sha512(std::initializer_list<std::string_view> parts);

template <std::size_t Size>
Digest<Size> exclusive_or(const Digest<Size>& a, const Digest<Size>& b) {
  Digest<Size> result;
  for (std::size_t i = 0; i < Size; ++i) result[i] = a[i] ^ b[i];
  return result;
}

// Nullopt unless `bytes` has exactly Size bytes.
template <std::size_t Size>
std::optional<Digest<Size>> digest_from(std::string_view bytes) {
  if (bytes.size() != Size) return std::nullopt;
  Digest<Size> digest;
  for (std::size_t i = 0; i < Size; ++i) digest[i] = static_cast<std::uint8_t>(bytes[i]);
  return digest;
}

// Takes the same time wherever the two differ (but not for different sizes).
bool equal_in_constant_time(std::string_view a, std::string_view b);
template <std::size_t Size>
bool equal_in_constant_time(const Digest<Size>& a, const Digest<Size>& b) {
  return equal_in_constant_time(text_of(a), text_of(b));
}

void wipe(void* secret, std::size_t size_bytes);
template <std::size_t Size>
void wipe(Digest<Size>& secret) {
  wipe(secret.data(), Size);
}
inline void wipe(std::string& secret) {
  wipe(secret.data(), secret.size());
  secret.clear();
}

}  // namespace relevo::session::mysql

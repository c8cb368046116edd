// caching_sha2_password: MySQL's method since 8.0.
//
//   proof:   key XOR SHA256(SHA256(key) + scramble), where key = SHA256(password)
//
// What the catalogue stores (sha256_crypt.hpp) does not verify that proof. A
// verifier has to see the password once, in "full" authentication, and then
// remembers SHA256(key) for the next time ("fast"). As with native passwords, a
// right proof reveals the key; but a server that does not remember the user (it
// restarted, or it was a replica until a moment ago) asks for the password
// itself. So Relevo remembers that too, sealed under the key: it can be read only
// while a client that knows the password is logging in.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_caching_sha2_authentication_exchanges.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/session/mysql/auth/hash.hpp"

namespace relevo::session::mysql {

// SHA256(password). As secret as the password.
struct Sha2Key {
  Sha256 sha256{};
  bool operator==(const Sha2Key&) const = default;
};

// What is kept of a user between log-ins, once the password was right.
struct RememberedSha2 {
  Sha256 double_sha256{};       // SHA256(key)
  std::string sealed_password;  // under the key
  bool operator==(const RememberedSha2&) const = default;
};

Sha2Key make_sha2_key(std::string_view password);
RememberedSha2 remember_sha2(std::string_view password);

// What a client sends. (For an empty password it sends nothing, or one zero byte.)
Sha256 sha2_proof(const Sha2Key& key, std::string_view scramble);

// The key that the proof was made with, if it is the remembered user's.
std::optional<Sha2Key> check_sha2_proof(const RememberedSha2& remembered, std::string_view scramble,
                                        std::string_view proof);

// Nullopt: sealed under another key.
std::optional<std::string> unseal_password(const RememberedSha2& remembered, const Sha2Key& key);

}  // namespace relevo::session::mysql

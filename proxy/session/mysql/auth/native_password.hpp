// mysql_native_password: MariaDB's usual method and MySQL's until 8.0.
//
//   stored:   "*" + hex(SHA1(key)), where key = SHA1(password)
//   proof:    key XOR SHA1(scramble + SHA1(key))
//
// Whoever has the stored hash learns the key from the first right proof, and with
// the key can answer any other scramble: that is how Relevo logs in to servers as
// the user without ever knowing the password.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_authentication_methods_native_password_authentication.html
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proxy/session/mysql/auth/hash.hpp"

namespace relevo::session::mysql {

// SHA1(password). As secret as the password, as far as these servers go.
struct NativeKey {
  Sha1 sha1{};
  bool operator==(const NativeKey&) const = default;
};

// SHA1(SHA1(password)), as stored.
struct NativeVerifier {
  Sha1 double_sha1{};

  std::string to_string() const;  // as in mysql.user
  bool operator==(const NativeVerifier&) const = default;
};

// "*" and 40 hex digits. Nullopt for anything else; an empty text stands for the
// empty password, which has no verifier.
std::optional<NativeVerifier> parse_native_verifier(std::string_view authentication_string);

NativeKey make_native_key(std::string_view password);
NativeVerifier make_native_verifier(const NativeKey& key);

// What a client sends. (For an empty password it sends nothing at all.)
Sha1 native_proof(const NativeKey& key, std::string_view scramble);

// The key that the proof was made with, if it is the verifier's.
std::optional<NativeKey> check_native_proof(const NativeVerifier& verifier,
                                            std::string_view scramble, std::string_view proof);

}  // namespace relevo::session::mysql

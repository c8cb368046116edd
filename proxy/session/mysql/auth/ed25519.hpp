// MariaDB's client_ed25519: the client signs a 32-byte scramble with an Ed25519
// key made from the password; the server knows the public key.
//
// MariaDB's key is not RFC 8032's: where the RFC hashes a 32-byte seed, MariaDB
// hashes the password, of whatever length. So OpenSSL, which takes seeds only,
// can check such a signature but not make one; the arithmetic is libsodium's (see
// docs/decisions/0012-libsodium.md).
//
// A signature reveals nothing. A user of this method is logged in to servers with
// the password, or not at all.
// https://mariadb.com/kb/en/connection/#client_ed25519-plugin
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proxy/session/mysql/auth/hash.hpp"

namespace relevo::session::mysql {

inline constexpr std::size_t ed25519_scramble_bytes = 32;

using Ed25519PublicKey = Digest<32>;
using Ed25519Signature = Digest<64>;

// 43 characters of base64, without padding. Nullopt for anything else.
std::optional<Ed25519PublicKey> parse_ed25519_public_key(std::string_view authentication_string);

Ed25519PublicKey make_ed25519_public_key(std::string_view password);
Ed25519Signature ed25519_sign(std::string_view password, std::string_view scramble);
bool ed25519_verify(const Ed25519PublicKey& key, std::string_view scramble,
                    std::string_view signature);

}  // namespace relevo::session::mysql

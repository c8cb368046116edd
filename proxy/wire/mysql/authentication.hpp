// The talk between handshake and OK: what the server asks for, and COM_CHANGE_USER,
// which starts the same talk again.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_authentication_methods.html
//
// The client's part of it has no form of its own: its packets are whatever the
// plugin says. Decoders take one whole payload.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/wire/mysql/charset.hpp"
#include "proxy/wire/mysql/handshake.hpp"
#include "proxy/wire/mysql/types.hpp"
#include "proxy/wire/mysql/writer.hpp"

namespace relevo::wire::mysql {

// The first byte of what a server says while it authenticates. Other bytes: no
// server says them then.
enum class AuthKind : std::uint8_t {
  ok = 0x00,
  more_data = 0x01,
  next_factor = 0x02,
  switch_request = 0xfe,
  err = 0xff,
};

namespace auth_plugins {
inline constexpr std::string_view native = "mysql_native_password";
inline constexpr std::string_view caching_sha2 = "caching_sha2_password";
inline constexpr std::string_view sha256 = "sha256_password";
inline constexpr std::string_view clear = "mysql_clear_password";
inline constexpr std::string_view old_password = "mysql_old_password";
inline constexpr std::string_view ed25519 = "client_ed25519";  // MariaDB
inline constexpr std::string_view parsec = "parsec";           // MariaDB
inline constexpr std::string_view dialog = "dialog";           // MariaDB: PAM
}  // namespace auth_plugins

struct AuthSwitchRequest {
  // auth_plugins::old_password for the single byte 0xfe of a server that wants
  // the hash of before 4.1: nobody should give it.
  std::string_view plugin;
  Bytes data;  // the plugin's own: as a rule 20 bytes of challenge and a NUL

  // The first 20 bytes, without the NUL; all of it where it is shorter.
  Bytes challenge() const;
};

// MySQL: the next password of an account that has several.
struct AuthNextFactor {
  std::string_view plugin;
  Bytes data;
};

// COM_CHANGE_USER, its command byte included.
struct ChangeUser {
  std::string_view user;
  Bytes auth_response;
  std::string_view database;
  CollationId collation = 0;  // 0: left out, and the server takes its default
  std::string_view auth_plugin;
  ConnectAttributes attributes;
};

// caching_sha2_password's own words, inside of AuthMoreData (2, 3, 4) and from the
// client (2: "give me your key").
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_caching_sha2_authentication_exchanges.html
namespace caching_sha2 {
inline constexpr std::uint8_t request_public_key = 0x02;
inline constexpr std::uint8_t fast_auth_success = 0x03;
inline constexpr std::uint8_t perform_full_authentication = 0x04;
}  // namespace caching_sha2
// sha256_password asks for the key with another byte.
inline constexpr std::uint8_t sha256_request_public_key = 0x01;

Decoded<AuthSwitchRequest> decode_auth_switch_request(Bytes payload);
// What follows the byte 0x01.
Decoded<Bytes> decode_auth_more_data(Bytes payload);
Decoded<AuthNextFactor> decode_auth_next_factor(Bytes payload);
// `capabilities`: those of the connection, which say which fields there are.
Decoded<ChangeUser> decode_change_user(Bytes payload, Capabilities capabilities);

// Writes the NUL behind the challenge too.
void encode_auth_switch_request(Writer& out, std::string_view plugin, const Challenge& challenge);
void encode_auth_more_data(Writer& out, Bytes data);
// A client's answer: the plugin's bytes and nothing else, perhaps none.
void encode_auth_response(Writer& out, Bytes data);
void encode_change_user(Writer& out, const ChangeUser& message, Capabilities capabilities);

}  // namespace relevo::wire::mysql

// What is known about a user before it has proved anything: the accounts of that
// name in the servers' catalogue, or a password of the configuration.
//
// An account is a name and a host pattern ('app'@'10.%'), and the server takes
// the one whose pattern fits the address it sees. Relevo's clients come to it from
// Relevo's address, which Relevo does not know as the server sees it. So a client
// may prove itself for any account of its name; where these differ, a server is
// asked which one it is, by logging in to it with what the client proved.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/session/mysql/auth/caching_sha2.hpp"
#include "proxy/session/mysql/auth/hash.hpp"
#include "proxy/session/mysql/auth/native_password.hpp"

namespace relevo::session::mysql {

// One way to log in to an account. MariaDB's may have several, joined by OR: in
// mysql.global_priv, `auth_or` lists them, where an empty object stands for the
// plugin beside the list. MySQL's has one, in mysql.user.
struct AuthMethod {
  std::string plugin;                 // the server's name for it: "ed25519", "unix_socket"
  std::string authentication_string;  // raw bytes
  bool operator==(const AuthMethod&) const = default;
};

struct Account {
  std::string host;
  std::vector<AuthMethod> methods;
  bool locked = false;
  bool password_expired = false;
  bool operator==(const Account&) const = default;
};

struct KnownUser {
  std::vector<Account> accounts;        // none: unknown
  std::optional<std::string> password;  // the configuration's; accounts are not looked at then
  // What ClientLogin::take_learned() gave for this fingerprint() before.
  std::optional<RememberedSha2> remembered;
};

// Whatever of it a server's method needs.
struct ServerCredentials {
  std::optional<std::string> password;
  std::optional<NativeKey> native;  // revealed by the client's own login
  std::optional<Sha2Key> sha2;      // likewise
};

// Changes when anything about the accounts does: what was remembered of the user
// under another fingerprint must not be used.
Sha256 fingerprint(std::string_view user, std::span<const Account> accounts);

}  // namespace relevo::session::mysql

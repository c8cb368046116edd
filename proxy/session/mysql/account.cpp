#include "proxy/session/mysql/account.hpp"

#include <string>

namespace relevo::session::mysql {
namespace {

// With its length ahead, so that no two lists of texts look the same.
void append(std::string& out, std::string_view text) {
  out += std::to_string(text.size());
  out += ':';
  out += text;
}

}  // namespace

Sha256 fingerprint(std::string_view user, std::span<const Account> accounts) {
  std::string all;
  append(all, user);
  for (const Account& account : accounts) {
    append(all, account.host);
    all += account.locked ? 'L' : '-';
    all += account.password_expired ? 'E' : '-';
    all += std::to_string(account.methods.size());
    all += ';';
    for (const AuthMethod& method : account.methods) {
      append(all, method.plugin);
      append(all, method.authentication_string);
    }
  }
  const Sha256 digest = sha256({all});
  wipe(all);
  return digest;
}

}  // namespace relevo::session::mysql

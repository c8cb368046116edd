// One real MariaDB server, with an account for each method, made by
// scripts/mycluster once for the whole program.
#pragma once

#include <cstdint>
#include <string>

#include "proxy/session/mysql/server_login.hpp"
#include "tests/integration/session_mysql/channel.hpp"

namespace relevo::session::mysql::test {

class Mariadb {
 public:
  static Mariadb& shared();
  ~Mariadb();

  // As root; what it prints. Ends the test program when it fails.
  std::string sql(const std::string& text) const;
  int connect_tcp() const;
  int connect_socket() const;
  const std::string& directory() const { return directory_; }

 private:
  Mariadb();
  std::string directory_;
  std::uint16_t port_ = 0;
};

// What a command prints. Ends the program when it fails.
std::string run(const std::string& command);

// Runs the login over the channel to its end.
ServerLogin::Step log_in(Channel& channel, ServerLogin& login);
// Goes on after change_user() with what that wrote.
ServerLogin::Step go_on(Channel& channel, ServerLogin& login, std::string out);
// The first column of the first row; the error's text with "ERR " ahead.
std::string query(Channel& channel, const ServerLogin& login, std::string_view sql);

}  // namespace relevo::session::mysql::test

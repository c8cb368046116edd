// Logging in to a MySQL or MariaDB server: from its greeting to the first OK.
// Sans-io: payloads in, packets out.
//
//   on_packet(greeting) -> [start_tls -> set_tls()] -> on_packet()* -> done
//
// Methods: mysql_native_password, caching_sha2_password, client_ed25519, and
// mysql_clear_password and sha256_password where the connection hides it.
//
// Invariant: the password itself leaves us only over TLS, over a Unix socket, or
// encrypted with the server's RSA key. None of these methods proves the server to
// us: that is the TLS certificate's part, and the caller's to check.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html
#pragma once

#include <cstdint>
#include <string>

#include "proxy/session/mysql/account.hpp"
#include "proxy/session/mysql/login_error.hpp"
#include "proxy/wire/mysql/authentication.hpp"
#include "proxy/wire/mysql/handshake.hpp"
#include "proxy/wire/mysql/response.hpp"
#include "topology/model/result.hpp"

namespace relevo::session::mysql {

enum class ServerTls { disable, prefer, require };

class ServerLogin {
 public:
  struct Setup {
    std::string user, database;  // database: empty for none
    ServerCredentials credentials;
    // Asked for as far as the server has them; what a login needs is added.
    wire::mysql::Capabilities capabilities;
    wire::mysql::CollationId collation = wire::mysql::utf8mb4_general_ci;
    std::string attributes;  // as append_attribute() makes them
    std::uint32_t packet_bytes_max = 1U << 30;
    ServerTls tls = ServerTls::disable;
    bool local = false;  // a Unix socket
    // Whether to ask a server for its RSA key where the password is needed and
    // there is no TLS. Whoever can answer in its place learns the password.
    bool request_public_key = true;
  };
  enum class Step {
    more,       // send `out`
    start_tls,  // send `out`, then TLS, then set_tls()
    done,
    failed,  // error()
  };

  explicit ServerLogin(Setup setup) : setup_(std::move(setup)) {}

  // One payload, and the sequence number of its last packet.
  Step on_packet(std::uint8_t sequence, wire::mysql::Bytes payload, std::string& out);
  void set_tls(std::string& out);

  // After done(): COM_CHANGE_USER, which brings the connection back to where a
  // login leaves it, as this user. Goes on with on_packet().
  void change_user(std::string user, std::string database, ServerCredentials credentials,
                   wire::mysql::CollationId collation, std::string& out);

  const std::string& server_version() const { return server_version_; }
  bool is_mariadb() const { return is_mariadb_; }
  std::uint32_t connection_id() const { return connection_id_; }
  // Of the connection: ours and the server's.
  wire::mysql::Capabilities capabilities() const { return capabilities_; }
  wire::mysql::Capabilities server_capabilities() const { return server_capabilities_; }
  wire::mysql::StatusFlags status() const { return status_; }
  const LoginError& error() const { return error_; }

 private:
  enum class State { greeting, tls, authenticating, full, public_key, finished };

  Step on_greeting(wire::mysql::Bytes payload, std::string& out);
  Step on_auth_packet(wire::mysql::Bytes payload, std::string& out);
  Step on_switch(wire::mysql::Bytes payload, std::string& out);
  Step on_more_data(wire::mysql::Bytes payload, std::string& out);
  Step on_ok(wire::mysql::Bytes payload);
  Step on_err(wire::mysql::Bytes payload);
  Step send_password(std::string& out);
  Step stop(std::string message);
  Step malformed(std::string_view what);

  void respond(std::string& out);
  void send(std::string_view data, std::string& out);
  std::string_view opening_plugin() const;
  Result<std::string> answer() const;
  bool is_secure() const { return tls_ || setup_.local; }

  Setup setup_;
  State state_ = State::greeting;
  std::string server_version_;
  bool is_mariadb_ = false;
  std::uint32_t connection_id_ = 0;
  wire::mysql::Capabilities server_capabilities_, capabilities_;
  wire::mysql::StatusFlags status_;
  std::string plugin_;     // being spoken
  std::string challenge_;  // the one to answer
  bool tls_ = false;
  std::uint8_t switches_ = 0;
  std::uint8_t sequence_ = 0;  // of the next packet, whoever sends it
  LoginError error_;
};

}  // namespace relevo::session::mysql

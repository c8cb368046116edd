// Logging in to a PostgreSQL server: from the StartupMessage to the first
// ReadyForQuery. Sans-io: messages in, bytes out.
//
// Invariant: done() only after the server accepted us and, where SCRAM was used,
// proved that it knows the user's verifier.
// https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "proxy/session/postgres/auth/scram_client.hpp"
#include "proxy/session/postgres/auth/verifier.hpp"
#include "proxy/wire/postgres/types.hpp"
#include "topology/model/result.hpp"

namespace relevo::session::postgres {

// What we have to log in with: whatever of it the server's method needs.
struct ServerCredentials {
  std::optional<std::string> password;
  std::optional<ScramKeys> keys;   // revealed by the client's own login
  std::optional<Md5Verifier> md5;  // from the server's catalogue
};

using ParameterMap = std::map<std::string, std::string, std::less<>>;

class ServerLogin {
 public:
  struct Setup {
    std::string user, database;
    ServerCredentials credentials;
    std::string nonce;  // random, printable
    bool tls = false;
    std::optional<std::string> channel_binding;  // tls_server_end_point() of the server
  };
  enum class Step { more, done, failed };

  explicit ServerLogin(Setup setup) : setup_(std::move(setup)) {}

  void start(std::string& out);
  Step on_message(wire::postgres::Backend type, wire::postgres::Bytes body, std::string& out);

  const ParameterMap& parameters() const { return parameters_; }
  std::uint32_t backend_pid() const { return pid_; }
  const std::string& cancel_key() const { return key_; }
  const Error& error() const { return error_; }  // code: the server's SQLSTATE, or ours

 private:
  Step authenticate(wire::postgres::Bytes body, std::string& out);
  Step stop(std::string code, std::string message);

  Setup setup_;
  std::unique_ptr<ScramClient> scram_;
  bool server_proved_ = true;  // false while a SCRAM exchange is open
  bool authenticated_ = false;
  ParameterMap parameters_;
  std::uint32_t pid_ = 0;
  std::string key_;
  Error error_;
};

}  // namespace relevo::session::postgres

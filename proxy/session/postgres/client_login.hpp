// Letting a PostgreSQL client in: startup packets, the choice of method, the
// exchange. Sans-io; the caller moves bytes, does TLS, and looks users up.
//
//   on_startup() -> ... -> look_up -> on_user() -> on_password()* -> accepted
//
// Invariant: `accepted` only after the client proved that it knows the password
// of the user it named (or the listener trusts it). A user that doesn't exist
// goes through the same exchange as one that does.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "proxy/session/postgres/auth/scram_server.hpp"
#include "proxy/session/postgres/server_login.hpp"
#include "proxy/session/postgres/settings.hpp"
#include "proxy/wire/postgres/startup.hpp"

namespace relevo::session::postgres {

struct LoginError {
  std::string sqlstate, message, detail;
};

// What is known about a user before it has proved anything.
struct KnownUser {
  std::optional<Verifier> verifier;     // none: unknown, or may not log in
  std::optional<std::string> password;  // when the configuration has it
};

// What the client asked for in its StartupMessage.
struct LoginRequest {
  std::string user, database, application_name;
  wire::postgres::ProtocolVersion version = wire::postgres::version_3_0;
  SettingsMap settings;  // every GUC of the packet, application_name included
};

class ClientLogin {
 public:
  struct Setup {
    std::string nonce;                   // random, printable
    wire::postgres::Md5Salt md5_salt{};  // random
    std::string mock_secret;             // of this process
    bool tls_offered = false;
    bool tls_required = false;
    bool trusted = false;             // this listener needs no password
    bool cleartext_over_tls = false;  // ask for the password itself where TLS hides it
  };
  enum class Step {
    need_more,  // `out` may have bytes to send
    start_tls,  // send `out`, then TLS, then set_tls() and go on with on_startup()
    cancel,     // cancel_pid(), cancel_key(); nothing is answered
    look_up,    // find request().user, then on_user()
    accepted,   // send `out`; credentials() are for the server
    refused,    // error(): send it and close
  };

  explicit ClientLogin(Setup setup) : setup_(std::move(setup)) {}

  // The connection is encrypted now. `channel_binding`: tls_server_end_point()
  // of our own certificate, where it has one.
  void set_tls(std::optional<std::string> channel_binding);
  bool is_tls() const { return tls_; }

  Step on_startup(wire::postgres::Bytes packet, std::string& out);
  Step on_user(const KnownUser& user, std::string& out);
  Step on_password(wire::postgres::Bytes body, std::string& out);

  const LoginRequest& request() const { return request_; }
  const LoginError& error() const { return error_; }
  std::uint32_t cancel_pid() const { return cancel_pid_; }
  const std::string& cancel_key() const { return cancel_key_; }
  ServerCredentials take_credentials() { return std::move(credentials_); }

 private:
  enum class Method { none, scram_start, scram_finish, md5, cleartext };

  Step on_request(const wire::postgres::StartupMessage& message, std::string& out);
  Step refuse(std::string sqlstate, std::string message, std::string detail = {});
  Step wrong_password();
  Step accept(std::string& out);
  Step start_scram(wire::postgres::Bytes body, std::string& out);
  Step finish_scram(wire::postgres::Bytes body, std::string& out);

  Setup setup_;
  LoginRequest request_;
  bool tls_ = false, encryption_asked_ = false, gss_asked_ = false;
  std::optional<std::string> channel_binding_;
  Method method_ = Method::none;
  KnownUser user_;
  std::unique_ptr<ScramServer> scram_;
  ServerCredentials credentials_;
  std::uint32_t cancel_pid_ = 0;
  std::string cancel_key_;
  LoginError error_;
};

}  // namespace relevo::session::postgres

// Letting a MySQL client in: greeting, TLS, the choice of method, the exchange.
// Sans-io; the caller moves bytes, does TLS, and looks users up.
//
//   start() -> on_packet()* -> look_up -> on_user() -> on_packet()* -> accepted
//
// Two methods are spoken, whatever the account's own. A native account's client
// proves itself natively, which reveals its key. All others (caching_sha2, ed25519,
// PAM) are asked by caching_sha2_password: fast when the user is remembered, else
// in full, which gives the password itself, encrypted by TLS or RSA. Only with it
// can the user be logged in to servers that ask for more than a native proof.
//
// Invariant: `accepted` only after the client proved that it knows the password of
// the account that the servers will take it for. A user that doesn't exist goes
// through the same exchange as one that does.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proxy/session/mysql/account.hpp"
#include "proxy/session/mysql/auth/rsa_password.hpp"
#include "proxy/session/mysql/login_error.hpp"
#include "proxy/wire/mysql/authentication.hpp"
#include "proxy/wire/mysql/errors.hpp"
#include "proxy/wire/mysql/handshake.hpp"

namespace relevo::session::mysql {

// What the client asked for in its HandshakeResponse or COM_CHANGE_USER.
struct LoginRequest {
  std::string user, database;
  std::string auth_plugin;                 // of the client's choice; may be empty
  wire::mysql::Capabilities capabilities;  // the client's, as far as we offered them
  wire::mysql::CollationId collation = 0;  // 0: the server's default
  std::uint32_t packet_bytes_max = 0;      // max_allowed_packet; 0: not said
  std::uint8_t zstd_level = 0;             // with Capability::zstd_compression
  std::vector<std::pair<std::string, std::string>> attributes;  // program_name, _pid, ...
};

class ClientLogin {
 public:
  struct Setup {
    std::string server_version;  // "8.0.36", "5.5.5-10.11.6-MariaDB": drivers go by it
    std::uint32_t connection_id = 0;
    wire::mysql::Capabilities capabilities;  // offered; what a login needs is added
    wire::mysql::CollationId collation = wire::mysql::utf8mb4_general_ci;
    wire::mysql::StatusFlags status = wire::mysql::Status::autocommit;
    wire::mysql::Challenge challenge{};         // random, without NUL and '$'
    wire::mysql::Challenge second_challenge{};  // likewise, for when the method changes
    // What most accounts have. One of the two that are spoken.
    std::string default_plugin = std::string(wire::mysql::auth_plugins::native);
    // Plugins that accounts here have, for users that don't exist. None where the
    // configuration lists users: these, real or not, get the method they prefer.
    std::vector<std::string> decoy_plugins;
    std::string mock_secret;  // of this process
    std::string client_host;  // as it stands in "Access denied for user 'u'@'host'"
    // Ours, for passwords without TLS. None: these take TLS.
    std::shared_ptr<const RsaKeyPair> rsa;
    bool tls_offered = false;
    bool tls_required = false;
    bool local = false;  // a Unix socket: as good as encrypted
  };
  enum class Step {
    need_more,  // `out` may have bytes to send
    start_tls,  // TLS, then set_tls() and go on with on_packet()
    look_up,    // find request().user, then on_user()
    // Log in to a server with credentials() (a connection of its own, not a pooled
    // one), then on_server_verdict(). Only the server can check this account's
    // password (PAM, LDAP), or say which of several accounts it is.
    verify_on_server,
    accepted,  // send `out`, then an OK with next_sequence(); credentials() are for servers
    refused,   // append_error(), send and close
  };

  explicit ClientLogin(Setup setup);

  void start(std::string& out);  // the greeting
  void set_tls() { tls_ = true; }
  bool is_tls() const { return tls_; }

  // One payload, and the sequence number of its last packet. Payloads longer than
  // limits::login_payload_bytes are the caller's to refuse before they are whole.
  Step on_packet(std::uint8_t sequence, wire::mysql::Bytes payload, std::string& out);
  Step on_user(KnownUser user, std::string& out);
  // None: the server let us in.
  Step on_server_verdict(std::optional<LoginError> error);

  // COM_CHANGE_USER: a login without greeting, on a connection that had one. For a
  // new ClientLogin, in place of start(); `setup` with fresh challenges.
  Step on_change_user(std::uint8_t sequence, wire::mysql::Bytes payload,
                      wire::mysql::Capabilities agreed, bool tls);

  const LoginRequest& request() const { return request_; }
  const LoginError& error() const { return error_; }
  void append_error(std::string& out) const;
  std::uint8_t next_sequence() const { return sequence_; }
  // The method that the exchange ended with, for the log.
  std::string_view method() const;

  const ServerCredentials& credentials() const { return credentials_; }
  ServerCredentials take_credentials() { return std::move(credentials_); }
  // After `accepted`: to be kept for the user under its accounts' fingerprint().
  std::optional<RememberedSha2> take_learned() { return std::move(learned_); }

 private:
  enum class State {
    response,   // the HandshakeResponse is to come
    waiting,    // for the caller: the user, or a server's verdict
    proof,      // the method's first packet is to come
    full,       // the password, or the wish for our RSA key
    encrypted,  // the password in RSA
    done,
  };
  enum class Front { native, sha2 };

  Step on_response(wire::mysql::Bytes payload);
  Step take_request(LoginRequest request, wire::mysql::Bytes auth_response);
  Step on_proof(std::string_view proof, std::string& out);
  Step on_native_proof(std::string_view proof);
  Step on_sha2_proof(std::string_view proof, std::string& out);
  Step on_no_password(std::string_view plugin);
  Step on_full(std::string_view packet, std::string& out);
  Step on_password(std::string_view password);
  Step proved(const Account& account);
  Step ask_server();
  Step accept();
  Step refuse(const wire::mysql::ErrorCode& code, std::string message, std::string reason = {});
  Step denied(std::string reason);
  Step malformed(std::string_view what);

  Front choose_front() const;
  bool may_remember() const;
  bool is_secure() const { return tls_ || setup_.local; }
  std::string_view challenge() const;

  Setup setup_;
  LoginRequest request_;
  std::string auth_response_;  // until the user is looked up
  KnownUser user_;
  State state_ = State::response;
  Front front_ = Front::native;
  bool tls_ = false;
  bool change_user_ = false;
  bool switched_ = false;  // the second challenge is the one in use
  bool password_used_ = false;
  std::uint8_t sequence_ = 0;  // of the next packet, whoever sends it
  ServerCredentials credentials_;
  std::optional<RememberedSha2> learned_;
  LoginError error_;
};

}  // namespace relevo::session::mysql

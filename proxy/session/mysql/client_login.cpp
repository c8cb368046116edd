#include "proxy/session/mysql/client_login.hpp"

#include <algorithm>

#include "proxy/wire/mysql/response.hpp"

// The way to the user: greeting, TLS, who is it, and what becomes of it. How the
// user proves itself is in client_proof.cpp.

namespace relevo::session::mysql {

namespace wire = relevo::wire::mysql;
namespace plugins = wire::auth_plugins;
using wire::Capability;

namespace {

// The server's columns hold 80 (MySQL) or 128 (MariaDB) and 64 characters.
constexpr std::size_t name_bytes_max = 512;

constexpr wire::ErrorCode password_expired{1862, "HY000"};
constexpr wire::ErrorCode account_locked{3118, "HY000"};
constexpr wire::ErrorCode mariadb_account_locked{4151, "HY000"};

constexpr auto needed = Capability::protocol_41 | Capability::secure_connection |
                        Capability::plugin_auth | Capability::plugin_auth_lenenc_client_data |
                        Capability::connect_with_db | Capability::connect_attrs |
                        Capability::transactions | Capability::long_flag;

}  // namespace

ClientLogin::ClientLogin(Setup setup) : setup_(std::move(setup)) {
  RELEVO_CHECK(setup_.default_plugin == plugins::native ||
               setup_.default_plugin == plugins::caching_sha2);
  setup_.capabilities = setup_.capabilities.with(needed).without(Capability::ssl);
}

ClientLogin::Step ClientLogin::refuse(const wire::ErrorCode& code, std::string message,
                                      std::string reason) {
  state_ = State::done;
  error_ = {code.number, std::string(code.sqlstate), std::move(message), std::move(reason)};
  return Step::refused;
}

ClientLogin::Step ClientLogin::denied(std::string reason) {
  return refuse(wire::errors::access_denied,
                "Access denied for user '" + request_.user + "'@'" + setup_.client_host +
                    "' (using password: " + (password_used_ ? "YES)" : "NO)"),
                std::move(reason));
}

ClientLogin::Step ClientLogin::malformed(std::string_view what) {
  return refuse(wire::errors::malformed_protocol,
                "Malformed communication packet: " + std::string(what));
}

void ClientLogin::append_error(std::string& out) const {
  wire::Writer writer(out, sequence_);
  wire::encode_err(
      writer, {.number = error_.number, .sqlstate = error_.sqlstate, .message = error_.message});
}

void ClientLogin::start(std::string& out) {
  wire::Handshake greeting;
  greeting.server_version = setup_.server_version;
  greeting.connection_id = setup_.connection_id;
  greeting.capabilities = setup_.capabilities;
  if (setup_.tls_offered) greeting.capabilities = greeting.capabilities.with(Capability::ssl);
  greeting.collation = setup_.collation;
  greeting.status = setup_.status;
  greeting.challenge = setup_.challenge;
  greeting.auth_plugin = setup_.default_plugin;
  wire::Writer writer(out, 0);
  wire::encode_handshake(writer, greeting);
  sequence_ = writer.next_sequence();
}

ClientLogin::Step ClientLogin::on_packet(std::uint8_t sequence, wire::Bytes payload,
                                         std::string& out) {
  if (sequence != sequence_) return malformed("packets out of order");
  ++sequence_;
  const auto text = wire::as_text(payload);
  switch (state_) {
    case State::response:
      return on_response(payload);
    case State::proof:
      return on_proof(text, out);
    case State::full:
    case State::encrypted:
      return on_full(text, out);
    case State::waiting:
    case State::done:
      break;
  }
  return malformed("a packet that nobody asked for");
}

ClientLogin::Step ClientLogin::on_response(wire::Bytes payload) {
  const auto response = wire::decode_handshake_response(payload);
  if (!response) return malformed(response.error());
  if (response->wants_tls() && !tls_) {
    if (!setup_.tls_offered) return malformed("TLS was not offered");
    if (!wire::is_ssl_request(payload))
      return malformed("a log-in in clear text that asks for TLS");
    return Step::start_tls;
  }
  if (wire::is_ssl_request(payload)) return malformed("TLS was asked for twice");
  if (setup_.tls_required && !tls_) {
    return refuse(wire::errors::secure_transport_required,
                  "Connections using insecure transport are prohibited while "
                  "--require_secure_transport=ON.");
  }
  LoginRequest request;
  request.user = std::string(response->user);
  request.database = std::string(response->database);
  request.auth_plugin = response->capabilities.has(Capability::plugin_auth)
                            ? std::string(response->auth_plugin)
                            : std::string(plugins::native);
  request.capabilities = response->capabilities.common_with(setup_.capabilities);
  request.collation = response->collation;
  request.packet_bytes_max = response->packet_bytes_max;
  request.zstd_level = response->zstd_level;
  for (const auto& [name, value] : response->attributes) {
    request.attributes.emplace_back(name, value);
  }
  return take_request(std::move(request), response->auth_response);
}

ClientLogin::Step ClientLogin::on_change_user(std::uint8_t sequence, wire::Bytes payload,
                                              wire::Capabilities agreed, bool tls) {
  change_user_ = true;
  tls_ = tls;
  if (sequence != 0) return malformed("packets out of order");
  sequence_ = 1;
  const auto message = wire::decode_change_user(payload, agreed);
  if (!message) return malformed(message.error());
  LoginRequest request;
  request.user = std::string(message->user);
  request.database = std::string(message->database);
  request.auth_plugin = std::string(message->auth_plugin);
  request.capabilities = agreed;
  request.collation = message->collation;
  for (const auto& [name, value] : message->attributes) {
    request.attributes.emplace_back(name, value);
  }
  // Made with a challenge of long ago: whatever it proves, it may be a replay.
  return take_request(std::move(request), {});
}

ClientLogin::Step ClientLogin::take_request(LoginRequest request, wire::Bytes auth_response) {
  request_ = std::move(request);
  auth_response_ = std::string(wire::as_text(auth_response));
  if (request_.user.size() > name_bytes_max || request_.database.size() > name_bytes_max) {
    request_.user.resize(std::min(request_.user.size(), name_bytes_max));
    return denied("a name is longer than any server's");
  }
  state_ = State::waiting;
  return Step::look_up;
}

// ---- What becomes of it -----------------------------------------------------------

ClientLogin::Step ClientLogin::proved(const Account& account) {
  if (account.locked) {
    const bool mariadb = setup_.server_version.find("MariaDB") != std::string::npos;
    return refuse(mariadb ? mariadb_account_locked : account_locked,
                  "Access denied for user '" + request_.user + "'@'" + setup_.client_host +
                      "'. Account is locked.");
  }
  if (account.password_expired) {
    return refuse(password_expired,
                  "Your password has expired. To log in you must change it on the server itself.");
  }
  // Which of several accounts the servers would take is theirs to say. Without
  // asking, whoever knows the password of one would be lent connections of another.
  const auto differs = [&](const Account& other) {
    return other.methods != account.methods || other.locked || other.password_expired;
  };
  if (std::any_of(user_.accounts.begin(), user_.accounts.end(), differs)) return ask_server();
  return accept();
}

ClientLogin::Step ClientLogin::ask_server() {
  state_ = State::waiting;
  return Step::verify_on_server;
}

ClientLogin::Step ClientLogin::on_server_verdict(std::optional<LoginError> error) {
  RELEVO_CHECK(state_ == State::waiting);
  if (!error) return accept();
  if (error->number == wire::errors::access_denied.number) return denied(error->message);
  state_ = State::done;
  error_ = *std::move(error);
  return Step::refused;
}

ClientLogin::Step ClientLogin::accept() {
  state_ = State::done;
  if (user_.password) credentials_.password = user_.password;
  const auto& password = credentials_.password;
  if (front_ == Front::sha2 && may_remember() && password && !password->empty()) {
    learned_ = remember_sha2(*password);
  }
  return Step::accepted;
}

}  // namespace relevo::session::mysql

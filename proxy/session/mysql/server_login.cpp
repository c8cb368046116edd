#include "proxy/session/mysql/server_login.hpp"

#include <algorithm>

#include "proxy/session/mysql/auth/ed25519.hpp"
#include "proxy/session/mysql/auth/rsa_password.hpp"

namespace relevo::session::mysql {

namespace wire = relevo::wire::mysql;
namespace plugins = wire::auth_plugins;
using wire::AuthKind;
using wire::Capability;

namespace {

// A MariaDB account may be tried by each of its methods; nobody has more.
constexpr std::uint8_t switches_max = 8;

// What a log-in cannot do without, and every server since 5.5 has.
constexpr auto needed =
    Capability::protocol_41 | Capability::secure_connection | Capability::plugin_auth;
// What it uses where the server has it.
constexpr auto welcome = needed | Capability::plugin_auth_lenenc_client_data |
                         Capability::transactions | Capability::long_flag;
// What only we may ask for, and do, or don't, for reasons of our own.
constexpr auto our_own = Capability::ssl | Capability::compress | Capability::zstd_compression |
                         Capability::connect_with_db | Capability::connect_attrs |
                         Capability::multi_factor_authentication |
                         Capability::optional_resultset_metadata | Capability::long_password;

}  // namespace

ServerLogin::Step ServerLogin::stop(std::string message) {
  state_ = State::finished;
  error_ = {wire::errors::access_denied.number,
            std::string(wire::errors::access_denied.sqlstate),
            std::move(message),
            {}};
  return Step::failed;
}

ServerLogin::Step ServerLogin::malformed(std::string_view what) {
  state_ = State::finished;
  const auto& code = wire::errors::malformed_protocol;
  error_ = {code.number, std::string(code.sqlstate), "From the server: " + std::string(what), {}};
  return Step::failed;
}

ServerLogin::Step ServerLogin::on_packet(std::uint8_t sequence, wire::Bytes payload,
                                         std::string& out) {
  if (sequence != sequence_) return malformed("packets out of order");
  ++sequence_;
  switch (state_) {
    case State::greeting:
      return on_greeting(payload, out);
    case State::authenticating:
    case State::full:
    case State::public_key:
      return on_auth_packet(payload, out);
    case State::tls:
    case State::finished:
      break;
  }
  return malformed("a packet that nobody asked for");
}

// ---- Greeting and answer --------------------------------------------------------

ServerLogin::Step ServerLogin::on_greeting(wire::Bytes payload, std::string& out) {
  if (wire::is_err(payload)) return on_err(payload);
  const auto greeting = wire::decode_handshake(payload);
  if (!greeting) return malformed(greeting.error());
  server_version_ = std::string(greeting->server_version);
  is_mariadb_ = greeting->is_mariadb();
  connection_id_ = greeting->connection_id;
  status_ = greeting->status;
  server_capabilities_ = greeting->capabilities;
  plugin_ = std::string(greeting->auth_plugin);
  challenge_ = std::string(wire::as_text(wire::Bytes(greeting->challenge)));
  if (!server_capabilities_.has_all(needed)) return stop("The server is older than MySQL 5.5.");
  auto wanted = setup_.capabilities.without(our_own).with(welcome);
  // Set, it says "not MariaDB", and hides the upper half of both sides' sets.
  wanted = wanted.with(Capability::long_password);
  if (!setup_.database.empty()) wanted = wanted.with(Capability::connect_with_db);
  if (!setup_.attributes.empty()) wanted = wanted.with(Capability::connect_attrs);
  capabilities_ = wanted.common_with(server_capabilities_);

  const bool has_tls = server_capabilities_.has(Capability::ssl);
  if (setup_.tls == ServerTls::require && !has_tls) return stop("The server has no TLS.");
  if (setup_.tls == ServerTls::disable || !has_tls) {
    respond(out);
    return Step::more;
  }
  capabilities_ = capabilities_.with(Capability::ssl);
  wire::HandshakeResponse request;
  request.capabilities = capabilities_;
  request.packet_bytes_max = setup_.packet_bytes_max;
  request.collation = setup_.collation;
  wire::Writer writer(out, sequence_);
  wire::encode_ssl_request(writer, request);
  sequence_ = writer.next_sequence();
  state_ = State::tls;
  return Step::start_tls;
}

void ServerLogin::set_tls(std::string& out) {
  RELEVO_CHECK(state_ == State::tls);
  tls_ = true;
  respond(out);
}

// The server says what most of its accounts have, which need not be ours. A guess
// that is wrong costs one more round trip.
std::string_view ServerLogin::opening_plugin() const {
  const ServerCredentials& credentials = setup_.credentials;
  if (credentials.password) {
    return plugin_ == plugins::caching_sha2 ? plugins::caching_sha2 : plugins::native;
  }
  if (credentials.native && (plugin_ == plugins::native || !credentials.sha2)) {
    return plugins::native;
  }
  return credentials.sha2 ? plugins::caching_sha2 : plugins::native;
}

void ServerLogin::respond(std::string& out) {
  plugin_ = std::string(opening_plugin());
  const std::string proof = answer().value_or("");
  wire::HandshakeResponse response;
  response.capabilities = capabilities_;
  response.packet_bytes_max = setup_.packet_bytes_max;
  response.collation = setup_.collation;
  response.user = setup_.user;
  response.auth_response = wire::as_bytes(proof);
  response.database = setup_.database;
  response.auth_plugin = plugin_;
  response.attributes = wire::ConnectAttributes(wire::as_bytes(setup_.attributes));
  wire::Writer writer(out, sequence_);
  wire::encode_handshake_response(writer, response);
  sequence_ = writer.next_sequence();
  state_ = State::authenticating;
}

void ServerLogin::change_user(std::string user, std::string database, ServerCredentials credentials,
                              wire::CollationId collation, std::string& out) {
  RELEVO_CHECK(state_ == State::finished && error_.number == 0);
  setup_.user = std::move(user);
  setup_.database = std::move(database);
  setup_.credentials = std::move(credentials);
  plugin_ = std::string(opening_plugin());
  // Servers check it against the last challenge that they sent.
  const std::string proof = answer().value_or("");
  wire::Writer writer(out, 0);
  wire::encode_change_user(
      writer,
      {.user = setup_.user,
       .auth_response = wire::as_bytes(proof),
       .database = setup_.database,
       .collation = collation,
       .auth_plugin = plugin_,
       .attributes = wire::ConnectAttributes(wire::as_bytes(setup_.attributes))},
      capabilities_);
  sequence_ = writer.next_sequence();
  switches_ = 0;
  state_ = State::authenticating;
}

// ---- The exchange -----------------------------------------------------------------

ServerLogin::Step ServerLogin::on_auth_packet(wire::Bytes payload, std::string& out) {
  if (payload.empty()) return malformed("an empty packet");
  switch (static_cast<AuthKind>(payload.front())) {
    case AuthKind::ok:
      return on_ok(payload);
    case AuthKind::err:
      return on_err(payload);
    case AuthKind::switch_request:
      return on_switch(payload, out);
    case AuthKind::more_data:
      return on_more_data(payload, out);
    case AuthKind::next_factor:
      return stop("The account asks for a second factor, which nobody here can give.");
  }
  return malformed("a packet that does not belong into a log-in");
}

// What the current plugin answers to the current challenge.
Result<std::string> ServerLogin::answer() const {
  const ServerCredentials& credentials = setup_.credentials;
  const auto& password = credentials.password;
  if (plugin_ == plugins::native) {
    if (password && password->empty()) return std::string();
    if (!password && !credentials.native) {
      return fail("secret", "neither the password nor a native proof is known");
    }
    const NativeKey key = password ? make_native_key(*password) : *credentials.native;
    return std::string(text_of(native_proof(key, challenge_)));
  }
  if (plugin_ == plugins::caching_sha2) {
    if (password && password->empty()) return std::string();
    if (!password && !credentials.sha2) {
      return fail("secret", "neither the password nor a proof of this method is known");
    }
    const Sha2Key key = password ? make_sha2_key(*password) : *credentials.sha2;
    return std::string(text_of(sha2_proof(key, challenge_)));
  }
  if (plugin_ == plugins::ed25519) {
    if (!password) return fail("secret", "the password is not known");
    return std::string(text_of(ed25519_sign(*password, challenge_)));
  }
  if (plugin_ == plugins::clear || plugin_ == plugins::sha256) {
    if (!password) return fail("secret", "the password is not known");
    if (!is_secure()) return fail("tls", "it would show the password: use TLS");
    return *password + '\0';
  }
  return fail("plugin", "the method is not supported");
}

ServerLogin::Step ServerLogin::on_switch(wire::Bytes payload, std::string& out) {
  if (state_ == State::public_key) return malformed("a change of method in its middle");
  const auto request = wire::decode_auth_switch_request(payload);
  if (!request) return malformed(request.error());
  if (++switches_ > switches_max) return malformed("one change of method after the other");
  plugin_ = std::string(request->plugin);
  challenge_ = std::string(
      wire::as_text(plugin_ == plugins::ed25519 ? request->data : request->challenge()));
  if (plugin_ == plugins::ed25519) {
    // MariaDB sends 32 bytes, with or without a NUL.
    if (challenge_.size() > ed25519_scramble_bytes) challenge_.resize(ed25519_scramble_bytes);
    if (challenge_.size() < ed25519_scramble_bytes) return malformed("a short challenge");
  } else if (plugin_ == plugins::native || plugin_ == plugins::caching_sha2) {
    if (challenge_.size() < wire::challenge_bytes) return malformed("a short challenge");
  }
  const ServerCredentials& credentials = setup_.credentials;
  if (plugin_ == plugins::ed25519 && !credentials.password && credentials.native) {
    // MariaDB tries an account's methods one after the other. Whoever proved itself
    // natively has an account that knows this one, too: a signature that fits no key
    // is how a client that cannot make one gets there. Where the server knows no
    // other method, it refuses us as it would any wrong password.
    state_ = State::authenticating;
    send(std::string(sizeof(Ed25519Signature), '\0'), out);
    return Step::more;
  }
  const auto answered = answer();
  if (!answered) {
    return stop("The server asks user " + setup_.user + " for " + plugin_.substr(0, 64) + ": " +
                answered.error().message + ".");
  }
  state_ = State::authenticating;
  send(*answered, out);
  return Step::more;
}

ServerLogin::Step ServerLogin::on_more_data(wire::Bytes payload, std::string& out) {
  const auto data = wire::decode_auth_more_data(payload);
  if (!data) return malformed(data.error());
  if (plugin_ != plugins::caching_sha2) return malformed("data that the method does not have");
  if (state_ == State::public_key) {
    const auto cipher =
        encrypt_password(wire::as_text(*data), *setup_.credentials.password, challenge_);
    if (!cipher) return stop(cipher.error().message);
    state_ = State::full;
    send(*cipher, out);
    return Step::more;
  }
  if (state_ != State::authenticating || data->size() != 1) {
    return malformed("data that the method does not have");
  }
  switch (std::to_integer<std::uint8_t>(data->front())) {
    case wire::caching_sha2::fast_auth_success:
      state_ = State::full;  // an OK follows, or an error
      return Step::more;
    case wire::caching_sha2::perform_full_authentication:
      return send_password(out);
    default:
      return malformed("data that the method does not have");
  }
}

// The server does not remember the user: it restarted, or never saw it.
ServerLogin::Step ServerLogin::send_password(std::string& out) {
  const auto& password = setup_.credentials.password;
  if (!password) {
    return stop("The server does not remember user " + setup_.user +
                " and asks for the password, which is not known.");
  }
  if (is_secure()) {
    state_ = State::full;
    send(*password + '\0', out);
    return Step::more;
  }
  if (!setup_.request_public_key) {
    return stop("The server asks for the password of user " + setup_.user +
                ", and the connection would show it: use TLS.");
  }
  state_ = State::public_key;
  const auto ask = static_cast<char>(wire::caching_sha2::request_public_key);
  send({&ask, 1}, out);
  return Step::more;
}

void ServerLogin::send(std::string_view data, std::string& out) {
  wire::Writer writer(out, sequence_);
  wire::encode_auth_response(writer, wire::as_bytes(data));
  sequence_ = writer.next_sequence();
}

// ---- The end ------------------------------------------------------------------------

ServerLogin::Step ServerLogin::on_ok(wire::Bytes payload) {
  if (state_ == State::public_key) return malformed("OK in place of a public key");
  const auto ok = wire::decode_ok(payload, capabilities_);
  if (!ok) return malformed(ok.error());
  status_ = ok->status;
  state_ = State::finished;
  return Step::done;
}

ServerLogin::Step ServerLogin::on_err(wire::Bytes payload) {
  const auto err = wire::decode_err(payload);
  if (!err) return malformed(err.error());
  // It knows no other method: what it says of our signature would mislead.
  if (plugin_ == plugins::ed25519 && !setup_.credentials.password) {
    return stop("The server asks user " + setup_.user + " for " + plugin_ +
                ": the password is not known (" + std::string(err->message) + ").");
  }
  state_ = State::finished;
  // Zero would mean "no error". Before the capabilities are settled, servers leave
  // the SQLSTATE out.
  error_ = {err->number != 0 ? err->number : wire::errors::unknown.number,
            err->sqlstate.empty() ? "HY000" : std::string(err->sqlstate),
            std::string(err->message),
            {}};
  return Step::failed;
}

}  // namespace relevo::session::mysql

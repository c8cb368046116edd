// Who the client is, and its first OK.
#include <openssl/ssl.h>

#include <algorithm>

#include "proxy/net/mysql/client_session.hpp"
#include "proxy/session/mysql/capabilities.hpp"

namespace relevo::net::mysql {

namespace wire = relevo::wire::mysql;
namespace errors = wire::errors;
using session::mysql::ClientLogin;
using session::mysql::KnownUser;

namespace {

constexpr std::string_view nobody_to_ask =
    "cannot look up the user: no server of the cluster can be asked now";

model::Instant now() { return std::chrono::steady_clock::now(); }

// Bytes that a challenge may have: printable ones without '$'.
void fill(wire::Challenge& challenge, Worker& worker) {
  const std::string random = worker.random_text(challenge.size());
  std::transform(random.begin(), random.end(), challenge.begin(),
                 [](char c) { return static_cast<std::byte>(c); });
}

std::string_view sqlstate_of(std::string_view number) {
  if (number == "1045") return "28000";
  if (number == "1044" || number == "1049") return "42000";
  return "HY000";
}

wire::ErrorCode code_of(const Error& error) {
  std::uint16_t number = 0;
  for (const char c : error.code) {
    if (c < '0' || c > '9') return errors::unknown;
    number = static_cast<std::uint16_t>(number * 10 + (c - '0'));
  }
  return {number, sqlstate_of(error.code)};
}

}  // namespace

void ClientSession::set_login_deadline() {
  Worker& worker = shard_.worker();
  worker.deadlines().clear(deadline_);
  deadline_ = worker.deadlines().set(now() + shard_.settings().config.pool.login_timeout,
                                     [weak = weak_from_this()] {
                                       if (const auto self = weak.lock()) self->on_login_timeout();
                                     });
}

void ClientSession::on_login_timeout() {
  ++shard_.traffic().logins_failed;
  if (look_up_failed_) return end(errors::option_prevents_statement, nobody_to_ask);
  end(errors::handshake, "login took too long");
}

// -- the greeting ----------------------------------------------------------------------

// It says what the servers are. Before any has been met, one is asked.
void ClientSession::greet() {
  if (!shard_.memory().facts()) {
    const auto node = shard_.any_node();
    if (!node) return shard_.hold(ticket_);
    const config::Monitor& monitor = shard_.settings().config.monitor;
    session::mysql::ServerCredentials credentials;
    credentials.password = monitor.password.reveal();
    return shard_.run_beside({*node, monitor.user, "", 0}, std::move(credentials), "",
                             [weak = weak_from_this()](const SideConnection::Result&) {
                               const auto self = weak.lock();
                               if (self == nullptr || self->state_ != State::greeting) return;
                               // Not met even so: again with the next View.
                               self->shard_.memory().facts() ? self->greet()
                                                             : self->shard_.hold(self->ticket_);
                             });
  }
  mariadb_ = shard_.memory().facts()->mariadb;
  login_ = std::make_unique<ClientLogin>(login_setup());
  state_ = State::login;
  std::string out;
  login_->start(out);
  to_client(out);
  arm();
}

ClientLogin::Setup ClientSession::login_setup() {
  const ClusterSettings& settings = shard_.settings();
  const ServerFacts facts = shard_.memory().facts().value_or(ServerFacts{});
  ClientLogin::Setup setup;
  setup.server_version = facts.version;
  setup.connection_id = connection_id();
  setup.capabilities = session::mysql::offered_capabilities(facts.capabilities);
  fill(setup.challenge, shard_.worker());
  fill(setup.second_challenge, shard_.worker());
  setup.default_plugin =
      std::string(facts.mariadb ? wire::auth_plugins::native : wire::auth_plugins::caching_sha2);
  // A name that doesn't exist is asked as most that do.
  setup.decoy_plugins = {setup.default_plugin};
  setup.mock_secret = shard_.memory().mock_secret();
  setup.client_host = unix_socket_ ? "localhost" : address_.substr(0, address_.rfind(':'));
  setup.rsa = shard_.memory().rsa();
  setup.tls_offered = settings.client_tls.context != nullptr;
  setup.tls_required = settings.config.tls.mode == config::ClientTls::require && !unix_socket_;
  setup.local = unix_socket_;
  return setup;
}

// -- the exchange ----------------------------------------------------------------------

void ClientSession::advance_login() {
  while (state_ == State::login) {
    const auto header = wire::read_packet_header(wire::as_bytes(in_.view()));
    if (!header) return;
    if (header->body_bytes > wire::limits::login_payload_bytes) {
      ++shard_.traffic().protocol_errors;
      return end(errors::malformed_protocol, "malformed log-in packet");
    }
    const std::size_t total = header->total_bytes();
    if (in_.size() < total) return;
    const auto payload =
        wire::as_bytes(in_.view().substr(wire::limits::header_bytes, header->body_bytes));
    std::string out;
    const auto step = login_->on_packet(header->sequence, payload, out);
    in_.consume(total);
    on_login_step(step, out);
  }
}

void ClientSession::on_login_step(ClientLogin::Step step, std::string& out) {
  switch (step) {
    case ClientLogin::Step::need_more:
      state_ = State::login;
      return to_client(out);
    case ClientLogin::Step::start_tls:
      // What was read in the clear behind the wish for TLS would be somebody else's.
      if (!in_.empty() || !stream_.begin_tls_server(shard_.settings().client_tls.context.get())) {
        ++shard_.traffic().logins_failed;
        return close();
      }
      state_ = State::tls;
      return handshake();
    case ClientLogin::Step::look_up:
      return look_up();
    case ClientLogin::Step::verify_on_server:
      to_client(out);
      return verify();
    case ClientLogin::Step::accepted:
      to_client(out);
      return accept_login();
    case ClientLogin::Step::refused:
      ++shard_.traffic().logins_failed;
      login_->append_error(out);
      to_client(out);
      return close();
  }
}

void ClientSession::handshake() {
  switch (stream_.continue_handshake()) {
    case HandshakeStatus::want_read:
      return stream_.wait_readable();
    case HandshakeStatus::want_write:
      return stream_.wait_writable();
    case HandshakeStatus::failed:
      ++shard_.traffic().logins_failed;
      return close();
    case HandshakeStatus::done:
      break;
  }
  tls_ = true;
  login_->set_tls();
  state_ = State::login;
  on_readable();  // the first bytes may already be in OpenSSL's buffer
}

// -- who is it -------------------------------------------------------------------------

void ClientSession::look_up() {
  if (!counted_) {
    ++shard_.traffic().clients_refused;
    if (shard_.draining()) return end_now();
    return end(errors::too_many_connections, "Too many connections");
  }
  state_ = State::looking_up;
  const std::string& user = login_->request().user;
  if (const auto& users = shard_.settings().config.auth.users) {
    const auto found = std::find_if(users->begin(), users->end(),
                                    [&](const config::User& one) { return one.name == user; });
    KnownUser known;
    if (found != users->end()) known.password = found->password.reveal();
    return on_user(std::move(known));
  }
  Worker& worker = shard_.worker();
  shard_.cluster().ports.look_up_accounts(
      user, [&worker, weak = weak_from_this()](std::optional<KnownUser> known) {
        worker.post([weak, known = std::move(known)]() mutable {
          if (const auto self = weak.lock(); self && self->state_ == State::looking_up) {
            self->on_user(std::move(known));
          }
        });
      });
}

void ClientSession::look_up_again() {
  if (!shard_.can_ask_a_node()) return shard_.hold(ticket_);
  look_up_failed_ = false;
  look_up();
}

void ClientSession::on_user(std::optional<KnownUser> user) {
  if (!user) {
    // Relevo has just started, or every server is away: asked again with the Views
    // to come, until the login's own deadline.
    look_up_failed_ = true;
    return shard_.hold(ticket_);
  }
  if (!user->password) {
    fingerprint_ = session::mysql::fingerprint(login_->request().user, user->accounts);
    user->remembered = shard_.memory().learned(login_->request().user, *fingerprint_);
  }
  state_ = State::login;
  std::string out;
  const auto step = login_->on_user(std::move(*user), out);
  on_login_step(step, out);
  if (state_ == State::login) {
    advance_login();
    arm();
  }
}

// Only a server can say whether this is the user.
void ClientSession::verify() {
  const auto node = shard_.any_node();
  if (!node) return end(errors::option_prevents_statement, nobody_to_ask);
  state_ = State::verifying;
  shard_.run_beside({*node, login_->request().user, "", 0}, login_->credentials(), "",
                    [weak = weak_from_this()](const SideConnection::Result& result) {
                      const auto self = weak.lock();
                      if (self == nullptr || self->state_ != State::verifying) return;
                      if (result.outcome == SideConnection::Outcome::unreachable) {
                        return self->end(errors::option_prevents_statement, nobody_to_ask);
                      }
                      std::optional<session::mysql::LoginError> refusal;
                      if (result.outcome == SideConnection::Outcome::refused) {
                        const wire::ErrorCode code = code_of(result.error);
                        refusal = {code.number, std::string(code.sqlstate), result.error.message,
                                   ""};
                      }
                      std::string out;
                      const auto step = self->login_->on_server_verdict(refusal);
                      self->on_login_step(step, out);
                    });
}

// -- welcome -----------------------------------------------------------------------------

void ClientSession::accept_login() {
  const session::mysql::LoginRequest& request = login_->request();
  user_ = request.user;
  database_ = request.database;
  capabilities_ = request.capabilities;
  multi_statements_ = capabilities_.has(wire::Capability::multi_statements);
  for (const auto& [name, value] : request.attributes) {
    if (name == "program_name") program_ = value;
  }
  if (auto learned = login_->take_learned(); learned && fingerprint_) {
    shard_.memory().learn(user_, *fingerprint_, std::move(*learned));
  }
  shard_.memory().remember(user_, login_->take_credentials());
  const auto facts = shard_.memory().facts();
  session_ = std::make_unique<session::mysql::SessionState>(
      shard_.state_table().intern(
          session::mysql::login_state(database_, request.collation, mariadb_)),
      facts->dialect());
  statements_.clear();
  last_write_.reset();
  pools_ = shard_.pools_of(user_, database_, session::mysql::connection_form(capabilities_).word());
  // The first session of its kind borrows a connection, which finds out whether
  // the database exists and the user may use it.
  state_ = State::welcoming;
  if (shard_.memory().is_welcome(user_, database_)) return finish_welcome();
  plan_ = {};
  plan_.demand.need = route::Need::session;
  route_command();
}

void ClientSession::finish_welcome() {
  shard_.worker().deadlines().clear(deadline_);
  shard_.memory().set_welcome(user_, database_);
  status_ = wire::Status::autocommit;
  std::string out;
  wire::Writer writer(out, login_->next_sequence());
  wire::encode_ok(writer, {.status = status_}, capabilities_);
  const std::uint8_t zstd_level = login_->request().zstd_level;
  login_.reset();
  to_client(out);
  if (compressed_ == nullptr) begin_compression(zstd_level);
  state_ = State::idle;
  welcoming_ = false;
  if (shard_.settings().config.pool.mode == config::PoolMode::session) {
    session_->pins().add(session::mysql::Pin::mode);
  }
  if (ending_ || shard_.draining()) return end_now();
  enter_catalog();
  start_command();
  arm();
}

// With the first packet after the log-in's OK, in both directions, for good.
void ClientSession::begin_compression(std::uint8_t zstd_level) {
  const auto compression = wire::compression_of(capabilities_);
  if (!compression) return;
  compressed_ = std::make_unique<CompressedClient>(shard_.worker().blocks(),
                                                   shard_.codec(*compression, zstd_level));
  compressed_->take(in_.view());
  in_.consume(in_.size());
}

void ClientSession::on_server_refused(const Error& error) {
  if (state_ != State::queued) return;
  shard_.worker().deadlines().clear(deadline_);
  const wire::ErrorCode code = code_of(error);
  if (welcoming_) {
    ++shard_.traffic().logins_failed;
    return end(code, error.message);
  }
  state_ = State::idle;
  fail_command(code, error.message);
}

// COM_CHANGE_USER: the same exchange, on a connection that had one.
void ClientSession::begin_change_user() {
  drop_server();
  const std::string bytes(in_.view().substr(0, plan_.bytes));
  in_.consume(plan_.bytes);
  in_hand_ = retained_ = transaction_lost_ = begin_due_ = false;
  welcoming_ = true;
  state_ = State::login;
  set_login_deadline();
  login_ = std::make_unique<ClientLogin>(login_setup());
  const auto header = wire::read_packet_header(wire::as_bytes(bytes));
  const auto payload = wire::as_bytes(bytes).subspan(wire::limits::header_bytes);
  std::string out;
  const auto step = login_->on_change_user(header->sequence, payload, capabilities_, tls_);
  on_login_step(step, out);
  if (state_ == State::login) advance_login();
}

}  // namespace relevo::net::mysql

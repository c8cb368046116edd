#include "proxy/net/mysql/server_connection.hpp"

#include <algorithm>

#include "proxy/session/mysql/capabilities.hpp"
#include "proxy/wire/mysql/commands.hpp"

namespace relevo::net::mysql {

namespace wire = relevo::wire::mysql;
namespace errors = wire::errors;
using session::mysql::ServerLogin;

namespace {

constexpr std::string_view connection_failed = "08001";

model::Instant now() { return std::chrono::steady_clock::now(); }

// Too many connections, shutting down: another time it may let us in.
bool is_busy(std::string_view code) {
  return code == "1040" || code == "1053" || code == "1203" || code == "1226";
}

session::mysql::ServerTls tls_of(config::ServerTls mode) {
  switch (mode) {
    case config::ServerTls::disable:
      return session::mysql::ServerTls::disable;
    case config::ServerTls::prefer:
      return session::mysql::ServerTls::prefer;
    default:
      return session::mysql::ServerTls::require;
  }
}

}  // namespace

ServerConnection::ServerConnection(Worker& worker, ServerOwner& owner, PoolKey key,
                                   ClusterMemory& memory,
                                   session::mysql::ServerCredentials credentials)
    : ServerLink(std::move(key)),
      worker_(worker),
      owner_(owner),
      memory_(memory),
      stream_(worker.poller()),
      credentials_(std::move(credentials)) {}

ServerConnection::ServerConnection(Worker& worker, ServerOwner& owner, ClusterMemory& memory,
                                   ConnectionHandover& handover)
    : ServerLink(std::move(handover.key)),
      statements(std::move(handover.statements)),
      applied(std::move(handover.applied)),
      sequences(std::move(handover.sequences)),
      worker_(worker),
      owner_(owner),
      memory_(memory),
      stream_(worker.poller()),
      login_(std::move(handover.login)),
      phase_(Phase::ready) {
  state_ = State::idle;
  epoch_ = handover.epoch;
  opened_at_ = handover.opened_at;
  idle_since_ = now();
  exchange.on_logged_in(login_->capabilities(), handover.status);
  stream_.adopt(handover.stream);
  stream_.set_owner(this);
}

ServerConnection::~ServerConnection() {
  worker_.deadlines().clear(login_deadline_);
  if (connector_ != nullptr) connector_->abandon();
}

// -- opening ---------------------------------------------------------------------

void ServerConnection::open(const ClusterSettings& settings, model::Epoch epoch,
                            model::Instant deadline) {
  epoch_ = epoch;
  opened_at_ = now();
  const config::Node& node = settings.config.nodes[key_.node];
  const config::ServerTls mode = settings.config.server_tls.mode;
  host_ = node.host;
  tls_context_ = settings.server_tls.context;
  verify_host_ = mode == config::ServerTls::verify_full;
  login_ = std::make_unique<ServerLogin>(ServerLogin::Setup{
      .user = key_.user,
      .database = key_.database,
      .credentials = std::move(credentials_),
      .capabilities = session::mysql::server_capabilities(wire::Capabilities::from_word(key_.form)),
      .attributes = {},
      .tls = tls_of(mode),
  });
  login_deadline_ = worker_.deadlines().set(deadline, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->open_failed(ConnectFailure::timeout,
                        {std::string(connection_failed), "timed out while logging in"});
    }
  });
  // TLS begins within the protocol here, after the server's greeting.
  connector_ = std::make_shared<Connector>(worker_, stream_);
  connector_->start({.host = node.host,
                     .port = node.port,
                     .tls_mode = config::ServerTls::disable,
                     .tls = nullptr},
                    deadline,
                    [weak = weak_from_this()](ConnectFailure failure, const std::string& message) {
                      if (const auto self = weak.lock()) self->on_connected(failure, message);
                    });
}

void ServerConnection::open_failed(ConnectFailure network, Error error) {
  if (state_ != State::connecting && state_ != State::login) return;
  const ServerPtr self = shared_from_this();
  worker_.deadlines().clear(login_deadline_);
  if (connector_ != nullptr) connector_->abandon();
  state_ = State::closed;
  stream_.close();
  const auto kind = network != ConnectFailure::none ? OpenFailure::Kind::network
                    : is_busy(error.code)           ? OpenFailure::Kind::busy
                                                    : OpenFailure::Kind::refused;
  owner_.on_open_failed(self, {.kind = kind, .network = network, .error = std::move(error)});
}

void ServerConnection::on_connected(ConnectFailure failure, const std::string& message) {
  if (state_ != State::connecting) return;
  if (failure != ConnectFailure::none) {
    return open_failed(failure, {std::string(connection_failed), message});
  }
  connector_.reset();
  stream_.set_owner(this);
  state_ = State::login;
  arm();  // the server speaks first
}

bool ServerConnection::on_login_packet(const wire::PacketHeader& header, wire::Bytes body) {
  std::string answer;
  switch (login_->on_packet(header.sequence, body, answer)) {
    case ServerLogin::Step::more:
      write(answer);
      return state_ != State::closed;
    case ServerLogin::Step::start_tls:
      write(answer);
      begin_tls();
      return false;  // nothing that came in the clear is read any more
    case ServerLogin::Step::failed: {
      const session::mysql::LoginError& error = login_->error();
      Error told{std::to_string(error.number), error.message};
      if (state_ == State::lent) {
        lost(std::move(told), false);
      } else {
        open_failed(ConnectFailure::none, std::move(told));
      }
      return false;
    }
    case ServerLogin::Step::done:
      break;
  }
  if (!session::mysql::can_share(login_->capabilities())) {
    open_failed(ConnectFailure::none,
                {"1235", "the server is too old: it does not report session state"});
    return false;
  }
  memory_.set_facts(key_.node, {.version = login_->server_version(),
                                .mariadb = login_->is_mariadb(),
                                .capabilities = login_->server_capabilities()});
  if (!session::mysql::serves_form(login_->capabilities(),
                                   wire::Capabilities::from_word(key_.form))) {
    open_failed(ConnectFailure::none,
                {"1235",
                 "the server lacks a capability of the protocol that the others have, and that "
                 "this client was promised: connect again"});
    return false;
  }
  begin_tracking();
  return true;
}

void ServerConnection::write(std::string_view bytes) {
  if (bytes.empty()) return;
  if (stream_.write(bytes) == IoStatus::failed) {
    // Met again by the read that follows.
    return;
  }
  if (stream_.blocked()) stream_.wait_writable();
}

void ServerConnection::begin_tls() {
  if (tls_context_ == nullptr ||
      !stream_.begin_tls_client(tls_context_.get(), host_, verify_host_, false)) {
    return open_failed(ConnectFailure::tls, {std::string(connection_failed), "TLS cannot begin"});
  }
  phase_ = Phase::tls;
  stream_.wait_writable();  // not at once: what is being read is still on the stack
}

void ServerConnection::handshake() {
  switch (stream_.continue_handshake()) {
    case HandshakeStatus::want_read:
      return stream_.wait_readable();
    case HandshakeStatus::want_write:
      return stream_.wait_writable();
    case HandshakeStatus::failed:
      return open_failed(ConnectFailure::tls, {std::string(connection_failed), stream_.error()});
    case HandshakeStatus::done:
      break;
  }
  phase_ = Phase::log_in;
  std::string bytes;
  login_->set_tls(bytes);
  write(bytes);
  arm();
}

// What the session state depends on is reported from now on.
void ServerConnection::begin_tracking() {
  phase_ = Phase::tracking;
  exchange = {};
  exchange.on_logged_in(login_->capabilities(), login_->status());
  std::string bytes;
  wire::Writer writer(bytes);
  wire::encode_query(writer, session::mysql::tracking_sql(), login_->capabilities());
  exchange.expect({.command = wire::Command::query, .audience = session::mysql::Audience::proxy});
  write(bytes);
}

void ServerConnection::on_tracking(const session::mysql::Done& done) {
  if (done.outcome.failed) {
    Error error{std::to_string(done.outcome.error), done.outcome.message};
    if (state_ == State::lent) return lost(std::move(error), false);
    return open_failed(ConnectFailure::none, std::move(error));
  }
  phase_ = Phase::ready;
  if (state_ == State::lent) {
    borrower_->on_user_changed();
    return;
  }
  worker_.deadlines().clear(login_deadline_);
  state_ = State::idle;
  idle_since_ = now();
  owner_.on_opened(shared_from_this());
}

// -- lending ---------------------------------------------------------------------

void ServerConnection::start_idle() { arm(); }

void ServerConnection::lend(Borrower& borrower, wire::Capabilities client) {
  RELEVO_CHECK(state_ == State::idle && clean());
  borrower_ = &borrower;
  state_ = State::lent;
  exchange.lend(client);
}

void ServerConnection::take_back() {
  RELEVO_CHECK(state_ == State::lent && clean());
  borrower_ = nullptr;
  session_ticket = 0;
  state_ = State::idle;
  idle_since_ = worker_.about_now();
  if (paused_) resume_reading();
}

void ServerConnection::change_user(session::mysql::ServerCredentials credentials) {
  RELEVO_CHECK(state_ == State::lent && exchange.idle());
  phase_ = Phase::log_in;
  statements.clear();
  applied = nullptr;
  sequences.clear();
  std::string bytes;
  login_->change_user(key_.user, key_.database, std::move(credentials), wire::utf8mb4_general_ci,
                      bytes);
  write(bytes);
}

std::unique_ptr<ServerHandover> ServerConnection::detach() {
  RELEVO_CHECK(state_ == State::idle && clean() && !stream_.blocked());
  state_ = State::closed;
  auto handover = std::make_unique<ConnectionHandover>(key_);
  handover->stream = stream_.detach();
  handover->opened_at = opened_at_;
  handover->epoch = epoch_;
  handover->applied = std::move(applied);
  handover->statements = std::move(statements);
  handover->sequences = std::move(sequences);
  handover->login = std::move(login_);
  handover->status = exchange.status();
  return handover;
}

void ServerConnection::describe(session::ServerRow& row) const {
  row.backend_pid = login_ != nullptr ? login_->connection_id() : 0;
  row.prepared_statements = static_cast<std::uint32_t>(statements.size());
  row.tls = is_tls();
}

void ServerConnection::close() {
  if (state_ == State::closed) return;
  const ServerPtr self = shared_from_this();
  if (state_ == State::connecting || state_ == State::login) {
    return open_failed(ConnectFailure::reset,
                       {std::string(connection_failed), "closed while connecting"});
  }
  const bool polite = stream_.is_open() && clean();
  state_ = State::closed;
  borrower_ = nullptr;
  if (polite) {
    std::string bytes;
    wire::Writer writer(bytes);
    wire::encode_bare(writer, wire::Command::quit);
    stream_.write(bytes);
  }
  stream_.close();
  owner_.on_closed(self, false);
}

void ServerConnection::lost(Error error, bool reset) {
  if (state_ == State::closed) return;
  if (state_ == State::connecting || state_ == State::login) {
    return open_failed(ConnectFailure::reset, std::move(error));
  }
  const ServerPtr self = shared_from_this();
  // Answers that are complete belong to the client, and so does more of one that it has
  // the beginning of. The beginning itself is withheld, so that its statement may run
  // again elsewhere.
  const bool done = std::exchange(done_in_chunk_, false);
  // Outside of process() what the worker has gathered is another session's.
  const bool ours = std::exchange(in_chunk_, false) && borrower_ != nullptr;
  Segments& rest = worker_.to_client();
  if (ours && !rest.empty() && (done || !borrower_->may_take_back())) borrower_->on_answer(rest);
  Borrower* borrower = std::exchange(borrower_, nullptr);
  state_ = State::closed;
  stream_.close();
  owner_.on_closed(self, reset);
  if (borrower != nullptr) borrower->on_lost(error);
}

// -- to the server -----------------------------------------------------------------

void ServerConnection::send(Segments& bytes) {
  if (bytes.empty()) return;
  // A write that fails is met again by the read that follows: the peer is gone,
  // and what it said before is still to be read.
  const IoStatus status = stream_.write(bytes.vectors());
  bytes.clear();
  if (status == IoStatus::failed) {
    worker_.post([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->on_readable();
    });
    return;
  }
  if (stream_.blocked()) stream_.wait_writable();
}

void ServerConnection::on_stream_writable() {
  if (phase_ == Phase::tls) return handshake();
  switch (stream_.flush()) {
    case IoStatus::would_block:
      return stream_.wait_writable();
    case IoStatus::ok:
      if (borrower_ != nullptr) borrower_->on_server_writable();
      return;
    default:
      return on_readable();
  }
}

}  // namespace relevo::net::mysql

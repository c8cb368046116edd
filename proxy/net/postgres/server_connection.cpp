#include "proxy/net/postgres/server_connection.hpp"

#include <algorithm>
#include <cstring>

#include "proxy/wire/postgres/constants.hpp"
#include "proxy/wire/postgres/frame.hpp"
#include "proxy/wire/postgres/session_info.hpp"

namespace relevo::net::postgres {

namespace wire = relevo::wire::postgres;
using session::postgres::ServerLogin;
using session::postgres::Verdict;
using wire::Backend;

namespace {

model::Instant now() { return std::chrono::steady_clock::now(); }

// Too many clients, starting up, shutting down.
bool is_busy(std::string_view sqlstate) {
  return sqlstate == "53300" || sqlstate.starts_with("57P");
}

}  // namespace

ServerConnection::ServerConnection(Worker& worker, ServerOwner& owner, PoolKey key,
                                   session::postgres::ServerCredentials credentials)
    : ServerLink(std::move(key)),
      worker_(worker),
      owner_(owner),
      stream_(worker.poller()),
      credentials_(std::move(credentials)) {}

ServerConnection::ServerConnection(Worker& worker, ServerOwner& owner, ConnectionHandover& handover)
    : ServerLink(std::move(handover.key)),
      statements(std::move(handover.statements)),
      applied(std::move(handover.applied)),
      unnamed(std::move(handover.unnamed)),
      parameters(std::move(handover.parameters)),
      worker_(worker),
      owner_(owner),
      stream_(worker.poller()),
      tls_(handover.stream.ssl != nullptr),
      backend_pid_(handover.backend_pid),
      cancel_key_(std::move(handover.cancel_key)) {
  state_ = State::idle;
  epoch_ = handover.epoch;
  opened_at_ = handover.opened_at;
  idle_since_ = now();
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
  connector_ = std::make_shared<Connector>(worker_, stream_);
  login_deadline_ = worker_.deadlines().set(deadline, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->open_failed(ConnectFailure::timeout, {"08001", "timed out while logging in"});
    }
  });
  connector_->start({.host = node.host,
                     .port = node.port,
                     .tls_mode = settings.config.server_tls.mode,
                     .tls = settings.server_tls.context},
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
  if (failure != ConnectFailure::none) return open_failed(failure, {"08001", message});
  connector_.reset();
  stream_.set_owner(this);
  state_ = State::login;
  tls_ = stream_.is_tls();
  login_ = std::make_unique<ServerLogin>(
      ServerLogin::Setup{.user = key_.user,
                         .database = key_.database,
                         .credentials = std::move(credentials_),
                         .nonce = worker_.random_text(24),
                         .tls = tls_,
                         .channel_binding = peer_channel_binding(stream_.ssl())});
  std::string bytes;
  login_->start(bytes);
  if (stream_.write(bytes) == IoStatus::failed) {
    return open_failed(ConnectFailure::reset, {"08006", stream_.error()});
  }
  if (stream_.blocked()) stream_.wait_writable();
  arm();
}

bool ServerConnection::on_login_message(const wire::Header& header, wire::Bytes body) {
  std::string answer;
  switch (login_->on_message(static_cast<Backend>(header.type), body, answer)) {
    case ServerLogin::Step::more:
      if (!answer.empty() && stream_.write(answer) == IoStatus::failed) {
        open_failed(ConnectFailure::reset, {"08006", stream_.error()});
        return false;
      }
      if (stream_.blocked()) stream_.wait_writable();
      return true;
    case ServerLogin::Step::failed:
      open_failed(ConnectFailure::none, login_->error());
      return false;
    case ServerLogin::Step::done:
      break;
  }
  worker_.deadlines().clear(login_deadline_);
  parameters = login_->parameters();
  backend_pid_ = login_->backend_pid();
  cancel_key_ = login_->cancel_key();
  login_.reset();
  state_ = State::idle;
  idle_since_ = now();
  owner_.on_opened(shared_from_this());
  return state_ != State::closed;
}

// -- lending ---------------------------------------------------------------------

void ServerConnection::start_idle() { arm(); }

void ServerConnection::lend(Borrower& borrower) {
  RELEVO_CHECK(state_ == State::idle && clean());
  borrower_ = &borrower;
  state_ = State::lent;
}

void ServerConnection::take_back() {
  RELEVO_CHECK(state_ == State::lent && clean());
  borrower_ = nullptr;
  session_ticket = 0;
  state_ = State::idle;
  idle_since_ = worker_.about_now();
  if (paused_) resume_reading();
}

std::unique_ptr<ServerHandover> ServerConnection::detach() {
  RELEVO_CHECK(state_ == State::idle && clean() && !stream_.blocked());
  state_ = State::closed;
  auto handover = std::make_unique<ConnectionHandover>(key_);
  handover->stream = stream_.detach();
  handover->opened_at = opened_at_;
  handover->epoch = epoch_;
  handover->applied = applied;
  handover->statements = std::move(statements);
  handover->unnamed = std::move(unnamed);
  handover->parameters = std::move(parameters);
  handover->backend_pid = backend_pid_;
  handover->cancel_key = cancel_key_;
  return handover;
}

void ServerConnection::describe(session::ServerRow& row) const {
  row.backend_pid = backend_pid_;
  row.prepared_statements = static_cast<std::uint32_t>(statements.size());
  row.tls = tls_;
}

void ServerConnection::close() {
  if (state_ == State::closed) return;
  const ServerPtr self = shared_from_this();
  if (state_ == State::connecting || state_ == State::login) {
    return open_failed(ConnectFailure::reset, {"57P01", "closed while connecting"});
  }
  state_ = State::closed;
  borrower_ = nullptr;
  if (stream_.is_open() && clean()) {
    const auto& bye = wire::constants::terminate;
    stream_.write({reinterpret_cast<const char*>(bye.data()), bye.size()});
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
  // Answers that are complete belong to the client. The beginning of one that
  // will never be is withheld, so that its statement may run again elsewhere.
  if (borrower_ != nullptr && std::exchange(ready_in_chunk_, false)) {
    borrower_->on_answer(worker_.to_client());
  }
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
  // and what it said before (a FATAL, perhaps) is still to be read.
  if (stream_.write(bytes.vectors()) == IoStatus::failed) {
    bytes.clear();
    worker_.post([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->on_readable();
    });
    return;
  }
  bytes.clear();
  if (stream_.blocked()) stream_.wait_writable();
}

void ServerConnection::on_stream_writable() {
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

}  // namespace relevo::net::postgres

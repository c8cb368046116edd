#include "proxy/net/postgres/client_session.hpp"

#include <algorithm>
#include <cstring>

#include "proxy/wire/postgres/constants.hpp"
#include "proxy/wire/postgres/report.hpp"

namespace relevo::net::postgres {
namespace {

// What a client may have sent ahead before we stop reading: room for a large
// statement, which has to be seen as a whole to be routed.
constexpr std::size_t buffer_bytes_max = 256 * 1024;
constexpr std::size_t login_bytes_max = 64 * 1024;
constexpr int reads_per_turn = 4;

model::Instant now() { return std::chrono::steady_clock::now(); }

}  // namespace

ClientSession::ClientSession(Shard& shard, Ticket ticket, bool counted)
    : SessionLink(ticket, counted),
      shard_(shard),
      stream_(shard.worker().poller()),
      in_(shard.worker().blocks()) {}

ClientSession::~ClientSession() { shard_.worker().deadlines().clear(deadline_); }

void ClientSession::start(int fd, bool unix_socket, std::string address) {
  unix_socket_ = unix_socket;
  address_ = std::move(address);
  started_ = now();
  if (!unix_socket) tune_socket(fd);
  stream_.adopt(fd);
  stream_.set_owner(this);
  const config::Cluster& config = shard_.settings().config;
  Worker& worker = shard_.worker();
  session::postgres::ClientLogin::Setup setup;
  setup.nonce = worker.random_text(24);
  const std::uint32_t salt = worker.random_u32();
  std::memcpy(setup.md5_salt.data(), &salt, sizeof salt);
  setup.mock_secret = shard_.memory().mock_secret();
  setup.tls_offered = shard_.settings().client_tls.context != nullptr;
  setup.tls_required = config.tls.mode == config::ClientTls::require && !unix_socket;
  setup.trusted = unix_socket && config.auth.unix_socket == config::UnixAuth::trust;
  setup.cleartext_over_tls = config.auth.cleartext_over_tls;
  login_ = std::make_unique<session::postgres::ClientLogin>(std::move(setup));
  deadline_ = worker.deadlines().set(now() + config.pool.login_timeout, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->on_login_timeout();
    }
  });
  arm();
}

void ClientSession::on_login_timeout() {
  ++shard_.traffic().logins_failed;
  if (look_up_failed_) {
    return end("57P03", "cannot look up the user: no server of the cluster can be asked now");
  }
  end("08P01", "login took too long");
}

// -- reading -----------------------------------------------------------------------

bool ClientSession::wants_bytes() const {
  switch (state_) {
    case State::ended:
    case State::tls:
      return false;
    case State::linked:
      return !server_->blocked() && in_.size() < buffer_bytes_max;
    default:
      return in_.size() < buffer_bytes_max;
  }
}

void ClientSession::arm() {
  if (stream_.is_open() && wants_bytes()) stream_.wait_readable();
}

void ClientSession::on_readable() {
  const auto self = shared_from_this();
  if (state_ == State::tls) return handshake();
  if (state_ == State::startup && in_.empty() && !login_->is_tls()) {
    // TLS may begin at once, without being asked for (PostgreSQL 17 clients).
    char first = 0;
    if (stream_.peek({&first, 1}).status == IoStatus::ok && first == 0x16) return begin_tls(true);
  }
  const bool logged_in = state_ >= State::welcoming;
  for (int reads = 0; reads < reads_per_turn; ++reads) {
    if (state_ == State::linked && server_ != nullptr && server_->blocked()) return;
    const auto room = in_.prepare(logged_in ? buffer_bytes_max : login_bytes_max);
    if (room.empty()) return;  // armed again when some of it has been dealt with
    const auto read = stream_.read(room);
    if (read.status == IoStatus::would_block) break;
    if (read.status != IoStatus::ok) return client_gone();
    in_.commit(read.bytes);
    shard_.traffic().bytes_from_clients += read.bytes;
    advance();
    if (state_ == State::ended || state_ == State::tls) return;
    if (read.drained) break;
  }
  in_.release_if_empty();
  arm();
}

void ClientSession::advance() {
  switch (state_) {
    case State::startup:
      return advance_startup();
    case State::password:
      return advance_password();
    case State::idle:
      return start_batch();
    case State::linked:
      return forward();
    default:
      return;  // the bytes wait in in_
  }
}

// -- writing -----------------------------------------------------------------------

void ClientSession::to_client(std::string_view bytes) {
  if (state_ == State::ended || bytes.empty()) return;
  shard_.traffic().bytes_to_clients += bytes.size();
  if (stream_.write(bytes) == IoStatus::failed) {
    // Met again by the next read; nothing more is to be told to this client.
    return;
  }
  if (stream_.blocked()) stream_.wait_writable();
}

void ClientSession::to_client(Segments& bytes) {
  if (state_ == State::ended || bytes.empty()) return;
  shard_.traffic().bytes_to_clients += bytes.size();
  if (stream_.write(bytes.vectors()) == IoStatus::ok && stream_.blocked()) stream_.wait_writable();
}

void ClientSession::on_stream_writable() {
  if (state_ == State::tls) return handshake();
  switch (stream_.flush()) {
    case IoStatus::would_block:
      return stream_.wait_writable();
    case IoStatus::ok:
      if (server_ != nullptr) server_->resume_reading();
      return;
    default:
      return client_gone();
  }
}

// -- the end -----------------------------------------------------------------------

void ClientSession::end(std::string_view sqlstate, std::string_view message) {
  if (state_ == State::ended) return;
  if (state_ != State::tls) {
    std::string bytes;
    append_error(bytes, "FATAL", sqlstate, message);
    to_client(bytes);
  }
  close();
}

void ClientSession::client_gone() { close(); }

void ClientSession::close() {
  if (state_ == State::ended) return;
  const auto self = shared_from_this();
  stop_waiting();
  shard_.worker().deadlines().clear(deadline_);
  state_ = State::ended;
  drop_server();
  stream_.close();
  shard_.session_ended(ticket_);
}

void ClientSession::drop_server() {
  const ServerPtr server = std::exchange(server_, nullptr);
  if (server == nullptr) return;
  tell_catalog_change();
  --shard_.traffic().nodes[server->key().node].clients;
  const bool reusable = server->usable() && server->clean() && !server->exchange.uncertain() &&
                        pins_ == 0 && own_ == Own::none && !stale_plan_ && !needs_inspection_;
  if (reusable) {
    server->take_back();
    shard_.give_back(server);
  } else {
    // In the middle of something, or with state that nobody else may see. What
    // it runs for nobody is stopped, as far as the server can; but not what may be
    // committing: that would end its wait for replicas, and be committed without them.
    const auto& exchange = server->exchange;
    const bool in_vain = server->usable() && !exchange.idle() && !exchange.outcome_open();
    if (in_vain) shard_.cancel_on(server);
    server->close();
  }
  shard_.note_primary_idle();
}

void ClientSession::end_when_idle() {
  ending_ = true;
  const bool in_work =
      begin_.held() || (state_ == State::linked && server_ != nullptr && !server_->clean());
  if (!in_work) end("57P01", "Relevo is shutting down");
}

std::string ClientSession::last_route() const {
  if (routed_because_.empty()) return {};
  const std::string to = routed_to_ ? shard_.settings().config.nodes[*routed_to_].name : "held";
  return to + ": " + std::string(routed_because_);
}

session::ClientRow ClientSession::report() const {
  session::ClientRow row;
  row.id = std::to_string(shard_.worker().index()) + "." + std::to_string(ticket_);
  row.user = user_;
  row.database = database_;
  row.application_name = application_name_;
  row.address = address_;
  const auto at = now();
  const auto seconds = [&](model::Instant since) {
    return std::chrono::duration<double>(at - since).count();
  };
  switch (state_) {
    case State::idle:
      row.state = in_failed_transaction_ || begin_.held() ? "in transaction" : "idle";
      break;
    case State::holding:
    case State::queued:
      row.state = "waiting";
      row.wait_ms = seconds(waiting_since_) * 1000;
      break;
    case State::linked:
      row.state = server_ == nullptr || !server_->exchange.idle() ? "active"
                  : server_->exchange.in_transaction()            ? "in transaction"
                                                                  : "idle";
      break;
    default:
      row.state = "login";
      break;
  }
  if (server_ != nullptr) row.node = shard_.settings().config.nodes[server_->key().node].name;
  row.pinned = pin_reason();
  row.last_route = last_route();
  row.age_s = seconds(started_);
  row.tls = stream_.is_tls();
  return row;
}

}  // namespace relevo::net::postgres

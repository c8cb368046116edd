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

// Messages up to this size are waited for as a whole. Larger ones (a notice or
// function result can be huge) pass through, judged by their first bytes.
constexpr std::size_t carry_max = 32 * 1024;
constexpr std::size_t prefix_bytes = 4096;
constexpr int reads_per_turn = 8;  // then others get a turn

bool is_data(const wire::Header& header) {
  return header.is(Backend::data_row) || header.is(Backend::copy_data);
}

model::Instant now() { return std::chrono::steady_clock::now(); }

}  // namespace

ServerConnection::ServerConnection(Worker& worker, ServerOwner& owner, PoolKey key)
    : worker_(worker), owner_(owner), key_(std::move(key)), stream_(worker.poller()) {}

ServerConnection::ServerConnection(Worker& worker, ServerOwner& owner, ServerHandover handover)
    : statements(std::move(handover.statements)),
      applied(std::move(handover.applied)),
      unnamed(std::move(handover.unnamed)),
      parameters(std::move(handover.parameters)),
      worker_(worker),
      owner_(owner),
      key_(std::move(handover.key)),
      stream_(worker.poller()),
      state_(State::idle),
      tls_(handover.stream.ssl != nullptr),
      backend_pid_(handover.backend_pid),
      cancel_key_(std::move(handover.cancel_key)),
      epoch_(handover.epoch),
      opened_at_(handover.opened_at),
      idle_since_(now()) {
  stream_.adopt(handover.stream);
  stream_.set_owner(this);
}

ServerConnection::~ServerConnection() {
  worker_.deadlines().clear(login_deadline_);
  if (connector_ != nullptr) connector_->abandon();
}

// -- opening ---------------------------------------------------------------------

void ServerConnection::open(const ClusterSettings& settings,
                            session::postgres::ServerCredentials credentials, model::Epoch epoch,
                            model::Instant deadline) {
  credentials_ = std::move(credentials);
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
  owner_.on_open_failed(self, {network, std::move(error)});
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
  idle_since_ = now();
  if (paused_) resume_reading();
}

ServerHandover ServerConnection::detach() {
  RELEVO_CHECK(state_ == State::idle && clean() && !stream_.blocked());
  state_ = State::closed;
  return {.key = key_,
          .stream = stream_.detach(),
          .applied = applied,
          .statements = std::move(statements),
          .unnamed = std::move(unnamed),
          .parameters = std::move(parameters),
          .backend_pid = backend_pid_,
          .cancel_key = cancel_key_,
          .opened_at = opened_at_,
          .epoch = epoch_};
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

// -- from the server -----------------------------------------------------------------

void ServerConnection::arm() {
  if (stream_.is_open()) stream_.wait_readable();
}

void ServerConnection::resume_reading() {
  if (!paused_) return;
  paused_ = false;
  on_readable();
}

void ServerConnection::on_readable() {
  const ServerPtr self = shared_from_this();
  if (state_ == State::closed) return;
  const auto scratch = worker_.scratch();
  for (int reads = 0; reads < reads_per_turn; ++reads) {
    if (borrower_ != nullptr && borrower_->client_is_behind()) {
      paused_ = true;
      return;
    }
    const std::size_t carried = carry_.size();
    std::memcpy(scratch.data(), carry_.data(), carried);
    const auto read = stream_.read(scratch.subspan(carried));
    if (read.status == IoStatus::would_block) break;
    if (read.status != IoStatus::ok) {
      return lost(
          {"08006", read.status == IoStatus::end ? "server closed the connection unexpectedly"
                                                 : stream_.error()},
          true);
    }
    carry_.clear();
    if (!process(carried + read.bytes)) return;
    if (read.drained) break;
  }
  arm();
}

bool ServerConnection::process(std::size_t size) {
  const char* const bytes = worker_.scratch().data();
  Segments& to_client = worker_.to_client();
  to_client.clear();
  ready_in_chunk_ = false;
  const bool was_lent = borrower_ != nullptr;
  std::size_t at = 0;
  while (at < size) {
    if (body_left_ > 0) {
      const std::size_t part = std::min<std::size_t>(body_left_, size - at);
      if (body_forwarded_) to_client.add({bytes + at, part});
      at += part;
      body_left_ -= static_cast<std::uint32_t>(part);
      continue;
    }
    const std::string_view left(bytes + at, size - at);
    const auto header = wire::read_header(wire::as_bytes(left));
    if (header.is_malformed()) {
      lost({"08P01", "the server sent a malformed message"}, false);
      return false;
    }
    if (!header) {
      carry_.assign(left);
      break;
    }
    const std::size_t total = header->total_bytes();
    if (borrower_ != nullptr && is_data(*header)) {
      append_due();
      const Verdict verdict = exchange.on_data();
      if (verdict.violation) {
        lost({"08P01", "the server sent rows that nobody asked for"}, false);
        return false;
      }
      if (verdict.forward) {
        const std::size_t part = std::min(total, left.size());
        to_client.add(left.substr(0, part));
        at += part;
        body_left_ = static_cast<std::uint32_t>(total - part);
        body_forwarded_ = true;
        continue;
      }
    }
    if (left.size() < total) {
      const bool passes_through = total > carry_max && state_ == State::lent;
      if (!passes_through && total > carry_max) {
        lost({"08P01", "the server sent an oversized message"}, false);
        return false;
      }
      if (!passes_through || left.size() < prefix_bytes) {
        carry_.assign(left);
        break;
      }
    }
    const std::size_t part = std::min(total, left.size());
    const auto body =
        wire::as_bytes(left.substr(wire::limits::header_bytes, part - wire::limits::header_bytes));
    body_left_ = static_cast<std::uint32_t>(total - part);
    body_forwarded_ = false;
    if (!on_message(*header, body, left.substr(0, part))) return false;
    at += part;
  }
  if (was_lent && borrower_ != nullptr) {
    ready_in_chunk_ = false;
    if (!to_client.empty()) borrower_->on_answer(to_client);
    to_client.clear();
    if (borrower_ != nullptr) borrower_->on_read_done();
  }
  return state_ != State::closed;
}

bool ServerConnection::on_message(const wire::Header& header, wire::Bytes body,
                                  std::string_view whole) {
  if (state_ == State::login) return on_login_message(header, body);
  if (borrower_ == nullptr) return on_idle_message(header, body);
  bool swallow = false;
  append_due();
  if (header.is(Backend::error_response)) {
    unnamed = nullptr;
    bool is_lost = false;
    on_error_message(body, is_lost, swallow);
    if (is_lost) return false;
  }
  const Verdict verdict = exchange.on_message(static_cast<Backend>(header.type), body);
  if (verdict.violation) {
    lost({"08P01", "the server sent an unexpected message"}, false);
    return false;
  }
  if (header.is(Backend::parameter_status)) {
    const auto status = wire::decode_parameter_status(body);
    if (!status) {
      lost({"08P01", "the server sent a malformed parameter status"}, false);
      return false;
    }
    parameters.insert_or_assign(std::string(status->name), std::string(status->value));
    // Which node serves it is not the client's business.
    swallow = status->name == "in_hot_standby";
    if (verdict.forward && !swallow) borrower_->on_parameter(status->name, status->value);
  }
  if (header.is(Backend::data_row) && !verdict.forward) borrower_->on_own_row(body);
  Segments& to_client = worker_.to_client();
  if (verdict.forward && !swallow) {
    to_client.add(whole);
    body_forwarded_ = true;
  }
  if (exchange.has_unprepared()) {
    for (const std::uint64_t id : exchange.take_unprepared()) {
      statements.remove(id);
      borrower_->on_unprepared(id);
    }
  }
  if (exchange.has_unclosed()) {
    for (const std::uint64_t id : exchange.take_unclosed()) statements.restore(id);
  }
  append_due();
  if (verdict.ready) {
    ready_in_chunk_ = true;
    borrower_->on_ready(verdict);
  }
  return true;
}

// Answers of our own whose turn has come.
void ServerConnection::append_due() {
  if (!exchange.has_due()) return;
  exchange.append_due(worker_.to_client().text());
  worker_.to_client().own();
}

void ServerConnection::on_error_message(wire::Bytes body, bool& is_lost, bool& swallow) {
  const auto report = wire::decode_report(body);
  // Of a report that is larger than the prefix only the fact is known.
  const wire::Report seen = report ? *report : wire::Report{};
  if (seen.fatal()) {
    is_lost = true;
    lost({std::string(seen.sqlstate), std::string(seen.message)}, true);
    return;
  }
  swallow = borrower_->on_error(seen) == Borrower::OnError::swallow;
}

bool ServerConnection::on_idle_message(const wire::Header& header, wire::Bytes body) {
  switch (static_cast<Backend>(header.type)) {
    case Backend::parameter_status:
      if (const auto status = wire::decode_parameter_status(body)) {
        parameters.insert_or_assign(std::string(status->name), std::string(status->value));
        return true;
      }
      break;
    case Backend::notice_response:
      return true;
    case Backend::error_response: {
      const auto report = wire::decode_report(body);
      lost({report ? std::string(report->sqlstate) : "08006",
            report ? std::string(report->message) : "the server ended the connection"},
           true);
      return false;
    }
    default:
      break;
  }
  lost({"08P01", "the server sent something to an idle connection"}, false);
  return false;
}

}  // namespace relevo::net::postgres

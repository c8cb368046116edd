#include "proxy/net/mysql/client_session.hpp"

#include <algorithm>

#include "proxy/wire/mysql/errors.hpp"
#include "proxy/wire/mysql/response.hpp"

namespace relevo::net::mysql {

namespace wire = relevo::wire::mysql;
namespace errors = wire::errors;

namespace {

constexpr std::size_t buffer_bytes_max = 256 * 1024;
// While a command is being collected: the text of a prepared statement is kept whole.
constexpr std::size_t command_bytes_max =
    session::mysql::prepare_bytes_max + 2 * wire::limits::header_bytes;
constexpr std::size_t login_bytes_max = wire::limits::login_payload_bytes;
constexpr int reads_per_turn = 4;

model::Instant now() { return std::chrono::steady_clock::now(); }

}  // namespace

ClientSession::ClientSession(Shard& shard, Ticket ticket, bool counted)
    : SessionLink(ticket, counted),
      shard_(shard),
      stream_(shard.worker().poller()),
      in_(shard.worker().blocks()) {}

ClientSession::~ClientSession() {
  leave_catalog();
  shard_.worker().deadlines().clear(deadline_);
}

void ClientSession::start(int fd, bool unix_socket, std::string address) {
  unix_socket_ = unix_socket;
  address_ = std::move(address);
  started_ = now();
  if (!unix_socket) tune_socket(fd);
  stream_.adopt(fd);
  stream_.set_owner(this);
  set_login_deadline();
  greet();
}

// -- reading -----------------------------------------------------------------------

bool ClientSession::wants_bytes() const {
  switch (state_) {
    case State::ended:
    case State::tls:
      return false;
    case State::linked:
      return server_ != nullptr && !server_->blocked() && in_.size() < in_bytes_max();
    default:
      return in_.size() < in_bytes_max();
  }
}

// A command that is being collected may be longer than what is relayed as it comes.
std::size_t ClientSession::in_bytes_max() const {
  const bool collects = state_ == State::idle || (state_ == State::linked && !in_hand_);
  return collects ? command_bytes_max : buffer_bytes_max;
}

void ClientSession::arm() {
  if (!stream_.is_open() || !wants_bytes()) return;
  if (compressed_ == nullptr) return stream_.wait_readable();
  if (compressed_->pending() && may_unpack()) return stream_.wait_with_bytes();
  if (!compressed_->room().empty()) stream_.wait_readable();
}

void ClientSession::on_readable() {
  const auto self = shared_from_this();
  if (state_ == State::tls) return handshake();
  if (compressed_ != nullptr) return on_packed_readable();
  for (int reads = 0; reads < reads_per_turn; ++reads) {
    if (!wants_bytes()) return;
    const bool logged_in = state_ >= State::welcoming && !welcoming_;
    auto room = in_.prepare(logged_in ? command_bytes_max : login_bytes_max);
    if (room.empty()) return;  // armed again when some of it has been dealt with
    if (state_ == State::login) room = room.first(std::min(room.size(), login_bytes_wanted()));
    const auto read = stream_.read(room);
    if (read.status == IoStatus::would_block) break;
    if (read.status != IoStatus::ok) return close();
    in_.commit(read.bytes);
    shard_.traffic().bytes_from_clients += read.bytes;
    advance();
    if (state_ == State::ended || state_ == State::tls) return;
    if (read.drained) break;
  }
  in_.release_if_empty();
  arm();
}

// What is compressed is unpacked as far as there is room for it.
void ClientSession::on_packed_readable() {
  for (int reads = 0; reads < reads_per_turn; ++reads) {
    if (!unpack() || !wants_bytes()) return;
    const auto room = compressed_->room();
    if (room.empty()) return;  // armed again when some of it has been dealt with
    const auto read = stream_.read(room);
    if (read.status == IoStatus::would_block) break;
    if (read.status != IoStatus::ok) return close();
    compressed_->commit(read.bytes);
    shard_.traffic().bytes_from_clients += read.bytes;
    if (!unpack()) return;
    if (read.drained) break;
  }
  in_.release_if_empty();
  arm();
}

// False: the session has ended.
bool ClientSession::unpack() {
  while (compressed_->pending() && may_unpack() && wants_bytes()) {
    const std::size_t before = in_.size();
    if (!compressed_->unpack(in_, in_bytes_max())) {
      ++shard_.traffic().protocol_errors;
      end(errors::malformed_protocol, "malformed compressed packet");
      return false;
    }
    if (in_.size() > before) advance();
    if (state_ == State::ended) return false;
  }
  return true;
}

// Not while a command that is all here awaits its answer: see CompressedClient.
bool ClientSession::may_unpack() const {
  return !in_hand_ || passing_ || (server_ != nullptr && server_->exchange.wants_client_data());
}

// Of a log-in one packet at a time is read: what follows a wish for TLS is for TLS,
// and may be here already.
std::size_t ClientSession::login_bytes_wanted() const {
  const auto header = wire::read_packet_header(wire::as_bytes(in_.view()));
  if (!header) return wire::limits::header_bytes - in_.size();
  return std::max<std::size_t>(1, header->total_bytes() - in_.size());
}

void ClientSession::advance() {
  switch (state_) {
    case State::login:
      return advance_login();
    case State::idle:
      return start_command();
    case State::linked:
      return forward();
    default:
      return;  // the bytes wait in in_
  }
}

// -- writing -----------------------------------------------------------------------

void ClientSession::to_client(std::string_view bytes) {
  if (state_ == State::ended || bytes.empty()) return;
  if (compressed_ != nullptr) {
    const iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    bytes = compressed_->pack({&part, 1});
  }
  shard_.traffic().bytes_to_clients += bytes.size();
  // A write that fails is met again by the next read.
  if (stream_.write(bytes) == IoStatus::ok && stream_.blocked()) stream_.wait_writable();
}

void ClientSession::to_client(Segments& bytes) {
  if (state_ == State::ended || bytes.empty()) return;
  if (compressed_ != nullptr) {
    const std::string_view packed = compressed_->pack(bytes.vectors());
    shard_.traffic().bytes_to_clients += packed.size();
    if (stream_.write(packed) == IoStatus::ok && stream_.blocked()) stream_.wait_writable();
    return;
  }
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
      return close();
  }
}

// -- the end -----------------------------------------------------------------------

void ClientSession::end(const wire::ErrorCode& code, std::string_view message) {
  if (state_ == State::ended) return;
  // Between commands a client expects nothing: what it reads after its next one
  // is then this error, under the number that an answer begins with.
  const std::uint8_t sequence = server_ != nullptr && server_->exchange.answer_begun()
                                    ? server_->exchange.next_sequence()
                                : login_ != nullptr ? login_->next_sequence()
                                                    : std::uint8_t{1};
  const bool torn = server_ != nullptr && server_->cut_in_packet();
  if (compressed_ != nullptr && !in_hand_ && login_ == nullptr) compressed_->answer_unread();
  if (state_ != State::tls && state_ != State::greeting && !torn) {
    to_client(error_packet(sequence, code, message));
  }
  close();
}

void ClientSession::end_now() { end(errors::server_shutdown, "Relevo is shutting down"); }

void ClientSession::end_killed() { end(errors::connection_killed, "Connection was killed"); }

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
  tell_catalog_change();  // what was sent may have happened, though its answer never came
  --shard_.traffic().nodes[server->key().node].clients;
  const bool pinned = session_ != nullptr && session_->pins().any();
  const bool unasked = session_ != nullptr && session_->sequences().must_ask();
  const bool reusable = server->usable() && server->clean() && !pinned && !spoilt_ && !unasked &&
                        own_.empty() && !server->exchange.must_confirm();
  own_.clear();
  own_first_ = giving_back_ = answer_done_ = again_ = kept_ = spoilt_ = transaction_open_ = false;
  own_failure_.reset();
  if (unasked) session_->sequences().forget_taken();
  if (reusable) {
    server->take_back();
    shard_.give_back(server);
  } else {
    // In the middle of something, or with state that nobody else may see. What it
    // runs for nobody is stopped; but not what may be committing: where its binary log
    // has no room, MySQL ends itself for it (binlog_error_action = ABORT_SERVER).
    const auto& exchange = server->exchange;
    const bool in_vain = server->usable() && !exchange.idle() && !exchange.outcome_open();
    if (in_vain) shard_.kill_query_on(server);
    server->close();
  }
  shard_.note_primary_idle();
}

void ClientSession::end_when_idle() {
  ending_ = true;
  const bool in_work =
      begin_due_ || (state_ == State::linked && server_ != nullptr && !server_->clean());
  if (!in_work) end_now();
}

wire::StatusFlags ClientSession::status() const {
  return server_ != nullptr ? server_->exchange.status() : status_;
}

// As the client knows it; Shard::kill() takes it apart.
std::uint32_t ClientSession::connection_id() const {
  return (shard_.worker().index() << 24) | static_cast<std::uint32_t>(ticket_);
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
  row.database = session_ != nullptr ? session_->state()->schema : database_;
  row.application_name = program_;
  row.address = address_;
  const auto at = now();
  const auto seconds = [&](model::Instant since) {
    return std::chrono::duration<double>(at - since).count();
  };
  switch (state_) {
    case State::idle:
      row.state = transaction_lost_ || begin_due_ ? "in transaction" : "idle";
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
  if (session_ != nullptr) {
    row.pinned = session_->pins().reason();
    if (row.pinned.empty() && server_ != nullptr && session_->diagnostics().keeps_connection()) {
      row.pinned = "warnings of its last statement";
    }
  }
  row.last_route = last_route();
  row.age_s = seconds(started_);
  row.tls = stream_.is_tls();
  return row;
}

}  // namespace relevo::net::mysql

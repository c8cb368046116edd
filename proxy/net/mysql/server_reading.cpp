// What a server says: framed, matched against what was asked, and passed on.
#include <algorithm>

#include "proxy/net/mysql/server_connection.hpp"
#include "proxy/wire/mysql/errors.hpp"

namespace relevo::net::mysql {

namespace wire = relevo::wire::mysql;
using session::mysql::PacketKind;
using session::mysql::Reply;
using session::mysql::Verdict;

namespace {

constexpr int reads_per_turn = 8;  // then others get a turn
// A row that answers a command of our own: a number, a few variables.
constexpr std::size_t own_bytes_max = 64 * 1024;

}  // namespace

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
  if (phase_ == Phase::tls) return handshake();
  const auto scratch = worker_.scratch();
  for (int reads = 0; reads < reads_per_turn; ++reads) {
    if (borrower_ != nullptr && borrower_->client_is_behind()) {
      paused_ = true;
      return;
    }
    const auto read = stream_.read(scratch);
    if (read.status == IoStatus::would_block) break;
    if (read.status != IoStatus::ok) {
      return lost(
          {"08006", read.status == IoStatus::end ? "server closed the connection unexpectedly"
                                                 : stream_.error()},
          true);
    }
    if (!process(read.bytes)) return;
    if (read.drained) break;
  }
  arm();
}

bool ServerConnection::process(std::size_t size) {
  std::string_view left(worker_.scratch().data(), size);
  Segments& to_client = worker_.to_client();
  to_client.clear();
  done_in_chunk_ = false;
  in_chunk_ = true;
  const bool was_lent = borrower_ != nullptr;
  while (!left.empty()) {
    if (body_left_ > 0) {
      const std::size_t part = std::min<std::size_t>(body_left_, left.size());
      if (body_forwarded_) to_client.add(left.substr(0, part));
      left.remove_prefix(part);
      body_left_ -= static_cast<std::uint32_t>(part);
      if (body_left_ == 0) end_packet();
      continue;
    }
    if (gather_bytes_ > 0) {
      if (!gather(left)) return false;
      continue;
    }
    const std::size_t taken = on_bytes(left);
    if (state_ == State::closed || phase_ == Phase::tls) return false;
    if (taken == 0) {  // to be gathered
      gathered_.assign(left);
      break;
    }
    left.remove_prefix(taken);
  }
  in_chunk_ = false;
  if (was_lent && borrower_ != nullptr) {
    done_in_chunk_ = false;
    if (!to_client.empty()) borrower_->on_answer(to_client);
    to_client.clear();
    if (borrower_ != nullptr) borrower_->on_read_done();
  }
  return state_ != State::closed;
}

// Adds to what is gathered until it is enough. False: the connection is gone.
bool ServerConnection::gather(std::string_view& bytes) {
  const std::size_t part = std::min(gather_bytes_ - gathered_.size(), bytes.size());
  gathered_.append(bytes.substr(0, part));
  bytes.remove_prefix(part);
  if (gathered_.size() < gather_bytes_) return true;
  const std::string whole = std::exchange(gathered_, {});
  gather_bytes_ = 0;
  copying_ = true;  // views into it would end with this function
  const std::size_t taken = on_bytes(whole);
  copying_ = false;
  if (state_ == State::closed || phase_ == Phase::tls) return false;
  if (taken == 0) {
    gathered_ = whole;  // its kind is known now, and asks for more
    return true;
  }
  RELEVO_CHECK(taken == whole.size());
  return true;
}

std::size_t ServerConnection::on_bytes(std::string_view bytes) {
  const auto ask_for = [&](std::size_t size) {
    gather_bytes_ = size;
    return std::size_t{0};
  };
  const auto header = wire::read_packet_header(wire::as_bytes(bytes));
  if (!header) return ask_for(wire::limits::header_bytes);
  const std::size_t total = header->total_bytes();
  const std::size_t head =
      wire::limits::header_bytes + std::min<std::size_t>(header->body_bytes, wire::kind_bytes);
  if (bytes.size() < head) return ask_for(head);
  const auto first = static_cast<std::uint8_t>(head > 4 ? bytes[4] : 0);
  const bool relays = phase_ == Phase::ready && borrower_ != nullptr;
  const bool own = !relays || exchange.answers_proxy();
  const bool whole = own || exchange.wants_whole(*header, first);
  if (whole && bytes.size() < total) {
    const std::size_t limit = phase_ == Phase::log_in ? wire::limits::login_payload_bytes
                              : own                   ? own_bytes_max
                                                      : Reply::control_bytes_max;
    if (total > limit) {
      lost({"08S01", "the server sent an oversized packet"}, false);
      return 0;
    }
    return ask_for(total);
  }
  const std::size_t part = std::min(total, bytes.size());
  const auto body =
      wire::as_bytes(bytes.substr(wire::limits::header_bytes, part - wire::limits::header_bytes));
  if (phase_ == Phase::log_in) return on_login_packet(*header, body) ? part : 0;
  if (phase_ == Phase::ready && borrower_ == nullptr) return on_idle_packet(body) ? part : 0;
  body_left_ = static_cast<std::uint32_t>(total - part);
  if (!on_packet(*header, bytes.substr(0, part))) return 0;
  if (body_left_ == 0) end_packet();
  return part;
}

bool ServerConnection::on_packet(const wire::PacketHeader& header, std::string_view part) {
  const auto body = wire::as_bytes(part.substr(wire::limits::header_bytes));
  if (borrower_ != nullptr && says_goodbye(header, body)) {
    lost({"08S01", "the server is shutting down"}, true);
    return false;
  }
  additions_.clear();
  const Verdict verdict = exchange.on_packet(header, body, additions_);
  if (verdict.violation) {
    lost({"08S01", "the server sent an unexpected packet"}, false);
    return false;
  }
  if (phase_ == Phase::tracking) {
    if (verdict.complete) on_tracking(exchange.take_done());
    return state_ != State::closed;
  }
  Segments& to_client = worker_.to_client();
  bool forward = verdict.forward;
  body_forwarded_ = false;
  if (verdict.for_proxy) {
    if (verdict.kind == PacketKind::row) borrower_->on_own_row(body);
    forward = false;
  } else if (verdict.kind == PacketKind::error) {
    const auto error = wire::decode_err(body);
    if (error && borrower_->on_error(*error) == Borrower::OnError::swallow) {
      forward = false;
      additions_.clear();
    }
  }
  if (!additions_.before.empty()) to_client.add_copy(additions_.before);
  if (forward) {
    if (verdict.sequence == header.sequence && !copying_) {
      to_client.add(part);
    } else {
      const auto renumbered = wire::packet_header_bytes(header.body_bytes, verdict.sequence);
      to_client.add_copy(wire::as_text(renumbered));
      const auto rest = part.substr(wire::limits::header_bytes);
      copying_ ? to_client.add_copy(rest) : to_client.add(rest);
    }
    body_forwarded_ = true;
  }
  behind_ = additions_.after;
  if (verdict.complete) {
    done_in_chunk_ = done_in_chunk_ || !verdict.for_proxy;
    borrower_->on_done(exchange.take_done(), verdict.for_proxy);
  }
  return true;
}

// MySQL tells a session that it ends, for a shutdown, in the place of an answer. That
// is the end of the connection and no result of the statement, whose outcome is as
// open as if nothing had been said.
bool ServerConnection::says_goodbye(const wire::PacketHeader& header, wire::Bytes body) const {
  if (body.empty() || wire::as_text(body)[0] != '\xff' || !exchange.wants_whole(header, 0xff)) {
    return false;
  }
  const auto error = wire::decode_err(body);
  return error && error->number == wire::errors::server_shutdown.number;
}

void ServerConnection::end_packet() {
  if (behind_.empty()) return;
  worker_.to_client().add_copy(behind_);
  behind_.clear();
}

// Servers say why they end a connection that was idle for too long, or killed.
bool ServerConnection::on_idle_packet(wire::Bytes body) {
  const auto error = wire::decode_err(body);
  if (error) {
    lost({std::string(error->sqlstate), std::string(error->message)}, true);
  } else {
    lost({"08S01", "the server sent something to an idle connection"}, false);
  }
  return false;
}

}  // namespace relevo::net::mysql

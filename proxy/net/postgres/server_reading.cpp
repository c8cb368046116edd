// What a server says: framed, matched against what was asked, and passed on.
#include <algorithm>
#include <cstring>

#include "proxy/net/postgres/server_connection.hpp"
#include "proxy/wire/postgres/session_info.hpp"

namespace relevo::net::postgres {

namespace wire = relevo::wire::postgres;
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

// How many bytes at the front are whole messages of this type, one after another.
std::size_t run_of(std::uint8_t type, std::string_view bytes) {
  std::size_t run = 0;
  while (bytes.size() - run >= wire::limits::header_bytes) {
    const auto header = wire::read_header(wire::as_bytes(bytes.substr(run)));
    if (!header || header->type != type || header->total_bytes() > bytes.size() - run) break;
    run += header->total_bytes();
  }
  return run;
}

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
        // What holds for a row holds for those behind it: they change nothing.
        const std::size_t run = run_of(header->type, left);
        const std::size_t part = run > 0 ? run : left.size();
        to_client.add(left.substr(0, part));
        at += part;
        if (run > 0) continue;
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
  if (verdict.unreplicated) owner_.on_unreplicated_commit(key_.node);
  if (exchange.doubtful() && verdict.forward && !swallow) {
    pass_doubtful(header, whole);
  } else if (verdict.forward && !swallow) {
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

void ServerConnection::pass_doubtful(const wire::Header& header, std::string_view whole) {
  Segments& to_client = worker_.to_client();
  const bool passes =
      exchange.pass_doubtful(static_cast<Backend>(header.type), whole, to_client.text());
  to_client.own();
  if (!passes) return;
  to_client.add(whole);
  body_forwarded_ = true;
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

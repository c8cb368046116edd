#include "proxy/session/mysql/reply.hpp"

#include <algorithm>
#include <charconv>

#include "proxy/session/mysql/state.hpp"
#include "proxy/wire/mysql/prepare.hpp"
#include "proxy/wire/mysql/response.hpp"
#include "proxy/wire/mysql/session_state.hpp"

namespace relevo::session::mysql {

namespace wire = relevo::wire::mysql;
using wire::Bytes;
using wire::Capability;
using wire::Command;
using wire::PacketHeader;
using wire::PayloadKind;
using wire::Place;
using wire::Status;

namespace {

constexpr Reply::Step violation{.violation = true};

// A first byte that may begin something else than a row.
constexpr std::uint8_t first_of_ends = 0xfe;

// MySQL counts a session's statements in a variable that cannot be set, and tells it
// with every answer: nothing that anyone has changed.
constexpr std::string_view statement_number = "statement_id";

// What an UPDATE's OK says to people, and nobody else says. In another language than
// English it says nothing to us.
std::uint64_t matched_rows(std::string_view info) {
  constexpr std::string_view label = "Rows matched: ";
  std::uint64_t rows = 0;
  if (info.starts_with(label)) {
    std::from_chars(info.data() + label.size(), info.data() + info.size(), rows);
  }
  return rows;
}

bool note_trackers(Bytes session_state, Outcome& outcome) {
  wire::SessionChanges changes(session_state);
  while (const wire::SessionChange* change = changes.next()) {
    switch (change->type) {
      case wire::SessionTrack::system_variable: {
        if (change->name == statement_number) break;
        std::string name = fold_variable_name(change->name);
        const auto known = std::find_if(outcome.variables.begin(), outcome.variables.end(),
                                        [&](const auto& one) { return one.first == name; });
        if (known != outcome.variables.end()) {
          known->second = std::string(change->value);
        } else {
          outcome.variables.emplace_back(std::move(name), std::string(change->value));
        }
        break;
      }
      case wire::SessionTrack::schema:
        outcome.schema = std::string(change->value);
        break;
      case wire::SessionTrack::state_change:
        outcome.state_changed = outcome.state_changed || change->value == "1";
        break;
      case wire::SessionTrack::gtids:
        outcome.gtids = std::string(change->value);
        break;
      default:  // of the transaction: not asked for, see tracking_sql()
        break;
    }
  }
  return !changes.malformed();
}

}  // namespace

Reply::Reply(Command command, wire::Capabilities capabilities)
    : command_(command), capabilities_(capabilities) {
  switch (command) {
    case Command::field_list:
      state_ = State::field_list;
      break;
    case Command::stmt_fetch:
      state_ = State::rows;
      break;
    default:
      state_ = wire::has_answer(command) ? State::first : State::done;
  }
}

bool Reply::ends_rows(const PacketHeader& header, std::uint8_t first) const {
  if (first < first_of_ends) return false;
  return first == 0xff || !header.continues();
}

bool Reply::wants_whole(const PacketHeader& header, std::uint8_t first) const {
  if (continues_ || header.continues()) return false;
  switch (state_) {
    case State::definitions:
      return first == 0xff;
    case State::field_list:
    case State::rows:
      // A classic row whose first column is over 16 MiB long begins with 0xfe, too.
      return ends_rows(header, first) && header.body_bytes <= control_bytes_max;
    case State::first:
      return command_ != Command::statistics;
    default:
      return true;
  }
}

void Reply::client_data_ended() {
  if (state_ == State::client_data) state_ = State::after_client_data;
}

Reply::Step Reply::on_packet(const PacketHeader& header, Bytes payload, Outcome& outcome) {
  if (continues_) {
    continues_ = header.continues();
    return {.kind = PacketKind::rest};
  }
  if (state_ == State::done || state_ == State::client_data) return violation;
  if (command_ == Command::statistics && state_ == State::first) {
    state_ = State::done;
    return header.continues() ? violation : Step{.kind = PacketKind::text, .complete = true};
  }
  if (payload.empty()) return violation;
  const auto first = std::to_integer<std::uint8_t>(payload.front());
  if (state_ == State::rows && first < first_of_ends) {  // nearly always
    continues_ = header.continues();
    ++outcome.rows;
    return {.kind = PacketKind::row};
  }
  switch (state_) {
    case State::first:
    case State::after_client_data:
      return header.continues() ? violation : on_first(header, payload, outcome);
    case State::definitions:
      if (first == 0xff) return on_error_or_progress(payload, outcome);
      continues_ = header.continues();
      --definitions_left_;
      return after_definitions({.kind = PacketKind::definition});
    case State::definitions_end:
      if (first == 0xff) return on_error_or_progress(payload, outcome);
      return on_definitions_end(payload, outcome);
    case State::rows:
    case State::field_list:
      break;
    default:
      return violation;
  }
  const auto kind =
      wire::classify(state_ == State::rows ? Place::rows : Place::columns, capabilities_,
                     payload.first(std::min(payload.size(), wire::kind_bytes)), header.body_bytes);
  if (!kind) return violation;
  switch (*kind) {
    case PayloadKind::err:
      return on_error(payload, outcome);
    case PayloadKind::progress:
      return {.kind = PacketKind::progress};
    case PayloadKind::eof:
    case PayloadKind::ok:
      return on_ok(payload, PacketKind::rows_end, outcome);
    case PayloadKind::row:
    case PayloadKind::column:
      // COM_FIELD_LIST ends its definitions as others end their rows.
      if (state_ == State::field_list && first == first_of_ends) {
        return on_ok(payload, PacketKind::rows_end, outcome);
      }
      // A value's length that takes 0xfe to say fills the packet.
      if (first == first_of_ends && !header.continues()) return violation;
      continues_ = header.continues();
      if (state_ == State::rows) ++outcome.rows;
      return {.kind = state_ == State::rows ? PacketKind::row : PacketKind::definition};
    default:
      return violation;
  }
}

Reply::Step Reply::on_first(const PacketHeader& header, Bytes payload, Outcome& outcome) {
  const auto first = std::to_integer<std::uint8_t>(payload.front());
  if (command_ == Command::stmt_prepare && first == 0) return on_prepared(payload, outcome);
  const auto kind =
      wire::classify(Place::start, capabilities_,
                     payload.first(std::min(payload.size(), wire::kind_bytes)), header.body_bytes);
  if (!kind) return violation;
  const bool refused = *kind == PayloadKind::err || *kind == PayloadKind::progress;
  if (command_ == Command::stmt_prepare && !refused) return violation;
  switch (*kind) {
    case PayloadKind::ok:
    case PayloadKind::eof:
      return on_ok(payload, first == 0 ? PacketKind::ok : PacketKind::rows_end, outcome);
    case PayloadKind::err:
      return on_error(payload, outcome);
    case PayloadKind::progress:
      return {.kind = PacketKind::progress};
    case PayloadKind::local_infile:
      if (state_ != State::first || !capabilities_.has(Capability::local_files)) return violation;
      state_ = State::client_data;
      return {.kind = PacketKind::local_infile};
    case PayloadKind::column_count:
      break;
    default:
      return violation;
  }
  if (state_ == State::after_client_data) return violation;
  const auto count = wire::decode_column_count(payload, capabilities_);
  if (!count || count->columns == 0 || count->columns > 0xffff) return violation;
  outcome.any_result_set = true;
  outcome.rows = 0;
  definitions_left_ = count->definitions_follow ? static_cast<std::uint32_t>(count->columns) : 0;
  columns_behind_parameters_ = 0;
  if (definitions_left_ > 0) {
    state_ = State::definitions;
    return {.kind = PacketKind::column_count};
  }
  return after_definitions({.kind = PacketKind::column_count});
}

Reply::Step Reply::on_prepared(Bytes payload, Outcome& outcome) {
  const auto prepared = wire::decode_prepare_ok(payload);
  if (!prepared) return violation;
  outcome.statement_id = prepared->statement;
  outcome.parameters = prepared->parameters;
  outcome.columns = prepared->columns;
  outcome.warnings = prepared->warnings;
  const bool both = prepared->parameters > 0 && prepared->columns > 0;
  columns_behind_parameters_ = both ? prepared->columns : 0;
  definitions_left_ = prepared->parameters > 0 ? prepared->parameters : prepared->columns;
  state_ = definitions_left_ > 0 ? State::definitions : State::done;
  return {.kind = PacketKind::prepared, .complete = state_ == State::done};
}

// The last definition of a list has come, or the list is empty.
Reply::Step Reply::after_definitions(Step step) {
  if (definitions_left_ > 0) return step;
  step.list_ends = true;
  if (!capabilities_.has(Capability::deprecate_eof)) {
    state_ = State::definitions_end;
    return step;
  }
  if (columns_behind_parameters_ > 0) {
    definitions_left_ = std::exchange(columns_behind_parameters_, std::uint16_t{0});
    return step;
  }
  state_ = command_ == Command::stmt_prepare ? State::done : State::rows;
  step.complete = state_ == State::done;
  return step;
}

Reply::Step Reply::on_definitions_end(Bytes payload, Outcome& outcome) {
  const auto eof = wire::decode_eof(payload);
  if (!eof) return violation;
  outcome.status = eof->status;
  if (columns_behind_parameters_ > 0) {
    definitions_left_ = std::exchange(columns_behind_parameters_, std::uint16_t{0});
    state_ = State::definitions;
    return {.kind = PacketKind::definitions_end};
  }
  if (command_ == Command::stmt_prepare) {
    state_ = State::done;
    return {.kind = PacketKind::definitions_end, .complete = true};
  }
  // The rows wait in a cursor: this EOF stands for both.
  if (eof->status.has(Status::cursor_exists)) {
    state_ = eof->status.has(Status::more_results_exist) ? State::first : State::done;
    outcome.warnings = eof->warnings;
    return {.kind = PacketKind::rows_end, .complete = state_ == State::done};
  }
  state_ = State::rows;
  return {.kind = PacketKind::definitions_end};
}

Reply::Step Reply::on_ok(Bytes payload, PacketKind kind, Outcome& outcome) {
  outcome.ends_with_rows = kind == PacketKind::rows_end;
  const bool eof = !capabilities_.has(Capability::deprecate_eof) && kind == PacketKind::rows_end;
  if (eof) {
    const auto end = wire::decode_eof(payload);
    if (!end) return violation;
    outcome.status = end->status;
    outcome.warnings = end->warnings;
  } else {
    const auto ok = wire::decode_ok(payload, capabilities_);
    if (!ok || !note_trackers(ok->session_state, outcome)) return violation;
    outcome.status = ok->status;
    outcome.warnings = ok->warnings;
    if (kind == PacketKind::ok) {
      outcome.any_ok = true;
      outcome.affected_rows = ok->affected_rows;
      outcome.matched_rows = matched_rows(ok->info);
      // Of several statements the last that made one counts.
      if (ok->last_insert_id != 0) outcome.last_insert_id = ok->last_insert_id;
    }
  }
  state_ = outcome.status.has(Status::more_results_exist) ? State::first : State::done;
  return {.kind = kind, .complete = state_ == State::done};
}

// MariaDB reports how far it is in the form of an error, wherever one may come.
Reply::Step Reply::on_error_or_progress(Bytes payload, Outcome& outcome) {
  const auto kind = wire::classify(Place::columns, capabilities_, payload, payload.size());
  if (kind && *kind == PayloadKind::progress) return {.kind = PacketKind::progress};
  return on_error(payload, outcome);
}

Reply::Step Reply::on_error(Bytes payload, Outcome& outcome) {
  const auto err = wire::decode_err(payload);
  if (!err) return violation;
  outcome.failed = true;
  outcome.error = err->number;
  outcome.sqlstate = std::string(err->sqlstate);
  outcome.message = std::string(err->message);
  state_ = State::done;
  return {.kind = PacketKind::error, .complete = true};
}

}  // namespace relevo::session::mysql

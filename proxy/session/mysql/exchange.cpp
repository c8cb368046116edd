#include "proxy/session/mysql/exchange.hpp"

#include "proxy/wire/mysql/prepare.hpp"
#include "proxy/wire/mysql/response.hpp"

namespace relevo::session::mysql {

namespace wire = relevo::wire::mysql;
using wire::Bytes;
using wire::Capability;
using wire::Command;
using wire::PacketHeader;
using wire::Status;

namespace {

bool runs_statements(Command command) {
  return command == Command::query || command == Command::stmt_execute ||
         command == Command::stmt_bulk_execute;
}

}  // namespace

void Exchange::on_logged_in(wire::Capabilities server, wire::StatusFlags status) {
  server_ = server;
  status_ = status;
}

// -- what was sent -------------------------------------------------------------

bool Exchange::outcome_matters(const Sent& sent) const {
  using route::TransactionControl;
  if (sent.audience == Audience::proxy || !runs_statements(sent.command)) return false;
  const Meaning& meaning = sent.meaning;
  const route::MysqlFacts& facts = meaning.facts;
  // DDL commits the open transaction, and itself; a routine may do so.
  if (facts.implicit_commit || facts.may_call_routine || meaning.unknown) return true;
  switch (meaning.transaction) {
    case TransactionControl::commit:
    case TransactionControl::two_phase:
      return true;
    case TransactionControl::begin:
    case TransactionControl::begin_read_only:
      return in_transaction();  // commits the one that is open
    case TransactionControl::rollback:
    case TransactionControl::savepoint:
    case TransactionControl::rollback_to_savepoint:
      return false;
    case TransactionControl::none:
      break;
  }
  if (meaning.controls_transaction) return true;
  return meaning.cls == route::StatementClass::write && !in_transaction() && autocommit();
}

void Exchange::expect(Sent sent) {
  if (!wire::has_answer(sent.command)) return;
  const bool was_idle = idle();
  pending_.push_back({.command = sent.command,
                      .audience = sent.audience,
                      .outcome_matters = outcome_matters(sent),
                      .renumber = sent.renumber,
                      .client_statement = sent.client_statement,
                      .reply = Reply(sent.command, server_),
                      .meaning = std::move(sent.meaning)});
  if (was_idle) shift_ = sent.renumber;
}

void Exchange::pop() {
  pending_[head_] = {};
  if (++head_ == pending_.size()) {
    pending_.clear();
    head_ = 0;
    own_failed_ = false;
  }
  shift_ = idle() ? 0 : front().renumber;
  owes_definitions_end_ = false;
  answer_begun_ = false;
  data_continues_ = false;
}

// -- what came back --------------------------------------------------------------

bool Exchange::wants_whole(const PacketHeader& header, std::uint8_t first) const {
  return !idle() && pending_[head_].reply.wants_whole(header, first);
}

Verdict Exchange::on_packet(const PacketHeader& header, Bytes payload, Additions& additions) {
  if (idle()) return {.violation = true};
  Expectation& at = front();
  const Reply::Step step = at.reply.on_packet(header, payload, outcome_);
  if (step.violation) return {.violation = true};
  const bool own = at.audience == Audience::proxy || own_failed_;
  // Nobody would send the file: the client is told nothing of this reply.
  if (own && step.kind == PacketKind::local_infile) return {.violation = true};
  Verdict verdict{.kind = step.kind, .complete = step.complete, .for_proxy = own};
  if (!own) translate(header, payload, step, verdict, additions);
  if (!step.complete) return verdict;
  verdict.failed = outcome_.failed;
  note_end(at, step);
  complete_front();
  return verdict;
}

// Where the transaction stands after a reply.
void Exchange::note_end(const Expectation& expectation, const Reply::Step& step) {
  if (!outcome_.failed) {
    // The answers to COM_STMT_PREPARE and COM_STATISTICS have no status of their own.
    const bool has_status = step.kind == PacketKind::ok || step.kind == PacketKind::rows_end;
    if (has_status) status_ = outcome_.status;
    if (has_status) unconfirmed_ = false;
    return;
  }
  if (expectation.audience == Audience::proxy) {
    own_failed_ = true;
    return;
  }
  if (!runs_statements(expectation.command)) return;
  // A failed statement may end the transaction (a deadlock), or have begun one.
  const Meaning& meaning = expectation.meaning;
  const bool plain = autocommit() && !in_transaction() && !meaning.controls_transaction &&
                     meaning.transaction == route::TransactionControl::none &&
                     meaning.statements == 1 && !meaning.unknown && !meaning.facts.may_call_routine;
  unconfirmed_ = unconfirmed_ || !plain;
}

void Exchange::complete_front() {
  Expectation& at = front();
  done_.command = at.command;
  done_.audience = at.audience;
  done_.meaning = std::move(at.meaning);
  done_.outcome = std::exchange(outcome_, {});
  done_.client_statement = at.client_statement;
  pop();
}

// -- from the server's form into the client's ----------------------------------------

void Exchange::translate(const PacketHeader& header, Bytes payload, const Reply::Step& step,
                         Verdict& verdict, Additions& additions) {
  const bool client_classic = !client_.has(Capability::deprecate_eof);
  const bool server_classic = !server_.has(Capability::deprecate_eof);
  verdict.forward = true;
  if (owes_definitions_end_) {
    // Rows in a cursor, and an error, stand in the place of this EOF.
    const bool ends = step.kind == PacketKind::rows_end;
    const bool cursor = ends && outcome_.status.has(Status::cursor_exists);
    const bool rows = step.kind == PacketKind::row || ends;
    if (rows && !cursor) {
      insert_definitions_end(additions.before, static_cast<std::uint8_t>(header.sequence + shift_));
      ++shift_;
    }
    if (step.kind != PacketKind::progress) owes_definitions_end_ = false;
  }
  verdict.sequence = static_cast<std::uint8_t>(header.sequence + shift_);
  switch (step.kind) {
    case PacketKind::ok:
    case PacketKind::rows_end:
      translate_end(payload, verdict, additions);
      break;
    case PacketKind::prepared: {
      additions.before.append(1, static_cast<char>(payload.size()))
          .append(2, '\0')
          .append(1, static_cast<char>(verdict.sequence));
      const std::size_t id_at = additions.before.size() + wire::statement_id_at;
      additions.before.append(wire::as_text(payload));
      wire::put_statement_id(std::as_writable_bytes(std::span(additions.before))
                                 .subspan(id_at)
                                 .first<wire::statement_id_bytes>(),
                             front().client_statement);
      verdict.forward = false;
      break;
    }
    case PacketKind::definitions_end:
      if (client_classic) break;
      verdict.forward = false;
      --shift_;
      break;
    case PacketKind::progress:
      if (client_.has(Capability::mariadb_progress)) break;
      verdict.forward = false;
      --shift_;
      break;
    default:
      break;
  }
  if (step.list_ends && client_classic && !server_classic) {
    if (front().command == Command::stmt_prepare) {
      insert_definitions_end(additions.after, static_cast<std::uint8_t>(verdict.sequence + 1));
      ++shift_;
    } else {
      owes_definitions_end_ = true;
    }
  }
  next_sequence_ = static_cast<std::uint8_t>(header.sequence + shift_ + 1);
  answer_begun_ = answer_begun_ || verdict.forward || !additions.before.empty();
}

void Exchange::insert_definitions_end(std::string& out, std::uint8_t sequence) {
  wire::Writer writer(out, sequence);
  const wire::StatusFlags status = status_.without(Status::cursor_exists | Status::last_row_sent |
                                                   Status::session_state_changed);
  wire::encode_eof(writer, {.warnings = 0, .status = status});
}

void Exchange::translate_end(Bytes payload, Verdict& verdict, Additions& additions) {
  wire::Writer writer(additions.before, verdict.sequence);
  // Never malformed: the reply has decoded it a moment ago.
  const auto rewritten = wire::rewrite_end(writer, payload, server_, client_);
  if (rewritten && *rewritten) verdict.forward = false;
}

std::uint8_t Exchange::on_client_data(const PacketHeader& header) {
  const bool continues = std::exchange(data_continues_, header.continues());
  if (header.body_bytes == 0 && !continues) front().reply.client_data_ended();
  next_sequence_ = static_cast<std::uint8_t>(header.sequence + 1);
  return static_cast<std::uint8_t>(header.sequence - shift_);
}

// -- where we stand --------------------------------------------------------------------

bool Exchange::outcome_open() const {
  for (std::size_t i = head_; i < pending_.size(); ++i) {
    if (pending_[i].outcome_matters) return true;
  }
  return false;
}

std::size_t Exchange::owed_answers() const {
  std::size_t count = 0;
  for (std::size_t i = head_; i < pending_.size(); ++i) {
    if (pending_[i].audience == Audience::client) ++count;
  }
  return count;
}

}  // namespace relevo::session::mysql

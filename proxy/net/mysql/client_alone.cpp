// Commands that Relevo answers by itself: no server is asked, and none could say it as
// well, since it is about the session and not about a connection.
#include "proxy/net/mysql/client_session.hpp"
#include "proxy/session/mysql/connection_id.hpp"
#include "proxy/session/mysql/kill.hpp"
#include "proxy/session/mysql/plain_control.hpp"
#include "proxy/wire/mysql/result.hpp"
#include "proxy/wire/mysql/statements.hpp"

namespace relevo::net::mysql {

namespace wire = relevo::wire::mysql;
namespace errors = wire::errors;
using session::mysql::CommandPlan;

// What needs no server. True: answered, or in other hands.
bool ClientSession::answer_here() {
  switch (plan_.way) {
    case CommandPlan::Way::ok:
      answer_ok();
      return true;
    case CommandPlan::Way::end_of_rows: {
      std::string out;
      wire::Writer writer(out, 1);
      wire::encode_end(writer, {.of_rows = true, .ok = {.status = status()}}, capabilities_);
      session_->diagnostics().answered_error();  // an end of rows, all the same
      skip_command();
      to_client(out);
      return true;
    }
    case CommandPlan::Way::statistics: {
      std::string out;
      wire::Writer writer(out, 1);
      writer.begin();
      writer.text(statistics());
      writer.end();
      skip_command();
      to_client(out);
      return true;
    }
    case CommandPlan::Way::close:
      // A server's own copy goes with its connection, or when room is needed.
      statements_.remove(plan_.number);
      skip_command();
      return true;
    case CommandPlan::Way::long_data:
      // Nobody answers this command: for a statement that doesn't exist it is dropped.
      if (plan_.prepared != nullptr) return false;
      skip_command();
      return true;
    case CommandPlan::Way::refuse:
      refuse_command(plan_.error, plan_.message);
      return true;
    case CommandPlan::Way::reset:
      // Nothing of the session's is left: its transaction and pins go with the
      // connection.
      drop_server();
      state_ = State::idle;
      statements_.clear();
      session_->on_reset(shard_.state_table(), true);
      status_ = wire::Status::autocommit;
      transaction_lost_ = begin_due_ = false;
      answer_ok();
      return true;
    case CommandPlan::Way::change_user:
      if (plan_.oversized) {
        end(errors::malformed_protocol, "malformed COM_CHANGE_USER");
        return true;
      }
      begin_change_user();
      return true;
    case CommandPlan::Way::kill:
      answer_kill(plan_.number, Shard::Kill::connection);
      return true;
    default:
      return answer_count() || answer_connection_id() || answer_kill_statement() ||
             answer_control();
  }
}

// In the form that servers have it, as monitoring reads it.
std::string ClientSession::statistics() const {
  const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::steady_clock::now() - shard_.started());
  return "Uptime: " + std::to_string(uptime.count()) +
         "  Threads: " + std::to_string(shard_.session_count()) +
         "  Questions: " + std::to_string(shard_.traffic().queries);
}

void ClientSession::answer_ok() {
  std::string out;
  wire::Writer writer(out, 1);
  wire::encode_ok(writer, {.status = status()}, capabilities_);
  session_->diagnostics().answered_ok();
  skip_command();
  to_client(out);
}

bool ClientSession::answer_connection_id() {
  const bool asks = plan_.way == CommandPlan::Way::forward && plan_.whole &&
                    plan_.command == wire::Command::query &&
                    plan_.analysis.mysql.uses_connection_id;
  if (!asks) return false;
  const auto column = session::mysql::connection_id_column(plan_.text, session_->dialect());
  if (!column) return false;
  std::string out;
  session::mysql::append_connection_id(out, *column, connection_id(), mariadb_, capabilities_,
                                       status());
  session_->diagnostics().answered_row();
  skip_command();
  to_client(out);
  return true;
}

// SELECT ROW_COUNT(), SELECT FOUND_ROWS(), outside of transactions.
bool ClientSession::answer_count() {
  const route::Analysis* runs = plan_.runs();
  if (server_ != nullptr || runs == nullptr || !plan_.whole) return false;
  if (!session::mysql::Diagnostics::asks_counts(runs->mysql)) return false;
  const bool binary = plan_.command == wire::Command::stmt_execute;
  if (!binary && plan_.command != wire::Command::query) return false;
  constexpr std::size_t flags_at = wire::limits::header_bytes + 1 + wire::statement_id_bytes;
  constexpr char cursors = 7;
  if (binary && (plan_.bytes <= flags_at || (in_.data()[flags_at] & cursors) != 0)) return false;
  auto& diagnostics = session_->diagnostics();
  const std::string_view sql = binary ? plan_.prepared->statement->text : plan_.text;
  const auto count = session::mysql::lone_count(sql, session_->dialect(), diagnostics.counts());
  if (!count) return false;
  std::string out;
  session::mysql::append_count(out, *count, binary, capabilities_, status());
  diagnostics.answered_row();
  skip_command();
  to_client(out);
  return true;
}

void ClientSession::note_begin(std::string_view text) {
  const auto control = session::mysql::read_plain_control(text);
  begin_text_.assign(text);
  begin_plain_ = control.has_value();
  begin_read_only_ = control && control->read_only;
}

// A BEGIN waits for the transaction's first statement, and a transaction that ends before
// one is over without a server.
bool ClientSession::answer_control() {
  if (server_ != nullptr || plan_.command != wire::Command::query || !plan_.whole) return false;
  const bool begins = plan_.begins_transaction && !begin_due_;
  const bool ends = plan_.only_ends && begin_due_;
  if ((!begins && !ends) || !status_.has(wire::Status::autocommit)) return false;
  if (!session::mysql::read_plain_control(plan_.text)) return false;
  using wire::Status;
  status_ = status_.without(Status::in_transaction).without(Status::in_transaction_readonly);
  if (begins) {
    note_begin(plan_.text);
    status_ = status_.with(Status::in_transaction);
    if (begin_read_only_) status_ = status_.with(Status::in_transaction_readonly);
  }
  begin_due_ = begins;
  transaction_fresh_ = false;
  answer_ok();
  return true;
}

// KILL names a session as its client knows it.
bool ClientSession::answer_kill_statement() {
  const bool has_text =
      plan_.way == CommandPlan::Way::forward || plan_.way == CommandPlan::Way::prepare;
  if (!has_text || !plan_.analysis.mysql.kill) return false;
  const auto kill = session::mysql::parse_kill(plan_.text, session_->dialect());
  if (kill && plan_.way == CommandPlan::Way::forward) {
    answer_kill(kill->connection, kill->query_only ? Shard::Kill::query : Shard::Kill::connection);
  } else {
    refuse_command(
        errors::not_supported_yet,
        "KILL is understood as KILL [HARD | SOFT] [CONNECTION | QUERY] number, by itself "
        "and not prepared");
  }
  return true;
}

void ClientSession::answer_kill(std::uint32_t id, Shard::Kill what) {
  // Until the answer is there the command stays in hand, and nothing else runs.
  killing_ = true;
  shard_.kill(id, user_, what, [weak = weak_from_this(), id](bool found) {
    const auto self = weak.lock();
    if (self == nullptr || !self->killing_ || self->state_ == State::ended) return;
    self->killing_ = false;
    if (found) {
      self->answer_ok();
    } else {
      self->refuse_command(errors::no_such_thread, "Unknown thread id: " + std::to_string(id));
    }
    self->start_command();
    self->arm();
  });
}

}  // namespace relevo::net::mysql

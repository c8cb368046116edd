// From the server: answers go to the client, what they did to the session is
// noted, and at the end of the work the connection is given back.
#include <algorithm>

#include "proxy/net/mysql/client_session.hpp"
#include "proxy/route/shape.hpp"
#include "proxy/session/mysql/capabilities.hpp"
#include "proxy/wire/mysql/result.hpp"
#include "proxy/wire/mysql/statements.hpp"

namespace relevo::net::mysql {

namespace wire = relevo::wire::mysql;
namespace errors = wire::errors;
using session::mysql::Audience;
using session::mysql::CommandPlan;
using session::mysql::Done;
using session::mysql::Pin;
using wire::Command;

namespace {

constexpr int repeats_max = 3;

// What a server that is read_only says to a write.
bool is_read_only(std::uint16_t error) {
  return error == errors::option_prevents_statement.number ||
         error == errors::read_only_mode.number;
}

}  // namespace

// -- Borrower ------------------------------------------------------------------------------

void ClientSession::on_answer(Segments& bytes) {
  if (again_) return;  // the rest of an answer that is taken back
  if (std::exchange(retained_, false)) {
    tell_catalog_change_early();
    in_.consume(plan_.bytes);
  }
  to_client(bytes);
}

Borrower::OnError ClientSession::on_error(const wire::Err& error) {
  const bool on_replica = shard_.view()->primary != server_->key().node;
  // The last of these by its own: a session may be read-only for itself, and then the
  // primary says the same.
  const bool refused = is_read_only(error.number) ||
                       (on_replica && error.number == errors::read_only_transaction.number);
  if (!refused) return OnError::forward;
  const bool may_repeat =
      retained_ && !session_->pins().any() && !server_->exchange.in_transaction();
  if (on_replica && may_repeat && repeats_ < repeats_max) {
    note_refused();
    again_ = true;
    // Those ahead of it in the text have run, and what they set is nobody else's.
    const route::Analysis* runs = plan_.runs();
    spoilt_ = spoilt_ || runs == nullptr || runs->statements != 1;
    return OnError::swallow;
  }
  if (!on_replica && plan_.demand.need != route::Need::read) {
    // It was the primary and isn't any more, or it has restarted and writes are about
    // to be let in: a View will say which, and nothing has been executed.
    shard_.cluster().ports.signal(server_->key().node, model::TrafficSignal::role_refused);
    // (Other options, --secure-file-priv for one, have the same number.)
    const bool may_begin_again = transaction_fresh_ && retained_ && !session_->pins().any();
    if ((may_repeat || may_begin_again) &&
        error.message.find("read-only") != std::string_view::npos) {
      again_ = primary_refused_ = true;
      begin_due_ = may_begin_again;
      return OnError::swallow;
    }
  }
  return OnError::forward;
}

// What was refused is remembered by its shape.
void ClientSession::note_refused() {
  if (planned_at_ != in_.data()) plan_command();
  const std::string_view text =
      plan_.prepared != nullptr ? std::string_view(plan_.prepared->statement->text) : plan_.text;
  const auto dialect = session_->dialect();
  const std::uint64_t shape = text.empty() ? 0 : route::shape_of_mysql(text, dialect);
  shard_.note_refused(server_->key().node, shape, route::shape_text_mysql(text, dialect));
}

void ClientSession::on_own_row(wire::Bytes row) {
  own_values_.clear();
  wire::TextRow values(row);
  for (wire::TextValue value; values.next(value);) own_values_.emplace_back(value.value_or(""));
}

void ClientSession::on_user_changed() {
  server_->applied = shard_.state_table().intern(
      session::mysql::login_state(server_->key().database, wire::utf8mb4_general_ci, mariadb_));
}

void ClientSession::on_done(Done done, bool for_proxy) {
  if (done.audience == Audience::proxy) return on_own_done(done);
  answer_done_ = true;
  tell_catalog_change();
  if (for_proxy || again_) return;  // behind what failed, or to be run again
  auto& exchange = server_->exchange;
  if (plan_.way == CommandPlan::Way::execute) note_executed(done);
  if (done.command == Command::stmt_prepare) on_prepared(done);
  if (done.command == Command::set_option && !done.outcome.failed) change_form();
  note_dropped(done);
  session_->on_done(shard_.state_table(), done);
  server_->applied = session_->state();
  released_ = released_ || (done.meaning.facts.release && !done.outcome.failed);
  status_ = exchange.status();
  if (wrote_) {
    last_write_ = std::chrono::steady_clock::now();
    wrote_ = exchange.in_transaction();
  }
  // Nothing runs by being prepared.
  if (done.command != Command::stmt_prepare) {
    transaction_fresh_ = !done.outcome.failed && done.command == Command::query &&
                         done.meaning.transaction == route::TransactionControl::begin &&
                         exchange.in_transaction();
  }
  const bool was_open = std::exchange(transaction_open_, exchange.in_transaction());
  if (exchange.in_transaction()) return;
  if (was_open) session_->on_transaction_end();
  ++shard_.traffic().transactions;
}

void ClientSession::note_executed(const Done& done) {
  session::mysql::ClientStatement& statement = *plan_.prepared;
  const bool executes =
      plan_.command == Command::stmt_execute || plan_.command == Command::stmt_bulk_execute;
  if (executes) {
    statement.long_data = false;
    statement.cursor = !done.outcome.failed && done.outcome.status.has(wire::Status::cursor_exists);
    auto* const server = server_->statements.find(prepared_in_hand().id);
    if (done.outcome.failed && server != nullptr) session::mysql::forget_types(*server);
  } else if (plan_.command == Command::stmt_reset) {
    statement.long_data = statement.cursor = false;
  } else if (done.outcome.failed || done.outcome.status.has(wire::Status::last_row_sent)) {
    statement.cursor = false;
  }
  session::mysql::Pins& pins = session_->pins();
  statements_.any_long_data() ? pins.add(Pin::long_data) : pins.remove(Pin::long_data);
  statements_.any_cursor() ? pins.add(Pin::cursors) : pins.remove(Pin::cursors);
}

void ClientSession::on_prepared(const Done& done) {
  session::mysql::ClientStatement* const made = statements_.find(prepared_number_);
  if (made == nullptr) return;
  if (done.outcome.failed) {
    statements_.remove(prepared_number_);
    statements_.prepare_failed();
    return;
  }
  made->parameters = done.outcome.parameters;
  made->columns = done.outcome.columns;
  note_on_server(made->statement->id, done);
}

// The server has the statement now; what it had in its place is closed.
void ClientSession::note_on_server(std::uint64_t id, const Done& done) {
  const auto closed = server_->statements.add(id, {.number = done.outcome.statement_id,
                                                   .parameters = done.outcome.parameters,
                                                   .types = nullptr});
  if (!closed) return;
  Segments bytes;
  wire::Writer writer(bytes.text());
  wire::encode_close(writer, *closed);
  bytes.own();
  server_->send(bytes);
}

// COM_SET_OPTION made another connection of it than those of its pool.
void ClientSession::change_form() {
  multi_statements_ = !multi_statements_;
  const wire::Capabilities option = wire::Capability::multi_statements;
  capabilities_ = multi_statements_ ? capabilities_.with(option) : capabilities_.without(option);
  pools_ = shard_.pools_of(user_, database_, session::mysql::connection_form(capabilities_).word());
  spoilt_ = true;
}

void ClientSession::on_own_done(const Done& done) {
  RELEVO_CHECK(!own_.empty());
  const Own own = own_.front();
  own_.pop_front();
  if (own == Own::ask_sequence) return on_sequence_asked(done);
  if (done.outcome.failed) {
    own_failure_ = OwnFailure{own, done.outcome.error, done.outcome.sqlstate, done.outcome.message};
    return;
  }
  switch (own) {
    case Own::prepare:
      note_on_server(prepared_in_hand().id, done);
      break;
    case Own::ask_insert_id:
      if (!session_->diagnostics().on_answer(own_values_)) {
        own_failure_ =
            OwnFailure{own, errors::unknown.number, std::string(errors::unknown.sqlstate),
                       "the server did not tell LAST_INSERT_ID() and what goes with it"};
      }
      break;
    case Own::ask_variables:
      if (own_values_.size() == session_->asked().size()) {
        session_->on_answer(shard_.state_table(), own_values_);
        server_->applied = session_->state();
      } else {
        own_failure_ =
            OwnFailure{own, errors::unknown.number, std::string(errors::unknown.sqlstate),
                       "the server did not tell its session variables"};
      }
      break;
    case Own::begin:
      begin_due_ = false;
      transaction_open_ = transaction_fresh_ = true;
      break;
    case Own::state:
    case Own::diagnostics:
    case Own::confirm:
    case Own::ask_sequence:
      break;
  }
}

void ClientSession::on_read_done() { settle(); }

// -- the end of a command ----------------------------------------------------------------------

// What to do next, with nothing more to come from the server.
void ClientSession::settle() {
  if (server_ == nullptr || state_ != State::linked) return;
  auto& exchange = server_->exchange;
  if (exchange.wants_client_data()) return forward();
  if (!exchange.idle() || !server_->ready()) return;
  if (own_failure_) return on_own_failure();
  if (again_ && answer_done_) return run_again();
  if (in_hand_ && !giving_back_) {
    if (!sent_) return go_on();
    if (!answer_done_) return;
    command_over();
  }
  if (released_) return close();
  if (exchange.must_confirm()) return ask(Command::ping, {}, Own::confirm);
  if (!giving_back_ && stays_linked()) {
    kept_ = true;
    if (!exchange.in_transaction()) {
      if (ending_) return end_now();
      shard_.note_primary_idle();
    }
    start_command();
    return arm();
  }
  give_back();
}

bool ClientSession::stays_linked() const {
  return server_->exchange.in_transaction() || session_->pins().any() ||
         session_->diagnostics().keeps_connection();
}

void ClientSession::ask(Command command, std::string_view sql, Own what) {
  Segments& out = shard_.worker().to_server();
  out.clear();
  own_values_.clear();
  send_own(command, sql, what);
  flush_to_server();
  arm();
}

// What only this server knows of the session is asked for before it is let go.
void ClientSession::give_back() {
  giving_back_ = true;
  if (session_->diagnostics().must_ask()) {
    return ask(Command::query, session_->diagnostics().ask_sql(), Own::ask_insert_id);
  }
  if (session_->must_ask()) return ask(Command::query, session_->ask_sql(), Own::ask_variables);
  if (session_->sequences().must_ask()) return ask_sequence();
  unlink();
  if (ending_) return end_now();
  if (in_hand_) {
    route_command();
  } else {
    start_command();
  }
  arm();
}

void ClientSession::unlink() {
  state_ = State::idle;
  drop_server();
}

void ClientSession::command_over() {
  if (std::exchange(retained_, false)) in_.consume(plan_.bytes);
  // The answer came ahead of the command's end: the rest of it is for nobody.
  discarding_ = std::exchange(passing_, false);
  repacket_.reset();
  in_hand_ = sent_ = answer_done_ = false;
  let_names_go();
}

// What was sent is taken back: nothing of its answer has reached the client.
void ClientSession::run_again() {
  ++shard_.traffic().replays;
  sent_ = answer_done_ = wrote_ = false;
  primary_only_ = true;
  unlink();
  // Bounded by the hold's limit, which counts from the first time.
  if (std::exchange(primary_refused_, false)) return wait_in_hold();
  ++repeats_;
  route_command();
}

// A command of our own was refused. Without it the client's cannot run.
void ClientSession::on_own_failure() {
  const OwnFailure failure = *std::exchange(own_failure_, std::nullopt);
  const bool in_transaction = server_->exchange.in_transaction();
  const bool harmless = failure.own == Own::prepare;  // the connection is as it was
  own_values_.clear();
  if (in_hand_) refuse_command({failure.number, failure.sqlstate}, failure.message);
  if (harmless) {
    sent_ = answer_done_ = own_first_ = false;
    return settle();
  }
  spoilt_ = true;
  if (in_transaction) transaction_lost_ = true;
  unlink();
  if (session_->pins().any()) return end(errors::unknown, failure.message);
  start_command();
  arm();
}

}  // namespace relevo::net::mysql

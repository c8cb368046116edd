// The server connection in hand is brought to where the session is: its state, the
// statement that it lacks, what statements before left behind, the transaction.
#include "proxy/net/mysql/client_session.hpp"
#include "proxy/wire/mysql/commands.hpp"
#include "proxy/wire/mysql/statements.hpp"

namespace relevo::net::mysql {

namespace wire = relevo::wire::mysql;
namespace errors = wire::errors;
using session::mysql::Audience;
using session::mysql::CommandPlan;
using wire::Command;

// Of plan_.prepared: what is executed in its name.
const session::mysql::PreparedStatement& ClientSession::prepared_in_hand() const {
  return counted_statement_ != nullptr ? *counted_statement_ : *plan_.prepared->statement;
}

bool ClientSession::lacks_statement() const {
  const bool runs =
      plan_.way == CommandPlan::Way::execute || plan_.way == CommandPlan::Way::long_data;
  return runs && plan_.prepared != nullptr &&
         server_->statements.find(prepared_in_hand().id) == nullptr;
}

// What statements before left in ROW_COUNT(), FOUND_ROWS() and LASTVAL() may be on another
// server connection.
void ClientSession::put_in_counts(const route::MysqlFacts& facts) {
  const auto& diagnostics = session_->diagnostics();
  const bool prepared = plan_.way == CommandPlan::Way::execute;
  counted_text_.clear();
  counted_statement_.reset();
  const bool counts = diagnostics.asks_counts(facts) && !diagnostics.server_has_counts();
  const bool last =
      facts.uses_last_value && !(session_->sequences().own().empty() && server_->sequences.empty());
  if (!counts && !last) return;
  const session::mysql::LastValues last_values{
      .own = session_->sequences().own(),
      .connection = server_->sequences,
      .schema = prepared ? plan_.prepared->statement->context->schema : session_->state()->schema,
      .folds_names = folds_names()};
  const std::string_view sql = prepared ? plan_.prepared->statement->text : plan_.text;
  auto text = session::mysql::with_counts(sql, session_->dialect(),
                                          counts ? &diagnostics.counts() : nullptr,
                                          last ? &last_values : nullptr);
  if (!text) return;
  if (prepared) {
    counted_statement_ = shard_.prepared_table().intern(*text, plan_.prepared->statement->context,
                                                        session_->dialect());
  } else {
    counted_text_ = std::move(*text);
  }
}

void ClientSession::send_own(Command command, std::string_view text, Own what) {
  Segments& out = shard_.worker().to_server();
  wire::Writer writer(out.text());
  switch (command) {
    case Command::init_db:
      wire::encode_init_db(writer, text);
      break;
    case Command::stmt_prepare:
      wire::encode_prepare(writer, text);
      break;
    case Command::query:
      wire::encode_query(writer, text, server_->capabilities());
      break;
    default:
      wire::encode_bare(writer, command);
      break;
  }
  out.own();
  server_->exchange.expect({.command = command, .audience = Audience::proxy});
  session_->diagnostics().on_own_command();
  own_.push_back(what);
}

// True: it is there, as far as can be told before an answer.
bool ClientSession::bring_to(const session::mysql::State& target) {
  const auto change = session::mysql::state_change(server_->applied, target);
  if (!change) return true;
  if (change->reset == session::mysql::Reset::change_user) {
    server_->change_user(shard_.memory().credentials(user_));
    return false;
  }
  if (!change->schema.empty()) send_own(Command::init_db, change->schema, Own::state);
  if (!change->sql.empty()) send_own(Command::query, change->sql, Own::state);
  server_->applied = target;
  own_first_ = !change->certain;
  return change->certain;
}

// False: something was sent, or begun, whose end has to be awaited.
bool ClientSession::prepare_connection() {
  using Need = session::mysql::Diagnostics::Need;
  session::mysql::StateTable& table = shard_.state_table();
  const route::Analysis* runs = plan_.runs();
  if (leaves_others_numbers(runs)) return false;
  if (runs != nullptr &&
      (session::mysql::Diagnostics::asks_counts(runs->mysql) || runs->mysql.uses_last_value)) {
    put_in_counts(runs->mysql);
  }
  if (lacks_statement()) {
    const auto& statement = prepared_in_hand();
    const auto context = session::mysql::with_context(table, session_->state(), statement.context);
    if (!bring_to(context)) return false;
    send_own(Command::stmt_prepare, statement.text, Own::prepare);
    own_first_ = true;
    return false;
  }
  if (!bring_to(session_->state())) return false;
  if (begin_due_) {
    send_own(Command::query, begin_text_, Own::begin);
    own_first_ = true;
    return false;
  }
  if (runs == nullptr) return true;
  auto& diagnostics = session_->diagnostics();
  switch (diagnostics.need(runs->mysql)) {
    case Need::nothing:
      break;
    case Need::last_insert_id:
      if (!kept_) send_own(Command::query, diagnostics.restore_sql(), Own::diagnostics);
      break;
    case Need::clean_slate:
      if (!kept_) {
        send_own(Command::query, session::mysql::Diagnostics::neutral_sql(), Own::diagnostics);
      }
      break;
    case Need::same_connection:
      if (kept_) break;
      refuse_command(errors::not_supported_yet,
                     "SHOW WARNINGS asks about a statement whose server connection is gone: "
                     "run both again");
      settle();
      return false;
  }
  return true;
}

}  // namespace relevo::net::mysql

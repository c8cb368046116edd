#include "proxy/session/mysql/command.hpp"

#include <algorithm>

#include "proxy/route/mysql/catalog.hpp"
#include "proxy/route/shape.hpp"
#include "proxy/route/token.hpp"
#include "proxy/session/mysql/token.hpp"
#include "proxy/wire/mysql/commands.hpp"
#include "proxy/wire/mysql/errors.hpp"
#include "proxy/wire/mysql/statements.hpp"

namespace relevo::session::mysql {

namespace wire = relevo::wire::mysql;
namespace errors = wire::errors;
using route::Need;
using wire::Bytes;
using wire::Capability;
using wire::Command;

namespace {

class Planner {
 public:
  Planner(const PlanInput& input, CommandPlan& plan) : input_(input), plan_(plan) {}
  void run();

 private:
  bool frame();
  void read(Bytes payload, std::uint64_t payload_bytes);
  void on_query(Bytes payload, std::uint64_t payload_bytes);
  void on_prepare(Bytes payload);
  void on_statement(Bytes payload);
  void on_execute();
  const route::MysqlNaming* naming_of(const ClientStatement& known) const;
  void on_set_option(Bytes payload);
  void ask(const route::Analysis& analysis, std::string_view text);
  bool ask_for_token();
  void ask(Need need, std::string_view reason) {
    plan_.demand = {.need = need, .unproven = false, .hint = {}};
    plan_.reason = reason;
  }
  void refuse(const wire::ErrorCode& error, std::string message) {
    plan_.way = CommandPlan::Way::refuse;
    plan_.error = error;
    plan_.message = std::move(message);
  }
  void malformed(std::string_view message) {
    plan_.status = CommandPlan::Status::malformed;
    plan_.error = errors::malformed_protocol;
    plan_.message = std::string(message);
  }

  const PlanInput& input_;
  CommandPlan& plan_;
  Bytes payload_;
  std::uint64_t payload_bytes_ = 0;
};

// False: more bytes are needed, or it is malformed.
bool Planner::frame() {
  const Bytes bytes = wire::as_bytes(input_.bytes);
  const auto header = wire::read_packet_header(bytes);
  if (!header) return false;
  if (header->sequence != 0) {
    malformed("a command begins with a packet out of order");
    return false;
  }
  if (header->body_bytes == 0) {
    malformed("empty command");
    return false;
  }
  if (bytes.size() == wire::limits::header_bytes) return false;
  const auto command = static_cast<Command>(bytes[wire::limits::header_bytes]);
  plan_.command = command;
  const std::size_t bytes_max = command == Command::stmt_prepare
                                    ? std::max(prepare_bytes_max, input_.bytes_max)
                                    : input_.bytes_max;
  const std::size_t total = header->total_bytes();
  plan_.oversized = header->continues() || total > bytes_max;
  if (bytes.size() < std::min(total, bytes_max)) return false;
  plan_.whole = !plan_.oversized;
  if (plan_.whole) {
    plan_.bytes = total;
    plan_.packets = 1;
  }
  // Of one that goes on, the first packet's length says as much as matters: more.
  payload_bytes_ = header->body_bytes;
  payload_ = bytes.subspan(
      wire::limits::header_bytes,
      std::min<std::size_t>(header->body_bytes, bytes.size() - wire::limits::header_bytes));
  return true;
}

void Planner::run() {
  if (!frame()) return;
  plan_.status = CommandPlan::Status::ready;
  read(payload_, payload_bytes_);
}

void Planner::read(Bytes payload, std::uint64_t payload_bytes) {
  using Way = CommandPlan::Way;
  switch (plan_.command) {
    case Command::quit:
      plan_.status = CommandPlan::Status::quit;
      return;
    case Command::query:
      return on_query(payload, payload_bytes);
    case Command::stmt_prepare:
      return on_prepare(payload);
    case Command::stmt_execute:
    case Command::stmt_bulk_execute:
    case Command::stmt_send_long_data:
    case Command::stmt_close:
    case Command::stmt_reset:
    case Command::stmt_fetch:
      return on_statement(payload);
    case Command::init_db:
      plan_.way = Way::init_db;
      plan_.text = wire::text_of(payload);
      if (plan_.oversized) return refuse(errors::bad_db, "Unknown database");
      return ask(Need::session, "changes the session's schema");
    case Command::change_user:
      plan_.way = Way::change_user;
      return ask(Need::session, "logs in anew");
    case Command::reset_connection:
      plan_.way = Way::reset;
      return ask(Need::session, "resets the session");
    case Command::ping:
      plan_.way = Way::ok;
      return;
    case Command::statistics:
      plan_.way = Way::statistics;
      return;
    case Command::set_option:
      return on_set_option(payload);
    case Command::process_kill: {
      const auto number = wire::decode_process_kill(payload);
      if (!number) return malformed("malformed COM_PROCESS_KILL");
      plan_.way = Way::kill;
      plan_.number = *number;
      return;
    }
    case Command::field_list:
      return ask(Need::read, "lists a table's columns");
    case Command::process_info:
      return ask(Need::session, "lists a server's sessions");
    case Command::refresh:
    case Command::debug:
      return ask(Need::write, "acts on the server itself");
    case Command::shutdown:
      return refuse(errors::not_supported_yet,
                    "COM_SHUTDOWN does not pass: stop the server by its own means");
    case Command::binlog_dump:
    case Command::binlog_dump_gtid:
    case Command::register_slave:
    case Command::clone:
    case Command::subscribe_group_stream:
    case Command::table_dump:
      return refuse(errors::not_supported_yet,
                    "replication does not pass: connect to the server itself");
    default:
      return refuse(errors::unknown_command, "Unknown command");
  }
}

void Planner::ask(const route::Analysis& analysis, std::string_view text) {
  using route::TransactionControl;
  plan_.demand = route::demand_of(analysis);
  plan_.reason = analysis.reason;
  const bool may_read = plan_.demand.need == Need::read || plan_.demand.unproven;
  if (may_read && input_.refused != nullptr && !input_.refused->empty() &&
      input_.refused->contains(route::shape_of_mysql(text, input_.dialect))) {
    plan_.demand.need = Need::write;
    plan_.demand.unproven = false;
    plan_.reason = route::refused_reason;
  }
  const TransactionControl control = analysis.transaction;
  const bool commits = control == TransactionControl::commit;
  const bool ends = commits || control == TransactionControl::rollback;
  plan_.begins_transaction =
      control == TransactionControl::begin || control == TransactionControl::begin_read_only;
  plan_.ends_transaction = ends || (analysis.statements > 1 && analysis.controls_transaction) ||
                           analysis.mysql.implicit_commit;
  plan_.only_ends = ends && !analysis.mysql.chain;
  plan_.commits = commits;
}

// SHOW RELEVO TOKEN: the primary is asked something else in its place.
bool Planner::ask_for_token() {
  plan_.token = route::asks_for_token_mysql(plan_.text, input_.dialect);
  if (!plan_.token) return false;
  plan_.text = route::token_sql_mysql(input_.dialect.server);
  plan_.analysis.cls = route::StatementClass::read;
  plan_.analysis.statements = 1;
  plan_.analysis.reason = "asks the primary for its position";
  ask(Need::write, plan_.analysis.reason);
  return true;
}

void Planner::on_query(Bytes payload, std::uint64_t payload_bytes) {
  const auto query = wire::decode_query_head(payload, payload_bytes, input_.client);
  if (plan_.oversized) {
    return ask(Need::write, "too large to be looked at as a whole");
  }
  if (!query) return malformed("malformed COM_QUERY");
  plan_.text = query->sql;
  if (ask_for_token()) return;
  plan_.analysis = route::analyze_mysql(plan_.text, input_.dialect);
  ask(plan_.analysis, plan_.text);
  if (sets_bad_token(plan_.analysis, input_.dialect)) {
    refuse(errors::wrong_value_for_variable,
           "@relevo_after is to be a token as SHOW RELEVO TOKEN gives it, of such a cluster");
  }
}

void Planner::on_prepare(Bytes payload) {
  plan_.way = CommandPlan::Way::prepare;
  if (plan_.oversized) {
    return refuse(errors::packet_too_large, "the text of a prepared statement is too long");
  }
  plan_.text = wire::text_of(payload);
  if (ask_for_token()) return;
  plan_.analysis = route::analyze_mysql(plan_.text, input_.dialect);
  ask(plan_.analysis, plan_.text);
}

void Planner::on_statement(Bytes payload) {
  const auto number = wire::decode_statement_id(payload);
  if (!number) return malformed("command names no prepared statement");
  plan_.number = *number;
  plan_.prepared = input_.statements.find(*number);
  if (plan_.command == Command::stmt_close) {
    plan_.way = CommandPlan::Way::close;
    return;
  }
  if (plan_.command == Command::stmt_send_long_data) {
    plan_.way = CommandPlan::Way::long_data;
    if (plan_.prepared != nullptr) {
      ask(plan_.prepared->statement->analysis, plan_.prepared->statement->text);
    }
    return;
  }
  if (plan_.prepared == nullptr) {
    return refuse(errors::unknown_statement, "Unknown prepared statement handler (" +
                                                 std::to_string(*number) +
                                                 ") given to mysqld_stmt_execute");
  }
  on_execute();
}

void Planner::on_execute() {
  const ClientStatement& known = *plan_.prepared;
  plan_.way = CommandPlan::Way::execute;
  switch (plan_.command) {
    case Command::stmt_reset:
      ask(Need::session, "resets a prepared statement");
      if (!known.long_data && !known.cursor) plan_.way = CommandPlan::Way::ok;
      return;
    case Command::stmt_fetch:
      return ask(Need::session, "fetches from a cursor");
    default:
      plan_.judged = known.statement->judge(naming_of(known));
      return ask(*plan_.runs(), known.statement->text);
  }
}

// A statement means what it did in the database in which it was prepared. What names
// mean in any but the one in use is not at hand.
const route::MysqlNaming* Planner::naming_of(const ClientStatement& known) const {
  const route::MysqlNaming* const naming = input_.dialect.naming;
  if (naming == nullptr || known.statement->context->schema == input_.schema) return naming;
  return &route::unknown_mysql_naming;
}

void Planner::on_set_option(Bytes payload) {
  const auto option = wire::decode_set_option(payload);
  if (!option) return refuse(errors::unknown_command, "Unknown command");
  const bool wanted = *option == wire::SetOption::multi_statements_on;
  if (wanted == input_.multi_statements) {
    plan_.way = CommandPlan::Way::end_of_rows;
    return;
  }
  ask(Need::session, "sets an option of the connection");
}

}  // namespace

const route::Analysis* CommandPlan::runs() const {
  switch (command) {
    case wire::Command::query:
      return oversized ? nullptr : &analysis;
    case wire::Command::stmt_execute:
    case wire::Command::stmt_bulk_execute:
      if (judged != nullptr) return judged.get();
      return prepared != nullptr ? &prepared->statement->analysis : nullptr;
    default:
      return nullptr;
  }
}

CommandPlan plan_command(const PlanInput& input) {
  CommandPlan plan;
  Planner(input, plan).run();
  return plan;
}

}  // namespace relevo::session::mysql

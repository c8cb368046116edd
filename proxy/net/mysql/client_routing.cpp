// From the first bytes of a command to a server connection that will run it.
#include "proxy/net/mysql/client_session.hpp"
#include "proxy/session/mysql/connection_id.hpp"
#include "proxy/session/mysql/kill.hpp"
#include "proxy/wire/mysql/result.hpp"
#include "proxy/wire/mysql/statements.hpp"

namespace relevo::net::mysql {

namespace wire = relevo::wire::mysql;
namespace errors = wire::errors;
using session::mysql::CommandPlan;

namespace {

model::Instant now() { return std::chrono::steady_clock::now(); }

}  // namespace

void ClientSession::start_command() {
  if (std::exchange(starting_, true)) return;  // the loop below goes on by itself
  const auto self = shared_from_this();
  while ((state_ == State::idle || state_ == State::linked) && !in_hand_ && !giving_back_ &&
         !in_.empty() && drop_leading()) {
    if (!start_next()) break;
  }
  starting_ = false;
}

void ClientSession::plan_command() {
  plan_ = session::mysql::plan_command({.bytes = in_.view(),
                                        .statements = statements_,
                                        .dialect = session_->dialect(),
                                        .client = capabilities_,
                                        .multi_statements = multi_statements_,
                                        .refused = &shard_.refused()});
  planned_at_ = in_.data();
}

// One command. False: more bytes are needed, or there is no session any more.
bool ClientSession::start_next() {
  plan_command();
  switch (plan_.status) {
    case CommandPlan::Status::need_more:
      return false;
    case CommandPlan::Status::quit:
      close();
      return false;
    case CommandPlan::Status::malformed:
      ++shard_.traffic().protocol_errors;
      end(plan_.error, plan_.message);
      return false;
    case CommandPlan::Status::ready:
      break;
  }
  in_hand_ = retained_ = true;
  sent_ = passing_ = primary_only_ = false;
  counted_text_.clear();
  counted_statement_.reset();
  repeats_ = 0;
  failed_on_ = 0;
  waiting_since_ = {};
  ++shard_.traffic().queries;
  if (transaction_lost_ && (plan_.runs() != nullptr || plan_.oversized)) {
    refuse_in_lost_transaction();
    return true;
  }
  if (answer_here()) return true;
  if (state_ == State::idle) {
    route_command();
  } else if (must_stay()) {
    go_on();
  } else {
    // Kept for what its last statement left behind, which this one doesn't ask about.
    giving_back_ = true;
    settle();
  }
  return true;
}

// With a connection in hand: whether the command has to run there.
bool ClientSession::must_stay() const {
  using Need = session::mysql::Diagnostics::Need;
  if (server_->exchange.in_transaction() || session_->pins().any()) return true;
  const route::Analysis* runs = plan_.runs();
  if (runs == nullptr) return plan_.way != CommandPlan::Way::forward;
  const session::mysql::Diagnostics& diagnostics = session_->diagnostics();
  return diagnostics.need(runs->mysql) == Need::same_connection ||
         diagnostics.asks_counts(runs->mysql) || diagnostics.habitual();
}

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
      transaction_lost_ = false;
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
      return answer_count() || answer_connection_id() || answer_kill_statement();
  }
}

// In the form that servers have it, as monitoring reads it.
std::string ClientSession::statistics() const {
  const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(now() - shard_.started());
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

route::SessionRouting ClientSession::session_routing() {
  route::SessionRouting routing;
  routing.last_write = last_write_;
  if (session_ == nullptr) return routing;
  if (isolation_of_ != session_->state()) {
    isolation_of_ = session_->state();
    serializable_ = session::mysql::is_serializable(*isolation_of_);
  }
  routing.serializable = serializable_;
  if (const std::string& token = session_->routing_token(); token != read_after_of_) {
    // What is no token is one that no replica is known to have.
    read_after_of_ = token;
    read_after_.clear();
    if (!token.empty()) {
      read_after_.set(route::parse_token(token, model::Engine::mysql).value_or(route::Token{}));
    }
  }
  routing.read_after = read_after_.instant(*shard_.view());
  const std::string& target = session_->routing_target();
  if (target == "primary") routing.target = route::HintTarget::primary;
  if (target == "replica") routing.target = route::HintTarget::replica;
  return routing;
}

void ClientSession::route_command() {
  if (shard_.view() == nullptr) return wait_in_hold();
  route::Demand demand = plan_.demand;
  // With autocommit off the first statement begins a transaction, which may write later.
  const bool opens_transaction = !status_.has(wire::Status::autocommit);
  if (primary_only_ || opens_transaction || session_->pins().has(session::mysql::Pin::mode) ||
      session_->diagnostics().habitual()) {
    demand = {.need = route::Need::write, .unproven = false, .hint = {}};
  }
  const route::Choice choice = choose_node(demand);
  routed_because_ = choice.reason;
  if (choice.target == route::Target::hold) {
    routed_to_ = std::nullopt;
    return wait_in_hold();
  }
  session::Traffic& traffic = shard_.traffic();
  if (demand.need == route::Need::read && choice.target == route::Target::primary &&
      last_write_.has_value()) {
    ++traffic.causal_to_primary;
  }
  routed_to_ = choice.node;
  ServerPool& pool = (*pools_)[choice.node];
  auto acquired = shard_.acquire(*this, pool);
  if (acquired.refused) {
    ++traffic.queue_timeouts;
    return fail_command(errors::too_many_connections,
                        "too many sessions wait for a server connection");
  }
  if (acquired.server == nullptr) return wait_in_queue(pool);
  on_server(std::move(acquired.server));
}

// What it has failed on is left out, as long as there is anything else.
route::Choice ClientSession::choose_node(const route::Demand& demand) {
  const auto on = [&](std::span<const std::uint32_t> loads) {
    return route::choose(*shard_.view(), shard_.settings().routing, session_routing(), demand,
                         loads, shard_.round_robin());
  };
  const route::Choice choice = on(shard_.loads(failed_on_));
  if (choice.target != route::Target::hold || failed_on_ == 0) return choice;
  // Nothing is left, and a replica that failed may do now.
  failed_on_ = 0;
  return on(shard_.loads());
}

// -- waiting -----------------------------------------------------------------------------

void ClientSession::begin_wait(State state, std::chrono::milliseconds limit, bool hold) {
  Deadlines& deadlines = shard_.worker().deadlines();
  if (waiting_since_ == model::Instant{}) waiting_since_ = now();
  deadlines.clear(deadline_);
  state_ = state;
  deadline_ = deadlines.set(waiting_since_ + limit, [weak = weak_from_this(), hold] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    self->stop_waiting();
    session::Traffic& traffic = self->shard_.traffic();
    if (hold) {
      ++traffic.hold_timeouts;
      self->fail_command(errors::option_prevents_statement,
                         "no primary is available: " + self->last_route());
    } else {
      ++traffic.queue_timeouts;
      self->fail_command(errors::lock_wait_timeout,
                         "timed out waiting for a server connection: all of the pool's "
                         "connections are in use");
    }
  });
}

void ClientSession::wait_in_hold() {
  if (waiting_since_ == model::Instant{}) ++shard_.traffic().held;
  shard_.hold(ticket_);
  begin_wait(State::holding, shard_.settings().config.failover.hold, true);
}

void ClientSession::wait_in_queue(ServerPool& pool) {
  waiting_for_ = &pool;
  begin_wait(State::queued, shard_.settings().config.pool.queue_timeout, false);
}

void ClientSession::stop_waiting() {
  if (state_ == State::queued) shard_.stop_waiting(ticket_, *waiting_for_);
  if (state_ == State::queued || state_ == State::holding) {
    shard_.worker().deadlines().clear(deadline_);
    state_ = server_ != nullptr ? State::linked : State::idle;
  }
}

void ClientSession::on_view_changed() {
  if (state_ == State::greeting) return greet();
  if (state_ == State::looking_up && look_up_failed_) return look_up_again();
  if (state_ != State::holding) return;
  shard_.worker().deadlines().clear(deadline_);
  if (server_ != nullptr) {  // pinned, and its node may be written to again
    state_ = State::linked;
    return go_on();
  }
  state_ = State::idle;
  route_command();
}

void ClientSession::on_node_unavailable() {
  if (state_ != State::queued) return;
  // Perhaps another node will do. The primary has no substitute: route_command
  // waits for it again, with the same deadline.
  const auto view = shard_.view();
  if (view->primary == waiting_for_->key.node && view->gate == model::PrimaryGate::open &&
      plan_.demand.need != route::Need::read) {
    return;
  }
  stop_waiting();
  route_command();
}

void ClientSession::cancel_wait() {
  if (state_ != State::queued && state_ != State::holding) return;
  if (server_ != nullptr) return;
  stop_waiting();
  fail_command(errors::query_interrupted, "Query execution was interrupted");
}

// -- linked --------------------------------------------------------------------------------

void ClientSession::on_server(ServerLinkPtr server) {
  if (deadline_ != 0 && !welcoming_) shard_.worker().deadlines().clear(deadline_);
  state_ = State::linked;
  server_ = std::static_pointer_cast<ServerConnection>(std::move(server));
  server_->lend(*this, capabilities_);
  server_->session_ticket = ticket_;
  if (session_ != nullptr) session_->diagnostics().on_lent();
  ++shard_.traffic().nodes[server_->key().node].clients;
  own_.clear();
  own_first_ = giving_back_ = answer_done_ = again_ = primary_refused_ = kept_ = spoilt_ =
      transaction_open_ = false;
  own_failure_.reset();
  if (server_->applied == nullptr) {
    server_->applied = shard_.state_table().intern(
        session::mysql::login_state(server_->key().database, wire::utf8mb4_general_ci, mariadb_));
  }
  if (welcoming_) {
    // That there is a connection was all that mattered.
    unlink();
    state_ = State::welcoming;
    return finish_welcome();
  }
  go_on();
}

}  // namespace relevo::net::mysql

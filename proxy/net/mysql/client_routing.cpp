// From the first bytes of a command to a server connection that will run it.
#include "proxy/net/mysql/client_session.hpp"

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
  route::MysqlDialect dialect = session_->dialect();
  dialect.naming = look_at_names();
  plan_ = session::mysql::plan_command({.bytes = in_.view(),
                                        .statements = statements_,
                                        .dialect = dialect,
                                        .schema = session_->state()->schema,
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
  if (answer_here()) {
    if (ending_ && state_ == State::idle && !begin_due_) end_now();
    return true;
  }
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
         diagnostics.asks_counts(runs->mysql);
}

route::SessionRouting ClientSession::session_routing() {
  route::SessionRouting routing;
  routing.last_write = last_write_;
  if (naming_ != nullptr) routing.names_since = shard_.catalog().since();
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
  if (begin_due_) demand = route::demand_of_transaction(begin_read_only_, demand);
  // With autocommit off the first statement begins a transaction, which may write later.
  const bool opens_transaction = !status_.has(wire::Status::autocommit);
  if (primary_only_ || opens_transaction || session_->pins().has(session::mysql::Pin::mode)) {
    demand = {.need = route::Need::write, .unproven = false, .hint = {}};
  }
  // What was a read when the command came may be none now that it is to be sent.
  if (naming_ != nullptr && demand.need == route::Need::read && names_suspect()) {
    demand.need = route::Need::write;
  }
  const route::Choice choice = shard_.choose(session_routing(), demand, failed_on_);
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

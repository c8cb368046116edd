// From the first bytes of a batch to a server connection that will run it.
#include "proxy/net/postgres/client_session.hpp"
#include "proxy/session/postgres/token.hpp"
#include "proxy/wire/postgres/command.hpp"
#include "proxy/wire/postgres/constants.hpp"
#include "proxy/wire/postgres/frame.hpp"

namespace relevo::net::postgres {

namespace wire = relevo::wire::postgres;
using session::postgres::BatchPlan;
using wire::Frontend;

namespace {
constexpr std::size_t plan_bytes_max = 256 * 1024;
model::Instant now() { return std::chrono::steady_clock::now(); }
}  // namespace

void ClientSession::start_batch() {
  while (state_ == State::idle && !in_.empty()) {
    if (!drop_leading()) break;
    look_at_names();
    session::postgres::plan_batch(plan_, in_.view(), plan_bytes_max, statements_,
                                  shard_.prepared_table(), dialect_, &shard_.refused());
    planned_at_ = in_.data();
    switch (plan_.status) {
      case BatchPlan::Status::need_more:
        return;
      case BatchPlan::Status::terminate:
        return close();
      case BatchPlan::Status::malformed:
        ++shard_.traffic().protocol_errors;
        return end("08P01", plan_.error);
      case BatchPlan::Status::ready:
        break;
    }
    if (answer_here()) {
      if (ending_ && !begin_.held()) return end("57P01", "Relevo is shutting down");
      continue;
    }
    waiting_since_ = {};
    primary_only_ = false;
    repeats_ = 0;
    failed_on_ = 0;
    return route_batch();
  }
}

// What needs no server. True: answered, and taken off the buffer.
bool ClientSession::answer_here() {
  if (in_failed_transaction_) {
    answer_failed_transaction();
    return true;
  }
  if (plan_.bad_token) {
    fail_batch("22023",
               "relevo.after is to be a token as SHOW RELEVO TOKEN gives it, of a "
               "PostgreSQL cluster");
    return true;
  }
  if (plan_.nothing_to_ask && plan_.bytes > 0) {
    // Close of statements, Flush, Sync.
    std::string out;
    std::size_t at = 0;
    while (at < plan_.bytes) {
      const auto left = in_.view().substr(at);
      const auto header = wire::read_header(wire::as_bytes(left));
      if (header->is(Frontend::close)) {
        const auto name = left.substr(6, header->body_bytes - 2);
        if (const auto found = statements_.find(name); found != statements_.end()) {
          statements_.erase(found);
        }
        if (name.empty()) unnamed_ = nullptr;
        const auto& done = wire::constants::close_complete;
        out.append(reinterpret_cast<const char*>(done.data()), done.size());
      } else if (header->is(Frontend::sync)) {
        append_ready(out);
      }
      at += header->total_bytes();
    }
    in_.consume(plan_.bytes);
    to_client(out);
    return true;
  }
  if (plan_.query && !plan_.oversized && deallocate_here(plan_.analysis)) {
    std::string out;
    wire::Writer writer(out);
    wire::encode_command_complete(writer, "DEALLOCATE");
    append_ready(out);
    in_.consume(plan_.bytes);
    to_client(out);
    return true;
  }
  return answer_control();
}

std::optional<std::string_view> ClientSession::routing_setting(std::string_view name) const {
  if (const auto found = settings_->find(name); found != settings_->end()) {
    return found->second.text;
  }
  return std::nullopt;
}

// SET relevo.after. One that is no token after all (set in a transaction, or by a
// function) is one that no replica is known to have.
void ClientSession::note_token() {
  read_after_of_ = settings_;
  read_after_.clear();
  const auto found = settings_->find(session::postgres::token_setting);
  if (found == settings_->end()) return;
  const std::string text = session::postgres::plain_value(found->second);
  if (text.empty()) return;
  read_after_.set(route::parse_token(text, model::Engine::postgres).value_or(route::Token{}));
}

route::SessionRouting ClientSession::session_routing() {
  route::SessionRouting routing;
  routing.last_write = last_write_;
  if (read_after_of_ != settings_) note_token();
  routing.read_after = read_after_.instant(*shard_.view());
  if (naming_ != nullptr && naming_.get() == dialect_.naming) {
    routing.names_since = catalog_.get()->since();
  }
  if (settings_->empty()) return routing;
  if (const auto found = settings_->find("relevo.target"); found != settings_->end()) {
    const std::string target = session::postgres::plain_value(found->second);
    if (target == "primary") routing.target = route::HintTarget::primary;
    if (target == "replica") routing.target = route::HintTarget::replica;
  }
  if (const auto level = routing_setting("default_transaction_isolation")) {
    routing.serializable = level->find("erializable") != std::string_view::npos ||
                           level->find("ERIALIZABLE") != std::string_view::npos;
  }
  return routing;
}

void ClientSession::route_batch() {
  if (shard_.view() == nullptr) return wait_in_hold();
  route::Demand demand = plan_.demand;
  if (begin_.held()) demand = begin_.demand(planned_text(), demand);
  if (primary_only_ || (pins_ & pin_mode) != 0) {
    demand = {.need = route::Need::write, .unproven = false, .hint = {}};
  }
  if (names_changed() && demand.need == route::Need::read) demand.need = route::Need::write;
  const route::Choice choice = shard_.choose(session_routing(), demand, failed_on_);
  if (choice.target == route::Target::hold) {
    routed_to_ = std::nullopt;
    routed_because_ = choice.reason;
    return wait_in_hold();
  }
  session::Traffic& traffic = shard_.traffic();
  if (demand.need == route::Need::read && choice.target == route::Target::primary &&
      last_write_.has_value()) {
    ++traffic.causal_to_primary;
  }
  routed_to_ = choice.node;
  routed_because_ = choice.reason;
  ServerPool& pool = (*pools_)[choice.node];
  auto acquired = shard_.acquire(*this, pool);
  if (acquired.refused) {
    ++traffic.queue_timeouts;
    return fail_batch("53300", "too many sessions wait for a server connection");
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
      self->fail_batch("57P03", "no primary is available: " + self->last_route());
    } else {
      ++traffic.queue_timeouts;
      self->fail_batch("53300",
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
    if (!held_while_linked_) state_ = State::idle;
  }
}

void ClientSession::on_view_changed() {
  if (state_ == State::looking_up && look_up_failed_) return look_up_again();
  if (state_ != State::holding) return;
  shard_.worker().deadlines().clear(deadline_);
  if (held_while_linked_) {
    held_while_linked_ = false;
    state_ = State::linked;
    return forward();
  }
  route_batch();
}

void ClientSession::on_node_unavailable() {
  if (state_ != State::queued) return;
  // Perhaps another node will do. The primary has no substitute: route_batch
  // waits for it again, with the same deadline.
  const auto view = shard_.view();
  if (view->primary == waiting_for_->key.node && view->gate == model::PrimaryGate::open &&
      plan_.demand.need != route::Need::read) {
    return;
  }
  stop_waiting();
  route_batch();
}

void ClientSession::on_server_refused(const Error& error) {
  if (state_ != State::queued) return;
  shard_.worker().deadlines().clear(deadline_);
  state_ = State::idle;
  fail_batch(error.code, error.message);
}

void ClientSession::cancel_wait() {
  if (state_ != State::queued && state_ != State::holding) return;
  stop_waiting();
  fail_batch("57014", "canceling statement due to user request");
}

// -- linked --------------------------------------------------------------------------------

void ClientSession::on_server(ServerLinkPtr server) {
  if (deadline_ != 0) shard_.worker().deadlines().clear(deadline_);
  state_ = State::linked;
  server_ = std::static_pointer_cast<ServerConnection>(std::move(server));
  server_->lend(*this);
  server_->session_ticket = ticket_;
  ++shard_.traffic().nodes[server_->key().node].clients;
  own_ = Own::none;
  own_first_ = own_done_ = false;
  again_ = Again::no;
  cursor_ = 0;
  pass_left_ = 0;
  batch_open_ = false;
  first_message_ = true;
  retained_ = plan_.whole;
  parsed_in_batch_.clear();
  executed_ = nullptr;
  several_executed_ = false;
  Segments& out = shard_.worker().to_server();
  out.clear();
  const auto change = session::postgres::settings_change(server_->applied, settings_);
  if (change) {
    wire::Writer writer(out.text());
    writer.begin(Frontend::query);
    writer.cstring(change->sql);
    writer.end();
    out.own();
    server_->exchange.expect_query(session::postgres::Audience::proxy, nullptr);
    server_->applied = settings_;
    own_ = Own::settings;
    own_first_ = !change->certain || welcoming_ || begin_.held();
    if (own_first_) {
      server_->send(out);
      return arm();
    }
  } else if (welcoming_) {
    return settle();  // nothing but the server's parameters was wanted
  } else if (begin_.held()) {
    tell_begin();
    return arm();
  }
  forward();
}

}  // namespace relevo::net::postgres

// A shard's server connections: lent, waited for, opened, moved, closed.
#include <algorithm>
#include <bit>

#include "proxy/net/shard.hpp"

namespace relevo::net {
namespace {

constexpr auto retry_interval = std::chrono::milliseconds(50);
// A node that could not be connected to gets no reads for this long.
constexpr auto unavailable_time = std::chrono::milliseconds(500);

model::Instant now() { return std::chrono::steady_clock::now(); }

}  // namespace

std::shared_ptr<ServerPools> Shard::pools_of(const std::string& user, const std::string& database,
                                             std::uint64_t form) {
  auto& pools = pools_[{user, database, form}];
  if (pools == nullptr) {
    pools = std::make_shared<ServerPools>(*cluster_, loads_.size(), user, database, form);
  }
  return pools;
}

ServerPool& Shard::pool(const PoolKey& key) {
  return (*pools_of(key.user, key.database, key.form))[key.node];
}

Shard::Acquired Shard::acquire(const SessionLink& session, ServerPool& pool) {
  if (!pool.idle.empty() && !pool.shared->waiting()) {
    ServerLinkPtr server = std::move(pool.idle.back());
    pool.idle.pop_back();
    return {.server = std::move(server)};
  }
  if (!pool.shared->enqueue({worker_.index(), session.ticket()})) return {.refused = true};
  pool.waiting.push_back(session.ticket());
  // Not from within the session's own call: it may be served at once.
  worker_.post([this, key = pool.key] { pump(this->pool(key)); });
  return {};
}

void Shard::stop_waiting(Ticket ticket, ServerPool& pool) {
  std::erase(pool.waiting, ticket);
  pool.shared->remove({worker_.index(), ticket});
}

bool Shard::may_connect(model::NodeId node) const {
  if (view_ == nullptr || node >= view_->nodes.size()) return false;
  const model::NodeView& seen = view_->nodes[node];
  if (view_->primary == node) return view_->gate != model::PrimaryGate::closed;
  return seen.role == model::Role::replica &&
         (seen.state == model::NodeState::online || seen.state == model::NodeState::lagging);
}

bool Shard::can_ask_a_node() const {
  for (model::NodeId node = 0; node < loads_.size(); ++node) {
    if (may_connect(node)) return true;
  }
  return false;
}

void Shard::spare(ServerPool& pool) {
  while (!pool.idle.empty() && pool.shared->waiting()) {
    ServerLinkPtr server = std::move(pool.idle.back());
    pool.idle.pop_back();
    offer(pool, std::move(server));
  }
}

// The pools of one node, user and database, of every form: they share a limit.
void Shard::for_each_form(const PoolKey& key, const std::function<void(ServerPool&)>& call) {
  auto at = pools_.lower_bound({key.user, key.database, 0});
  for (; at != pools_.end(); ++at) {
    const auto& [user, database, form] = at->first;
    if (user != key.user || database != key.database) return;
    call((*at->second)[key.node]);
  }
}

// Somebody waits, with no permit left: what is idle here serves them or makes way.
void Shard::make_way(const PoolKey& key) {
  for_each_form(key, [this](ServerPool& pool) {
    spare(pool);
    while (!pool.idle.empty() && pool.shared->must_make_way()) pool.idle.front()->close();
  });
}

// A permit has come free, and somebody waits.
void Shard::wake(const PoolKey& key) {
  for_each_form(key, [this](ServerPool& pool) {
    if (pool.shared->waiting()) pump(pool);
  });
}

void Shard::wake_all(const PoolKey& key) {
  worker_.post([this, key] { wake(key); });
  call_others([key](Shard& shard) { shard.wake(key); });
}

void Shard::pump(ServerPool& pool) {
  spare(pool);
  if (pool.retry != 0) return;
  while (pool.waiting.size() > pool.connecting) {
    if (open_one(pool)) continue;
    // At the limit: another worker, or another form, may have one to spare.
    if (pool.shared->waiting()) {
      worker_.post([this, key = pool.key] { make_way(key); });
      call_others([key = pool.key](Shard& shard) { shard.make_way(key); });
    }
    break;
  }
}

bool Shard::open_one(ServerPool& pool) {
  const model::NodeId node = pool.key.node;
  if (!may_connect(node)) {
    retry_later(pool);
    return false;
  }
  if (!pool.shared->try_open()) return false;
  const ServerLinkPtr server = make_server(pool.key);
  server->home = &pool;
  pool.all.push_back(server);
  ++pool.connecting;
  ++traffic_.nodes[node].connects;
  server->open(*settings_, epoch(), now() + settings_->config.pool.connect_timeout);
  return true;
}

void Shard::offer(ServerPool& pool, ServerLinkPtr server) {
  while (server->usable()) {
    // One load where nobody waits, which is nearly always.
    if (!pool.shared->anyone_waiting()) {
      pool.idle.push_back(std::move(server));
      return;
    }
    if (pool.shared->must_make_way()) return server->close();
    const auto first = pool.shared->take_first();
    if (!first) {
      pool.idle.push_back(std::move(server));
      return;
    }
    if (first->worker != worker_.index()) return move(pool, server, *first);
    std::erase(pool.waiting, first->ticket);
    if (const auto session = find_session(first->ticket)) {
      return session->on_server(std::move(server));
    }
  }
}

// To a session of another worker.
void Shard::move(ServerPool& pool, const ServerLinkPtr& server, pool::Waiter to) {
  if (server->blocked()) {  // cannot move yet; somebody else's turn comes with the next one
    pool.shared->put_back(to);
    pool.idle.push_back(server);
    return;
  }
  std::erase(pool.all, server);
  const std::shared_ptr<ServerHandover> handover = server->detach();
  call_peer(to.worker,
            [handover, ticket = to.ticket](Shard& shard) { shard.receive(*handover, ticket); });
}

void Shard::receive(ServerHandover& handover, Ticket ticket) {
  ServerPool& to = pool(handover.key);
  ServerLinkPtr server = adopt_server(handover);
  server->home = &to;
  server->start_idle();
  to.all.push_back(server);
  std::erase(to.waiting, ticket);
  if (outdated(*server)) return server->close();
  const auto session = find_session(ticket);
  if (session != nullptr && session->waits_for(to)) return session->on_server(std::move(server));
  offer(to, std::move(server));
}

void Shard::give_back(ServerLinkPtr server) {
  if (!server->usable()) return;
  if (server->cancels_under_way > 0) return;  // comes back when the cancel is over
  if (server->opened_at() < retire_before_ || outdated(*server) ||
      !may_connect(server->key().node) || draining_) {
    return server->close();
  }
  ServerPool& home = *server->home;
  offer(home, std::move(server));
}

void Shard::on_opened(const ServerLinkPtr& server) {
  --server->home->connecting;
  server->home->shared->opened();
  unavailable_until_[server->key().node] = {};
  give_back(server);
}

void Shard::on_open_failed(const ServerLinkPtr& server, const OpenFailure& failure) {
  const model::NodeId node = server->key().node;
  ServerPool& from = *server->home;
  --from.connecting;
  std::erase(from.all, server);
  from.shared->opened();
  from.shared->closed();
  ++traffic_.nodes[node].connect_failures;
  if (from.shared->anyone_waiting()) wake_all(from.key);
  if (failure.kind == OpenFailure::Kind::refused) return refuse_waiters(from, failure.error);
  switch (failure.network) {
    case ConnectFailure::refused:
      cluster_->ports.signal(node, model::TrafficSignal::connect_refused);
      break;
    case ConnectFailure::timeout:
      cluster_->ports.signal(node, model::TrafficSignal::connect_timeout);
      break;
    default:
      cluster_->ports.signal(node, model::TrafficSignal::connection_reset);
      break;
  }
  unavailable_until_[node] = now() + unavailable_time;
  some_unavailable_ = true;
  retry_later(from);
  tell_unavailable(from);
}

void Shard::refuse_waiters(ServerPool& pool, const Error& error) {
  for (const Ticket ticket : std::exchange(pool.waiting, {})) {
    pool.shared->remove({worker_.index(), ticket});
    if (const auto session = find_session(ticket)) session->on_server_refused(error);
  }
}

// Reads have other places to go to.
void Shard::tell_unavailable(ServerPool& pool) {
  const auto waiting = pool.waiting;
  for (const Ticket ticket : waiting) {
    if (const auto session = find_session(ticket)) session->on_node_unavailable();
  }
}

void Shard::retry_later(ServerPool& pool) {
  if (pool.retry != 0) return;
  pool.retry = worker_.deadlines().set(now() + retry_interval, [this, key = pool.key] {
    ServerPool& again = this->pool(key);
    again.retry = 0;
    pump(again);
  });
}

void Shard::on_closed(const ServerLinkPtr& server, bool reset) {
  ServerPool& from = *server->home;
  std::erase(from.idle, server);
  std::erase(from.all, server);
  from.shared->closed();
  if (reset) {
    ++traffic_.nodes[server->key().node].resets;
    cluster_->ports.signal(server->key().node, model::TrafficSignal::connection_reset);
  }
  if (from.shared->anyone_waiting()) wake_all(from.key);
}

void Shard::on_unreplicated_commit(model::NodeId node) {
  ++traffic_.commits_unreplicated;
  if (std::exchange(unreplicated_told_, true) || !cluster_->ports.unreplicated) return;
  cluster_->ports.unreplicated(node);
}

void Shard::call_peer(std::uint32_t worker, std::function<void(Shard&)> call) {
  if (worker < peers_.count) peers_.call(worker, std::move(call));
}

void Shard::call_others(const std::function<void(Shard&)>& call) {
  for (std::uint32_t other = 0; other < peers_.count; ++other) {
    if (other != worker_.index()) peers_.call(other, call);
  }
}

route::Choice Shard::choose(const route::SessionRouting& session, const route::Demand& demand,
                            NodeMask& failed_on) {
  const auto among = [&](std::span<const std::uint32_t> loads) {
    return route::choose(*view_, settings_->routing, session, demand, loads, round_robin_);
  };
  const route::Choice choice = among(loads(failed_on));
  if (choice.target != route::Target::hold || failed_on == 0) return choice;
  // Nothing is left, and a replica that failed may do now.
  failed_on = 0;
  return among(loads(failed_on));
}

std::span<const std::uint32_t> Shard::loads(NodeMask failed_on) {
  for (std::size_t node = 0; node < loads_.size(); ++node) {
    loads_[node] = traffic_.nodes[node].clients;
  }
  if (some_unavailable_) mark_unavailable();
  for (; failed_on != 0; failed_on &= failed_on - 1) {
    const auto node = static_cast<std::size_t>(std::countr_zero(failed_on));
    if (node < loads_.size()) loads_[node] = route::load_unavailable;
  }
  return loads_;
}

void Shard::mark_unavailable() {
  const auto at = now();
  some_unavailable_ = false;
  for (std::size_t node = 0; node < loads_.size(); ++node) {
    if (unavailable_until_[node] <= at) continue;
    loads_[node] = route::load_unavailable;
    some_unavailable_ = true;
  }
}

}  // namespace relevo::net

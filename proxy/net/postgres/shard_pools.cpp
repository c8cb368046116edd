// A shard's server connections: lent, waited for, opened, moved, closed.
#include <algorithm>

#include "proxy/net/postgres/client_session.hpp"
#include "proxy/net/postgres/shard.hpp"

namespace relevo::net::postgres {
namespace {

constexpr auto retry_interval = std::chrono::milliseconds(50);
// A node that could not be connected to gets no reads for this long.
constexpr auto unavailable_time = std::chrono::milliseconds(500);

model::Instant now() { return std::chrono::steady_clock::now(); }

}  // namespace

Shard::Pool& Shard::pool(const PoolKey& key) {
  auto found = pools_.find(key);
  if (found == pools_.end()) {
    found = pools_
                .emplace(key, Pool{.key = key,
                                   .shared = cluster_->pool(key),
                                   .idle = {},
                                   .all = {},
                                   .waiting = {}})
                .first;
  }
  return found->second;
}

Shard::Acquired Shard::acquire(ClientSession& session, const PoolKey& key) {
  Pool& from = pool(key);
  if (!from.idle.empty() && !from.shared->waiting()) {
    ServerPtr server = std::move(from.idle.back());
    from.idle.pop_back();
    return {.server = std::move(server)};
  }
  if (!from.shared->enqueue({worker_.index(), session.ticket()})) return {.refused = true};
  from.waiting.push_back(session.ticket());
  // Not from within the session's own call: it may be served at once.
  worker_.post([this, key] { pump(pool(key)); });
  return {};
}

void Shard::stop_waiting(Ticket ticket, const PoolKey& key) {
  Pool& from = pool(key);
  std::erase(from.waiting, ticket);
  from.shared->remove({worker_.index(), ticket});
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

void Shard::pump(Pool& pool) {
  while (!pool.idle.empty() && pool.shared->waiting()) {
    ServerPtr server = std::move(pool.idle.back());
    pool.idle.pop_back();
    offer(pool, std::move(server));
  }
  if (pool.retry != 0) return;
  bool asked = false;
  while (pool.waiting.size() > pool.connecting) {
    if (open_one(pool)) continue;
    if (!asked && peers_.count > 1) {
      // At the limit: another worker may have one to spare.
      call_others([key = pool.key](Shard& shard) {
        if (const auto found = shard.pools_.find(key); found != shard.pools_.end()) {
          Pool& theirs = found->second;
          while (!theirs.idle.empty() && theirs.shared->waiting()) {
            ServerPtr server = std::move(theirs.idle.back());
            theirs.idle.pop_back();
            shard.offer(theirs, std::move(server));
          }
        }
      });
    }
    break;
  }
}

bool Shard::open_one(Pool& pool) {
  if (!may_connect(pool.key.node)) {
    retry_later(pool);
    return false;
  }
  if (!pool.shared->try_open()) return false;
  auto server = std::make_shared<ServerConnection>(worker_, *this, pool.key);
  pool.all.push_back(server);
  ++pool.connecting;
  ++traffic_.nodes[pool.key.node].connects;
  server->open(*settings_, cluster_->credentials(pool.key.user), epoch(),
               now() + settings_->config.pool.connect_timeout);
  return true;
}

void Shard::offer(Pool& pool, ServerPtr server) {
  while (true) {
    if (!server->usable()) return;
    const auto first = pool.shared->take_first();
    if (!first) {
      pool.idle.push_back(std::move(server));
      return;
    }
    if (first->worker != worker_.index()) {
      if (server->blocked()) {  // cannot move yet; somebody else's turn comes with the next one
        pool.shared->put_back(*first);
        pool.idle.push_back(std::move(server));
        return;
      }
      std::erase(pool.all, server);
      auto handover = std::make_shared<ServerHandover>(server->detach());
      peers_.call(first->worker, [handover, ticket = first->ticket](Shard& shard) {
        shard.receive(handover, ticket);
      });
      return;
    }
    std::erase(pool.waiting, first->ticket);
    const auto found = sessions_.find(first->ticket);
    if (found == sessions_.end()) continue;
    const auto session = found->second;
    session->on_server(std::move(server));
    return;
  }
}

void Shard::receive(std::shared_ptr<ServerHandover> handover, Ticket ticket) {
  Pool& to = pool(handover->key);
  auto server = std::make_shared<ServerConnection>(worker_, *this, std::move(*handover));
  server->start_idle();
  to.all.push_back(server);
  std::erase(to.waiting, ticket);
  if (outdated(*server)) return server->close();
  if (const auto found = sessions_.find(ticket); found != sessions_.end()) {
    const auto session = found->second;
    if (session->waits_for(to.key)) return session->on_server(std::move(server));
  }
  offer(to, std::move(server));
}

void Shard::give_back(ServerPtr server) {
  if (!server->usable()) return;
  if (server->cancels_under_way > 0) return;  // comes back when the cancel is over
  const auto age = now() - server->opened_at();
  if (outdated(*server) || age > settings_->config.pool.max_lifetime ||
      !may_connect(server->key().node) || draining_) {
    return server->close();
  }
  Pool& home = pool(server->key());
  offer(home, std::move(server));
}

void Shard::on_opened(const ServerPtr& server) {
  Pool& from = pool(server->key());
  --from.connecting;
  unavailable_until_[server->key().node] = {};
  give_back(server);
}

void Shard::on_open_failed(const ServerPtr& server, const OpenFailure& failure) {
  const model::NodeId node = server->key().node;
  Pool& from = pool(server->key());
  --from.connecting;
  std::erase(from.all, server);
  from.shared->closed();
  ++traffic_.nodes[node].connect_failures;
  const bool busy = failure.error.code == "53300" || failure.error.code.starts_with("57P");
  if (failure.network == ConnectFailure::none && !busy) {
    // The server said no to this user or database: waiting longer won't help.
    const auto refused = std::exchange(from.waiting, {});
    for (const Ticket ticket : refused) {
      from.shared->remove({worker_.index(), ticket});
      if (const auto found = sessions_.find(ticket); found != sessions_.end()) {
        const auto session = found->second;
        session->on_server_refused(failure.error);
      }
    }
    return;
  }
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
  retry_later(from);
  // Reads have other places to go to.
  const auto waiting = from.waiting;
  for (const Ticket ticket : waiting) {
    if (const auto found = sessions_.find(ticket); found != sessions_.end()) {
      const auto session = found->second;
      session->on_node_unavailable();
    }
  }
}

void Shard::retry_later(Pool& pool) {
  if (pool.retry != 0) return;
  pool.retry = worker_.deadlines().set(now() + retry_interval, [this, key = pool.key] {
    if (const auto found = pools_.find(key); found != pools_.end()) {
      found->second.retry = 0;
      pump(found->second);
    }
  });
}

void Shard::on_closed(const ServerPtr& server, bool reset) {
  Pool& from = pool(server->key());
  std::erase(from.idle, server);
  std::erase(from.all, server);
  from.shared->closed();
  if (reset) {
    ++traffic_.nodes[server->key().node].resets;
    cluster_->ports.signal(server->key().node, model::TrafficSignal::connection_reset);
  }
  if (from.shared->waiting()) {
    worker_.post([this, key = from.key] { pump(pool(key)); });
    call_others([key = from.key](Shard& shard) {
      if (const auto found = shard.pools_.find(key); found != shard.pools_.end()) {
        shard.pump(found->second);
      }
    });
  }
}

void Shard::call_others(const std::function<void(Shard&)>& call) {
  for (std::uint32_t other = 0; other < peers_.count; ++other) {
    if (other != worker_.index()) peers_.call(other, call);
  }
}

std::span<const std::uint32_t> Shard::loads() {
  const auto at = now();
  for (std::size_t node = 0; node < loads_.size(); ++node) {
    loads_[node] =
        unavailable_until_[node] > at ? route::load_unavailable : traffic_.nodes[node].clients;
  }
  return loads_;
}

}  // namespace relevo::net::postgres

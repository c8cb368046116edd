#include "proxy/net/postgres/shard.hpp"

#include <openssl/crypto.h>
#include <unistd.h>

#include <algorithm>

#include "proxy/net/postgres/cancel_request.hpp"
#include "proxy/net/postgres/client_session.hpp"

namespace relevo::net::postgres {
namespace {

constexpr auto retry_interval = std::chrono::milliseconds(50);
constexpr auto sweep_interval = std::chrono::seconds(1);
// A node that could not be connected to gets no reads for this long.
constexpr auto unavailable_time = std::chrono::milliseconds(500);
constexpr std::size_t prepared_cache_bytes = 8U << 20;
constexpr Ticket ticket_limit = 1U << 24;  // fits a cancel pid beside the worker's number

model::Instant now() { return std::chrono::steady_clock::now(); }

}  // namespace

Shard::Shard(Worker& worker, std::shared_ptr<SharedCluster> cluster, Peers peers,
             std::string mock_secret)
    : worker_(worker),
      cluster_(std::move(cluster)),
      peers_(std::move(peers)),
      mock_secret_(std::move(mock_secret)),
      settings_(cluster_->settings()),
      prepared_table_(std::uint64_t{worker.index()} << 48, prepared_cache_bytes) {
  const std::size_t nodes = settings_->config.nodes.size();
  loads_.resize(nodes);
  unavailable_until_.resize(nodes);
  traffic_.nodes.resize(nodes);
  sweep_deadline_ = worker_.deadlines().set(now() + sweep_interval, [this] { sweep(); });
}

Shard::~Shard() { worker_.deadlines().clear(sweep_deadline_); }

// -- sessions ----------------------------------------------------------------------

void Shard::accept(int fd, bool unix_socket, std::string address) {
  do {
    next_ticket_ = next_ticket_ + 1 < ticket_limit ? next_ticket_ + 1 : 1;
  } while (sessions_.contains(next_ticket_));
  const bool room = !draining_ && cluster_->enter();
  auto session = std::make_shared<ClientSession>(*this, next_ticket_, room);
  sessions_.emplace(next_ticket_, session);
  ++traffic_.clients_total;
  session->start(fd, unix_socket, std::move(address));
}

void Shard::session_ended(Ticket ticket) {
  std::erase(held_, ticket);
  const auto found = sessions_.find(ticket);
  if (found == sessions_.end()) return;
  if (found->second->counted()) cluster_->leave();
  // Its own call stack may be on top of us.
  worker_.post([session = std::move(found->second)] {});
  sessions_.erase(found);
}

void Shard::begin_drain() {
  draining_ = true;
  std::vector<std::shared_ptr<ClientSession>> all;
  for (const auto& [ticket, session] : sessions_) all.push_back(session);
  for (const auto& session : all) session->end_when_idle();
}

void Shard::end_sessions() {
  std::vector<std::shared_ptr<ClientSession>> all;
  for (const auto& [ticket, session] : sessions_) all.push_back(session);
  for (const auto& session : all) session->end("57P01", "Relevo is shutting down");
}

void Shard::hold(Ticket ticket) {
  held_.push_back(ticket);
  ++traffic_.held;
}

void Shard::wake_held() {
  const auto held = std::exchange(held_, {});
  for (const Ticket ticket : held) {
    if (const auto found = sessions_.find(ticket); found != sessions_.end()) {
      const auto session = found->second;
      session->on_view_changed();
    }
  }
}

// -- pools ---------------------------------------------------------------------------

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

// -- the View --------------------------------------------------------------------------

void Shard::apply_settings(ClusterSettingsPtr settings) { settings_ = std::move(settings); }

void Shard::apply(model::ViewPtr view) {
  if (view_ != nullptr && view->sequence <= view_->sequence) return;
  const model::ViewPtr before = std::exchange(view_, std::move(view));
  drop_former_primary(before.get());
  drop_unwanted_nodes();
  if (before != nullptr && before->primary != view_->primary) cluster_->forget_welcomes();
  wake_held();
  acknowledge();
}

bool Shard::outdated(const ServerConnection& server) const {
  // A connection made while its node was the primary of an older epoch.
  return view_ != nullptr && server.epoch() < view_->epoch && view_->primary != server.key().node &&
         view_->nodes[server.key().node].role != model::Role::replica;
}

void Shard::drop_former_primary(const model::View* before) {
  if (before == nullptr || !before->primary) return;
  const model::NodeId former = *before->primary;
  const bool kept = view_->primary == former && view_->epoch == before->epoch &&
                    view_->gate != model::PrimaryGate::closed;
  if (kept) return;
  for (auto& [key, pool] : pools_) {
    if (key.node != former) continue;
    const auto all = pool.all;
    for (const ServerPtr& server : all) {
      const auto found = sessions_.find(server->session_ticket);
      if (server->state() == ServerConnection::State::lent && found != sessions_.end()) {
        const auto session = found->second;
        session->on_primary_gone();
      } else {
        server->close();
      }
    }
  }
}

void Shard::drop_unwanted_nodes() {
  for (auto& [key, pool] : pools_) {
    if (may_connect(key.node)) continue;
    const auto idle = pool.idle;
    for (const ServerPtr& server : idle) server->close();
    const auto waiting = pool.waiting;
    for (const Ticket ticket : waiting) {
      if (const auto found = sessions_.find(ticket); found != sessions_.end()) {
        const auto session = found->second;
        session->on_node_unavailable();
      }
    }
  }
}

std::uint32_t Shard::transactions_on_primary() const {
  if (view_ == nullptr || !view_->primary) return 0;
  std::uint32_t count = 0;
  for (const auto& [key, pool] : pools_) {
    if (key.node != *view_->primary) continue;
    for (const ServerPtr& server : pool.all) {
      if (server->state() == ServerConnection::State::lent && !server->clean()) ++count;
    }
  }
  return count;
}

void Shard::acknowledge() {
  peers_.applied(worker_.index(), view_->sequence, view_->epoch, transactions_on_primary());
}

void Shard::note_primary_idle() {
  if (view_ != nullptr && view_->gate == model::PrimaryGate::draining) acknowledge();
}

// -- cancel ----------------------------------------------------------------------------

void Shard::cancel_elsewhere(std::uint32_t pid, const std::string& key) {
  ++traffic_.cancels;
  const std::uint32_t worker = pid >> 24;
  if (worker >= peers_.count) return;
  peers_.call(worker, [pid, key](Shard& shard) { shard.cancel(pid, key); });
}

void Shard::cancel(std::uint32_t pid, const std::string& key) {
  const auto found = sessions_.find(pid & (ticket_limit - 1));
  if (found == sessions_.end()) return;
  const std::string& expected = found->second->cancel_key();
  if (expected.empty() || key.size() != expected.size() ||
      CRYPTO_memcmp(key.data(), expected.data(), key.size()) != 0) {
    return;
  }
  const ServerPtr server = found->second->server();
  if (server == nullptr || server->exchange.idle()) {
    found->second->cancel_wait();
    return;
  }
  auto request = std::make_shared<CancelRequest>(worker_, server);
  cancels_.push_back(request);
  request->start(*settings_, [this](CancelRequest& done) {
    const ServerPtr was = done.server();
    std::erase_if(cancels_, [&](const auto& one) { return one.get() == &done; });
    // Its session may be through with it meanwhile.
    if (was->cancels_under_way == 0 && was->state() == ServerConnection::State::idle) {
      give_back(was);
    }
  });
}

// -- housekeeping ------------------------------------------------------------------------

void Shard::sweep() {
  const auto at = now();
  const config::Pool& limits = settings_->config.pool;
  for (auto& [key, pool] : pools_) {
    const auto idle = pool.idle;
    for (const ServerPtr& server : idle) {
      if (at - server->idle_since() > limits.idle_timeout ||
          at - server->opened_at() > limits.max_lifetime || outdated(*server)) {
        server->close();
      }
    }
  }
  std::erase_if(pools_, [&](const auto& entry) {
    return entry.second.all.empty() && entry.second.waiting.empty() && entry.second.retry == 0;
  });
  sweep_deadline_ = worker_.deadlines().set(at + sweep_interval, [this] { sweep(); });
}

void Shard::report(std::vector<session::PoolRow>& pools, std::vector<session::ClientRow>& clients,
                   std::vector<session::ServerRow>& servers) const {
  const auto at = now();
  const auto seconds = [&](model::Instant since) {
    return std::chrono::duration<double>(at - since).count();
  };
  const auto& nodes = settings_->config.nodes;
  for (const auto& [key, pool] : pools_) {
    session::PoolRow row;
    row.node = nodes[key.node].name;
    row.user = key.user;
    row.database = key.database;
    row.connecting = pool.connecting;
    row.idle = static_cast<std::uint32_t>(pool.idle.size());
    row.active = static_cast<std::uint32_t>(pool.all.size()) - row.idle - row.connecting;
    row.waiting = static_cast<std::uint32_t>(pool.waiting.size());
    row.size = pool.shared->size();
    for (const Ticket ticket : pool.waiting) {
      if (const auto found = sessions_.find(ticket); found != sessions_.end()) {
        row.longest_wait_ms = std::max(row.longest_wait_ms, found->second->report().wait_ms);
      }
    }
    pools.push_back(std::move(row));
    for (const ServerPtr& server : pool.all) {
      session::ServerRow line;
      line.node = nodes[key.node].name;
      line.user = key.user;
      line.database = key.database;
      switch (server->state()) {
        case ServerConnection::State::idle:
          line.state = "idle";
          break;
        case ServerConnection::State::lent:
          line.state = "active";
          break;
        default:
          line.state = "connecting";
          break;
      }
      if (server->session_ticket != 0) {
        line.client =
            std::to_string(worker_.index()) + "." + std::to_string(server->session_ticket);
      }
      line.backend_pid = server->backend_pid();
      line.age_s = seconds(server->opened_at());
      line.prepared_statements = static_cast<std::uint32_t>(server->statements.size());
      line.tls = server->is_tls();
      servers.push_back(std::move(line));
    }
  }
  for (const auto& [ticket, session] : sessions_) clients.push_back(session->report());
}

session::Traffic Shard::traffic_report() const {
  session::Traffic report = traffic_;
  report.clients_connected = sessions_.size();
  for (session::NodeTraffic& node : report.nodes) node.servers = 0;
  for (const auto& [key, pool] : pools_) {
    report.nodes[key.node].servers += static_cast<std::uint32_t>(pool.all.size());
  }
  return report;
}

}  // namespace relevo::net::postgres

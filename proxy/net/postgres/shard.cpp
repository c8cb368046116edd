#include "proxy/net/postgres/shard.hpp"

#include <openssl/crypto.h>
#include <unistd.h>

#include <algorithm>

#include "proxy/net/postgres/cancel_request.hpp"
#include "proxy/net/postgres/client_session.hpp"

namespace relevo::net::postgres {
namespace {

constexpr auto sweep_interval = std::chrono::seconds(1);
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

void Shard::hold(Ticket ticket) { held_.push_back(ticket); }

void Shard::wake_held() {
  const auto held = std::exchange(held_, {});
  for (const Ticket ticket : held) {
    if (const auto found = sessions_.find(ticket); found != sessions_.end()) {
      const auto session = found->second;
      session->on_view_changed();
    }
  }
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

}  // namespace relevo::net::postgres

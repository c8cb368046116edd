#include "proxy/net/shard.hpp"

#include <unistd.h>

#include <algorithm>

namespace relevo::net {
namespace {

constexpr auto sweep_interval = std::chrono::seconds(1);
// A function that wrote may be replaced by one that doesn't.
constexpr auto refused_for = std::chrono::hours(1);
constexpr int refusals_told_per_sweep = 10;

model::Instant now() { return std::chrono::steady_clock::now(); }

}  // namespace

Shard::Shard(Worker& worker, std::shared_ptr<SharedCluster> cluster, Peers peers)
    : worker_(worker),
      cluster_(std::move(cluster)),
      peers_(std::move(peers)),
      settings_(cluster_->settings()) {
  const std::size_t nodes = settings_->config.nodes.size();
  loads_.resize(nodes);
  unavailable_until_.resize(nodes);
  traffic_.nodes.resize(nodes);
  refusals_to_tell_ = refusals_told_per_sweep;
  sweep_deadline_ = worker_.deadlines().set(now() + sweep_interval, [this] { sweep(); });
}

Shard::~Shard() { worker_.deadlines().clear(sweep_deadline_); }

template <typename F>
void Shard::for_each_pool(F call) {
  for (auto& [name, pools] : pools_) {
    for (ServerPool& pool : pools->all()) call(pool);
  }
}

// -- sessions ----------------------------------------------------------------------

void Shard::accept(int fd, bool unix_socket, std::string address) {
  do {
    next_ticket_ = next_ticket_ + 1 < ticket_limit ? next_ticket_ + 1 : 1;
  } while (sessions_.contains(next_ticket_));
  const bool room = !draining_ && cluster_->enter();
  const auto session = make_session(next_ticket_, room);
  sessions_.emplace(next_ticket_, session);
  ++traffic_.clients_total;
  session->start(fd, unix_socket, std::move(address));
}

std::shared_ptr<SessionLink> Shard::find_session(Ticket ticket) const {
  const auto found = sessions_.find(ticket);
  return found == sessions_.end() ? nullptr : found->second;
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
  std::vector<std::shared_ptr<SessionLink>> all;
  for (const auto& [ticket, session] : sessions_) all.push_back(session);
  for (const auto& session : all) session->end_when_idle();
}

void Shard::end_sessions() {
  std::vector<std::shared_ptr<SessionLink>> all;
  for (const auto& [ticket, session] : sessions_) all.push_back(session);
  for (const auto& session : all) session->end_now();
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
  leave_lost_replicas(before.get());
  if (before != nullptr && before->primary != view_->primary) on_primary_changed();
  wake_held();
  acknowledge();
}

bool Shard::outdated(const ServerLink& server) const {
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
  for_each_pool([&](ServerPool& pool) {
    if (pool.key.node != former) return;
    const auto all = pool.all;
    for (const ServerLinkPtr& server : all) {
      const auto found = sessions_.find(server->session_ticket);
      if (server->state() == ServerLink::State::lent && found != sessions_.end()) {
        const auto session = found->second;
        session->on_primary_gone();
      } else {
        server->close();
      }
    }
  });
}

void Shard::drop_unwanted_nodes() {
  for_each_pool([&](ServerPool& pool) {
    if (may_connect(pool.key.node)) return;
    const auto idle = pool.idle;
    for (const ServerLinkPtr& server : idle) server->close();
    tell_unavailable(pool);
  });
}

// A replica that hangs answers nothing, and closes nothing either. What waits for its
// first answer may as well be asked of another.
void Shard::leave_lost_replicas(const model::View* before) {
  const auto lost = [](const model::NodeView& node) {
    return node.state == model::NodeState::down && (node.verdict == model::Verdict::dead ||
                                                    node.verdict == model::Verdict::hung ||
                                                    node.verdict == model::Verdict::unreachable);
  };
  if (before == nullptr) return;
  for (model::NodeId node = 0; node < view_->nodes.size(); ++node) {
    if (node == view_->primary || !lost(view_->nodes[node]) || lost(before->nodes[node])) continue;
    for_each_pool([&](ServerPool& pool) {
      if (pool.key.node != node) return;
      const auto all = pool.all;
      for (const ServerLinkPtr& server : all) {
        const auto found = sessions_.find(server->session_ticket);
        if (server->state() != ServerLink::State::lent || found == sessions_.end()) continue;
        const auto session = found->second;
        session->on_replica_lost(*server);
      }
    });
  }
}

std::uint32_t Shard::transactions_on_primary() const {
  if (view_ == nullptr || !view_->primary) return 0;
  std::uint32_t count = 0;
  for (const auto& [name, pools] : pools_) {
    for (const ServerLinkPtr& server : (*pools)[*view_->primary].all) {
      if (server->state() == ServerLink::State::lent && !server->clean()) ++count;
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

// -- what replicas refused ---------------------------------------------------------------

void Shard::note_refused(model::NodeId node, std::uint64_t shape, std::string text) {
  ++traffic_.misroutes;
  if (!refused_.add(shape, now())) return;
  call_others([shape](Shard& shard) { shard.refused_.add(shape, now()); });
  if (refusals_to_tell_ == 0 || !cluster_->ports.misrouted) return;
  --refusals_to_tell_;
  cluster_->ports.misrouted(node, std::move(text));
}

// -- housekeeping ------------------------------------------------------------------------

void Shard::sweep() {
  const auto at = now();
  const config::Pool& limits = settings_->config.pool;
  retire_before_ = at - limits.max_lifetime;
  refused_.forget_before(at - refused_for);
  refusals_to_tell_ = refusals_told_per_sweep;
  unreplicated_told_ = false;
  for_each_pool([&](ServerPool& pool) {
    const auto idle = pool.idle;
    for (const ServerLinkPtr& server : idle) {
      if (at - server->idle_since() > limits.idle_timeout || server->opened_at() < retire_before_ ||
          outdated(*server)) {
        server->close();
      }
    }
  });
  std::erase_if(pools_, [](const auto& entry) {
    const auto& pools = entry.second;
    return pools.use_count() == 1 &&
           std::none_of(pools->all().begin(), pools->all().end(),
                        [](const ServerPool& pool) { return pool.in_use(); });
  });
  sweep_deadline_ = worker_.deadlines().set(at + sweep_interval, [this] { sweep(); });
}

}  // namespace relevo::net

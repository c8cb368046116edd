#include "failover/decide/sync_settings.hpp"

#include <algorithm>

#include "topology/model/sync_rule.hpp"

namespace relevo::decide {
namespace {

using model::NodeId;
using model::NodeStatus;

constexpr auto for_ever = std::chrono::hours(1);

// The primary's account, if this is a time for changing anything.
const NodeStatus* primary_to_set(const Facts& f) {
  const bool wanted = f.policy.durability == Durability::quorum && f.policy.manages_quorum;
  if (!wanted || !f.may_act() || f.state.phase != Phase::steady || !f.state.primary) return nullptr;
  const auto& assessment = f.state.evidence[*f.state.primary].assessment;
  if (assessment.suspect || !f.says_primary(*f.state.primary)) return nullptr;
  const bool one_under_way =
      std::any_of(f.state.pending.begin(), f.state.pending.end(), [](const PendingAction& pending) {
        return std::holds_alternative<SetQuorum>(pending.action.task);
      });
  return one_under_way ? nullptr : f.answer(*f.state.primary);
}

bool may_be_set(const Facts& f, NodeId node) {
  return !f.has_pending(node) && f.now >= f.state.nodes[node].settings_retry_at;
}

// A replica of this primary's that is well enough to be told something.
const NodeStatus* follower(const Facts& f, NodeId node) {
  if (node == f.state.primary || f.is_outsider(node) || f.state.nodes[node].needs_repoint) {
    return nullptr;
  }
  return f.says_replica(node) ? f.answer(node) : nullptr;
}

bool is_connected(const NodeStatus& primary, const std::string& name) {
  return std::any_of(
      primary.downstreams.begin(), primary.downstreams.end(),
      [&](const auto& replica) { return model::same_name(replica.application_name, name); });
}

unsigned connected(const Facts& f, const NodeStatus& primary) {
  unsigned count = 0;
  for (NodeId node = 0; node < f.policy.nodes.size(); ++node) {
    if (node != f.state.primary && is_connected(primary, f.name(node))) ++count;
  }
  return count;
}

// --- PostgreSQL: one list, on whichever node; it binds the primary's commits.

bool list_falls_short(const Facts& f, const NodeStatus& status) {
  const auto rule = model::parse_sync_rule(status.synchronous_standbys);
  return !rule || rule->count < f.policy.acks || status.synchronous_commit == "off" ||
         status.synchronous_commit == "local";
}

std::optional<SetQuorum> next_list(const Facts& f, const NodeStatus& primary) {
  const auto task = [&](NodeId node) { return SetQuorum{.node = node, .acks = f.policy.acks}; };
  const bool short_of_it = list_falls_short(f, primary) || f.promised() < f.policy.acks;
  if (short_of_it && may_be_set(f, *f.state.primary) && connected(f, primary) >= f.policy.acks) {
    return task(*f.state.primary);
  }
  // Replicas as well: the first commit after a promotion waits.
  for (NodeId node = 0; node < f.state.nodes.size(); ++node) {
    const auto* status = follower(f, node);
    if (status != nullptr && list_falls_short(f, *status) && may_be_set(f, node)) return task(node);
  }
  return std::nullopt;
}

// --- MySQL and MariaDB: values that fit either side, and a switch for each.

bool values_fall_short(const Facts& f, const model::SemiSync& semi) {
  return semi.timeout < for_ever || !semi.waits_alone || !semi.waits_before_commit ||
         semi.acks_wanted < f.policy.acks;
}

bool acknowledges(const NodeStatus& replica) {
  return replica.semi_sync.replica_enabled && !replica.semi_sync.primary_enabled &&
         (replica.semi_sync.replica_active || replica.receiver != model::ReceiverState::streaming);
}

std::optional<SetQuorum> next_switch(const Facts& f, const NodeStatus& primary) {
  const auto task = [&](NodeId node, SyncSide side) {
    return SetQuorum{.node = node, .acks = f.policy.acks, .side = side};
  };
  const NodeId at = *f.state.primary;
  // MariaDB waits for one, whatever it is told.
  if (primary.flavor == model::Flavor::mariadb && f.policy.acks > 1) return std::nullopt;
  if (values_fall_short(f, primary.semi_sync)) {
    // Without it a replica's receiver finds nobody to acknowledge to.
    return may_be_set(f, at) ? std::optional(task(at, SyncSide::neither)) : std::nullopt;
  }
  unsigned ready = 0;
  for (NodeId node = 0; node < f.state.nodes.size(); ++node) {
    const auto* status = follower(f, node);
    if (status == nullptr) continue;
    if (!values_fall_short(f, status->semi_sync) && acknowledges(*status)) {
      ready += status->semi_sync.replica_active ? 1 : 0;
    } else if (may_be_set(f, node)) {
      return task(node, SyncSide::replica);
    }
  }
  const bool off = !primary.semi_sync.primary_enabled && !primary.read_only;
  if (off && ready >= f.policy.acks && may_be_set(f, at)) return task(at, SyncSide::primary);
  return std::nullopt;
}

}  // namespace

std::optional<SetQuorum> next_setting(const Facts& f) {
  const auto* primary = primary_to_set(f);
  if (primary == nullptr) return std::nullopt;
  return primary->flavor == model::Flavor::postgres ? next_list(f, *primary)
                                                    : next_switch(f, *primary);
}

std::optional<NodeId> misnamed_replica(const Facts& f) {
  const auto* primary = primary_to_set(f);
  if (primary == nullptr || primary->flavor != model::Flavor::postgres) return std::nullopt;
  if (f.promised() >= f.policy.acks || connected(f, *primary) >= f.policy.acks) return std::nullopt;
  const bool strangers = std::any_of(
      primary->downstreams.begin(), primary->downstreams.end(), [&](const auto& replica) {
        return std::none_of(f.policy.nodes.begin(), f.policy.nodes.end(), [&](const auto& node) {
          return model::same_name(replica.application_name, node.name);
        });
      });
  for (NodeId node = 0; strangers && node < f.state.nodes.size(); ++node) {
    if (follower(f, node) == nullptr || is_connected(*primary, f.name(node))) continue;
    const bool led = f.state.nodes[node].named_in == f.state.epoch;
    if (led || f.has_pending(node) || !f.retry_due(node)) continue;
    if (f.streams_from(node, *f.state.primary, f.state.primary_since)) return node;
  }
  return std::nullopt;
}

}  // namespace relevo::decide

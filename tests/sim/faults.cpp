// What goes wrong, and how it is made good at the end.
#include <algorithm>

#include "failover/decide/facts.hpp"
#include "tests/sim/world.hpp"

namespace relevo::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

void World::strike(const Fault& fault) {
  log("FAULT " + to_string(fault, policy_));
  const auto node = fault.node;
  auto& database = databases_[node];
  switch (fault.kind) {
    case FaultKind::crash:
      return crash(node);
    case FaultKind::crash_primary:
      if (proxies_[0].primary) crash(*proxies_[0].primary);
      return;
    case FaultKind::crash_candidate:
      if (state_.candidate) crash(*state_.candidate);
      return;
    case FaultKind::restart:
      crash(node);
      return restart(node);
    case FaultKind::pause:
      database.frozen = database.running;
      return;
    case FaultKind::pause_primary:
      if (proxies_[0].primary) {
        auto& primary = databases_[*proxies_[0].primary];
        primary.frozen = primary.running;
      }
      return;
    case FaultKind::thaw:
      return thaw(node);
    case FaultKind::unreachable:
      database.reachable = false;
      return;
    case FaultKind::mute:
      database.mute = true;
      return;
    case FaultKind::reachable:
      database.reachable = true;
      database.mute = false;
      return;
    case FaultKind::cut:
      cut_.insert({fault.other, node});
      cut_.insert({node, fault.other});
      return;
    case FaultKind::cut_one_way:
      cut_.insert({node, fault.other});
      return;
    case FaultKind::mend_links:
      return cut_.clear();
    case FaultKind::flaky_probes:
      database.flaky_until = now_ + fault.lasts;
      return;
    case FaultKind::lag_burst:
      database.lagging_until = now_ + fault.lasts;
      return;
    case FaultKind::disk_full:
    case FaultKind::slow_disk:
    case FaultKind::disk_well:
      return strike_disk(fault);
    case FaultKind::asynchronous:
    case FaultKind::synchronous:
      database.wait_for(fault.kind == FaultKind::synchronous ? policy_.acks : 0, now_);
      return;
    case FaultKind::promoted_by_hand:
    case FaultKind::made_writable:
      return strike_by_hand(fault);
    default:
      return strike_relevo(fault);
  }
}

void World::strike_disk(const Fault& fault) {
  auto& database = databases_[fault.node];
  database.disk_full = fault.kind == FaultKind::disk_full;
  database.slow_disk = fault.kind == FaultKind::slow_disk;
}

void World::strike_by_hand(const Fault& fault) {
  auto& database = databases_[fault.node];
  if (database.primary || !answers(fault.node)) return;
  well_since_ = now_;
  if (fault.kind == FaultKind::promoted_by_hand) {
    database.primary = true;
    ++database.timeline;
    database.upstream.reset();
    database.read_only = database.receiver_stopped = false;
    database.applied = database.log.size();
    return;
  }
  database.read_only = false;
  if (schedule_.hands_on) write(fault.node);
}

void World::strike_relevo(const Fault& fault) {
  switch (fault.kind) {
    case FaultKind::slow_proxy:
      proxies_[fault.node % proxies_.size()].slow_until = now_ + fault.lasts;
      return;
    case FaultKind::relevo_restarts:
      return relevo_restarts();
    case FaultKind::relevo_dies:
      doomed_ = true;
      return;
    case FaultKind::lease_lost:
      return feed(decide::LeaseLost{});
    case FaultKind::command: {
      const auto node = fault.names_node ? std::optional(fault.node) : std::nullopt;
      return order(fault.command, node, fault.allow_data_loss);
    }
    default:
      return;
  }
}

void World::heal() {
  log("HEAL");
  healing_ = true;
  cut_.clear();
  doomed_ = false;
  for (auto& proxy : proxies_) proxy.slow_until = {};
  // Either all come back, or the primary on record stays dead and the others have
  // to do without it.
  if (policy_.mode == decide::Mode::automatic && !schedule_.hands_on &&
      schedule_.primary_stays_dead) {
    const auto primary = state_.primary ? state_.primary : state_.last_primary;
    const decide::Facts facts{state_, policy_, now_};
    for (NodeId node = 0; node < databases_.size(); ++node) {
      const bool successor = primary && node != primary && !databases_[node].primary &&
                             is_contained(databases_[node], databases_[*primary]) &&
                             databases_[node].upstream == primary && !facts.is_outsider(node) &&
                             !policy_.nodes[node].never_promote;
      if (successor) dead_for_good_ = primary;
    }
  }
  for (NodeId node = 0; node < databases_.size(); ++node) {
    auto& database = databases_[node];
    database.reachable = true;
    database.mute = database.disk_full = database.slow_disk = false;
    if (policy_.durability == decide::Durability::quorum && !restores_quorum()) {
      database.wait_for(policy_.acks, now_);
    }
    database.flaky_until = database.lagging_until = {};
    if (node == dead_for_good_) {
      crash(node);
      continue;
    }
    restart(node);
  }
  order(decide::CommandKind::resume, std::nullopt, false);
  order(decide::CommandKind::acknowledge, std::nullopt, false);
  for (NodeId node = 0; node < databases_.size(); ++node) {
    order(decide::CommandKind::maintenance_off, node, false);
  }
  // What is ambiguous stays so until an operator decides: after 30 s one does.
  for (int attempt = 0; attempt < 5; ++attempt) {
    after(seconds(30 + 8 * attempt), [this, attempt] { operator_decides(attempt); });
  }
}

void World::order(decide::CommandKind kind, std::optional<NodeId> node, bool allow_data_loss) {
  const decide::OperatorCommand command{next_command_++, kind, node, allow_data_loss};
  open_commands_[command.id] = command;
  if (kind == decide::CommandKind::acknowledge) automatic_failovers_ = 0;
  feed(command);
}

// The old primary's word first, then anyone's.
void World::operator_decides(int attempt) {
  if (state_.phase != decide::Phase::held) return;
  const decide::Facts facts{state_, policy_, now_};
  std::optional<NodeId> claimant;
  for (NodeId node = 0; node < databases_.size(); ++node) {
    if (facts.says_primary(node)) claimant = node;
  }
  if (state_.last_primary && facts.says_primary(*state_.last_primary)) {
    claimant = state_.last_primary;
  }
  log("OPERATOR decides: " + state_.reason);
  if (policy_.mode == decide::Mode::off) {
    // Relevo only follows: whoever manages this cluster ends all primaries but one.
    for (NodeId node = 0; node < databases_.size(); ++node) {
      if (claimant && node != *claimant && facts.says_primary(node)) crash(node);
    }
    return;
  }
  for (NodeId node = 0; node < databases_.size(); ++node) {
    const bool able = dead_for_good_ && policy_.durability == decide::Durability::async &&
                      policy_.loss_bytes_max > (1U << 20) && facts.says_replica(node) &&
                      !facts.is_outsider(node) && !policy_.nodes[node].never_promote &&
                      !state_.nodes[node].lost_received && !has_errant(node) &&
                      (!gtid_ || state_.primary_told);  // else nothing tells whose is whose
    if (able && !operator_decided_) violate("a failover needed an operator: " + state_.reason);
  }
  operator_decided_ = true;
  order(decide::CommandKind::failover, attempt < 4 ? claimant : std::nullopt, true);
}

}  // namespace relevo::sim

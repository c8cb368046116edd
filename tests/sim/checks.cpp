// What must hold whatever goes wrong.
#include <algorithm>

#include "failover/decide/distance.hpp"
#include "failover/decide/facts.hpp"
#include "tests/sim/world.hpp"

namespace relevo::sim {

using std::chrono::seconds;

void World::violate(std::string what) {
  if (!outcome_.violation.empty()) return;
  outcome_.violation = std::move(what);
  log("VIOLATION " + outcome_.violation);
  for (NodeId node = 0; node < databases_.size(); ++node) {
    const auto& database = databases_[node];
    const auto& record = state_.nodes[node];
    const auto& assessment = state_.evidence[node].assessment;
    log("  " + policy_.nodes[node].name + (database.primary ? " primary" : " replica") +
        (database.running ? "" : " down") + (database.read_only ? " read-only" : "") +
        " timeline " + std::to_string(database.timeline) + " end " +
        std::to_string(database.end()) + " follows " +
        (database.upstream ? policy_.nodes[*database.upstream].name : "nobody") +
        (record.needs_repoint ? ", to be repointed" : "") + (record.diverged ? ", diverged" : "") +
        (record.quarantined ? ", quarantined" : "") +
        (record.former_primary != 0 ? ", former primary" : "") + ": " +
        std::string(model::to_string(assessment.verdict)) + " " + assessment.reason);
  }
}

void World::check_step(const Settled& before, const decide::Decision& decision) {
  if (state_.epoch < before.epoch) violate("the epoch fell");
  if (decision.rule == 0 && settled() != before) violate("a step without a rule changed something");
  for (const auto& action : decision.actions) {
    if (const auto* promote = std::get_if<decide::Promote>(&action.task)) {
      check_promotion(promote->node);
    }
  }
  check_flaps(decision.rule);
}

// Rule numbers are stable: docs/rules.md.
void World::check_flaps(int rule) {
  constexpr int begins = 203, tried_again = 406, becomes_failover = 301, asked = 614;
  constexpr int promoted = 230, verified = 240, late = 402;
  constexpr auto hiccup = seconds(3);
  if (state_.forced) operator_decided_ = true;
  if (rule == begins || rule == tried_again) {
    automatic_ = true;
    if (now_ - well_since_ >= hiccup) violate("a failover although all has been well for seconds");
  } else if (rule == asked || rule == becomes_failover) {
    automatic_ = false;
  } else if (rule == promoted || rule == verified || rule == late) {
    if (automatic_ && ++automatic_failovers_ > policy_.failovers_max) {
      violate("one more failover than the brake allows");
    }
    automatic_ = false;
  }
}

void World::watch_wellbeing() {
  bool well = cut_.empty() && state_.primary && state_.phase == decide::Phase::steady;
  for (NodeId node = 0; well && node < databases_.size(); ++node) {
    const auto& database = databases_[node];
    well = answers(node) && !database.mute && !database.disk_full &&
           (node == state_.primary ? database.primary
                                   : database.streaming && database.upstream == state_.primary);
  }
  if (!well) well_since_ = now_;
}

// Two nodes that take what different proxies send them.
void World::check_writable() {
  std::optional<NodeId> found;
  for (const auto& proxy : proxies_) {
    if (!proxy.primary) continue;
    const auto& database = databases_[*proxy.primary];
    if (!database.primary || database.read_only || !answers(*proxy.primary)) continue;
    if (found && found != proxy.primary) violate("clients reach two writable primaries");
    found = proxy.primary;
  }
}

// By what really is there: the history that was seen of the last primary and that the
// candidate lacks is within what the policy allows.
void World::check_loss(NodeId candidate) {
  if (policy_.durability != decide::Durability::async || state_.forced) return;
  const auto has = status_of(candidate).received;
  if (!state_.primary_position.known() || has.covers(state_.primary_position)) return;
  const auto lost = decide::distance(has, state_.primary_position);
  if (lost && lost->weight_bytes(policy_.bytes_per_transaction) > policy_.loss_bytes_max) {
    violate("a failover loses " + lost->in_words() + ", more than max_loss");
  }
}

// The last primary had said that its commits wait for too few: what it acknowledged
// since then must not get lost by a promotion that nobody answers for.
void World::check_promise(NodeId candidate) {
  if (policy_.durability != decide::Durability::quorum || state_.forced) return;
  if (!state_.promise_seen || !state_.last_primary) return;
  const auto old = *state_.last_primary;
  const auto& primary = databases_[old];
  if (primary.acks >= policy_.acks || *state_.promise_seen < primary.acks_since) return;
  const auto& log = databases_[candidate].log;
  for (const auto& write : acknowledged_) {
    const bool kept =
        std::any_of(log.begin(), log.end(), [&](const Write& one) { return one.id == write.id; });
    if (write.node == old && !kept) {
      violate("promoted in quorum mode, without a word of the primary that its commits waited");
    }
  }
}

// Its commits wait for as many as they should again. What it acknowledged before, and
// had said so, must be there all the same where the promotion claims that nothing is lost.
void World::check_coverage(NodeId candidate) {
  if (policy_.durability != decide::Durability::quorum || operator_decided_) return;
  if (!state_.last_primary) return;
  const auto& log = databases_[candidate].log;
  for (const auto& write : acknowledged_) {
    if (write.node != *state_.last_primary || write.promised || write.at < state_.primary_since ||
        !confessed_.contains({write.node, write.acks_changes})) {
      continue;
    }
    const bool kept =
        std::any_of(log.begin(), log.end(), [&](const Write& one) { return one.id == write.id; });
    if (!kept) violate("promoted in quorum mode, without a write from before commits waited");
  }
}

void World::check_promotion(NodeId node) {
  const auto& record = state_.nodes[node];
  state_.switchover ? ++outcome_.switchovers : ++outcome_.failovers;
  for (const auto& proxy : proxies_) {
    if (proxy.primary) violate("promotion while a proxy still writes to a primary");
  }
  if (!state_.lease_held) violate("promotion without the lease");
  if (record.maintenance) violate("promotion of a node in maintenance");
  if (policy_.nodes[node].never_promote) violate("promotion of a never_promote node");
  if (record.former_primary != 0) violate("promotion of a quarantined node");
  for (const auto other : told_to_promote_) {
    const auto& doubtful = databases_[other];
    if (other != node && !named_outsider(other) && doubtful.primary && doubtful.running &&
        !doubtful.frozen && now_ - doubtful.started > seconds(1)) {
      violate("a second node is promoted while the first one is primary");
    }
  }
  told_to_promote_.insert(node);
  if (state_.switchover) {
    const auto& old = databases_[*state_.last_primary];
    if (!old.read_only) violate("switchover beside a primary that takes writes");
    if (!is_contained(old, databases_[node])) violate("switchover loses writes");
    return;
  }
  check_loss(node);
  check_promise(node);
  check_coverage(node);
  // Tried again: whom to choose was decided before.
  if (state_.wanted || state_.promote_attempts > 1) return;
  for (NodeId other = 0; other < databases_.size(); ++other) {
    const auto& rival = state_.nodes[other];
    const bool promotable = rival.frozen && !rival.maintenance && !rival.barred &&
                            !rival.quarantined && !rival.diverged && rival.former_primary == 0 &&
                            !policy_.nodes[other].never_promote && answers(other) &&
                            seen_answering(other) && !rival.lost_received && !has_errant(other);
    if (promotable && record.frozen &&
        rival.frozen->compare(*record.frozen) == std::partial_ordering::greater) {
      violate("a replica that holds more was passed over");
    }
  }
}

bool World::named_outsider(NodeId node) const {
  const auto& record = state_.nodes[node];
  return record.quarantined || record.diverged || record.former_primary != 0;
}

bool World::seen_answering(NodeId node) const {
  return decide::Facts{state_, policy_, now_}.answer(node) != nullptr;
}

// By what really happened: it has a write that the last primary neither had nor took.
bool World::has_errant(NodeId node) const {
  if (!gtid_ || !state_.last_primary) return false;
  const auto& common = databases_[*state_.last_primary].log;
  return std::any_of(databases_[node].log.begin(), databases_[node].log.end(),
                     [&](const Write& write) {
                       return write.origin != *state_.last_primary &&
                              std::none_of(common.begin(), common.end(),
                                           [&](const Write& w) { return w.id == write.id; });
                     });
}

bool World::serves() const {
  if (state_.phase != decide::Phase::steady || !state_.primary) return false;
  for (const auto& proxy : proxies_) {
    if (proxy.primary != state_.primary || !proxy.open) return false;
  }
  const auto& primary = databases_[*state_.primary];
  return primary.primary && primary.running && !primary.read_only;
}

bool World::promises() const {
  if (!restores_quorum()) return true;
  unsigned replicas = 0;
  for (const auto& database : databases_) {
    if (database.streaming && database.upstream == state_.primary) ++replicas;
  }
  return databases_[*state_.primary].acks >= policy_.acks || replicas < policy_.acks;
}

bool World::converged() const {
  if (!serves() || !promises() || !open_commands_.empty()) return false;
  for (NodeId node = 0; node < databases_.size(); ++node) {
    const auto& database = databases_[node];
    const auto& record = state_.nodes[node];
    if (node == state_.primary || !database.running) continue;
    if (policy_.mode == decide::Mode::off) continue;
    const bool named = record.quarantined || record.diverged || record.former_primary != 0;
    if (database.primary) {
      if (!named || (were_published_.contains(node) && !database.read_only)) return false;
      // What can be made a replica by statements is one by now.
      if (gtid_ && !record.diverged) return false;
    } else if (!database.streaming || database.upstream != state_.primary) {
      if (!named) return false;
    }
  }
  if (!gtid_ || policy_.mode == decide::Mode::off) return true;
  for (NodeId node = 0; node < databases_.size(); ++node) {
    const auto& database = databases_[node];
    if (node == state_.primary || !database.running) continue;
    if (!database.read_only) return false;
    if (!state_.nodes[node].diverged && !is_contained(database, databases_[*state_.primary])) {
      return false;
    }
  }
  return true;
}

void World::check_end() {
  if (!outcome_.violation.empty()) return;
  if (!serves()) return violate("no primary within the bound after healing: " + state_.reason);
  if (!promises()) return violate("commits do not wait for as many replicas as the policy says");
  if (!converged()) return violate("some node neither follows the primary nor is named");
  if (!open_commands_.empty()) return violate("a command was never answered");
  if (policy_.durability != decide::Durability::quorum || operator_decided_) return;
  const auto& log_of_primary = databases_[*state_.primary].log;
  std::set<std::uint64_t> kept;
  for (const auto& written : log_of_primary) kept.insert(written.id);
  for (const auto& write : acknowledged_) {
    if (write.promised && !kept.contains(write.id)) {
      return violate("the acknowledged write " + std::to_string(write.id) + " of " +
                     policy_.nodes[write.node].name + " is lost");
    }
  }
}

}  // namespace relevo::sim

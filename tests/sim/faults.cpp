// What goes wrong, what clients do, and what must hold all the same.
#include <algorithm>

#include "failover/decide/facts.hpp"
#include "tests/sim/world.hpp"

namespace relevo::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

// --- clients ---

void World::client_writes() {
  if (worker_.primary && worker_.open) {
    const auto node = *worker_.primary;
    const auto& database = databases_[node];
    if (answers(node) && database.primary && !database.read_only) {
      write(node);
      auto& writers = written_in_epoch_[worker_.epoch];
      writers.insert(node);
      if (writers.size() > 1) violate("two nodes took routed writes in one epoch");
      unacknowledged_.push_back({database.log.back().id, node, database.log.size()});
    }
  }
  // A commit is acknowledged once enough replicas have it, over a connection that
  // still stands.
  std::erase_if(unacknowledged_, [&](const Waiting& waiting) {
    if (!answers(waiting.node)) return false;
    unsigned acks = 0;
    for (const auto& replica : databases_) {
      if (&replica == &databases_[waiting.node] || replica.primary || !replica.streaming) continue;
      const bool has_it = gtid_ ? std::any_of(replica.log.rbegin(), replica.log.rend(),
                                              [&](const Write& w) { return w.id == waiting.id; })
                                : replica.log.size() >= waiting.length &&
                                      replica.log[waiting.length - 1].id == waiting.id;
      if (has_it) ++acks;
    }
    const bool quorum = policy_.durability == decide::Durability::quorum;
    if (quorum && acks < policy_.acks) return false;
    acknowledged_.push_back({waiting.id, waiting.node});
    return true;
  });
}

// --- faults ---

void World::schedule_faults() {
  after(milliseconds(50 + below(fault_gap_ms_)), [this] {
    if (healing_) return;
    fault();
    schedule_faults();
  });
}

void World::fault() {
  const auto node = static_cast<NodeId>(below(databases_.size()));
  auto& database = databases_[node];
  const auto name = policy_.nodes[node].name;
  const auto other = static_cast<NodeId>(below(databases_.size()));
  switch (below(19)) {
    case 0:
    case 1:
      log("FAULT crash " + name);
      return crash(node);
    case 2:
      if (!worker_.primary) return;
      log("FAULT crash the primary");
      return crash(*worker_.primary);
    case 3:
    case 4:
      log("FAULT restart " + name);
      return restart(node);
    case 5:
      log("FAULT pause " + name);
      database.frozen = database.running;
      return;
    case 6:
      log("FAULT thaw " + name);
      database.frozen = false;
      return;
    case 7:
      log("FAULT Relevo cannot reach " + name);
      database.reachable = false;
      return;
    case 8:
      log("FAULT Relevo reaches " + name);
      database.reachable = true;
      return;
    case 9:
      if (node != other) cut_.insert({std::min(node, other), std::max(node, other)});
      log("FAULT cut " + name + " - n" + std::to_string(other));
      return;
    case 10:
      cut_.clear();
      log("FAULT links mended");
      return;
    case 11:
      log("FAULT Relevo restarts");
      return relevo_restarts();
    case 12:
      log("FAULT lease lost");
      return feed(decide::LeaseLost{});
    case 13:
      if (!state_.candidate) return;
      log("FAULT crash the candidate");
      return crash(*state_.candidate);
    case 14:
      if (!hands_on_ || database.primary || !database.running) return;
      log("FAULT somebody promotes " + name);
      database.primary = true;
      ++database.timeline;
      database.upstream.reset();
      database.read_only = database.receiver_stopped = false;
      database.applied = database.log.size();
      return;
    case 15:
      if (!gtid_ || database.primary || !answers(node)) return;
      log("FAULT " + name + " is made writable");
      database.read_only = false;
      if (!hands_on_) return;
      log("FAULT somebody writes on " + name);
      return write(node);
    default:
      break;
  }
  decide::OperatorCommand command;
  command.id = next_command_++;
  const decide::CommandKind kinds[] = {
      decide::CommandKind::switchover,      decide::CommandKind::switchover,
      decide::CommandKind::failover,        decide::CommandKind::pause,
      decide::CommandKind::resume,          decide::CommandKind::maintenance_on,
      decide::CommandKind::maintenance_off, decide::CommandKind::acknowledge};
  command.kind = kinds[below(8)];
  const bool needs_node = command.kind == decide::CommandKind::maintenance_on ||
                          command.kind == decide::CommandKind::maintenance_off;
  if (needs_node || chance(0.3)) command.node = node;
  log("COMMAND " + std::string(to_string(command.kind)) + " " + (command.node ? name : ""));
  open_commands_[command.id] = command;
  feed(command);
}

void World::heal() {
  log("HEAL");
  healing_ = true;
  cut_.clear();
  // Either all come back, or the primary on record stays dead and the others have
  // to do without it.
  if (policy_.mode == decide::Mode::automatic && !hands_on_ && chance(0.5)) {
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
    databases_[node].reachable = true;
    if (node == dead_for_good_) {
      crash(node);
      continue;
    }
    restart(node);
  }
  const auto command = [this](decide::CommandKind kind, std::optional<NodeId> node, bool force) {
    decide::OperatorCommand order{next_command_++, kind, node, force};
    open_commands_[order.id] = order;
    feed(order);
  };
  command(decide::CommandKind::resume, std::nullopt, false);
  command(decide::CommandKind::acknowledge, std::nullopt, false);
  for (NodeId node = 0; node < databases_.size(); ++node) {
    command(decide::CommandKind::maintenance_off, node, false);
  }
  // What is ambiguous stays so until an operator decides: after 30 s one does. The
  // old primary's word first, then anyone's.
  for (int attempt = 0; attempt < 5; ++attempt) {
    after(seconds(30 + 8 * attempt), [this, attempt, command] {
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
      for (NodeId node = 0; node < databases_.size(); ++node) {
        const bool able = dead_for_good_ && policy_.durability == decide::Durability::async &&
                          facts.says_replica(node) && !facts.is_outsider(node) &&
                          !policy_.nodes[node].never_promote && !state_.nodes[node].lost_received &&
                          (!gtid_ || state_.primary_told);  // else nothing tells whose is whose
        if (able && !operator_decided_) violate("a failover needed an operator: " + state_.reason);
      }
      operator_decided_ = true;
      command(decide::CommandKind::failover, attempt < 4 ? claimant : std::nullopt, true);
    });
  }
}

// --- checks ---

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
}

void World::check_promotion(NodeId node) {
  const auto& record = state_.nodes[node];
  state_.switchover ? ++outcome_.switchovers : ++outcome_.failovers;
  if (worker_.primary) violate("promotion while a worker still writes to a primary");
  if (!state_.lease_held) violate("promotion without the lease");
  if (record.maintenance) violate("promotion of a node in maintenance");
  if (policy_.nodes[node].never_promote) violate("promotion of a never_promote node");
  if (record.former_primary != 0) violate("promotion of a quarantined node");
  for (const auto other : told_to_promote_) {
    const auto& doubtful = databases_[other];
    if (other != node && !state_.nodes[other].quarantined && doubtful.primary && doubtful.running &&
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
  if (state_.wanted) return;
  for (NodeId other = 0; other < databases_.size(); ++other) {
    const auto& rival = state_.nodes[other];
    const bool promotable = rival.frozen && !rival.maintenance && !rival.barred &&
                            !rival.quarantined && !rival.diverged && rival.former_primary == 0 &&
                            !policy_.nodes[other].never_promote && answers(other) &&
                            !rival.lost_received && !has_errant(other);
    if (promotable && record.frozen &&
        rival.frozen->compare(*record.frozen) == std::partial_ordering::greater) {
      violate("a replica that holds more was passed over");
    }
  }
}

// By what really happened: it took a write itself that the last primary never had.
bool World::has_errant(NodeId node) const {
  if (!gtid_ || !state_.last_primary) return false;
  const auto& common = databases_[*state_.last_primary].log;
  return std::any_of(databases_[node].log.begin(), databases_[node].log.end(),
                     [&](const Write& write) {
                       return write.origin == node &&
                              std::none_of(common.begin(), common.end(),
                                           [&](const Write& w) { return w.id == write.id; });
                     });
}

bool World::serves() const {
  if (state_.phase != decide::Phase::steady || !worker_.primary || !worker_.open) return false;
  const auto& primary = databases_[*worker_.primary];
  return primary.primary && primary.running && !primary.read_only;
}

bool World::converged() const {
  if (!serves() || !open_commands_.empty()) return false;
  for (NodeId node = 0; node < databases_.size(); ++node) {
    const auto& database = databases_[node];
    const auto& record = state_.nodes[node];
    if (node == worker_.primary || !database.running) continue;
    if (policy_.mode == decide::Mode::off) continue;
    const bool named = record.quarantined || record.diverged || record.former_primary != 0;
    if (database.primary) {
      if (!named || (were_published_.contains(node) && !database.read_only)) return false;
      // What can be made a replica by statements is one by now.
      if (gtid_ && !record.diverged) return false;
    } else if (!database.streaming || database.upstream != worker_.primary) {
      if (!named) return false;
    }
  }
  if (!gtid_ || policy_.mode == decide::Mode::off) return true;
  for (NodeId node = 0; node < databases_.size(); ++node) {
    const auto& database = databases_[node];
    if (node == worker_.primary || !database.running) continue;
    if (!database.read_only) return false;
    if (!state_.nodes[node].diverged && !is_contained(database, databases_[*worker_.primary])) {
      return false;
    }
  }
  return true;
}

void World::check_end() {
  if (!outcome_.violation.empty()) return;
  if (!serves()) return violate("no primary within the bound after healing: " + state_.reason);
  if (!converged()) return violate("some node neither follows the primary nor is named");
  if (!open_commands_.empty()) return violate("a command was never answered");
  if (policy_.durability != decide::Durability::quorum || operator_decided_) return;
  const auto& log_of_primary = databases_[*worker_.primary].log;
  std::set<std::uint64_t> kept;
  for (const auto& written : log_of_primary) kept.insert(written.id);
  for (const auto& write : acknowledged_) {
    if (!kept.contains(write.id)) {
      return violate("the acknowledged write " + std::to_string(write.id) + " of " +
                     policy_.nodes[write.node].name + " is lost");
    }
  }
}

}  // namespace relevo::sim

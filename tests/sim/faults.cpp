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
      if (&replica == &databases_[waiting.node] || replica.primary) continue;
      if (replica.log.size() >= waiting.length &&
          replica.log[waiting.length - 1].id == waiting.id && replica.streaming) {
        ++acks;
      }
    }
    const bool quorum = policy_.durability == decide::Durability::quorum;
    if (quorum && acks < policy_.acks) return false;
    acknowledged_.push_back({waiting.id, waiting.node});
    return true;
  });
}

// --- faults ---

void World::schedule_faults() {
  after(milliseconds(300 + below(2500)), [this] {
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
  switch (below(16)) {
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
  for (NodeId node = 0; node < databases_.size(); ++node) {
    restart(node);
    databases_[node].reachable = true;
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
}

void World::check_step(const Settled& before, const decide::Decision& decision) {
  if (state_.epoch < before.epoch) violate("the epoch fell");
  if (decision.rule == 0 && settled() != before) violate("a step without a rule changed something");
  for (const auto& action : decision.actions) {
    if (!std::holds_alternative<decide::Promote>(action.task)) continue;
    const auto node = *decide::node_of(action.task);
    if (worker_.primary) violate("promotion while a worker still writes to a primary");
    if (!state_.lease_held) violate("promotion without the lease");
    if (state_.nodes[node].maintenance) violate("promotion of a node in maintenance");
    if (policy_.nodes[node].never_promote) violate("promotion of a never_promote node");
    if (state_.nodes[node].former_primary != 0) violate("promotion of a quarantined node");
    state_.switchover ? ++outcome_.switchovers : ++outcome_.failovers;
  }
}

void World::check_end() {
  if (!outcome_.violation.empty()) return;
  const bool writable = worker_.primary && databases_[*worker_.primary].primary &&
                        databases_[*worker_.primary].running;
  if (!writable) return violate("no primary within the bound after healing: " + state_.reason);
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

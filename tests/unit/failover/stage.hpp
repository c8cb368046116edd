// A scripted cluster around step(): a test says what is seen and what actions
// bring, and asks which rule fired. No servers, no clock.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "failover/decide/facts.hpp"
#include "failover/decide/step.hpp"

namespace relevo::decide {

using namespace std::chrono_literals;
using model::NodeId;
using model::Verdict;

// Every rule that any test of this program has fired.
inline std::set<int>& fired_rules() {
  static std::set<int> rules;
  return rules;
}

class Stage {
 public:
  explicit Stage(unsigned count = 3, const Hint& hint = {}) {
    for (unsigned i = 0; i < count; ++i) {
      NodePolicy node;
      node.name = node.host = "db" + std::to_string(i + 1);
      policy.nodes.push_back(node);
    }
    state = initial_state(count, now, hint);
    now += 1ms;
    seen.resize(count);
    for (NodeId node = 0; node < count; ++node) replica_of(node, 0);
    primary(0);
  }

  // --- what is seen of a node from now on ---
  model::NodeStatus& status(NodeId node) {
    if (!seen[node].latest) seen[node].latest.emplace();
    return seen[node].latest->status;
  }
  void primary(NodeId node, std::uint32_t timeline = 1) {
    status(node) = {};
    status(node).role = model::Role::primary;
    waits_for(node, promised);
    status(node).timeline = timeline;
    status(node).system_identifier = 7;
    at(node, 1000);
    verdict(node, Verdict::healthy);
  }
  void replica_of(NodeId node, NodeId upstream) {
    status(node) = {};
    status(node).role = model::Role::replica;
    status(node).timeline = 1;
    status(node).system_identifier = 7;
    status(node).receiver = model::ReceiverState::streaming;
    status(node).upstream_host = policy.nodes[upstream].host;
    status(node).upstream_port = policy.nodes[upstream].port;
    at(node, 1000);
    verdict(node, Verdict::healthy);
  }
  void detached(NodeId node) {
    replica_of(node, 0);
    status(node).receiver = model::ReceiverState::none;
    status(node).upstream_host.clear();
  }
  // The policy, and what every primary from now on says of its settings.
  void quorum_of(unsigned acks) {
    policy.durability = Durability::quorum;
    policy.acks = promised = acks;
    for (NodeId node = 0; node < seen.size(); ++node) {
      if (status(node).role == model::Role::primary) waits_for(node, acks);
    }
  }
  void waits_for(NodeId node, unsigned acks) {
    auto& told = status(node);
    told.synchronous_standbys = acks == 0 ? "" : "ANY " + std::to_string(acks) + " (*)";
    told.semi_sync.primary_enabled = told.semi_sync.primary_active = acks != 0;
    told.semi_sync.acks_wanted = acks;
    told.semi_sync.timeout = 24h;
  }
  void at(NodeId node, std::uint64_t lsn) {
    status(node).position = status(node).received = model::Position(model::Lsn{lsn});
  }
  void verdict(NodeId node, Verdict verdict, bool conclusive = false) {
    seen[node].assessment = {};
    seen[node].assessment.verdict = verdict;
    seen[node].assessment.reason = "as staged";
    seen[node].assessment.conclusive = conclusive;
    seen[node].probed = true;
  }
  void dead(NodeId node) {
    verdict(node, Verdict::dead, (state.primary ? state.primary : state.last_primary) == node);
  }

  // --- events; each returns the rules that fired, in order ---
  std::vector<int> feed(Event event) {
    std::vector<int> rules;
    for (int i = 0; i < 20; ++i) {
      last = step(state, policy, now, event);
      if (last.rule == 0) return rules;
      rules.push_back(last.rule);
      fired_rules().insert(last.rule);
      event = Tick{};
      for (const auto& action : last.actions) {
        if (std::holds_alternative<PublishView>(action.task)) {
          event = ViewPublished{++sequence};
        } else {
          actions.push_back(action);
        }
      }
      for (const auto& note : last.notes) notes.push_back(note.text);
      for (const auto& reply : last.replies) replies[reply.id] = reply;
    }
    ADD_FAILURE() << "rules go round in circles";
    return rules;
  }
  std::vector<int> look() {  // at everything, now
    for (auto& node : seen) {
      if (node.latest && node.assessment.verdict != Verdict::dead) node.latest->sent = now;
    }
    return feed(Observed{seen});
  }
  std::vector<int> later(model::Duration wait) {
    now += wait;
    return look();
  }
  std::vector<int> applied(std::uint32_t transactions = 0) {
    return feed(ViewApplied{{sequence, state.epoch, transactions}});
  }
  // Ends the first action of that kind that is under way (on that node).
  std::vector<int> end(const std::string& kind, ActionOutcome outcome,
                       std::optional<NodeId> node = std::nullopt, bool with_status = true) {
    for (const auto& pending : state.pending) {
      if (pending.finished || name_of(pending.action.task) != kind) continue;
      if (node && node_of(pending.action.task) != node) continue;
      ActionFinished result;
      result.id = pending.action.id;
      result.outcome = outcome;
      result.text = "as staged";
      if (outcome == ActionOutcome::ok && with_status) {
        result.status = status(*node_of(pending.action.task));
      }
      return feed(result);
    }
    ADD_FAILURE() << "no " << kind << " is under way";
    return {};
  }
  std::vector<int> ok(const std::string& kind, std::optional<NodeId> node = std::nullopt) {
    return end(kind, ActionOutcome::ok, node);
  }
  std::vector<int> fails(const std::string& kind, std::optional<NodeId> node = std::nullopt) {
    return end(kind, ActionOutcome::failed, node);
  }
  std::vector<int> command(CommandKind kind, std::optional<NodeId> node = std::nullopt,
                           bool allow_data_loss = false) {
    OperatorCommand order;
    order.id = ++commands;
    order.kind = kind;
    order.node = node;
    order.allow_data_loss = allow_data_loss;
    return feed(order);
  }
  bool noted(const std::string& text) const {
    return std::find(notes.begin(), notes.end(), text) != notes.end();
  }
  const CommandReply* reply() const {  // to the last command; null: none yet
    const auto found = replies.find(commands);
    return found == replies.end() ? nullptr : &found->second;
  }

  // --- ways to a certain point ---
  void steady() {
    look();
    feed(LeaseGranted{});
    ASSERT_EQ(state.phase, Phase::steady);
    ASSERT_EQ(state.primary, 0U);
    later(100ms);
    if (policy.durability == Durability::quorum) later(100ms);
  }
  void failover_to_freezing() {
    steady();
    dead(0);
    later(100ms);
    ASSERT_EQ(state.phase, Phase::barrier);
    applied();
    ASSERT_EQ(state.phase, Phase::freezing);
  }
  void failover_to_promoting() {
    failover_to_freezing();
    for (NodeId node = 1; node < policy.nodes.size(); ++node) {
      detached(node);
      ok("FreezeReceiver", node);
    }
    ASSERT_EQ(state.phase, Phase::promoting);
    ASSERT_EQ(state.candidate, 1U);
  }
  void failed_over() {  // to node 1
    failover_to_promoting();
    primary(1, 2);
    ok("Promote");
    ASSERT_EQ(state.primary, 1U);
  }
  void switchover_to_fencing() {
    steady();
    command(CommandKind::switchover, 1);
    applied();
    ASSERT_EQ(state.phase, Phase::closing);
    applied();
    ASSERT_EQ(state.phase, Phase::fencing);
  }
  void switchover_to_catching_up() {
    switchover_to_fencing();
    status(0).read_only = true;
    ok("FreezeReceiver", 2);
    ok("Fence");
    ASSERT_EQ(state.phase, Phase::catching_up);
  }
  void switchover_to_verifying() {
    switchover_to_catching_up();
    ok("AwaitPosition");
    now += 10ms;
    look();
    end("Promote", ActionOutcome::unknown);
    ASSERT_EQ(state.phase, Phase::verifying);
  }

  bool asked_for(const std::string& kind, NodeId node) const {
    for (const auto& action : actions) {
      if (name_of(action.task) == kind && node_of(action.task) == node) return true;
    }
    return false;
  }

  Policy policy;
  unsigned promised = 0;  // replicas that a primary's commits wait for
  ClusterState state;
  model::Instant now{1000s};
  std::vector<NodeEvidence> seen;
  Decision last;
  std::vector<Action> actions;
  std::vector<std::string> notes;
  std::map<CommandId, CommandReply> replies;
  std::uint64_t sequence = 0;
  CommandId commands = 0;
};

inline bool has(const std::vector<int>& rules, int rule) {
  return std::find(rules.begin(), rules.end(), rule) != rules.end();
}

}  // namespace relevo::decide

// The effects that rules are made of. Each changes the state and adds actions,
// notes and replies to the decision; none reads a clock or talks to anyone.
#pragma once

#include <string>

#include "failover/decide/plan.hpp"
#include "failover/decide/step.hpp"

namespace relevo::decide {

struct Turn {
  ClusterState& state;
  const Policy& policy;
  model::Instant now;
  Decision& decision;

  Facts facts() const { return {state, policy, now}; }
  const std::string& name(model::NodeId node) const { return policy.nodes[node].name; }

  // --- building blocks ---
  void act(Task task, model::Duration timeout);
  void publish();  // the View that the state now amounts to
  void note(model::Severity severity, std::optional<model::NodeId> node, std::string text);
  void reply(const OperatorCommand& command, bool ok, std::string text);
  void reply_to_command(bool ok, std::string text);  // to the one in progress, if any
  void enter(Phase phase, model::Duration timeout = model::Duration::max());
  void forget(const PendingAction* pending);
  void back_off(model::NodeId node, unsigned failures);
  void raise_epoch();

  // --- a primary comes and goes ---
  void adopt(model::NodeId node, std::string why);  // it says so itself
  void hold(std::string why);                       // publish none
  // As hold(), and believe this one from now on: adopted once the workers have let go.
  void follow(model::NodeId promoted_by_others);
  void publish_promoted(const model::NodeStatus& status);
  void reopen(std::string why);  // the last primary again; nothing was promoted

  // --- failover ---
  void begin_failover(std::string why);
  void freeze_replicas();
  void freeze(model::NodeId node, model::Duration timeout);
  // Read-only, and to be lifted again if this comes to nothing.
  void fence_softly(model::NodeId node, model::Duration timeout);
  // A node's account of a start other than the one on record.
  void note_restart(model::NodeId node, const model::NodeStatus& status);
  void record_frozen();
  void choose_and_promote();
  void promote_candidate();
  void ask_candidate();
  void refuse(std::string why);  // hold, and retry later
  void next_candidate(std::string why);

  // --- switchover ---
  void begin_switchover(model::NodeId candidate, const OperatorCommand& command);
  void close_gate();
  void fence_and_freeze();
  void await_candidate();
  void undo(std::string why);
};

}  // namespace relevo::decide

#include "failover/decide/turn.hpp"

namespace relevo::decide {

using model::NodeId;
using model::Severity;

void Turn::begin_switchover(NodeId candidate, const OperatorCommand& command) {
  state.pending.clear();
  state.command = command;
  state.attempt_since = now;
  state.switchover = true;
  state.candidate = candidate;
  state.promote_attempts = 0;
  state.loss = Distance{};
  state.asked = true;
  state.gate = model::PrimaryGate::draining;
  enter(Phase::draining, policy.drain);
  publish();
  note(Severity::info, candidate,
       "switchover from " + name(*state.primary) + " to " + name(candidate) + " begins");
}

void Turn::close_gate() {
  raise_epoch();
  state.primary.reset();
  state.gate = model::PrimaryGate::closed;
  enter(Phase::closing, policy.barrier_timeout);
  publish();
}

void Turn::fence_and_freeze() {
  const auto known = facts();
  decision.authority_changed = true;
  fence_softly(*state.last_primary, policy.fence_timeout);
  // The others stand still so that none gets ahead of the candidate.
  for (NodeId node = 0; node < state.nodes.size(); ++node) {
    if (node == state.last_primary || node == state.candidate || known.is_outsider(node)) continue;
    if (!known.says_replica(node)) continue;
    freeze(node, policy.freeze_patience);
  }
  enter(Phase::fencing);
}

void Turn::await_candidate() {
  for (const auto& pending : state.pending) {
    if (!pending.status) continue;
    if (std::holds_alternative<Fence>(pending.action.task)) {
      state.final_position = log_end(*pending.status);
      --state.nodes[*state.last_primary].fences_in_doubt;
    }
  }
  record_frozen();
  for (const auto& record : state.nodes) {
    if (record.frozen && !state.final_position.covers(*record.frozen)) {
      state.final_position = *record.frozen;
    }
  }
  act(AwaitPosition{*state.candidate, state.final_position}, policy.catch_up_timeout);
  enter(Phase::catching_up);
}

void Turn::undo(std::string why) {
  state.reason = why;
  if (!state.soft_fenced) return reopen(std::move(why));
  // What was frozen is remembered by needs_repoint; the fence is lifted first.
  state.pending.clear();
  act(Unfence{*state.soft_fenced}, policy.fence_timeout);
  enter(Phase::undoing);
  note(Severity::warning, state.candidate, "switchover is being undone: " + why);
}

}  // namespace relevo::decide

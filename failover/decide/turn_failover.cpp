#include "failover/decide/history.hpp"
#include "failover/decide/turn.hpp"

namespace relevo::decide {

using model::NodeId;
using model::Severity;

void Turn::begin_failover(std::string why) {
  state.death_confirmed = state.death_confirmed || facts().primary_dead();
  state.pending.clear();
  state.attempt_since = now;
  state.switchover = false;
  state.promote_attempts = 0;
  state.loss.reset();
  state.candidate.reset();
  for (auto& record : state.nodes) {
    // What was frozen by an attempt before stays to be repointed by whoever wins.
    if (record.frozen) record.needs_repoint = true;
    record.frozen.reset();
  }
  if (state.epoch_used || state.doubtful || state.epoch == 0) raise_epoch();
  state.doubtful = false;
  state.primary.reset();
  state.gate = model::PrimaryGate::closed;
  enter(Phase::barrier, policy.barrier_timeout);
  publish();
  note(Severity::critical, state.last_primary,
       "failover begins under epoch " + std::to_string(state.epoch) + ": " + why);
}

void Turn::freeze_replicas() {
  const auto known = facts();
  for (NodeId node = 0; node < state.nodes.size(); ++node) {
    if (node == state.last_primary || known.is_outsider(node)) continue;
    const auto* status = known.answer(node);
    if (status == nullptr || status->role != model::Role::replica) continue;
    freeze(node, policy.freeze_timeout);
  }
  // A forced failover may have a living primary: it must stop at its own end too.
  if (state.last_primary && known.says_primary(*state.last_primary)) {
    fence_softly(*state.last_primary, policy.freeze_patience);
  }
  decision.authority_changed = true;
  enter(Phase::freezing);
}

void Turn::freeze(NodeId node, model::Duration timeout) {
  auto& record = state.nodes[node];
  // Whatever becomes of this attempt.
  record.needs_repoint = record.freeze_sent = true;
  ++record.freezes_in_doubt;
  act(FreezeReceiver{node}, timeout);
}

void Turn::fence_softly(NodeId node, model::Duration timeout) {
  ++state.nodes[node].fences_in_doubt;
  state.soft_fenced = node;
  act(Fence{node, false}, timeout);
}

void Turn::note_restart(NodeId node, const model::NodeStatus& status) {
  auto& record = state.nodes[node];
  const auto before = record.received_before;
  record.started_us = status.start_time_us;
  record.start_probed = false;
  record.received_before = status.received;
  const bool replica = status.role == model::Role::replica;
  if (!replica || !facts().traits().restart_discards_received) return;
  record.restarted_at = now;
  decision.authority_changed = true;
  if (!before.known() || status.received.covers(before)) return;
  record.lost_received = true;
  note(Severity::warning, node,
       name(node) + " was restarted and has " + status.received.to_string() + " of the " +
           before.to_string() + " that it had received: the rest is fetched again, or lost");
}

void Turn::record_frozen() {
  for (const auto& pending : state.pending) {
    const auto* freeze = std::get_if<FreezeReceiver>(&pending.action.task);
    if (freeze == nullptr) continue;
    if (!pending.finished) {
      note(Severity::warning, freeze->node,
           name(freeze->node) + " could not be frozen yet: going on without it");
    } else if (pending.outcome == ActionOutcome::ok && pending.status) {
      auto& record = state.nodes[freeze->node];
      --record.freezes_in_doubt;
      record.frozen = pending.status->received;
      // It may have restarted since it was last looked at.
      if (record.started_us != 0 && pending.status->start_time_us != 0 &&
          !same_start(record.started_us, pending.status->start_time_us)) {
        note_restart(freeze->node, *pending.status);
      }
    } else {
      note(Severity::warning, freeze->node,
           name(freeze->node) + " could not be frozen: " + outcome_text(pending));
    }
  }
  state.pending.clear();
}

// The furthest of those that stand still, or a refusal.
void Turn::choose_and_promote() {
  record_frozen();
  const auto plan = plan_failover(facts());
  state.loss = plan.loss;
  if (!plan.candidate) return refuse("failover refused: " + plan.text);
  state.candidate = plan.candidate;
  note(Severity::warning, plan.candidate, "promoting " + name(*plan.candidate) + ": " + plan.text);
  promote_candidate();
}

void Turn::promote_candidate() {
  ++state.promote_attempts;
  state.doubtful = true;
  state.pending.clear();
  act(Promote{*state.candidate}, policy.promote_timeout);
  decision.authority_changed = true;
  enter(Phase::promoting);
}

void Turn::ask_candidate() {
  state.pending.clear();
  act(ReadRole{*state.candidate}, policy.read_timeout);
}

void Turn::refuse(std::string why) {
  state.retry_delay = state.retry_delay == model::Duration::zero()
                          ? policy.retry_delay_min
                          : std::min(state.retry_delay * 2, policy.retry_delay_max);
  state.retry_at = now + state.retry_delay;
  state.retry_seen = facts().usable_replicas();
  state.forced = state.asked = false;
  state.wanted.reset();
  state.pending.clear();
  if (!state.doubtful) state.candidate.reset();
  // What failed to promote may do better the next time, and nobody else is left.
  for (auto& record : state.nodes) record.barred = false;
  hold(std::move(why));
}

void Turn::next_candidate(std::string why) {
  const NodeId failed = *state.candidate;
  state.nodes[failed].barred = true;
  state.doubtful = true;  // so that the next attempt runs under an epoch of its own
  note(Severity::critical, failed, name(failed) + " was not promoted: " + why);
  begin_failover("another candidate is needed after " + name(failed));
}

}  // namespace relevo::decide

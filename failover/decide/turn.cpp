#include "failover/decide/turn.hpp"

#include <algorithm>

namespace relevo::decide {

using model::NodeId;
using model::Severity;

void Turn::act(Task task, model::Duration timeout) {
  const Action action{.id = state.next_action++,
                      .epoch = state.epoch,
                      .deadline = now + timeout,
                      .task = std::move(task)};
  const bool answered_by_action_finished = !std::holds_alternative<PublishView>(action.task) &&
                                           !std::holds_alternative<AcquireLease>(action.task);
  if (answered_by_action_finished) {
    state.pending.emplace_back();
    state.pending.back().action = action;
  }
  decision.actions.push_back(action);
}

void Turn::publish() {
  state.awaited_sequence.reset();
  act(PublishView{}, model::Duration::zero());
}

void Turn::note(Severity severity, std::optional<NodeId> node, std::string text) {
  decision.notes.push_back({severity, node, std::move(text)});
}

void Turn::reply(const OperatorCommand& command, bool ok, std::string text) {
  decision.replies.push_back({command.id, ok, std::move(text)});
}

void Turn::reply_to_command(bool ok, std::string text) {
  if (state.command) reply(*state.command, ok, std::move(text));
  state.command.reset();
}

void Turn::enter(Phase phase, model::Duration timeout) {
  state.phase = phase;
  state.phase_since = now;
  state.phase_deadline = timeout == model::Duration::max() ? model::Instant::max() : now + timeout;
}

void Turn::forget(const PendingAction* pending) {
  const auto id = pending->action.id;
  std::erase_if(state.pending, [&](const PendingAction& p) { return p.action.id == id; });
}

void Turn::back_off(NodeId node, unsigned failures) {
  auto delay = policy.retry_delay_min;
  for (unsigned i = 1; i < failures && delay < policy.retry_delay_max; ++i) delay *= 2;
  state.nodes[node].retry_at = now + std::min(delay, policy.retry_delay_max);
}

void Turn::raise_epoch() {
  ++state.epoch;
  state.epoch_used = false;
  decision.authority_changed = true;
}

void Turn::adopt(NodeId node, std::string why) {
  // The same primary as recorded keeps its epoch: nothing was promoted since.
  const bool same = state.last_primary == node && state.epoch != 0 && state.phase != Phase::steady;
  if (!same) raise_epoch();
  const auto previous = state.last_primary;
  const auto& status = state.evidence[node].latest->status;
  if (previous && *previous != node) {
    state.nodes[*previous].former_primary = state.epoch;
    state.nodes[*previous].reason = "primary before epoch " + std::to_string(state.epoch);
  }
  if (state.doubtful && state.candidate && *state.candidate != node) {
    state.nodes[*state.candidate].quarantined = true;
    state.nodes[*state.candidate].reason = "was told to promote; it is not known whether it did";
  }
  auto& record = state.nodes[node];
  record.former_primary = 0;
  record.quarantined = false;
  record.needs_repoint = false;
  record.reason.clear();
  for (auto& other : state.nodes) {
    other.barred = false;
    // Frozen ones follow nobody; after another's promotion all may follow the wrong one.
    if (other.frozen || (previous && *previous != node)) other.needs_repoint = true;
    other.frozen.reset();
    other.retry_at = now;
  }
  record.needs_repoint = false;
  state.primary = node;
  state.last_primary = node;
  state.epoch_used = true;
  state.gate = model::PrimaryGate::open;
  // This very account of itself counts, and whatever is younger.
  state.primary_since = state.evidence[node].latest->sent - model::Duration(1);
  state.primary_timeline = status.timeline;
  state.primary_position = log_end(status);
  state.primary_told = status;
  if (previous != node) forget_promise(state);
  remember_promise(state, status, state.evidence[node].latest->sent);
  state.system_identifier = status.system_identifier;
  state.candidate.reset();
  state.doubtful = false;
  state.death_confirmed = false;
  state.switchover = false;
  state.pending.clear();
  state.reason.clear();
  state.fork.reset();
  decision.authority_changed = true;
  enter(Phase::steady);
  publish();
  note(Severity::info, node,
       name(node) + " is the primary of epoch " + std::to_string(state.epoch) + ": " + why);
  reply_to_command(false, "not done: " + name(node) + " is the primary: " + why);
}

void Turn::hold(std::string why) {
  if (state.primary) {
    raise_epoch();
    state.primary.reset();
    state.gate = model::PrimaryGate::closed;
  }
  state.pending.clear();
  enter(Phase::held);
  publish();
  state.reason = why;
  note(Severity::critical, std::nullopt, "no primary: " + why);
  reply_to_command(false, why);
}

void Turn::follow(NodeId promoted_by_others) {
  const NodeId previous = *state.primary;
  hold("somebody else promoted " + name(promoted_by_others) + ", and the former primary " +
       name(previous) + " is gone: followed once every worker has let go of that one");
  for (auto& other : state.nodes) other.needs_repoint = true;
  auto& former = state.nodes[previous];
  former.former_primary = state.epoch;
  former.reason = "primary before epoch " + std::to_string(state.epoch);
  former.needs_repoint = false;
  state.last_primary = promoted_by_others;
}

void Turn::publish_promoted(const model::NodeStatus& status) {
  const NodeId node = *state.candidate;
  const auto old = state.last_primary;
  if (old && *old != node) {
    auto& former = state.nodes[*old];
    former.former_primary = state.epoch;
    former.reason = "primary before epoch " + std::to_string(state.epoch) +
                    (state.switchover && !facts().traits().role_by_statement
                         ? "; restart it to rejoin as a replica of " + name(node)
                         : "; quarantined until it follows " + name(node));
    former.needs_repoint = false;
    former.fence_failures = 0;
  }
  const bool planned = state.switchover;
  state.fork = planned ? state.final_position : state.nodes[node].frozen;
  for (NodeId other = 0; other < state.nodes.size(); ++other) {
    auto& record = state.nodes[other];
    record.frozen.reset();
    record.barred = false;
    record.waiting_since.reset();
    record.retry_at = now;
    record.repoint_failures = 0;
    record.needs_repoint = other != node && record.former_primary == 0 && !record.quarantined;
  }
  auto& promoted = state.nodes[node];
  promoted.former_primary = 0;
  promoted.freeze_sent = false;
  promoted.quarantined = promoted.diverged = false;
  promoted.reason.clear();

  state.primary = node;
  state.last_primary = node;
  state.epoch_used = true;
  state.gate = model::PrimaryGate::open;
  state.primary_since = now;
  state.primary_timeline = status.timeline;
  state.primary_position = log_end(status);
  state.primary_told = status;
  forget_promise(state);
  remember_promise(state, status, now);
  if (status.system_identifier != 0) state.system_identifier = status.system_identifier;
  state.soft_fenced.reset();
  if (!planned) state.failovers.push_back(now);
  std::erase_if(state.failovers,
                [&](model::Instant at) { return now - at >= policy.failover_window; });
  state.retry_delay = {};
  state.pending.clear();
  state.reason.clear();
  decision.authority_changed = true;
  enter(Phase::steady);
  publish();
  if (planned && old && !facts().traits().role_by_statement) {
    act(PrepareRejoin{*old, node}, policy.fence_timeout);
  }

  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(now - state.attempt_since);
  std::string text = name(node) + " is the new primary of epoch " + std::to_string(state.epoch) +
                     ", " + std::to_string(took.count()) + " ms after the " +
                     (planned ? "switchover" : "failover") + " began";
  if (planned) {
    text += "; nothing was lost";
  } else if (policy.durability == Durability::quorum && !state.forced) {
    text += "; no acknowledged write was lost";
  } else if (state.loss) {
    // The primary is looked at once an interval: what it did after the last look
    // and no replica received, nobody can count.
    text += "; " + state.loss->in_words() + " of the history last seen " +
            (state.loss->count == 1 ? "was" : "were") +
            " lost; writes acknowledged after that moment "
            "that no replica had received are not counted";
  } else {
    text += "; the loss is not known";
  }
  note(planned ? Severity::info : Severity::warning, node, text);
  reply_to_command(true, text);
  state.candidate.reset();
  state.death_confirmed = false;
  state.doubtful = state.switchover = state.forced = state.asked = false;
  state.wanted.reset();
}

void Turn::reopen(std::string why) {
  const NodeId node = *state.last_primary;
  for (auto& record : state.nodes) {
    if (record.frozen) record.needs_repoint = true;
    record.frozen.reset();
    record.retry_at = now;
  }
  if (state.doubtful && state.candidate) {
    state.nodes[*state.candidate].quarantined = true;
    state.nodes[*state.candidate].reason = "was told to promote; it is not known whether it did";
  }
  // The same node goes on under the epoch that had none yet.
  state.nodes[node].needs_repoint = false;
  state.primary = node;
  state.epoch_used = true;
  state.gate = model::PrimaryGate::open;
  state.primary_since = now;
  state.soft_fenced.reset();
  state.pending.clear();
  state.candidate.reset();
  state.wanted.reset();
  state.death_confirmed = false;
  state.doubtful = state.switchover = state.forced = state.asked = false;
  state.reason.clear();
  decision.authority_changed = true;
  enter(Phase::steady);
  publish();
  note(Severity::warning, node, name(node) + " stays the primary: " + why);
  reply_to_command(false, "undone: " + why);
}

}  // namespace relevo::decide

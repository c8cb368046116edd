#include "failover/decide/state.hpp"

#include <algorithm>

namespace relevo::decide {

ClusterState initial_state(std::size_t node_count, model::Instant now, const Hint& hint) {
  ClusterState state;
  state.nodes.resize(node_count);
  state.evidence.resize(node_count);
  state.phase_since = now;
  state.attempt_since = now;
  state.primary_since = now;
  state.epoch = hint.epoch;
  state.epoch_used = hint.epoch != 0;
  state.last_primary = hint.primary;
  state.primary_timeline = hint.timeline;
  state.soft_fenced = hint.soft_fenced;
  state.death_confirmed = hint.death_confirmed;
  state.candidate = hint.candidate;
  state.doubtful = hint.candidate.has_value();
  state.promise = hint.promise;
  state.coverage.acks = hint.covered_acks;
  for (const auto node : hint.former_primaries) {
    state.nodes[node].former_primary = std::max<model::Epoch>(hint.epoch, 1);
    state.nodes[node].reason = "former primary, as recorded before this process started";
  }
  for (const auto node : hint.needs_repoint) {
    state.nodes[node].needs_repoint = state.nodes[node].freeze_sent = true;
  }
  for (const auto node : hint.in_doubt) {
    state.nodes[node].freezes_in_doubt = state.nodes[node].fences_in_doubt = 1;
  }
  for (const auto node : hint.maintenance) state.nodes[node].maintenance = true;
  for (std::size_t node = 0; node < std::min(node_count, hint.started_us.size()); ++node) {
    state.nodes[node].started_us = hint.started_us[node];
  }
  for (const auto node : hint.diverged) {
    state.nodes[node].diverged = true;
    state.nodes[node].reason = "diverged, as recorded before this process started";
  }
  for (const auto node : hint.restarted) state.nodes[node].restarted_at = now;
  return state;
}

void remember_promise(ClusterState& state, const model::NodeStatus& primary, model::Instant asked) {
  if (primary.flavor != model::Flavor::postgres && primary.read_only) return;
  state.promise = promise_of(primary);
  state.promise_seen = asked;
}

void forget_promise(ClusterState& state) {
  state.promise.reset();
  state.promise_seen.reset();
  state.coverage = {};
  state.promise_doubt.clear();
}

Hint hint_of(const ClusterState& state) {
  Hint hint;
  hint.epoch = state.epoch;
  hint.primary = state.primary ? state.primary : state.last_primary;
  hint.timeline = state.primary_timeline;
  hint.soft_fenced = state.soft_fenced;
  hint.death_confirmed = state.death_confirmed;
  if (state.doubtful) hint.candidate = state.candidate;
  hint.promise = state.promise;
  hint.covered_acks = state.coverage.acks;
  for (model::NodeId node = 0; node < state.nodes.size(); ++node) {
    const auto& record = state.nodes[node];
    if (record.former_primary != 0 || record.quarantined) hint.former_primaries.push_back(node);
    if (record.needs_repoint) hint.needs_repoint.push_back(node);
    if (record.freezes_in_doubt != 0 || record.fences_in_doubt != 0) hint.in_doubt.push_back(node);
    if (record.maintenance) hint.maintenance.push_back(node);
    if (record.diverged) hint.diverged.push_back(node);
    if (record.restarted_at) hint.restarted.push_back(node);
    hint.started_us.push_back(record.started_us);
  }
  return hint;
}

detect::Authority authority_of(const ClusterState& state) {
  detect::Authority authority;
  authority.epoch = state.epoch;
  authority.primary = state.primary;
  authority.gate = state.paused && state.gate == model::PrimaryGate::open
                       ? model::PrimaryGate::draining
                       : state.gate;
  authority.failing_over =
      state.phase != Phase::starting && state.phase != Phase::steady && state.phase != Phase::held;
  authority.paused = state.paused;
  for (const auto& record : state.nodes) {
    // Both keep it out; that it has diverged says what has to be done.
    const bool second_primary = record.former_primary != 0 || record.quarantined;
    authority.nodes.push_back({.maintenance = record.maintenance,
                               .fenced = second_primary && !record.diverged,
                               .diverged = record.diverged,
                               .reason = record.reason});
  }
  if (state.primary && authority.nodes[*state.primary].reason.empty()) {
    authority.nodes[*state.primary].reason = state.promise_doubt;
  }
  return authority;
}

}  // namespace relevo::decide

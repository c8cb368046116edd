#include "failover/decide/step.hpp"

#include <array>

#include "failover/decide/facts.hpp"
#include "failover/decide/history.hpp"
#include "failover/decide/mutation.hpp"
#include "failover/decide/rules.hpp"
#include "topology/model/check.hpp"

namespace relevo::decide {
namespace {

std::array<std::span<const Rule>, 11> tables() {
  return {command_rules(),    housekeeping_rules(), adoption_rules(), failover_rules(),
          switchover_rules(), result_rules(),       history_rules(),  former_rules(),
          following_rules(),  quorum_rules(),       lease_rules()};
}

// What is tried in this rule's place: itself, but for a mutant of the simulator.
const Rule* in_place_of(const Rule& rule) {
#ifdef RELEVO_RULE_MUTATIONS
  if (rule.number == mutation.dropped) return nullptr;
  const bool swapped = rule.number == mutation.swapped || rule.number == mutation.with;
  const int other = mutation.swapped + mutation.with - rule.number;
  for (const auto& table : tables()) {
    if (!swapped) break;
    for (const auto& another : table) {
      if (another.number == other) return &another;
    }
  }
#endif
  return &rule;
}

// Takes in what the event says, without judging it.
struct Absorb {
  ClusterState& state;

  // What each node had received before it restarts. Only the first start seen and the
  // last account of it count, so that a journal may leave out those between; another
  // start is for a rule to judge.
  void remember_received(std::size_t node) {
    const auto& latest = state.evidence[node].latest;
    if (!latest || latest->status.start_time_us == 0) return;
    auto& record = state.nodes[node];
    const auto start = latest->status.start_time_us;
    if (!record.start_probed && (record.started_us == 0 || same_start(record.started_us, start))) {
      record.started_us = start;
      record.start_probed = true;
    }
    if (record.started_us == start) record.received_before = latest->status.received;
  }

  void operator()(const Tick&) {}
  void operator()(const Observed& observed) {
    RELEVO_CHECK(observed.nodes.size() == state.nodes.size());
    state.evidence = observed.nodes;
    for (std::size_t node = 0; node < state.nodes.size(); ++node) remember_received(node);
    if (!state.primary) return;
    const auto& latest = state.evidence[*state.primary].latest;
    if (!latest || latest->sent <= state.primary_since) return;
    if (latest->status.role != model::Role::primary) return;
    state.primary_position = log_end(latest->status);
    state.primary_told = latest->status;
    remember_promise(state, latest->status, latest->sent);
    if (latest->status.timeline != 0) state.primary_timeline = latest->status.timeline;
    if (state.system_identifier == 0) state.system_identifier = latest->status.system_identifier;
  }
  void operator()(const ViewPublished& published) {
    if (!state.awaited_sequence) state.awaited_sequence = published.sequence;
  }
  void operator()(const ViewApplied& applied) { state.applied = applied.applied; }
  void operator()(const ActionFinished& finished) {
    for (auto& pending : state.pending) {
      if (pending.action.id != finished.id || pending.finished) continue;
      pending.finished = true;
      pending.outcome = finished.outcome;
      pending.text = finished.text;
      pending.status = finished.status;
    }
  }
  void operator()(const OperatorCommand& command) { state.just_received = command; }
  void operator()(const LeaseGranted&) { state.lease_held = true; }
  void operator()(const LeaseLost&) { state.lease_held = false; }
};

}  // namespace

Decision step(ClusterState& state, const Policy& policy, model::Instant now, const Event& event) {
  RELEVO_CHECK(policy.nodes.size() == state.nodes.size());
  const auto epoch_before = state.epoch;
  const auto promise_before = state.promise;
  std::visit(Absorb{state}, event);
  Decision decision;
  if (state.promise && !(promise_before && promise_before->same_as(*state.promise))) {
    decision.authority_changed = true;  // counted on after a restart, too
  }
  for (const auto& table : tables()) {
    for (const auto& listed : table) {
      const auto* rule = in_place_of(listed);
      if (rule == nullptr || !rule->when(Facts{state, policy, now})) continue;
      decision.rule = rule->number;
      Turn turn{state, policy, now, decision};
      rule->then(turn);
      RELEVO_CHECK(state.epoch >= epoch_before);
      RELEVO_CHECK(!state.just_received);
      return decision;
    }
  }
  // The command rules are complete: some rule has answered every command.
  RELEVO_CHECK(!state.just_received);
  return decision;
}

const std::vector<RuleInfo>& rule_table() {
  static const std::vector<RuleInfo> table = [] {
    std::vector<RuleInfo> rows;
    for (const auto& part : tables()) {
      for (const auto& rule : part) rows.push_back({rule.number, rule.name, rule.because});
    }
    return rows;
  }();
  return table;
}

}  // namespace relevo::decide

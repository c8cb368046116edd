// 9xx: what any phase has to take note of before it goes on.
#include <array>

#include "failover/decide/history.hpp"
#include "failover/decide/rules.hpp"

namespace relevo::decide {
namespace {

using model::NodeId;

const PendingAction* overdue(const Facts& facts) {
  for (const auto& pending : facts.state.pending) {
    if (!pending.finished && facts.now >= pending.action.deadline + facts.policy.overdue_grace) {
      return &pending;
    }
  }
  return nullptr;
}

void call_it_unknown(Turn& turn) {
  const auto id = overdue(turn.facts())->action.id;
  for (auto& pending : turn.state.pending) {
    if (pending.action.id != id) continue;
    pending.finished = true;
    pending.outcome = ActionOutcome::unknown;
    pending.text = "no result within its deadline";
  }
}

// A node whose server was started again since it was last looked at.
std::optional<NodeId> restarted(const Facts& f) {
  for (NodeId node = 0; node < f.state.nodes.size(); ++node) {
    const auto& record = f.state.nodes[node];
    const auto* status = f.answer(node);
    if (record.started_us == 0 || status == nullptr || status->start_time_us == 0) continue;
    if (record.started_us != status->start_time_us) return node;
  }
  return std::nullopt;
}

// A restarted replica that has, by a living primary's own word, all that there is.
std::optional<NodeId> caught_up_again(const Facts& f) {
  if (!f.state.primary || f.answer(*f.state.primary) == nullptr) return std::nullopt;
  const auto& told = f.state.evidence[*f.state.primary].latest;
  for (NodeId node = 0; node < f.state.nodes.size(); ++node) {
    const auto& record = f.state.nodes[node];
    if (!record.restarted_at || told->sent <= *record.restarted_at) continue;
    if (!f.streams_from(node, *f.state.primary, *record.restarted_at)) continue;
    if (f.answer(node)->received.covers(f.state.primary_position)) return node;
  }
  return std::nullopt;
}

const auto table = std::to_array<Rule>({
    {901, "overdue-action", [](const Facts& f) { return overdue(f) != nullptr; }, call_it_unknown,
     "An action whose result did not come in time may have happened: it counts as unknown."},
    {902, "restarted", [](const Facts& f) { return restarted(f).has_value(); },
     [](Turn& t) {
       const auto node = *restarted(t.facts());
       t.note_restart(node, *t.facts().answer(node));
       t.state.nodes[node].start_probed = true;
     },
     "A replica's restart throws away what it had received and not applied: remember it."},
    {903, "caught-up-again", [](const Facts& f) { return caught_up_again(f).has_value(); },
     [](Turn& t) {
       auto& record = t.state.nodes[*caught_up_again(t.facts())];
       record.restarted_at.reset();
       record.lost_received = false;
       t.decision.authority_changed = true;
     },
     "A restarted replica has received all that the living primary has: it counts again."},
});

}  // namespace

std::span<const Rule> housekeeping_rules() { return table; }

}  // namespace relevo::decide

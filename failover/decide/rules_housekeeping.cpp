// 9xx: what any phase has to take note of before it goes on.
#include <array>

#include "failover/decide/history.hpp"
#include "failover/decide/rules.hpp"

namespace relevo::decide {
namespace {

using model::NodeId;
using model::Severity;

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

// What is to be said of the primary's word: "" where it is as good as the policy.
std::string doubt(const Facts& f) {
  const bool told = f.state.promise_seen && *f.state.promise_seen >= f.state.primary_since;
  return f.state.phase == Phase::steady && f.state.primary && told ? f.why_not_promised()
                                                                   : std::string{};
}

void say_what_is_not_promised(Turn& turn) {
  turn.state.promise_doubt = doubt(turn.facts());
  turn.note(
      Severity::warning, turn.state.primary,
      "durability is quorum, and a failover now would be refused: " + turn.state.promise_doubt);
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
    {904, "not-promised",
     [](const Facts& f) {
       const auto said = doubt(f);
       return !said.empty() && said != f.state.promise_doubt;
     },
     say_what_is_not_promised,
     "In quorum mode the primary's settings let commits go on without the acknowledgements that "
     "the proof counts on: said now, not first when it dies."},
    {905, "promised-again",
     [](const Facts& f) {
       return f.state.phase == Phase::steady && f.state.primary && !f.state.promise_doubt.empty() &&
              doubt(f).empty();
     },
     [](Turn& t) {
       t.state.promise_doubt.clear();
       t.note(Severity::info, t.state.primary,
              t.name(*t.state.primary) + "'s commits wait for " + in_replicas(t.policy.acks) +
                  " again");
     },
     "The primary's settings keep the policy's promise again."},
});

}  // namespace

std::span<const Rule> housekeeping_rules() { return table; }

}  // namespace relevo::decide

// 9xx: what any phase has to take note of before it goes on.
#include <algorithm>
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
  if (f.state.phase != Phase::steady || !f.state.primary || !told) return "";
  const auto why = f.why_not_promised();
  const bool a_moment = f.state.promise_doubt.empty() && f.promise_settling() &&
                        f.now < f.state.coverage.since + f.policy.settling_max;
  return a_moment ? std::string{} : why;
}

bool promise_judged(const Facts& f) {
  const bool by_account = f.state.primary && f.state.promise && f.state.promise_seen;
  return !by_account || (f.state.coverage.told == f.promised() &&
                         f.state.coverage.lapses == f.state.promise->lapses_after.has_value());
}

void judge_promise(Turn& t) {
  const auto& latest = t.state.evidence[*t.state.primary].latest;
  const auto seen = latest ? std::max(latest->received, *t.state.promise_seen) : t.now;
  judge(t.state.coverage, t.facts().promised(), t.state.promise->lapses_after.has_value(), seen,
        t.facts().traits().settings_margin);
  t.decision.authority_changed = true;
}

// The primary's account of after its settings were seen to be as they are.
const model::NodeStatus* tells_end(const Facts& f) {
  const auto& coverage = f.state.coverage;
  if (!f.state.primary || coverage.rising_to == 0 || coverage.end.known()) return nullptr;
  const auto* status =
      f.answer_since(*f.state.primary, std::max(coverage.since, f.state.primary_since));
  return status != nullptr && status->role == model::Role::primary ? status : nullptr;
}

bool covers_before(const Facts& f) {
  const auto& coverage = f.state.coverage;
  return coverage.rising_to != 0 && coverage.end.known() &&
         f.holders(coverage.end) >= coverage.rising_to;
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
    {906, "promise-changed", [](const Facts& f) { return !promise_judged(f); }, judge_promise,
     "Commits wait for more replicas, or for fewer, than before: what the proof may count on "
     "changes with that at once, or once what was written before is with as many."},
    {907, "promise-begins", [](const Facts& f) { return tells_end(f) != nullptr; },
     [](Turn& t) { t.state.coverage.end = log_end(*tells_end(t.facts())); },
     "The primary has told where its log ended after its commits began to wait: what is before "
     "that did not have to."},
    {908, "promise-holds", covers_before,
     [](Turn& t) {
       settle(t.state.coverage);
       t.decision.authority_changed = true;
     },
     "As many replicas as commits wait for have received what was written before they had to: the "
     "proof may count on all of them."},
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

// 3xx: a planned change of primary. Up to the promotion every step has a
// deadline and an undo that leaves the old primary writable.
#include <array>

#include "failover/decide/rules.hpp"

namespace relevo::decide {
namespace {

using model::Severity;

bool in(const Facts& f, Phase phase) { return f.state.phase == phase; }

bool before_promotion(const Facts& f) {
  return in(f, Phase::draining) || in(f, Phase::closing) || in(f, Phase::fencing) ||
         in(f, Phase::catching_up);
}

bool candidate_fit(const Facts& f) { return why_not_promotable(f, *f.state.candidate).empty(); }

bool ended_ok(const Facts& f, std::string_view action_name) {
  const auto* pending = f.finished(action_name);
  return pending != nullptr && pending->outcome == ActionOutcome::ok && pending->status;
}

const auto table = std::to_array<Rule>({
    {301, "switchover-becomes-failover",
     [](const Facts& f) {
       return (before_promotion(f) || in(f, Phase::undoing)) && f.primary_dead() && f.may_act();
     },
     [](Turn& t) {
       t.state.wanted.reset();
       t.state.asked = true;
       t.begin_failover(t.name(*t.state.last_primary) + " died in the middle of a switchover");
     },
     "The old primary died on the way: what was planned goes on as a failover."},
    {302, "candidate-unfit",
     [](const Facts& f) { return before_promotion(f) && !candidate_fit(f); },
     [](Turn& t) {
       t.undo(t.name(*t.state.candidate) +
              " is no longer fit: " + why_not_promotable(t.facts(), *t.state.candidate));
     },
     "The candidate fell out before it was told to promote: undo."},
    {303, "lease-lost-in-switchover",
     [](const Facts& f) { return before_promotion(f) && !f.state.lease_held; },
     [](Turn& t) { t.undo("the lease was lost"); },
     "Without the lease another Relevo may be acting: undo what can be undone."},
    {310, "drained",
     [](const Facts& f) {
       return in(f, Phase::draining) &&
              (f.deadline_passed() ||
               (f.view_applied() && f.state.applied->transactions_on_primary == 0));
     },
     [](Turn& t) {
       if (t.facts().deadline_passed()) {
         const auto left = t.state.applied ? t.state.applied->transactions_on_primary : 0;
         t.note(Severity::warning, t.state.primary,
                std::to_string(left) + " transactions did not end in time and are ended");
       }
       t.close_gate();
     },
     "No transaction is open on the primary any more, or the time for that is up."},
    {311, "closed", [](const Facts& f) { return in(f, Phase::closing) && f.view_applied(); },
     [](Turn& t) { t.fence_and_freeze(); },
     "Every worker has let go of the old primary: make it read-only, hold the others still."},
    {312, "not-closed-in-time",
     [](const Facts& f) { return in(f, Phase::closing) && f.deadline_passed(); },
     [](Turn& t) { t.undo("not every worker has let go of the primary in time"); },
     "A worker that does not answer may still write: undo."},
    {320, "fence-failed",
     [](const Facts& f) {
       const auto* fence = f.finished("Fence");
       return in(f, Phase::fencing) && fence != nullptr && !ended_ok(f, "Fence");
     },
     [](Turn& t) {
       t.undo("the old primary could not be fenced: " + outcome_text(*t.facts().finished("Fence")));
     },
     "An old primary that may still take writes must not be left behind: undo."},
    {321, "fenced", [](const Facts& f) { return in(f, Phase::fencing) && f.all_finished(); },
     [](Turn& t) { t.await_candidate(); },
     "The old primary's history has its end: wait until the candidate has replayed it."},
    {330, "caught-up",
     [](const Facts& f) { return in(f, Phase::catching_up) && ended_ok(f, "AwaitPosition"); },
     [](Turn& t) { t.promote_candidate(); },
     "The candidate has replayed everything: promote it, nothing is lost."},
    {331, "not-caught-up",
     [](const Facts& f) {
       return in(f, Phase::catching_up) && f.finished("AwaitPosition") != nullptr;
     },
     [](Turn& t) {
       t.undo(t.name(*t.state.candidate) +
              " did not catch up: " + outcome_text(*t.facts().finished("AwaitPosition")));
     },
     "The candidate lacks part of the history: undo rather than lose it."},
    {340, "undone",
     [](const Facts& f) {
       const auto* unfence = f.finished("Unfence");
       return in(f, Phase::undoing) && unfence != nullptr && unfence->outcome == ActionOutcome::ok;
     },
     [](Turn& t) { t.reopen(t.state.reason); }, "The old primary is writable again and goes on."},
    {341, "undo-again",
     [](const Facts& f) {
       return in(f, Phase::undoing) && f.all_finished() && f.retry_due(*f.state.last_primary);
     },
     [](Turn& t) {
       auto& record = t.state.nodes[*t.state.last_primary];
       t.state.pending.clear();
       t.act(Unfence{*t.state.last_primary}, t.policy.fence_timeout);
       t.back_off(*t.state.last_primary, ++record.fence_failures);
     },
     "An undo is never given up: until it is done the cluster has no writable node."},
});

}  // namespace

std::span<const Rule> switchover_rules() { return table; }

}  // namespace relevo::decide

// 2xx: from a dead primary to a verified new one.
#include <array>

#include "failover/decide/rules.hpp"

namespace relevo::decide {
namespace {

using model::Severity;

bool in(const Facts& f, Phase phase) { return f.state.phase == phase; }

bool steady_and_dead(const Facts& f) { return in(f, Phase::steady) && f.primary_dead(); }

std::string verdict_text(const Turn& t) {
  const auto& assessment = t.state.evidence[*t.state.last_primary].assessment;
  return t.name(*t.state.last_primary) + " is " +
         std::string(model::to_string(assessment.verdict)) + ": " + assessment.reason;
}

// The answer to a question about the candidate, or to its promotion.
const PendingAction* answered(const Facts& f, std::string_view action_name) {
  const auto* pending = f.finished(action_name);
  return pending != nullptr && pending->outcome == ActionOutcome::ok && pending->status ? pending
                                                                                        : nullptr;
}

bool proven_primary(const PendingAction* pending) {
  return pending != nullptr && pending->status->role == model::Role::primary &&
         !pending->status->read_only;
}

bool planned_and_undoable(const Facts& f) {
  return f.state.switchover && f.state.last_primary && f.says_primary(*f.state.last_primary);
}

void publish_answer(Turn& t, std::string_view action_name) {
  const auto status = *answered(t.facts(), action_name)->status;
  t.publish_promoted(status);
}

const auto table = std::to_array<Rule>({
    {201, "hold-without-failover",
     [](const Facts& f) { return steady_and_dead(f) && f.policy.mode != Mode::automatic; },
     [](Turn& t) {
       t.hold(verdict_text(t) + (t.policy.mode == Mode::manual
                                     ? "; failover.mode is manual: an operator has to decide"
                                     : "; failover.mode is off: waiting for another primary"));
     },
     "The primary is dead and Relevo may not promote by itself: writes are held."},
    {202, "brake",
     [](const Facts& f) {
       return steady_and_dead(f) && (f.too_many_failovers() || f.state.needs_acknowledge);
     },
     [](Turn& t) {
       t.state.needs_acknowledge = true;
       t.hold(verdict_text(t) + "; " + std::to_string(t.policy.failovers_max) +
              " failovers within the window: an operator has to acknowledge before another");
     },
     "Failing over again and again destroys more than it saves: an operator has to look."},
    {203, "failover-begins", [](const Facts& f) { return steady_and_dead(f) && f.may_act(); },
     [](Turn& t) { t.begin_failover(verdict_text(t)); },
     "The primary is dead, and no replica hears it."},
    {204, "primary-stepped-down",
     [](const Facts& f) { return in(f, Phase::steady) && f.says_replica(*f.state.primary); },
     [](Turn& t) {
       t.hold(t.name(*t.state.primary) +
              " answers as a replica now, and no other node says that it is primary");
     },
     "The primary was made a replica by someone else's hand: nobody may write."},
    {205, "lease-lost",
     [](const Facts& f) {
       return !f.state.lease_held && !f.state.switchover &&
              (in(f, Phase::barrier) || in(f, Phase::freezing) || in(f, Phase::promoting) ||
               in(f, Phase::verifying));
     },
     [](Turn& t) { t.refuse("the lease was lost in the middle of a failover"); },
     "Without the lease another Relevo may be acting: begin nothing more."},
    {206, "primary-returned",
     [](const Facts& f) {
       return (in(f, Phase::barrier) || in(f, Phase::freezing)) && !f.state.asked &&
              !f.primary_dead() && f.primary_returned();
     },
     [](Turn& t) { t.reopen("it answers again, and nothing was promoted"); },
     "The old primary is back before anything was promoted: it keeps its place."},
    {210, "barrier-passed",
     [](const Facts& f) { return in(f, Phase::barrier) && f.view_applied(); },
     [](Turn& t) { t.freeze_replicas(); },
     "Every worker has dropped its connections to the old primary: receivers are frozen next."},
    {211, "barrier-timeout",
     [](const Facts& f) { return in(f, Phase::barrier) && f.deadline_passed(); },
     [](Turn& t) { t.refuse("not every worker has let go of the old primary in time"); },
     "Promoting while a worker may still write to the old primary is never safe."},
    {220, "promote", [](const Facts& f) { return in(f, Phase::freezing) && f.all_finished(); },
     [](Turn& t) { t.choose_and_promote(); },
     "All reachable replicas stand still: promote the furthest if the loss allows it, or refuse."},
    {221, "promote-without-the-slow",
     [](const Facts& f) {
       return in(f, Phase::freezing) && f.now >= f.state.phase_since + f.policy.freeze_patience &&
              plan_failover(f).candidate.has_value();
     },
     [](Turn& t) { t.choose_and_promote(); },
     "A replica takes long to stop receiving, and those that stand still suffice: writes wait no "
     "longer for it."},
    {230, "promoted",
     [](const Facts& f) {
       return in(f, Phase::promoting) && proven_primary(answered(f, "Promote"));
     },
     [](Turn& t) { publish_answer(t, "Promote"); },
     "The candidate was promoted and says itself that it is a writable primary."},
    {231, "verify-promotion",
     [](const Facts& f) { return in(f, Phase::promoting) && f.finished("Promote") != nullptr; },
     [](Turn& t) {
       t.note(Severity::warning, t.state.candidate,
              "promotion of " + t.name(*t.state.candidate) + ": " +
                  outcome_text(*t.facts().finished("Promote")) + "; asking for its role");
       t.ask_candidate();
       t.enter(Phase::verifying, t.policy.verify_timeout);
     },
     "A promotion that failed or timed out may have happened: read the role before anything else."},
    {240, "verified",
     [](const Facts& f) {
       return in(f, Phase::verifying) && proven_primary(answered(f, "ReadRole"));
     },
     [](Turn& t) { publish_answer(t, "ReadRole"); },
     "The candidate says that it is a writable primary: the promotion had happened."},
    {241, "promote-again",
     [](const Facts& f) {
       const auto* answer = answered(f, "ReadRole");
       // A primary that refuses writes was left half-way: the rest is done by asking again.
       return in(f, Phase::verifying) && answer != nullptr &&
              (answer->status->role == model::Role::replica || answer->status->read_only) &&
              f.state.lease_held && f.state.promote_attempts < f.policy.promote_attempts_max;
     },
     [](Turn& t) { t.promote_candidate(); },
     "The candidate is a replica still: promoting the same node again is safe."},
    {242, "undo-failed-promotion",
     [](const Facts& f) {
       const auto* answer = answered(f, "ReadRole");
       return in(f, Phase::verifying) && answer != nullptr &&
              answer->status->role == model::Role::replica && planned_and_undoable(f);
     },
     [](Turn& t) {
       t.state.doubtful = false;
       // The attempt may have stopped its replication before it failed.
       t.state.nodes[*t.state.candidate].needs_repoint = true;
       t.undo(t.name(*t.state.candidate) + " could not be promoted");
     },
     "The candidate of a switchover stays a replica: the old primary takes its place again."},
    {243, "next-candidate",
     [](const Facts& f) {
       const auto* answer = answered(f, "ReadRole");
       return in(f, Phase::verifying) && answer != nullptr &&
              answer->status->role == model::Role::replica;
     },
     [](Turn& t) { t.next_candidate("it stays a replica after every attempt"); },
     "The candidate certainly is not primary: another one may be chosen, under a new epoch."},
    {244, "undo-dead-candidate",
     [](const Facts& f) {
       return in(f, Phase::verifying) && f.finished("ReadRole") != nullptr &&
              planned_and_undoable(f) && (f.seems_dead(*f.state.candidate) || f.deadline_passed());
     },
     [](Turn& t) {
       t.state.nodes[*t.state.candidate].quarantined = true;
       t.state.nodes[*t.state.candidate].reason =
           "was told to promote; it is not known whether it did";
       t.state.doubtful = false;
       t.undo(t.name(*t.state.candidate) + " was lost in its promotion");
     },
     "The candidate of a switchover is lost and was never published: the old primary, which has "
     "every write, goes on."},
    {245, "candidate-died",
     [](const Facts& f) {
       return in(f, Phase::verifying) && f.finished("ReadRole") != nullptr &&
              f.seems_dead(*f.state.candidate);
     },
     [](Turn& t) {
       auto& record = t.state.nodes[*t.state.candidate];
       record.quarantined = true;
       record.reason = "died while it was being promoted";
       t.next_candidate("it died in the middle of its promotion");
     },
     "The candidate died before it was published: quarantine it, prove again without it."},
    {246, "ask-again",
     [](const Facts& f) {
       const auto* asked = f.finished("ReadRole");
       return in(f, Phase::verifying) && asked != nullptr && !f.deadline_passed() &&
              f.now >= f.state.nodes[*f.state.candidate].retry_at;
     },
     [](Turn& t) {
       t.ask_candidate();
       t.state.nodes[*t.state.candidate].retry_at = t.now + std::chrono::milliseconds(100);
     },
     "The candidate did not say its role: ask again, never promote a second node blindly."},
    {247, "promotion-in-doubt",
     [](const Facts& f) {
       return in(f, Phase::verifying) && f.finished("ReadRole") != nullptr && f.deadline_passed();
     },
     [](Turn& t) {
       t.refuse("it is not known whether " + t.name(*t.state.candidate) +
                " was promoted; no second node is promoted before that is clear");
     },
     "Two primaries are worse than none: hold until the candidate's role is known."},
});

}  // namespace

std::span<const Rule> failover_rules() { return table; }

}  // namespace relevo::decide

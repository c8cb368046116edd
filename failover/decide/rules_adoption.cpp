// 1xx and 4xx: which primary to believe at the start, after somebody else's
// hand, and while none is published.
#include <array>

#include "failover/decide/rules.hpp"

namespace relevo::decide {
namespace {

using model::Severity;

bool none_published(const Facts& f) {
  return f.state.phase == Phase::starting || f.state.phase == Phase::held;
}

bool doubtful_candidate(const Facts& f) {
  return f.state.phase == Phase::held && f.state.doubtful && f.state.candidate;
}

// An account of the candidate that is younger than the doubt about it.
const model::NodeStatus* candidate_since_doubt(const Facts& f) {
  return f.answer_since(*f.state.candidate, f.state.phase_since);
}

// Only once every worker has let go of the one before.
bool may_publish(const Facts& f, std::optional<model::NodeId> node) {
  return node && (f.state.phase == Phase::starting || f.view_applied());
}

bool last_primary_claims(const Facts& f) {
  return f.state.last_primary && find_adoptable(f).node == f.state.last_primary;
}

// Quarantined for the doubt about its promotion, and an account of it that is younger.
std::optional<model::NodeId> lost_candidate(const Facts& f) {
  if (f.state.phase != Phase::held || f.state.doubtful) return std::nullopt;
  for (model::NodeId node = 0; node < f.state.nodes.size(); ++node) {
    const auto& record = f.state.nodes[node];
    if (!record.quarantined || record.diverged || record.former_primary != 0) continue;
    const auto* status = f.answer_since(node, f.state.phase_since);
    if (status != nullptr && status->role == model::Role::replica) return node;
  }
  return std::nullopt;
}

bool retry_is_due(const Facts& f) {
  return f.now >= f.state.retry_at || f.usable_replicas() != f.state.retry_seen;
}

// A failover from the recorded primary, by itself and now, whatever its last one said.
bool may_fail_over_again(const Facts& f) {
  return f.policy.mode == Mode::automatic && f.may_act() && !f.state.needs_acknowledge &&
         !f.state.doubtful;
}

std::string why_none(const Turn& t, model::NodeId node) {
  const auto facts = t.facts();
  return shortened_text(facts, node, facts.taken_back_by(node));
}

const auto table = std::to_array<Rule>({
    {410, "primary-took-back-writes",
     [](const Facts& f) {
       return f.state.phase == Phase::steady && f.may_act() && f.primary_shortened();
     },
     [](Turn& t) { t.hold(why_none(t, *t.state.primary)); },
     "A primary that lacks writes of its own which a replica has would write others in their "
     "place: acknowledged ones would be lost."},
    {401, "undo-after-restart",
     [](const Facts& f) {
       return f.state.phase == Phase::steady && f.may_act() && f.state.soft_fenced &&
              f.state.soft_fenced == f.state.primary && f.retry_due(*f.state.primary) &&
              !f.has_pending(*f.state.primary);
     },
     [](Turn& t) {
       t.act(Unfence{*t.state.primary}, t.policy.fence_timeout);
       t.note(Severity::warning, t.state.primary,
              t.name(*t.state.primary) +
                  " is made writable again: an unfinished switchover had "
                  "made it read-only");
     },
     "The primary was fenced by a switchover that never ended: lift that fence."},
    {407, "primary-refuses-writes",
     [](const Facts& f) {
       if (f.state.phase != Phase::steady || !f.may_act() || !f.traits().role_by_statement) {
         return false;
       }
       const auto node = *f.state.primary;
       return f.says_primary(node) && f.answer(node)->read_only && f.retry_due(node) &&
              !f.has_pending(node);
     },
     [](Turn& t) {
       const auto node = *t.state.primary;
       t.act(Unfence{node}, t.policy.fence_timeout);
       t.note(Severity::warning, node,
              t.name(node) + " is the primary and refuses writes (read_only): they are let in");
     },
     "Servers are started read-only to be safe; the one that is the primary must take writes."},
    {408, "late-fence",
     [](const Facts& f) {
       if (f.state.phase != Phase::steady || !f.may_act()) return false;
       const auto node = *f.state.primary;
       return f.state.nodes[node].fences_in_doubt != 0 && f.says_primary(node) &&
              f.answer(node)->read_only && f.retry_due(node) && !f.has_pending(node);
     },
     [](Turn& t) {
       const auto node = *t.state.primary;
       t.act(Unfence{node}, t.policy.fence_timeout);
       t.note(Severity::warning, node,
              t.name(node) +
                  " refuses writes: a fence of an attempt that was given up took "
                  "effect late, and is lifted");
     },
     "A fence whose end was not seen may come into force after it was lifted: lift it again."},
    {409, "lost-candidate-is-replica", [](const Facts& f) { return lost_candidate(f).has_value(); },
     [](Turn& t) {
       const auto node = *lost_candidate(t.facts());
       auto& record = t.state.nodes[node];
       record.quarantined = record.barred = false;
       record.needs_repoint = true;
       record.reason.clear();
       t.state.retry_at = t.now;
       t.decision.authority_changed = true;
       t.note(Severity::info, node,
              t.name(node) + " is a replica after all: no longer quarantined");
     },
     "A candidate that was lost in its promotion is back as a replica: it may be tried again."},
    {402, "late-promotion",
     [](const Facts& f) {
       if (!doubtful_candidate(f) || last_primary_claims(f)) return false;
       const auto* status = candidate_since_doubt(f);
       return status != nullptr && status->role == model::Role::primary && !status->read_only;
     },
     [](Turn& t) { t.publish_promoted(t.state.evidence[*t.state.candidate].latest->status); },
     "The candidate whose promotion was in doubt says that it is primary."},
    {403, "promotion-did-not-happen",
     [](const Facts& f) {
       if (!doubtful_candidate(f)) return false;
       const auto* status = candidate_since_doubt(f);
       return status != nullptr && status->role == model::Role::replica;
     },
     [](Turn& t) {
       t.state.doubtful = false;
       t.state.retry_at = t.now;
       t.note(Severity::info, t.state.candidate,
              t.name(*t.state.candidate) + " is still a replica: it was not promoted");
     },
     "The candidate whose promotion was in doubt is a replica still: failing over is safe again."},
    {404, "doubtful-candidate-died",
     [](const Facts& f) { return doubtful_candidate(f) && f.seems_dead(*f.state.candidate); },
     [](Turn& t) {
       auto& record = t.state.nodes[*t.state.candidate];
       record.quarantined = record.barred = true;
       record.reason = "died while it was being promoted";
       t.raise_epoch();
       t.publish();
       t.state.doubtful = false;
       t.state.retry_at = t.now;
       t.note(Severity::critical, t.state.candidate,
              t.name(*t.state.candidate) + " died while it was being promoted: quarantined");
     },
     "A dead candidate cannot be primary; should it return as one, it is quarantined."},
    {101, "adopt",
     [](const Facts& f) { return none_published(f) && may_publish(f, find_adoptable(f).node); },
     [](Turn& t) {
       const auto node = *find_adoptable(t.facts()).node;
       t.adopt(node, t.state.last_primary == node ? "it answers as the primary on record"
                                                  : "it is the only one that says so");
     },
     "Exactly one node says that it is primary, and nothing on record speaks against it."},
    {102, "follow",
     [](const Facts& f) {
       if (f.state.phase != Phase::steady) return false;
       const auto found = find_adoptable(f).node;
       return found && found != f.state.primary;
     },
     [](Turn& t) { t.follow(*find_adoptable(t.facts()).node); },
     "Another node was promoted by someone else's hand, and the old primary is no longer one."},
    {103, "ambiguous-primary",
     [](const Facts& f) {
       if (!none_published(f)) return false;
       if (f.primary_shortened() && may_fail_over_again(f)) return false;  // 406 tells of it
       const auto found = find_adoptable(f);
       return !found.node && !found.why_not.empty() && found.why_not != f.state.reason;
     },
     [](Turn& t) { t.hold(find_adoptable(t.facts()).why_not); },
     "Whom to believe is not clear: nobody is published, and an operator is told why."},
    {405, "too-many-failovers",
     [](const Facts& f) {
       return none_published(f) && f.policy.mode == Mode::automatic && f.primary_dead() &&
              f.too_many_failovers() && !f.state.needs_acknowledge;
     },
     [](Turn& t) {
       t.state.needs_acknowledge = true;
       t.hold(std::to_string(t.policy.failovers_max) +
              " failovers within the window: an operator has to acknowledge before another");
     },
     "Failing over again and again destroys more than it saves: an operator has to look."},
    {406, "retry-failover",
     [](const Facts& f) {
       return none_published(f) && may_fail_over_again(f) &&
              (f.primary_dead() || f.primary_shortened()) && f.everyone_had_time() &&
              f.state.nodes[*f.state.last_primary].former_primary == 0 && retry_is_due(f);
     },
     [](Turn& t) {
       if (!t.facts().primary_dead()) {
         return t.begin_failover(why_none(t, *t.state.last_primary));
       }
       t.begin_failover(t.name(*t.state.last_primary) + " is " +
                        std::string(model::to_string(
                            t.state.evidence[*t.state.last_primary].assessment.verdict)) +
                        ": " + t.state.evidence[*t.state.last_primary].assessment.reason);
     },
     "No primary is published, the last one is dead or lacks writes, and a replica may be there by "
     "now."},
    {104, "nobody-is-primary",
     [](const Facts& f) {
       return f.state.phase == Phase::starting &&
              f.now - f.state.phase_since >= f.policy.start_grace;
     },
     [](Turn& t) {
       t.hold(t.state.last_primary ? "the recorded primary " + t.name(*t.state.last_primary) +
                                         " does not answer as one, and is not known to be dead"
                                   : "no node says that it is primary");
     },
     "Every node had time to answer, and none is a primary to believe."},
});

}  // namespace

std::span<const Rule> adoption_rules() { return table; }

}  // namespace relevo::decide

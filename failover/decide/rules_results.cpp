// 50x and 532ff: how what was asked of a replica or a former primary ended. One
// node's failure here never touches another.
#include <array>

#include "failover/decide/upkeep.hpp"

namespace relevo::decide {
namespace {

using namespace upkeep;

const PendingAction* ended(const Facts& f, std::string_view action_name, bool ok) {
  if (!steady(f)) return nullptr;
  for (const auto& pending : f.state.pending) {
    if (pending.finished && name_of(pending.action.task) == action_name &&
        (pending.outcome == ActionOutcome::ok) == ok) {
      return &pending;
    }
  }
  return nullptr;
}

template <typename Report>
void settle_action(Turn& t, std::string_view action_name, bool ok, Report report) {
  const PendingAction pending = *ended(t.facts(), action_name, ok);
  t.forget(&pending);
  report(t, *node_of(pending.action.task), pending);
}

const auto table = std::to_array<Rule>({
    {501, "repointed", [](const Facts& f) { return ended(f, "Repoint", true) != nullptr; },
     [](Turn& t) {
       settle_action(t, "Repoint", true, [](Turn& u, NodeId node, const PendingAction&) {
         u.back_off(node, 1);  // until it is seen to stream: what was seen before is old
         if (u.state.nodes[node].former_primary == 0) follows(u, node);
       });
     },
     "A replica was told to follow the new primary, and streams from it."},
    {502, "repoint-failed", [](const Facts& f) { return ended(f, "Repoint", false) != nullptr; },
     [](Turn& t) {
       settle_action(t, "Repoint", false, [](Turn& u, NodeId node, const PendingAction& p) {
         auto& record = u.state.nodes[node];
         u.back_off(node, ++record.repoint_failures);
         u.note(Severity::warning, node,
                u.name(node) + " could not be repointed, will be tried again: " + outcome_text(p));
       });
     },
     "One replica that cannot be repointed does not fail the failover: it is tried again."},
    {503, "former-primary-fenced",
     [](const Facts& f) { return ended(f, "Fence", true) != nullptr; },
     [](Turn& t) {
       settle_action(t, "Fence", true, [](Turn& u, NodeId node, const PendingAction&) {
         u.state.nodes[node].fence_failures = 0;
         u.back_off(node, 1);
         u.note(Severity::warning, node,
                u.name(node) + " was fenced: read-only, its client sessions ended");
       });
     },
     "A former primary refuses writes now, from whomever they come."},
    {504, "fence-of-former-primary-failed",
     [](const Facts& f) { return ended(f, "Fence", false) != nullptr; },
     [](Turn& t) {
       settle_action(t, "Fence", false, [](Turn& u, NodeId node, const PendingAction& p) {
         u.back_off(node, ++u.state.nodes[node].fence_failures);
         u.note(Severity::critical, node,
                u.name(node) + " is a former primary and could not be fenced: " + outcome_text(p));
       });
     },
     "A former primary that cannot be fenced gets no traffic from Relevo; fencing is tried again."},
    {505, "rejoin-prepared",
     [](const Facts& f) { return ended(f, "PrepareRejoin", true) != nullptr; },
     [](Turn& t) {
       settle_action(t, "PrepareRejoin", true, [](Turn& u, NodeId node, const PendingAction&) {
         u.state.nodes[node].rejoin_prepared = true;
         u.note(Severity::warning, node,
                "restart " + u.name(node) + " to rejoin as a replica: it stays fenced until then " +
                    "(standby.signal and primary_conninfo are in place; pg_rewind -R first if it "
                    "reports being ahead of the fork)");
       });
     },
     "PostgreSQL makes a replica of a running primary only by a restart, which is the operator's."},
    {506, "rejoin-not-prepared",
     [](const Facts& f) { return ended(f, "PrepareRejoin", false) != nullptr; },
     [](Turn& t) {
       settle_action(t, "PrepareRejoin", false, [](Turn& u, NodeId node, const PendingAction& p) {
         u.note(Severity::warning, node,
                u.name(node) +
                    " stays fenced; create standby.signal, set primary_conninfo and "
                    "restart it to rejoin as a replica: " +
                    outcome_text(p));
       });
     },
     "Without the privilege to write its files, rejoining is wholly the operator's."},
    {507, "unfenced", [](const Facts& f) { return ended(f, "Unfence", true) != nullptr; },
     [](Turn& t) {
       settle_action(t, "Unfence", true, [](Turn& u, NodeId node, const PendingAction&) {
         if (u.state.soft_fenced == node) u.state.soft_fenced.reset();
         u.state.nodes[node].fence_failures = 0;
         u.back_off(node, 1);  // until it is seen: what was seen before is old
         u.decision.authority_changed = true;
         u.note(Severity::info, node, u.name(node) + ": the fence was lifted");
       });
     },
     "What was set to fence a node is taken away again."},
    {508, "unfence-failed", [](const Facts& f) { return ended(f, "Unfence", false) != nullptr; },
     [](Turn& t) {
       settle_action(t, "Unfence", false, [](Turn& u, NodeId node, const PendingAction& p) {
         u.back_off(node, ++u.state.nodes[node].fence_failures);
         u.note(Severity::warning, node,
                u.name(node) + ": the fence could not be lifted: " + outcome_text(p));
       });
     },
     "A fence that could not be lifted is named; on the primary it is tried again."},
    {532, "replica-read-only",
     [](const Facts& f) { return ended(f, "SetReadOnly", true) != nullptr; },
     [](Turn& t) {
       settle_action(t, "SetReadOnly", true, [](Turn& u, NodeId node, const PendingAction&) {
         u.state.nodes[node].fence_failures = 0;
         u.back_off(node, 1);
         u.note(Severity::warning, node, u.name(node) + " took writes and is read-only now");
       });
     },
     "A replica refuses writes of its own again."},
    {533, "replica-stays-writable",
     [](const Facts& f) { return ended(f, "SetReadOnly", false) != nullptr; },
     [](Turn& t) {
       settle_action(t, "SetReadOnly", false, [](Turn& u, NodeId node, const PendingAction& p) {
         u.back_off(node, ++u.state.nodes[node].fence_failures);
         u.note(Severity::critical, node,
                u.name(node) + " takes writes and could not be set read-only: " + outcome_text(p));
       });
     },
     "A replica that cannot be set read-only is named, and it is tried again."},
});

}  // namespace

std::span<const Rule> result_rules() { return table; }

}  // namespace relevo::decide

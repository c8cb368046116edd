// 54x: quorum mode's settings are kept on the servers, if the policy says that Relevo
// does. What was set is believed only once the server's own account shows it (906).
#include <algorithm>
#include <array>

#include "failover/decide/sync_settings.hpp"
#include "failover/decide/upkeep.hpp"

namespace relevo::decide {
namespace {

using namespace upkeep;

const PendingAction* ended(const Facts& f, bool ok) {
  if (!steady(f)) return nullptr;
  const auto* pending = f.finished("SetQuorum");
  return pending != nullptr && (pending->outcome == ActionOutcome::ok) == ok ? pending : nullptr;
}

// Not again before its own account is younger.
void wait(Turn& t, NodeId node, unsigned failures) {
  auto delay = t.policy.retry_delay_min;
  for (unsigned i = 1; i < failures && delay < t.policy.retry_delay_max; ++i) delay *= 2;
  t.state.nodes[node].settings_retry_at = t.now + std::min(delay, t.policy.retry_delay_max);
}

void settings_made(Turn& t) {
  const PendingAction pending = *ended(t.facts(), true);
  t.forget(&pending);
  const NodeId node = *node_of(pending.action.task);
  auto& record = t.state.nodes[node];
  record.settings_failures = 0;
  record.settings_failure.clear();
  wait(t, node, 1);
  t.note(Severity::info, node, t.name(node) + ": " + pending.text);
}

void settings_not_made(Turn& t) {
  const PendingAction pending = *ended(t.facts(), false);
  t.forget(&pending);
  const NodeId node = *node_of(pending.action.task);
  auto& record = t.state.nodes[node];
  wait(t, node, ++record.settings_failures);
  const auto text = outcome_text(pending);
  if (text == record.settings_failure) return;  // said once
  record.settings_failure = text;
  t.note(Severity::warning, node,
         t.name(node) + " could not be given quorum mode's settings, will be tried again: " + text);
}

const auto table = std::to_array<Rule>({
    {542, "quorum-set", [](const Facts& f) { return ended(f, true) != nullptr; }, settings_made,
     "A server has what quorum mode needs; that it keeps it is for its own accounts to say."},
    {543, "quorum-not-set", [](const Facts& f) { return ended(f, false) != nullptr; },
     settings_not_made,
     "A server that cannot be given quorum mode's settings is named, and it is tried again."},
    {540, "name-replica", [](const Facts& f) { return misnamed_replica(f).has_value(); },
     [](Turn& t) {
       const auto node = *misnamed_replica(t.facts());
       t.state.nodes[node].named_in = t.state.epoch;
       t.act(Repoint{node, *t.state.primary}, t.policy.repoint_timeout);
       t.note(Severity::info, node,
              t.name(*t.state.primary) + " knows " + t.name(node) +
                  " by another name: its receiver is told to give this one");
     },
     "A primary counts acknowledgements by application_name: its replicas have to go by their "
     "nodes' names before commits may wait for them."},
    {541, "set-quorum", [](const Facts& f) { return next_setting(f).has_value(); },
     [](Turn& t) { t.act(*next_setting(t.facts()), t.policy.repoint_timeout); },
     "A server's settings let commits go on without the acknowledgements that the policy "
     "promises: Relevo makes them wait, replicas first."},
});

}  // namespace

std::span<const Rule> quorum_rules() { return table; }

}  // namespace relevo::decide

#include "failover/decide/upkeep.hpp"

namespace relevo::decide::upkeep {

bool shares_history(const Facts& f, NodeId node) {
  return f.traits().numbers_histories || f.errant(node) == "";
}

void lead(Turn& t, NodeId node) {
  const auto& status = *t.facts().answer(node);
  if (t.facts().traits().restart_discards_received && status.role == model::Role::replica &&
      !status.position.covers(status.received)) {
    t.state.nodes[node].restarted_at = t.now;
    t.decision.authority_changed = true;
  }
  t.act(Repoint{node, *t.state.primary}, t.policy.repoint_timeout);
}

void follows(Turn& t, NodeId node) {
  auto& record = t.state.nodes[node];
  record.needs_repoint = record.freeze_sent = record.diverged = false;
  record.repoint_failures = 0;
  record.waiting_since.reset();
  record.errant_since.reset();
  record.reason.clear();
  t.decision.authority_changed = true;
  t.note(Severity::info, node, t.name(node) + " streams from " + t.name(*t.state.primary));
}

void diverge(Turn& t, NodeId node, std::string why) {
  auto& record = t.state.nodes[node];
  record.diverged = true;
  record.reason = why;
  t.decision.authority_changed = true;
  t.publish();
  t.note(Severity::critical, node, t.name(node) + " has diverged: " + why);
}

}  // namespace relevo::decide::upkeep

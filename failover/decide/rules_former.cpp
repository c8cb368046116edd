// 52x: former primaries stay out until they follow the present one; a second node
// that says it is primary gets nothing.
#include <array>

#include "failover/decide/upkeep.hpp"

namespace relevo::decide {
namespace {

using namespace upkeep;

std::optional<NodeId> taken_back(const Facts& f) {
  return first_node(f, [](const Facts& k, NodeId n, const NodeRecord& r) {
    return r.former_primary != 0 && !k.has_pending(n) && streams(k, n) && shares_history(k, n);
  });
}

std::optional<NodeId> former_is_replica(const Facts& f) {
  return first_node(f, [](const Facts& k, NodeId n, const NodeRecord& r) {
    return r.former_primary != 0 && !r.needs_repoint && k.says_replica(n) && !streams(k, n);
  });
}

// Where a statement makes a replica of it, a second primary is led back like a
// former one; elsewhere it is left to whoever promoted it.
bool second_primary(const Facts& f, const NodeRecord& r) {
  return r.former_primary != 0 || (f.traits().role_by_statement && (r.quarantined || r.diverged));
}

std::optional<NodeId> former_is_writable(const Facts& f) {
  return first_node(f, [](const Facts& k, NodeId n, const NodeRecord& r) {
    return k.may_act() && second_primary(k, r) && k.says_primary(n) && !k.answer(n)->read_only &&
           !k.has_pending(n) && k.retry_due(n);
  });
}

std::optional<NodeId> rejoin_due(const Facts& f) {
  if (!f.traits().role_by_statement || !f.may_act()) return std::nullopt;
  return first_node(f, [](const Facts& k, NodeId n, const NodeRecord& r) {
    return second_primary(k, r) && !r.diverged && !r.maintenance && k.says_primary(n) &&
           k.answer(n)->read_only && k.errant(n) == "" && !k.has_pending(n) && k.retry_due(n);
  });
}

std::string way_back(const Facts& f, const NodeRecord& record) {
  const std::string& primary = f.name(*f.state.primary);
  if (f.traits().role_by_statement) return "to become a replica of " + primary;
  return record.rejoin_prepared
             ? "restart it to rejoin as a replica of " + primary +
                   " (pg_rewind -R first if it reports being ahead of the fork)"
             : "rejoin it as a replica of " + primary + " with pg_rewind or pg_basebackup";
}

std::string text_of_former(const Facts& f, NodeId node) {
  const auto& record = f.state.nodes[node];
  const auto* status = f.answer(node);
  return "former primary (until epoch " + std::to_string(record.former_primary) +
         "), still says primary" + f.on_timeline(node) +
         (status->read_only ? ", read-only" : ", writable") + ": " + way_back(f, record);
}

std::optional<NodeId> former_returned(const Facts& f) {
  return first_node(f, [](const Facts& k, NodeId n, const NodeRecord& r) {
    return r.former_primary != 0 && !r.diverged && k.says_primary(n) &&
           r.reason != text_of_former(k, n);
  });
}

std::optional<NodeId> intruder(const Facts& f) {
  return first_node(f, [](const Facts& k, NodeId n, const NodeRecord&) {
    return !k.is_outsider(n) && k.says_primary(n) && k.says_primary(*k.state.primary);
  });
}

std::optional<NodeId> intruder_gave_up(const Facts& f) {
  return first_node(f, [](const Facts& k, NodeId n, const NodeRecord& r) {
    return r.quarantined && k.says_replica(n);
  });
}

const auto table = std::to_array<Rule>({
    {520, "former-primary-taken-back", [](const Facts& f) { return taken_back(f).has_value(); },
     [](Turn& t) {
       const auto node = *taken_back(t.facts());
       auto& record = t.state.nodes[node];
       record.former_primary = 0;
       record.quarantined = record.rejoin_prepared = false;
       follows(t, node);
       if (t.facts().may_act()) t.act(Unfence{node}, t.policy.fence_timeout);
       t.publish();
     },
     "The former primary streams from the present one: it is an ordinary replica again."},
    {521, "former-primary-is-replica",
     [](const Facts& f) { return former_is_replica(f).has_value(); },
     [](Turn& t) {
       auto& record = t.state.nodes[*former_is_replica(t.facts())];
       record.needs_repoint = true;
       record.retry_at = t.now;
       record.reason = "former primary, a replica now: to be repointed";
       t.decision.authority_changed = true;
     },
     "The former primary came back as a replica but follows nobody yet: lead it."},
    {522, "fence-former-primary", [](const Facts& f) { return former_is_writable(f).has_value(); },
     [](Turn& t) {
       const auto node = *former_is_writable(t.facts());
       t.act(Fence{node, true}, t.policy.fence_timeout);
       t.note(Severity::critical, node,
              t.name(node) + " is a former primary and still takes writes: fencing it");
     },
     "A former primary that takes writes makes a second history: stop it at its own end."},
    {523, "former-primary-returned", [](const Facts& f) { return former_returned(f).has_value(); },
     [](Turn& t) {
       const auto node = *former_returned(t.facts());
       t.state.nodes[node].reason = text_of_former(t.facts(), node);
       t.publish();
       t.note(Severity::warning, node, t.name(node) + ": " + t.state.nodes[node].reason);
     },
     "The former primary is back and still believes it is primary: quarantined."},
    {524, "intruder", [](const Facts& f) { return intruder(f).has_value(); },
     [](Turn& t) {
       const auto node = *intruder(t.facts());
       auto& record = t.state.nodes[node];
       record.quarantined = true;
       record.reason = "says it is primary" + t.facts().on_timeline(node) + ", but " +
                       t.name(*t.state.primary) + " is the primary of epoch " +
                       std::to_string(t.state.epoch) + " and answers";
       t.decision.authority_changed = true;
       t.publish();
       t.note(Severity::critical, node, t.name(node) + " is quarantined: " + record.reason);
     },
     "A second node says it is primary while the first one works: it gets no traffic."},
    {525, "intruder-gave-up", [](const Facts& f) { return intruder_gave_up(f).has_value(); },
     [](Turn& t) {
       const auto node = *intruder_gave_up(t.facts());
       auto& record = t.state.nodes[node];
       record.quarantined = false;
       record.needs_repoint = true;
       record.reason.clear();
       record.retry_at = t.now;
       t.decision.authority_changed = true;
       t.note(Severity::info, node, t.name(node) + " is a replica: no longer quarantined");
     },
     "A quarantined node turned out to be a replica: lead it to the primary."},
    {526, "rejoin", [](const Facts& f) { return rejoin_due(f).has_value(); },
     [](Turn& t) {
       const auto node = *rejoin_due(t.facts());
       lead(t, node);
       t.note(Severity::info, node,
              t.name(node) + " has nothing that " + t.name(*t.state.primary) +
                  " lacks: it becomes its replica");
     },
     "A second primary that is read-only and holds nothing of its own rejoins by statements."},
});

}  // namespace

std::span<const Rule> former_rules() { return table; }

}  // namespace relevo::decide

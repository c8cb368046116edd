// 5xx and 7xx: replicas are led to the present primary, former primaries stay
// out, diverged nodes are named. One node's failure here never touches another.
#include <array>
#include <optional>

#include "failover/decide/rules.hpp"

namespace relevo::decide {
namespace {

using model::NodeId;
using model::Severity;

bool steady(const Facts& f) { return f.state.phase == Phase::steady && f.state.primary; }

// The first node other than the primary for which `test` holds.
template <typename Test>
std::optional<NodeId> first_node(const Facts& f, Test test) {
  if (!steady(f)) return std::nullopt;
  for (NodeId node = 0; node < f.state.nodes.size(); ++node) {
    if (node != f.state.primary && test(f, node, f.state.nodes[node])) return node;
  }
  return std::nullopt;
}

bool streams(const Facts& f, NodeId node) {
  return f.streams_from(node, *f.state.primary, f.state.primary_since);
}

bool foreign(const Facts& f, NodeId node) {
  const auto* status = f.answer(node);
  return status != nullptr && status->system_identifier != 0 && f.state.system_identifier != 0 &&
         status->system_identifier != f.state.system_identifier;
}

// --- which node a rule is about ---

std::optional<NodeId> arrived(const Facts& f) {
  return first_node(f, [](const Facts& k, NodeId n, const NodeRecord& r) {
    return r.needs_repoint && !r.freeze_sent && r.former_primary == 0 && !k.has_pending(n) &&
           streams(k, n);
  });
}

std::optional<NodeId> stranger(const Facts& f) {
  return first_node(f, [](const Facts& k, NodeId n, const NodeRecord& r) {
    return !r.diverged && foreign(k, n);
  });
}

std::optional<NodeId> beyond_fork(const Facts& f) {
  return first_node(f, [](const Facts& k, NodeId n, const NodeRecord& r) {
    const auto* status = k.answer_since(n, k.state.primary_since);
    if (!r.needs_repoint || r.diverged || !k.state.fork || status == nullptr) return false;
    const bool old_history = status->timeline == 0 || k.state.primary_timeline == 0 ||
                             status->timeline < k.state.primary_timeline;
    return status->role == model::Role::replica && old_history && !streams(k, n) &&
           status->received.compare(*k.state.fork) == std::partial_ordering::greater;
  });
}

bool receiver_waits(const Facts& f, NodeId node) {
  const auto* status = f.answer_since(node, f.state.primary_since);
  return status != nullptr && status->role == model::Role::replica &&
         status->receiver == model::ReceiverState::waiting;
}

std::optional<NodeId> starts_waiting(const Facts& f) {
  return first_node(f, [](const Facts& k, NodeId n, const NodeRecord& r) {
    return !r.waiting_since && receiver_waits(k, n);
  });
}

std::optional<NodeId> stops_waiting(const Facts& f) {
  return first_node(f, [](const Facts& k, NodeId n, const NodeRecord& r) {
    return r.waiting_since && k.answer(n) != nullptr && !receiver_waits(k, n);
  });
}

std::optional<NodeId> waits_for_ever(const Facts& f) {
  return first_node(f, [](const Facts& k, NodeId, const NodeRecord& r) {
    return r.waiting_since && !r.diverged &&
           k.now - *r.waiting_since >= k.policy.waiting_receiver_max;
  });
}

std::optional<NodeId> mended(const Facts& f) {
  return first_node(f, [](const Facts& k, NodeId n, const NodeRecord& r) {
    return r.diverged && !foreign(k, n) && streams(k, n);
  });
}

std::optional<NodeId> taken_back(const Facts& f) {
  return first_node(f, [](const Facts& k, NodeId n, const NodeRecord& r) {
    return r.former_primary != 0 && !k.has_pending(n) && streams(k, n);
  });
}

std::optional<NodeId> former_is_replica(const Facts& f) {
  return first_node(f, [](const Facts& k, NodeId n, const NodeRecord& r) {
    return r.former_primary != 0 && !r.needs_repoint && k.says_replica(n) && !streams(k, n);
  });
}

std::optional<NodeId> former_is_writable(const Facts& f) {
  return first_node(f, [](const Facts& k, NodeId n, const NodeRecord& r) {
    return k.may_act() && r.former_primary != 0 && k.says_primary(n) && !k.answer(n)->read_only &&
           !k.has_pending(n) && k.retry_due(n);
  });
}

std::string text_of_former(const Facts& f, NodeId node) {
  const auto& record = f.state.nodes[node];
  const auto* status = f.answer(node);
  const std::string& primary = f.name(*f.state.primary);
  return "former primary (until epoch " + std::to_string(record.former_primary) +
         "), still says primary on timeline " + std::to_string(status->timeline) +
         (status->read_only ? ", read-only" : ", writable") + ": " +
         (record.rejoin_prepared
              ? "restart it to rejoin as a replica of " + primary +
                    " (pg_rewind -R first if it reports being ahead of the fork)"
              : "rejoin it as a replica of " + primary + " with pg_rewind or pg_basebackup");
}

std::optional<NodeId> former_returned(const Facts& f) {
  return first_node(f, [](const Facts& k, NodeId n, const NodeRecord& r) {
    return r.former_primary != 0 && k.says_primary(n) && r.reason != text_of_former(k, n);
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

bool to_be_repointed(const Facts& f, NodeId n, const NodeRecord& r) {
  return f.may_act() && r.needs_repoint && !r.diverged && !r.quarantined && f.says_replica(n) &&
         !f.has_pending(n) && f.retry_due(n);
}

std::optional<NodeId> repoint_due(const Facts& f) { return first_node(f, to_be_repointed); }

// --- what ended ---

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

void repoint_all(Turn& t) {
  for (NodeId node = 0; node < t.state.nodes.size(); ++node) {
    if (node != t.state.primary && to_be_repointed(t.facts(), node, t.state.nodes[node])) {
      t.act(Repoint{node, *t.state.primary}, t.policy.repoint_timeout);
    }
  }
}

void follows(Turn& t, NodeId node) {
  auto& record = t.state.nodes[node];
  record.needs_repoint = record.freeze_sent = record.diverged = false;
  record.repoint_failures = 0;
  record.waiting_since.reset();
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

const auto upkeep = std::to_array<Rule>({
    {501, "repointed", [](const Facts& f) { return ended(f, "Repoint", true) != nullptr; },
     [](Turn& t) {
       settle_action(t, "Repoint", true, [](Turn& u, NodeId node, const PendingAction&) {
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
    {510, "follows-already", [](const Facts& f) { return arrived(f).has_value(); },
     [](Turn& t) { follows(t, *arrived(t.facts())); },
     "The replica streams from the present primary: nothing is left to do."},
    {511, "foreign-system", [](const Facts& f) { return stranger(f).has_value(); },
     [](Turn& t) {
       diverge(t, *stranger(t.facts()), "its system identifier is that of another cluster");
     },
     "A node of another cluster must get no read and never be promoted."},
    {512, "beyond-the-fork", [](const Facts& f) { return beyond_fork(f).has_value(); },
     [](Turn& t) {
       const auto node = *beyond_fork(t.facts());
       diverge(t, node,
               "it received " + t.facts().answer(node)->received.to_string() +
                   " of the former primary's history, beyond the fork at " +
                   t.state.fork->to_string() + ": pg_rewind it");
     },
     "A replica that is ahead of where the new primary began can never attach to it."},
    {513, "receiver-waits", [](const Facts& f) { return starts_waiting(f).has_value(); },
     [](Turn& t) { t.state.nodes[*starts_waiting(t.facts())].waiting_since = t.now; },
     "A waiting receiver may be about to start, or may wait for ever: note since when."},
    {514, "receiver-waits-no-more", [](const Facts& f) { return stops_waiting(f).has_value(); },
     [](Turn& t) { t.state.nodes[*stops_waiting(t.facts())].waiting_since.reset(); },
     "The receiver has found what it waited for."},
    {515, "receiver-waits-for-ever", [](const Facts& f) { return waits_for_ever(f).has_value(); },
     [](Turn& t) {
       diverge(t, *waits_for_ever(t.facts()),
               "its receiver waits for history that the primary does not have: pg_rewind it");
     },
     "A receiver that goes on waiting belongs to a replica that is ahead of its primary."},
    {516, "mended", [](const Facts& f) { return mended(f).has_value(); },
     [](Turn& t) {
       const auto node = *mended(t.facts());
       follows(t, node);
       t.publish();
     },
     "A diverged node streams from the primary: it was rebuilt."},
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
       record.reason = "says it is primary on timeline " +
                       std::to_string(t.facts().answer(node)->timeline) + ", but " +
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
    {530, "repoint", [](const Facts& f) { return repoint_due(f).has_value(); }, repoint_all,
     "Replicas that do not follow the present primary are repointed, all at once."},
});

const auto lease = std::to_array<Rule>({
    {701, "acquire-lease",
     [](const Facts& f) {
       return f.policy.mode != Mode::off && !f.state.lease_held && f.now >= f.state.lease_retry_at;
     },
     [](Turn& t) {
       t.state.lease_retry_at = t.now + t.policy.retry_delay_min;
       t.act(AcquireLease{}, t.policy.retry_delay_min);
     },
     "Only the holder of the lease may act on the cluster: ask for it until it is granted."},
});

}  // namespace

std::span<const Rule> upkeep_rules() { return upkeep; }
std::span<const Rule> lease_rules() { return lease; }

}  // namespace relevo::decide

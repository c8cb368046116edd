// 51x and 53x: replicas are led to the present primary, kept read-only, and those
// that hold another history are named. One node's trouble never touches another.
#include <array>

#include "failover/decide/upkeep.hpp"

namespace relevo::decide {
namespace {

using namespace upkeep;

bool foreign(const Facts& f, NodeId node) {
  const auto* status = f.answer(node);
  return status != nullptr && status->system_identifier != 0 && f.state.system_identifier != 0 &&
         status->system_identifier != f.state.system_identifier;
}

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

// By number: an older history that goes further than the fork.
std::optional<NodeId> beyond_fork(const Facts& f) {
  if (!f.traits().numbers_histories) return std::nullopt;
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
    return r.waiting_since && !receiver_waits(k, n);  // nor does one that says nothing
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
    return r.diverged && !foreign(k, n) && streams(k, n) && shares_history(k, n);
  });
}

std::optional<NodeId> starts_to_differ(const Facts& f) {
  return first_node(f, [](const Facts& k, NodeId n, const NodeRecord& r) {
    return !r.errant_since && !r.diverged && !k.errant(n).value_or("").empty();
  });
}

std::optional<NodeId> differs_no_more(const Facts& f) {
  return first_node(f, [](const Facts& k, NodeId n, const NodeRecord& r) {
    return r.errant_since && k.errant(n) == "";
  });
}

std::optional<NodeId> differs_for_good(const Facts& f) {
  return first_node(f, [](const Facts& k, NodeId n, const NodeRecord& r) {
    return r.errant_since && !r.diverged && k.now - *r.errant_since >= k.policy.errant_min &&
           !k.errant(n).value_or("").empty();
  });
}

bool to_be_repointed(const Facts& f, NodeId n, const NodeRecord& r) {
  return f.may_act() && r.needs_repoint && !r.diverged && !r.quarantined && f.says_replica(n) &&
         !f.has_pending(n) && f.retry_due(n);
}

std::optional<NodeId> repoint_due(const Facts& f) { return first_node(f, to_be_repointed); }

void repoint_all(Turn& t) {
  for (NodeId node = 0; node < t.state.nodes.size(); ++node) {
    if (node != t.state.primary && to_be_repointed(t.facts(), node, t.state.nodes[node])) {
      lead(t, node);
    }
  }
}

std::optional<NodeId> writable_replica(const Facts& f) {
  if (!f.traits().role_by_statement || !f.may_act()) return std::nullopt;
  return first_node(f, [](const Facts& k, NodeId n, const NodeRecord&) {
    return k.says_replica(n) && !k.answer(n)->read_only && !k.has_pending(n) && k.retry_due(n);
  });
}

// Something that was asked of it long ago came into force after it had been led to the
// primary: a freeze, or a repoint to whoever was primary then. Who follows another
// replica may be meant to.
bool astray(const Facts& f, NodeId node, const NodeRecord& record) {
  const auto& status = *f.answer(node);
  if (record.freezes_in_doubt != 0 && status.receiver == model::ReceiverState::none) return true;
  for (NodeId other = 0; other < f.state.nodes.size(); ++other) {
    const auto& policy = f.policy.nodes[other];
    const bool upstream =
        status.upstream_host == policy.host && status.upstream_port == policy.port;
    if (upstream && other != f.state.primary) return f.state.nodes[other].former_primary != 0;
  }
  return false;
}

std::optional<NodeId> led_astray(const Facts& f) {
  if (!f.may_act()) return std::nullopt;
  return first_node(f, [](const Facts& k, NodeId n, const NodeRecord& r) {
    return !r.needs_repoint && !k.is_outsider(n) && k.says_replica(n) && !k.has_pending(n) &&
           k.retry_due(n) && astray(k, n, r);
  });
}

const auto histories = std::to_array<Rule>({
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
               t.facts().traits().numbers_histories
                   ? "its receiver waits for history that the primary does not have: pg_rewind it"
                   : "its receiver asks for history that the primary does not have any more: "
                     "rebuild it from a backup or a clone");
     },
     "A receiver that goes on waiting belongs to a replica that is ahead of its primary."},
    {516, "mended", [](const Facts& f) { return mended(f).has_value(); },
     [](Turn& t) {
       const auto node = *mended(t.facts());
       follows(t, node);
       t.publish();
     },
     "A diverged node streams from the primary: it was rebuilt."},
    {517, "history-differs", [](const Facts& f) { return starts_to_differ(f).has_value(); },
     [](Turn& t) { t.state.nodes[*starts_to_differ(t.facts())].errant_since = t.now; },
     "A node may have a write before its primary says so (semi-synchronous): note since when."},
    {518, "history-agrees", [](const Facts& f) { return differs_no_more(f).has_value(); },
     [](Turn& t) { t.state.nodes[*differs_no_more(t.facts())].errant_since.reset(); },
     "The primary has all that the node has: it was only a moment ahead in the telling."},
    {519, "errant", [](const Facts& f) { return differs_for_good(f).has_value(); },
     [](Turn& t) {
       const auto node = *differs_for_good(t.facts());
       diverge(t, node,
               "it has " + *t.facts().errant(node) + ", which " + t.name(*t.state.primary) +
                   " lacks: rebuild it, or write those transactions on the primary");
     },
     "Transactions that only this node has would be forced on all, or lost, by promoting it."},
});

const auto following = std::to_array<Rule>({
    {530, "repoint", [](const Facts& f) { return repoint_due(f).has_value(); }, repoint_all,
     "Replicas that do not follow the present primary are repointed, all at once."},
    {534, "led-astray", [](const Facts& f) { return led_astray(f).has_value(); },
     [](Turn& t) {
       const auto node = *led_astray(t.facts());
       t.state.nodes[node].needs_repoint = true;
       t.decision.authority_changed = true;
       const auto& upstream = t.facts().answer(node)->upstream_host;
       t.note(Severity::warning, node,
              t.name(node) + " follows " + (upstream.empty() ? "nobody" : upstream) +
                  ": something that an earlier attempt asked of it took effect late; to be "
                  "repointed");
     },
     "What was asked of a replica before it was repointed may come into force after: lead it "
     "once more."},
    {531, "writable-replica", [](const Facts& f) { return writable_replica(f).has_value(); },
     [](Turn& t) { t.act(SetReadOnly{*writable_replica(t.facts())}, t.policy.fence_timeout); },
     "A replica that takes writes of its own makes a second history: set it read-only."},
});

}  // namespace

std::span<const Rule> history_rules() { return histories; }
std::span<const Rule> following_rules() { return following; }

}  // namespace relevo::decide

#include "proxy/route/policy.hpp"

#include <array>

#include "proxy/route/balance.hpp"
#include "topology/model/check.hpp"

namespace relevo::route {
namespace {

using model::NodeState;
using model::NodeView;
using model::PrimaryGate;
using model::View;

// Of more replicas than this, the first ones take part: the bound keeps the
// choice free of allocation.
constexpr std::size_t candidates_max = 64;

struct Candidates {
  std::array<model::NodeId, candidates_max> nodes;
  std::size_t count = 0;
  // Why it is empty: the last obstacle met, in the order of the checks.
  bool held_back_by_own_write = false;
  bool held_back_by_names = false;
  bool held_back_by_hint = false;
  bool held_back_by_token = false;
};

bool in_rotation(const NodeView& node) {
  return node.role == model::Role::replica &&
         (node.state == NodeState::online || node.state == NodeState::lagging);
}

// A hint's bound replaces the configured one, in both directions, and it can't
// be met by a lag that nobody knows.
bool lag_suits(const View& view, const NodeView& node, const Hint& hint) {
  if (hint.max_lag) return node.lag && *node.lag <= *hint.max_lag;
  return node.eligible_for_reads || without_primary(view);
}

bool has_own_writes(const NodeView& node, const RoutingSettings& settings,
                    const SessionRouting& session) {
  if (settings.consistency == Consistency::eventual || !session.last_write) return true;
  return node.caught_up_to > *session.last_write;
}

bool knows_names(const View& view, const NodeView& node, const RoutingSettings& settings,
                 const SessionRouting& session) {
  if (settings.consistency == Consistency::eventual || !session.names_since) return true;
  return node.caught_up_to > *session.names_since || without_primary(view);
}

Candidates eligible_replicas(const View& view, const RoutingSettings& settings,
                             const SessionRouting& session, const Hint& hint,
                             std::span<const std::uint32_t> outstanding) {
  Candidates found;
  for (model::NodeId id = 0; id < view.nodes.size(); ++id) {
    const NodeView& node = view.nodes[id];
    if (found.count == candidates_max) break;
    if (id == view.primary || !in_rotation(node) || outstanding[id] == load_unavailable) continue;
    if (!lag_suits(view, node, hint)) {
      found.held_back_by_hint |= hint.max_lag.has_value();
      continue;
    }
    if (session.read_after && node.caught_up_to <= *session.read_after) {
      found.held_back_by_token = true;
      continue;
    }
    if (!has_own_writes(node, settings, session)) {
      found.held_back_by_own_write = true;
      continue;
    }
    if (!knows_names(view, node, settings, session)) {
      found.held_back_by_names = true;
      continue;
    }
    found.nodes[found.count++] = id;
  }
  return found;
}

Choice hold(std::string_view reason) { return {Target::hold, 0, reason}; }

Choice primary_or_hold(const View& view, std::string_view reason) {
  if (!view.primary) return hold("no primary: held until there is one");
  if (view.gate == PrimaryGate::draining) {
    return hold("the primary begins no transaction now: held until it does");
  }
  if (view.gate == PrimaryGate::closed) return hold("the primary is closed: held until it opens");
  return {Target::primary, *view.primary, reason};
}

Choice replica_or_primary(const View& view, const RoutingSettings& settings,
                          const SessionRouting& session, const Demand& demand,
                          std::span<const std::uint32_t> outstanding, std::uint32_t& round_robin,
                          std::string_view reason) {
  const Candidates found = eligible_replicas(view, settings, session, demand.hint, outstanding);
  if (found.count != 0) {
    const auto node = balance(settings.balance, view, settings.zone,
                              std::span(found.nodes).first(found.count), outstanding, round_robin);
    return {Target::replica, node,
            without_primary(view) ? "no primary: reads go on from the replicas" : reason};
  }
  if (found.held_back_by_own_write) {
    if (!view.primary) {
      return hold("no primary, and this session's own write is not known to be on a replica: held");
    }
    return primary_or_hold(view, "this session's own write is not replayed there yet");
  }
  if (found.held_back_by_names) {
    return primary_or_hold(view, "a definition that this may depend on is not replayed there yet");
  }
  if (found.held_back_by_token) {
    return primary_or_hold(view, "no replica is known to have what the session's token stands for");
  }
  if (found.held_back_by_hint) {
    return primary_or_hold(view, "no replica is within the hint's max_lag");
  }
  return primary_or_hold(view, "no replica is eligible for reads");
}

// Any server will do, so the one most likely to stay useful to this session:
// its next statement may be a write.
Choice any_server(const View& view, std::span<const std::uint32_t> outstanding,
                  const RoutingSettings& settings, std::uint32_t& round_robin) {
  if (view.primary && view.gate == PrimaryGate::open) {
    return {Target::primary, *view.primary, "acts on the session only"};
  }
  Candidates found;
  for (model::NodeId id = 0; id < view.nodes.size() && found.count < candidates_max; ++id) {
    if (id == view.primary || !in_rotation(view.nodes[id])) continue;
    if (outstanding[id] != load_unavailable) found.nodes[found.count++] = id;
  }
  if (found.count == 0) return primary_or_hold(view, "acts on the session only");
  const auto node = balance(settings.balance, view, settings.zone,
                            std::span(found.nodes).first(found.count), outstanding, round_robin);
  return {Target::replica, node, "acts on the session only, and the primary is not open"};
}

}  // namespace

bool without_primary(const View& view) { return !view.primary || view.gate == PrimaryGate::closed; }

Demand demand_of(const Analysis& analysis) {
  Demand demand{.need = Need::write, .unproven = analysis.unproven, .hint = analysis.hint};
  if (analysis.cls == StatementClass::read) {
    demand.need = Need::read;
  } else if (analysis.transaction == TransactionControl::begin_read_only) {
    demand.need = Need::read;
  } else if (analysis.transaction == TransactionControl::begin) {
    demand.unproven = true;
  } else if (analysis.cls == StatementClass::session &&
             (analysis.statements <= 1 || !analysis.controls_transaction)) {
    demand.need = Need::session;
  }
  return demand;
}

Demand demand_of_transaction(bool replica_will_do, const Demand& first) {
  // There are things that only the primary can do, READ ONLY or not.
  if (first.need == Need::write && !first.unproven) return first;
  return {
      .need = replica_will_do ? Need::read : Need::write, .unproven = !replica_will_do, .hint = {}};
}

Choice choose(const View& view, const RoutingSettings& settings, const SessionRouting& session,
              const Demand& demand, std::span<const std::uint32_t> outstanding,
              std::uint32_t& round_robin) {
  RELEVO_CHECK(outstanding.size() >= view.nodes.size());
  RELEVO_CHECK(!view.primary || *view.primary < view.nodes.size());
  if (view.paused) return hold("paused by an operator");
  if (demand.need == Need::session) return any_server(view, outstanding, settings, round_robin);

  const bool by_hint = demand.hint.target != HintTarget::none;
  const HintTarget target = by_hint ? demand.hint.target : session.target;
  if (demand.need == Need::write && !(demand.unproven && target == HintTarget::replica)) {
    return primary_or_hold(view, "writes, or may write");
  }
  if (session.serializable) {
    return primary_or_hold(view, "serializable: only the primary can see to that");
  }
  if (target == HintTarget::primary) {
    return primary_or_hold(
        view, by_hint ? "the hint names the primary" : "the session's target is the primary");
  }
  if (target == HintTarget::none && settings.reads == Reads::primary) {
    return primary_or_hold(view, "routing.reads is primary");
  }
  std::string_view reason = "a read, and the replica satisfies the session";
  if (target == HintTarget::replica) {
    reason = by_hint ? "the hint names a replica" : "the session's target is a replica";
  }
  return replica_or_primary(view, settings, session, demand, outstanding, round_robin, reason);
}

std::string_view to_string(StatementClass cls) {
  switch (cls) {
    case StatementClass::read:
      return "read";
    case StatementClass::write:
      return "write";
    case StatementClass::session:
      return "session";
  }
  return "write";
}

std::string_view to_string(Target target) {
  switch (target) {
    case Target::primary:
      return "primary";
    case Target::replica:
      return "replica";
    case Target::hold:
      return "hold";
  }
  return "hold";
}

}  // namespace relevo::route

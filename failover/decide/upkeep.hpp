// What the rules of 5xx share: which node one is about, and the two ways in which
// a node's story ends well or badly.
#pragma once

#include <optional>
#include <string>

#include "failover/decide/rules.hpp"

namespace relevo::decide::upkeep {

using model::NodeId;
using model::Severity;

inline bool steady(const Facts& f) { return f.state.phase == Phase::steady && f.state.primary; }

// The first node other than the primary for which `test` holds.
template <typename Test>
std::optional<NodeId> first_node(const Facts& f, Test test) {
  if (!steady(f)) return std::nullopt;
  for (NodeId node = 0; node < f.state.nodes.size(); ++node) {
    if (node != f.state.primary && test(f, node, f.state.nodes[node])) return node;
  }
  return std::nullopt;
}

inline bool streams(const Facts& f, NodeId node) {
  return f.streams_from(node, *f.state.primary, f.state.primary_since);
}

// Streaming from the primary proves a common history on PostgreSQL. By GTID a
// replica with transactions of its own streams as well: there it is compared.
bool shares_history(const Facts& f, NodeId node);

// Tells it to follow the primary. By GTID a replica throws away what it has received
// and not applied, and fetches it again: what it acknowledged proves nothing until then.
void lead(Turn& t, NodeId node);
void follows(Turn& t, NodeId node);
void diverge(Turn& t, NodeId node, std::string why);

}  // namespace relevo::decide::upkeep

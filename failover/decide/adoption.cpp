// Which self-declared primary to believe. Nobody is believed merely because it
// is the only one that can be seen, once a primary is on record.
#include <algorithm>

#include "failover/decide/plan.hpp"

namespace relevo::decide {

using model::NodeId;

namespace {

std::string names_of(const Facts& facts, const std::vector<NodeId>& nodes) {
  std::string text;
  for (const auto node : nodes) text += (text.empty() ? "" : ", ") + facts.name(node);
  return text;
}

Adoption among_strangers(const Facts& facts, const std::vector<NodeId>& claimants) {
  if (claimants.size() == 1) return {claimants.front(), ""};
  return {std::nullopt, names_of(facts, claimants) +
                            " all say that they are primary, and no record says which is"};
}

Adoption against_record(const Facts& facts, NodeId recorded, const std::vector<NodeId>& claimants) {
  const auto& state = facts.state;
  const auto timeline = [&](NodeId node) { return facts.answer(node)->timeline; };
  const bool recorded_claims =
      std::find(claimants.begin(), claimants.end(), recorded) != claimants.end();
  if (recorded_claims) {
    for (const auto node : claimants) {
      const bool own_attempt = state.doubtful && state.candidate == node;
      if (node != recorded && !own_attempt && timeline(node) > timeline(recorded)) {
        return {std::nullopt, facts.name(node) + " says it is primary on the newer timeline " +
                                  std::to_string(timeline(node)) + " while the recorded primary " +
                                  facts.name(recorded) + " says so on " +
                                  std::to_string(timeline(recorded))};
      }
    }
    return {recorded, ""};
  }
  if (claimants.size() > 1) {
    return {std::nullopt, names_of(facts, claimants) + " all say that they are primary, and " +
                              facts.name(recorded) + ", which is on record, does not"};
  }
  const NodeId claimant = claimants.front();
  const bool newer = state.primary_timeline != 0 && timeline(claimant) > state.primary_timeline;
  const bool gone = facts.answer(recorded) == nullptr && state.evidence[recorded].probed;
  if (facts.says_replica(recorded) || (gone && newer)) return {claimant, ""};
  if (gone) {
    return {std::nullopt, facts.name(claimant) + " says it is primary, but on timeline " +
                              std::to_string(timeline(claimant)) +
                              ", not known to be newer than that of the recorded primary " +
                              facts.name(recorded) + ", which does not answer"};
  }
  return {};
}

}  // namespace

Adoption find_adoptable(const Facts& facts) {
  const auto& state = facts.state;
  std::vector<NodeId> claimants;
  for (NodeId node = 0; node < state.nodes.size(); ++node) {
    const auto& record = state.nodes[node];
    if (record.former_primary != 0 || record.quarantined || record.diverged) continue;
    if (facts.says_primary(node)) claimants.push_back(node);
  }
  if (claimants.empty() || !facts.everyone_had_time()) return {};
  return state.last_primary ? against_record(facts, *state.last_primary, claimants)
                            : among_strangers(facts, claimants);
}

}  // namespace relevo::decide

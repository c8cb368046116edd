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

// A second primary that refuses writes is one that was fenced, or was never told
// whom to follow; where roles are set by statements, the one that takes them is it.
std::optional<NodeId> only_writable(const Facts& facts, const std::vector<NodeId>& claimants) {
  std::optional<NodeId> found;
  for (const auto node : claimants) {
    if (facts.answer(node)->read_only) continue;
    if (found) return std::nullopt;
    found = node;
  }
  return facts.traits().role_by_statement ? found : std::nullopt;
}

// Whether a claimant goes on where the recorded primary, which is gone, ended: by
// its timeline, or else by our own doing, by what it holds, or by who follows it.
bool succeeds_record(const Facts& facts, NodeId claimant) {
  const auto& state = facts.state;
  if (state.doubtful && state.candidate == claimant) return true;
  const auto& status = *facts.answer(claimant);
  if (facts.traits().numbers_histories) {
    return state.primary_timeline != 0 && status.timeline > state.primary_timeline;
  }
  if (status.read_only) return false;
  if (log_end(status).covers(state.primary_position)) return true;
  for (NodeId node = 0; node < state.nodes.size(); ++node) {
    if (facts.streams_from(node, claimant, state.primary_since)) return true;
  }
  return false;
}

Adoption among_strangers(const Facts& facts, const std::vector<NodeId>& claimants) {
  if (claimants.size() == 1) return {claimants.front(), ""};
  if (const auto node = only_writable(facts, claimants)) return {node, ""};
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
    if (const auto lost = facts.taken_back_by(recorded); !lost.empty()) {
      return {std::nullopt, shortened_text(facts, recorded, lost)};
    }
    return {recorded, ""};
  }
  if (claimants.size() > 1) {
    return {std::nullopt, names_of(facts, claimants) + " all say that they are primary, and " +
                              facts.name(recorded) + ", which is on record, does not"};
  }
  const NodeId claimant = claimants.front();
  const bool gone = facts.answer(recorded) == nullptr && state.evidence[recorded].probed;
  const bool follows = gone && succeeds_record(facts, claimant);
  if (facts.says_replica(recorded) || follows) return {claimant, ""};
  if (gone && facts.traits().numbers_histories) {
    return {std::nullopt, facts.name(claimant) + " says it is primary, but on timeline " +
                              std::to_string(timeline(claimant)) +
                              ", not known to be newer than that of the recorded primary " +
                              facts.name(recorded) + ", which does not answer"};
  }
  if (gone) {
    return {std::nullopt, facts.name(claimant) +
                              " says it is primary, but nothing shows that it goes on where the "
                              "recorded primary " +
                              facts.name(recorded) + ", which does not answer, ended"};
  }
  return {};
}

}  // namespace

std::string shortened_text(const Facts& facts, NodeId primary, const std::string& lost) {
  return facts.name(primary) + " was started anew and lacks " + lost +
         ": it must not go on as the primary";
}

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

#include "failover/decide/candidate.hpp"

#include <algorithm>

#include "failover/decide/mutation.hpp"

namespace relevo::decide {
namespace {

bool preferred(const Contender& a, const Contender& b, const std::string& zone) {
  if (a.cannot_follow != b.cannot_follow) return a.cannot_follow < b.cannot_follow;
  if (a.priority != b.priority) return a.priority > b.priority;
  const bool a_near = a.zone == zone;
  const bool b_near = b.zone == zone;
  if (a_near != b_near) return a_near;
  const auto replayed = a.replayed.compare(b.replayed);
  if (replayed == std::partial_ordering::greater) return true;
  if (replayed == std::partial_ordering::less) return false;
  return a.node < b.node;
}

}  // namespace

Choice choose_candidate(const std::vector<Contender>& contenders, const std::string& zone,
                        std::optional<model::NodeId> wanted) {
  std::vector<const Contender*> eligible;
  for (const auto& contender : contenders) {
    if (wanted && contender.node != *wanted) continue;
    if (!contender.excluded.empty()) {
      if (wanted) return {std::nullopt, contender.excluded};
      continue;
    }
    if (contender.received.known()) eligible.push_back(&contender);
  }
  if (eligible.empty()) {
    return {std::nullopt,
            wanted ? "its received position is not known" : "no replica may be promoted"};
  }

  std::vector<const Contender*> furthest;
  for (const auto* contender : eligible) {
    const bool covers_all = std::all_of(eligible.begin(), eligible.end(), [&](const auto* other) {
      return contender->received.covers(other->received);
    });
    if (covers_all || without(Guard::furthest)) furthest.push_back(contender);
  }
  if (furthest.empty()) {
    return {std::nullopt,
            "the replicas' histories cannot be compared: none holds all that the "
            "others hold"};
  }
  const auto* best =
      *std::min_element(furthest.begin(), furthest.end(),
                        [&](const auto* a, const auto* b) { return preferred(*a, *b, zone); });
  return {best->node, ""};
}

}  // namespace relevo::decide

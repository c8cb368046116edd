#include "proxy/route/balance.hpp"

#include <algorithm>
#include <numeric>

#include "topology/model/check.hpp"

namespace relevo::route {
namespace {

using Nodes = std::span<const model::NodeId>;

// Whether a's share of its weight is less used than b's. The statement to come
// is counted in, so that of two idle nodes the heavier is the better.
bool less_loaded(const model::View& view, std::span<const std::uint32_t> outstanding,
                 model::NodeId a, model::NodeId b) {
  const std::uint64_t weight_a = view.nodes[a].weight;
  const std::uint64_t weight_b = view.nodes[b].weight;
  if (weight_a == 0 || weight_b == 0) return weight_a > weight_b;
  return (std::uint64_t{outstanding[a]} + 1) * weight_b <
         (std::uint64_t{outstanding[b]} + 1) * weight_a;
}

template <typename Accept>
model::NodeId least_outstanding(const model::View& view, Nodes candidates,
                                std::span<const std::uint32_t> outstanding, std::uint32_t start,
                                Accept accept, model::NodeId none) {
  model::NodeId best = none;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const model::NodeId node = candidates[(start + i) % candidates.size()];
    if (!accept(node)) continue;
    if (best == none || less_loaded(view, outstanding, node, best)) best = node;
  }
  return best;
}

// Weights are divided by their greatest common divisor first: equal weights
// alternate at every statement, and 100:50 goes two, one, two, one.
model::NodeId round_robin_by_weight(const model::View& view, Nodes candidates, std::uint32_t turn) {
  std::uint64_t divisor = 0;
  std::uint64_t total = 0;
  for (const model::NodeId node : candidates) {
    divisor = std::gcd(divisor, std::uint64_t{view.nodes[node].weight});
    total += view.nodes[node].weight;
  }
  if (total == 0) return candidates[turn % candidates.size()];
  std::uint64_t place = turn % (total / divisor);
  for (const model::NodeId node : candidates) {
    const std::uint64_t share = view.nodes[node].weight / divisor;
    if (place < share) return node;
    place -= share;
  }
  return candidates.back();
}

}  // namespace

model::NodeId balance(Balance how, const model::View& view, std::string_view zone,
                      std::span<const model::NodeId> candidates,
                      std::span<const std::uint32_t> outstanding, std::uint32_t& round_robin) {
  RELEVO_CHECK(!candidates.empty());
  const std::uint32_t turn = round_robin++;
  if (candidates.size() == 1) return candidates.front();
  if (how == Balance::round_robin) return round_robin_by_weight(view, candidates, turn);

  const auto none = static_cast<model::NodeId>(view.nodes.size());
  if (how == Balance::nearest_zone && !zone.empty()) {
    const auto here = [&](model::NodeId node) { return view.nodes[node].zone == zone; };
    const auto near = least_outstanding(view, candidates, outstanding, turn, here, none);
    if (near != none) return near;
  }
  return least_outstanding(
      view, candidates, outstanding, turn, [](model::NodeId) { return true; }, none);
}

}  // namespace relevo::route

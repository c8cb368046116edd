#include "proxy/route/balance.hpp"

#include <algorithm>
#include <numeric>

#include "topology/model/check.hpp"

namespace relevo::route {
namespace {

using Nodes = std::span<const model::NodeId>;

// Answers that differ by less say nothing: that is the network's and the scheduler's
// noise, and to follow it would send everything to one node at a time.
constexpr model::Duration noise = std::chrono::milliseconds(10);
constexpr model::Duration slowness_unit = std::chrono::milliseconds(1);

std::uint64_t weight_of(const model::NodeView& node) {
  return std::uint64_t{node.weight} * node.warmth_percent;
}

model::Duration quickest(const model::View& view, Nodes candidates) {
  model::Duration best = model::Duration::max();
  for (const model::NodeId node : candidates) best = std::min(best, view.nodes[node].response_time);
  return best;
}

// What a statement there counts for: 1, and one more for each millisecond that the node
// takes longer than the quickest. So a replica that is slow by 20 ms has less than a
// twentieth of the others' statements under way, and is slow with those: what it gets is
// a small part of a percent.
double slowness(const model::NodeView& node, model::Duration quickest) {
  const model::Duration behind = node.response_time - quickest;
  return behind < noise ? 1.0 : 1.0 + static_cast<double>(behind / slowness_unit);
}

// Whether a's share of its weight is less used than b's. The statement to come
// is counted in, so that of two idle nodes the heavier is the better.
bool less_loaded(const model::View& view, std::span<const std::uint32_t> outstanding,
                 model::Duration quickest, model::NodeId a, model::NodeId b) {
  const auto weight_a = static_cast<double>(weight_of(view.nodes[a]));
  const auto weight_b = static_cast<double>(weight_of(view.nodes[b]));
  if (weight_a == 0 || weight_b == 0) return weight_a > weight_b;
  const auto load = [&](model::NodeId node) {
    return (outstanding[node] + 1.0) * slowness(view.nodes[node], quickest);
  };
  return load(a) * weight_b < load(b) * weight_a;
}

template <typename Accept>
model::NodeId least_outstanding(const model::View& view, Nodes candidates,
                                std::span<const std::uint32_t> outstanding, std::uint32_t start,
                                Accept accept, model::NodeId none) {
  model::NodeId best = none;
  const model::Duration best_time = quickest(view, candidates);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const model::NodeId node = candidates[(start + i) % candidates.size()];
    if (!accept(node)) continue;
    if (best == none || less_loaded(view, outstanding, best_time, node, best)) best = node;
  }
  return best;
}

// Weights are divided by their greatest common divisor first: equal weights
// alternate at every statement, and 100:50 goes two, one, two, one.
model::NodeId round_robin_by_weight(const model::View& view, Nodes candidates, std::uint32_t turn) {
  std::uint64_t divisor = 0;
  std::uint64_t total = 0;
  for (const model::NodeId node : candidates) {
    divisor = std::gcd(divisor, weight_of(view.nodes[node]));
    total += weight_of(view.nodes[node]);
  }
  if (total == 0) return candidates[turn % candidates.size()];
  std::uint64_t place = turn % (total / divisor);
  for (const model::NodeId node : candidates) {
    const std::uint64_t share = weight_of(view.nodes[node]) / divisor;
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

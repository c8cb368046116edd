#include "topology/detect/readiness.hpp"

#include <algorithm>
#include <utility>

namespace relevo::detect {
namespace {

constexpr unsigned warmth_step_percent = 10;
constexpr auto start_time = std::chrono::seconds(3);

}  // namespace

void Readiness::apply(model::View& view, const Detector& detector, model::Instant now) {
  nodes_.resize(view.nodes.size());
  if (!started_) started_ = now;
  for (model::NodeId id = 0; id < view.nodes.size(); ++id) {
    Node& node = nodes_[id];
    if (const auto& latest = detector.latest(id); latest && latest->sent > node.sampled) {
      node.sampled = latest->sent;
      node.response_times[node.samples++ % samples_max] = latest->received - latest->sent;
    }
    const auto* const times = node.response_times.data();
    const std::size_t count = std::min(node.samples, samples_max);
    if (count != 0) view.nodes[id].response_time = *std::min_element(times, times + count);
    warm(node, view.nodes[id], view.primary == id, now);
  }
}

void Readiness::warm(Node& node, model::NodeView& view, bool primary, model::Instant now) const {
  using model::NodeState;
  view.warmth_percent = 100;
  const bool here = view.state == NodeState::online || view.state == NodeState::lagging;
  // Nodes are found one by one at a start: that is no absence.
  if (!here && now - *started_ > start_time) node.absent = true;
  if (primary || !view.eligible_for_reads) {
    if (primary) node.absent = false;
    node.warming_since.reset();
    return;
  }
  if (std::exchange(node.absent, false)) node.warming_since = now;
  if (!node.warming_since) return;
  const model::Duration warm_for = now - *node.warming_since;
  if (warm_for >= warm_up_) {
    node.warming_since.reset();
    return;
  }
  // In steps, so that shares by turn (round_robin) stay small numbers.
  const auto percent = static_cast<unsigned>(100 * warm_for.count() / warm_up_.count());
  view.warmth_percent =
      std::max(warmth_step_percent, percent / warmth_step_percent * warmth_step_percent);
}

}  // namespace relevo::detect

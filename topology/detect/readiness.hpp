// How much of the reads a replica is ready for: what balancing knows of the nodes
// beside their loads.
//
// Two facts, both from what the monitor sees anyway, so that the query path reads no
// clock and measures nothing:
// - A replica that was away has cold caches. Eligible again, it begins with a tenth of
//   its weight and has all of it after `warm_up`. To lag for a while is not to be away.
// - The time that a replica takes to answer the monitor's question: the least of the
//   last probes, so that one that opened a connection, or met a busy moment, says
//   nothing. A replica that is slow with all of them is slow for statements as well,
//   long before its replay falls behind.
//
// Invariant: warmth is 10 to 100, and 100 for what is there when Relevo starts: then
// nothing is known of anybody's caches.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "topology/detect/detector.hpp"
#include "topology/model/view.hpp"

namespace relevo::detect {

class Readiness {
 public:
  explicit Readiness(model::Duration warm_up = std::chrono::seconds(10)) : warm_up_(warm_up) {}

  // Fills in `warmth_percent` and `response_time` of all nodes. To be called with
  // every View, in order.
  void apply(model::View& view, const Detector& detector, model::Instant now);

 private:
  static constexpr std::size_t samples_max = 8;
  struct Node {
    bool absent = false;  // since it was last eligible
    std::optional<model::Instant> warming_since;
    model::Instant sampled{};  // when the last probe was sent
    std::size_t samples = 0;
    std::array<model::Duration, samples_max> response_times{};  // the last ones
  };
  void warm(Node& node, model::NodeView& view, bool primary, model::Instant now) const;

  model::Duration warm_up_;
  std::optional<model::Instant> started_;
  std::vector<Node> nodes_;
};

}  // namespace relevo::detect

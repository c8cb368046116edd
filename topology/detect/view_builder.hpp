// Merges what was measured with what was decided into the View that workers and
// operators get. Pure; called once per monitor interval and after each decision.
#pragma once

#include <string>
#include <vector>

#include "topology/detect/detector.hpp"
#include "topology/detect/lag.hpp"
#include "topology/model/view.hpp"

namespace relevo::detect {

struct NodeSettings {
  std::string name, address, zone;
  unsigned weight = 100;
};

// What the failover manager has decided. It alone changes epoch, primary and gate.
struct NodeFlags {
  bool maintenance = false;
  bool fenced = false;    // a former primary, quarantined
  bool diverged = false;  // has history that the primary lacks
  std::string reason;
};

struct Authority {
  model::Epoch epoch = 0;
  std::optional<model::NodeId> primary;
  model::PrimaryGate gate = model::PrimaryGate::closed;
  bool failing_over = false;
  bool paused = false;
  std::vector<NodeFlags> nodes;
};

struct ViewSettings {
  std::string cluster;
  model::Engine engine = model::Engine::postgres;
  std::vector<NodeSettings> nodes;
  model::Duration max_lag = std::chrono::seconds(1);
  model::Duration stale_after = std::chrono::seconds(1);
};

// `lags` and `assessments` are indexed by NodeId. While there is no primary, `lags`
// goes on being measured against the last one's history: what a replica had caught
// up to stays true. `now` serves to say how old a sample is.
model::View build_view(const ViewSettings& settings, const Authority& authority,
                       const Detector& detector, const std::vector<Assessment>& assessments,
                       const std::vector<ReplicaLag>& lags, std::uint64_t sequence,
                       std::optional<model::Instant> now = std::nullopt);

}  // namespace relevo::detect

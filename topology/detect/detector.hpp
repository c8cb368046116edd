// Evidence in, one named verdict per node out. Sans-io: takes `now`, remembers
// the last observations, decides nothing about what to do.
//
// Intuition: a node that answers is alive whatever else is wrong. A node that
// refuses connections or has fallen silent is only called dead or hung when
// nobody else hears it either: replicas' receivers are asked (never their
// appliers), because a fault on our own link must not start a failover.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "topology/model/observation.hpp"
#include "topology/model/view.hpp"

namespace relevo::detect {

struct DetectorSettings {
  model::Duration interval = std::chrono::milliseconds(100);  // between probes of a node
  model::Duration timeout = std::chrono::seconds(1);          // of one probe
  model::Duration detect = std::chrono::seconds(1);           // silence that may mean hung
  // Refusals must go on for this long: a server that restarts at once is not dead.
  model::Duration refused_grace = std::chrono::milliseconds(250);
  // A receiver that heard from its upstream within this time vouches for it.
  model::Duration receiver_fresh = std::chrono::seconds(3);
};

struct Assessment {
  model::Verdict verdict = model::Verdict::unreachable;
  std::string reason;      // the evidence in plain words: "connection refused for 312 ms; 0 of 2 replicas hear it"
  model::Instant since{};  // of this verdict
  bool conclusive = false;  // dead or hung with enough evidence to act on
};

// The last successful status of a node, and when the probe that brought it was sent.
struct LatestStatus {
  model::NodeStatus status;
  model::Instant sent{};
  model::Instant received{};
};

class Detector {
 public:
  Detector(DetectorSettings settings, std::size_t node_count);

  void observe(const model::Observation& observation);
  void signal(model::NodeId node, model::TrafficSignal signal, model::Instant now);

  // `primary`: the node that is believed to be primary, whose replicas are asked.
  Assessment assess(model::NodeId node, std::optional<model::NodeId> primary,
                    model::Instant now) const;

  const std::optional<LatestStatus>& latest(model::NodeId node) const;

  // Whether a fresh connection should be tried now to tell hung from busy.
  bool wants_fresh_probe(model::NodeId node, model::Instant now) const;

 private:
  struct NodeEvidence;
  DetectorSettings settings_;
  std::vector<NodeEvidence> nodes_;

 public:
  ~Detector();
};

}  // namespace relevo::detect

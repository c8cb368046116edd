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
  // The same after an orderly goodbye (57P01, 57P03): restarts begin like that.
  model::Duration shutdown_grace = std::chrono::seconds(1);
  // A receiver that heard from its upstream within this time vouches for it. Where
  // the receiver is slower to ask for a sign of life, its own time counts instead.
  model::Duration receiver_fresh = std::chrono::seconds(3);
  // Between fresh connections to a node that seems well: a listener that hangs
  // while old sessions work is found by nothing else.
  model::Duration fresh_every = std::chrono::seconds(5);
  // host:port by NodeId, as configured; may be empty. A receiver whose upstream is
  // another of these (cascading) is no witness of the primary.
  std::vector<std::string> addresses;
};

struct Assessment {
  model::Verdict verdict = model::Verdict::unreachable;
  std::string reason;      // the evidence in plain words: "connection refused for 312 ms; 0 of 2
                           // replicas hear it"
  model::Instant since{};  // of this verdict
  // Dead or hung with enough evidence to act on. Only ever true of the node that
  // is believed to be primary, and only when a replica has testified.
  bool conclusive = false;
  // The last probe got no answer, and no verdict has come of it yet.
  bool suspect = false;
};

// The last successful status of a node, and when the probe that brought it was sent.
struct LatestStatus {
  model::NodeStatus status;
  model::Instant sent{};
  model::Instant received{};
  // When the first of the answers in a row was complete that told of this same history:
  // what it has now, it had by then. Unset: `received`.
  std::optional<model::Instant> history_since;
};

class Evidence;

class Detector {
 public:
  Detector(DetectorSettings settings, std::size_t node_count);
  ~Detector();

  void observe(const model::Observation& observation);

  // What client traffic saw. Never evidence by itself: it only makes the prober
  // hurry. True when a probe over a fresh connection should be made now.
  bool signal(model::NodeId node, model::TrafficSignal signal, model::Instant now);

  // `primary`: the node that is believed to be primary, whose replicas are asked.
  Assessment assess(model::NodeId node, std::optional<model::NodeId> primary,
                    model::Instant now) const;

  const std::optional<LatestStatus>& latest(model::NodeId node) const;

  // Whether a fresh connection should be tried now to tell hung from busy.
  bool wants_fresh_probe(model::NodeId node, model::Instant now) const;

 private:
  Assessment judge_answering(const Evidence& evidence, model::NodeId node,
                             std::optional<model::NodeId> primary) const;
  Assessment judge_silent(const Evidence& evidence, model::NodeId node, bool is_primary,
                          model::Instant now) const;
  Assessment confirm(Assessment own, const Evidence& evidence, model::NodeId primary,
                     model::Instant now) const;

  DetectorSettings settings_;
  std::vector<Evidence> nodes_;
};

}  // namespace relevo::detect

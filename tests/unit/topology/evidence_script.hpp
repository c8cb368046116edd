// A cluster of three told to the detector line by line: node 0 is the primary, 1
// and 2 are its replicas. Times are milliseconds after an arbitrary start; a probe
// takes no time unless said otherwise.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "topology/detect/detector.hpp"

namespace relevo::detect::testing {

using model::NodeId;
using model::Observation;
using model::ProbeOutcome;
using model::ReceiverState;
using model::Role;
using model::Verdict;
using std::chrono::milliseconds;

inline model::Instant at(int ms) {
  return model::Instant{} + std::chrono::hours(1) + milliseconds(ms);
}

inline model::NodeStatus primary_status() {
  model::NodeStatus status;
  status.role = Role::primary;
  return status;
}

inline model::NodeStatus replica_status(ReceiverState receiver = ReceiverState::streaming,
                                        int silence_ms = 50) {
  model::NodeStatus status;
  status.role = Role::replica;
  status.receiver = receiver;
  if (receiver == ReceiverState::streaming) status.receiver_silence = milliseconds(silence_ms);
  return status;
}

struct Script {
  explicit Script(std::size_t nodes = 3, DetectorSettings settings = {})
      : detector(std::move(settings), nodes) {}

  void ok(NodeId node, int ms, model::NodeStatus status, bool fresh = false) {
    Observation observation = base(node, ms, ms, ProbeOutcome::ok, fresh);
    observation.status = std::move(status);
    detector.observe(observation);
  }
  void fails(NodeId node, int sent, int received, ProbeOutcome outcome, bool fresh = false,
             std::string sqlstate = "", std::string error = "") {
    Observation observation = base(node, sent, received, outcome, fresh);
    observation.sqlstate = std::move(sqlstate);
    observation.error = std::move(error);
    detector.observe(observation);
  }
  // All is well, up to and including `ms`.
  void healthy_until(int ms) {
    for (int now = 0; now <= ms; now += 100) {
      ok(0, now, primary_status());
      replicas(now);
    }
  }
  void replicas(int ms, ReceiverState receiver = ReceiverState::streaming, int silence_ms = 50) {
    ok(1, ms, replica_status(receiver, silence_ms));
    ok(2, ms, replica_status(receiver, silence_ms));
  }
  // A probe refused each 100 ms, the replicas asked at the same times.
  void refused(int from, int until, ReceiverState receiver = ReceiverState::none) {
    for (int now = from; now <= until; now += 100) {
      fails(0, now, now, ProbeOutcome::refused, true);
      replicas(now, receiver);
    }
  }
  // Persistent and fresh probes of node 0 sent at `ms` get no answer for a second.
  void silent(int ms) {
    fails(0, ms, ms + 1000, ProbeOutcome::timeout);
    fails(0, ms + 250, ms + 1250, ProbeOutcome::timeout, true);
  }
  Assessment primary(int ms) const { return detector.assess(0, 0, at(ms)); }

  Detector detector;

 private:
  static Observation base(NodeId node, int sent, int received, ProbeOutcome outcome, bool fresh) {
    Observation observation;
    observation.node = node;
    observation.sent = at(sent);
    observation.received = at(received);
    observation.outcome = outcome;
    observation.fresh_connection = fresh;
    return observation;
  }
};

}  // namespace relevo::detect::testing

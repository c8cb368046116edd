// The cluster as the control plane sees it: an immutable snapshot, and the only
// thing that the proxy and the failover manager share.
//
// The control plane publishes a new View at least every monitor.interval; each
// worker gets it by message, applies it as a whole, and acknowledges its
// sequence. What a worker does between two Views depends on the older one
// alone, so the barrier before a promotion is "every worker acknowledged the
// View that has no primary".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "topology/model/ids.hpp"
#include "topology/model/position.hpp"
#include "topology/model/verdict.hpp"

namespace relevo::model {

struct NodeView {
  std::string name;
  std::string address;  // host:port, as configured
  std::string zone;
  unsigned weight = 100;
  // How much of its weight it gets: less while it warms up, back from an absence.
  unsigned warmth_percent = 100;
  // How long it takes to answer the monitor's question, of late. Balancing compares
  // replicas by it.
  Duration response_time{};

  Role role = Role::unknown;
  NodeState state = NodeState::down;
  Verdict verdict = Verdict::dead;
  Flavor flavor = Flavor::postgres;  // means nothing while the version is not known
  std::string version;
  std::string position;  // engine's notation, "" when unknown
  std::uint32_t timeline = 0;

  std::optional<Duration> lag;  // unknown when a sample is missing or too old
  std::optional<std::uint64_t> lag_bytes;

  bool eligible_for_reads = false;  // within routing.max_lag, connected, in rotation
  std::string reason;               // why not eligible, or why in this state; for operators

  // This replica has replayed everything that the primary had at this instant
  // (the time at which the sample that it covers was *sent*). A session whose
  // last write was acknowledged before it may read here. min(): nothing proven.
  Instant caught_up_to = Instant::min();
};

// Whether transactions may begin on the primary.
enum class PrimaryGate : std::uint8_t {
  open,
  draining,  // begin none, let those in progress finish (switchover, pause)
  closed,    // begin none, and end those in progress
};

struct View {
  std::string cluster;
  Engine engine = Engine::postgres;
  Epoch epoch = 0;
  std::uint64_t sequence = 0;  // grows by one with each View of this cluster
  ClusterState state = ClusterState::no_primary;

  // None: nobody may write, and every connection to a former primary of an
  // older epoch has to be dropped before this View is acknowledged.
  std::optional<NodeId> primary;
  PrimaryGate gate = PrimaryGate::closed;
  bool paused = false;  // operator's pause: hold reads as well

  // What the primary had written by its last sample, and when that was sent: whoever has
  // caught up to that instant has all of it. Unknown where nothing is known of it yet.
  Position primary_position;
  Instant primary_sampled = Instant::min();

  std::vector<NodeView> nodes;  // indexed by NodeId
};

using ViewPtr = std::shared_ptr<const View>;

// A worker pool's answer: all workers have applied `sequence`.
struct ViewApplied {
  std::uint64_t sequence = 0;
  Epoch epoch = 0;
  std::uint32_t transactions_on_primary = 0;  // still open there, over all workers
};

// What client traffic saw of a node; triggers a probe at once.
enum class TrafficSignal : std::uint8_t {
  connection_reset,
  connect_refused,
  connect_timeout,
  role_refused
};

}  // namespace relevo::model

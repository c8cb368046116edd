// What the composition root does with probers and detector, for a test: it probes
// a real cluster, keeps what it saw, and lets a test wait for a condition.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/postgres_cluster.hpp"
#include "topology/detect/detector.hpp"
#include "topology/detect/lag.hpp"
#include "topology/probe/prober.hpp"

namespace relevo::testing {

struct MonitorOptions {
  detect::DetectorSettings detector;
  probe::ProbeSettings prober;
  std::string user = "relevo";
  // Ports to probe in place of the nodes' own, by node; 0: its own.
  std::vector<std::uint16_t> ports;
};

class Monitor {
 public:
  explicit Monitor(const PostgresCluster& cluster, MonitorOptions options = {});
  // Of any engine, by node; the first is taken for the primary.
  explicit Monitor(const std::vector<probe::ProbeTarget>& targets, MonitorOptions options = {});

  // Runs until `condition` holds (true) or `limit` has passed (false). The condition
  // is asked after each observation and every few milliseconds.
  bool await(const std::function<bool()>& condition,
             std::chrono::milliseconds limit = std::chrono::seconds(30));
  void run_for(std::chrono::milliseconds duration);

  detect::Assessment assess(std::size_t node) const;
  bool all_healthy() const;
  detect::ReplicaLag lag(std::size_t node) const;
  const std::optional<detect::LatestStatus>& latest(std::size_t node) const;
  const std::vector<model::Observation>& seen() const { return seen_; }
  std::size_t seen_of(std::size_t node) const;
  void forget() { seen_.clear(); }
  void hurry(std::size_t node, bool fresh) { probers_.at(node)->hurry(fresh); }

  std::function<void(const model::Observation&)> on_observation;

 private:
  asio::io_context io_;
  detect::Detector detector_;
  detect::PositionHistory history_;
  std::vector<std::unique_ptr<probe::Prober>> probers_;
  std::vector<model::Observation> seen_;
};

client::Endpoint endpoint_of(std::uint16_t port, const std::string& user = "relevo");

}  // namespace relevo::testing

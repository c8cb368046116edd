#include "tests/integration/topology/monitor.hpp"

namespace relevo::testing {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds stale_after{1000};

client::Endpoint endpoint_of(std::uint16_t port, const std::string& user) {
  client::Endpoint endpoint;
  endpoint.host = "127.0.0.1";
  endpoint.port = port;
  endpoint.user = user;
  endpoint.password = "secret";
  endpoint.database = "postgres";
  endpoint.application_name = "relevo-probe";
  return endpoint;
}

static std::vector<probe::ProbeTarget> targets_of(const PostgresCluster& cluster,
                                                  MonitorOptions options) {
  options.ports.resize(cluster.size());
  std::vector<probe::ProbeTarget> targets;
  for (std::size_t node = 0; node < cluster.size(); ++node) {
    const std::uint16_t port = options.ports[node] != 0 ? options.ports[node] : cluster.port(node);
    targets.push_back({static_cast<model::NodeId>(node), endpoint_of(port, options.user)});
  }
  return targets;
}

Monitor::Monitor(const PostgresCluster& cluster, MonitorOptions options)
    : Monitor(targets_of(cluster, options), options) {}

Monitor::Monitor(const std::vector<probe::ProbeTarget>& targets, MonitorOptions options)
    : detector_(options.detector, targets.size()) {
  for (const probe::ProbeTarget& target : targets) {
    probers_.push_back(std::make_unique<probe::Prober>(
        io_, target, options.prober, [this](model::Observation observation) {
          detector_.observe(observation);
          if (observation.node == 0 && observation.status) {
            history_.add(observation.sent, observation.received, observation.status->position,
                         observation.status->received);
          }
          seen_.push_back(observation);
          if (on_observation) on_observation(observation);
        }));
    probers_.back()->start();
  }
}

bool Monitor::await(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    io_.run_one_for(std::chrono::milliseconds(5));
  }
  return true;
}

void Monitor::run_for(std::chrono::milliseconds duration) { io_.run_for(duration); }

detect::Assessment Monitor::assess(std::size_t node) const {
  return detector_.assess(static_cast<model::NodeId>(node), 0, Clock::now());
}

bool Monitor::all_healthy() const {
  for (std::size_t node = 0; node < probers_.size(); ++node) {
    const detect::Assessment assessment = assess(node);
    if (assessment.verdict != model::Verdict::healthy || assessment.suspect) return false;
  }
  return true;
}

detect::ReplicaLag Monitor::lag(std::size_t node) const {
  const auto& latest = this->latest(node);
  if (!latest) return {};
  return history_.measure(latest->status.position, latest->sent, Clock::now(), stale_after);
}

const std::optional<detect::LatestStatus>& Monitor::latest(std::size_t node) const {
  return detector_.latest(static_cast<model::NodeId>(node));
}

std::size_t Monitor::seen_of(std::size_t node) const {
  std::size_t count = 0;
  for (const model::Observation& observation : seen_) count += observation.node == node ? 1 : 0;
  return count;
}

}  // namespace relevo::testing

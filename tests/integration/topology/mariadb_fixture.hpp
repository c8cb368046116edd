// One MariaDB cluster for all tests of a suite: making one takes seconds.
#pragma once

#include <gtest/gtest.h>

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "tests/support/mariadb_cluster.hpp"
#include "topology/client/connection.hpp"
#include "topology/probe/prober.hpp"

namespace relevo::testing {

class SharedMariadb : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!cluster_) cluster_ = std::make_unique<MariadbCluster>();
  }
  static void TearDownTestSuite() { cluster_.reset(); }
  static MariadbCluster& cluster() { return *cluster_; }

 private:
  static inline std::unique_ptr<MariadbCluster> cluster_;
};

// As the monitor, which has no database of its own.
inline client::Endpoint mariadb_endpoint(const MariadbCluster& cluster, std::uint16_t port) {
  client::Endpoint endpoint;
  endpoint.host = "127.0.0.1";
  endpoint.port = port;
  endpoint.user = "relevo";
  endpoint.password = cluster.password("relevo");
  return endpoint;
}

// Every node as the monitor probes it; `ports` replaces a node's own, 0: it does not.
inline std::vector<probe::ProbeTarget> mariadb_targets(const MariadbCluster& cluster,
                                                       std::vector<std::uint16_t> ports = {}) {
  ports.resize(cluster.size());
  std::vector<probe::ProbeTarget> targets;
  for (std::size_t node = 0; node < cluster.size(); ++node) {
    const std::uint16_t port = ports[node] != 0 ? ports[node] : cluster.port(node);
    targets.push_back(
        {static_cast<model::NodeId>(node), mariadb_endpoint(cluster, port), model::Engine::mysql});
  }
  return targets;
}

}  // namespace relevo::testing

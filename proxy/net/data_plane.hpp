// All workers with all their clusters: starts and stops them, brings them Views
// and settings, and gathers what they acknowledge and report.
//
// Thread-safe. Calls that gather (pools, clients, ...) block until every worker
// has answered, at most a second, and are for operators.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "proxy/net/cluster.hpp"
#include "proxy/net/listener.hpp"
#include "proxy/net/mysql/server_catalog.hpp"
#include "proxy/net/postgres/database_catalog.hpp"
#include "proxy/net/shard.hpp"
#include "proxy/net/worker.hpp"
#include "proxy/session/report.hpp"

namespace relevo::net {

class DataPlane {
 public:
  struct ClusterPart {
    ClusterSettingsPtr settings;
    ControlPorts ports;
    // Every worker has applied the View of that sequence; also called when the
    // number of transactions on the primary changes while it drains.
    std::function<void(model::ViewApplied)> applied;
  };

  DataPlane(unsigned workers, std::vector<ClusterPart> clusters);
  ~DataPlane();

  // Binds every address; nothing runs when one fails.
  Result<void> start();
  // Stops accepting, lets transactions finish until `deadline`, then ends.
  void drain(model::Instant deadline);
  void stop();

  void publish(std::size_t cluster, model::ViewPtr view);
  // Of a PostgreSQL cluster.
  void publish_catalog(std::size_t cluster, const std::string& database,
                       const postgres::CatalogUpdate& update);
  // Of a MySQL or MariaDB cluster.
  void publish_catalog(std::size_t cluster, const mysql::CatalogUpdate& update);
  // What its sessions tell of a database's catalogue; of MySQL and MariaDB there is one.
  // From any thread.
  std::shared_ptr<model::CatalogMarks> catalog_marks(std::size_t cluster,
                                                     const std::string& database);
  void replace_settings(std::size_t cluster, ClusterSettingsPtr settings);

  struct Report {
    std::vector<session::PoolRow> pools;
    std::vector<session::ClientRow> clients;
    std::vector<session::ServerRow> servers;
    session::Traffic traffic;
  };
  Report report(std::size_t cluster, bool rows);

 private:
  struct Acknowledgement {
    std::uint64_t sequence = 0;
    model::Epoch epoch = 0;
    std::uint32_t transactions = 0;
  };
  struct Cluster {
    std::shared_ptr<SharedCluster> shared;
    std::function<void(model::ViewApplied)> applied;
    std::vector<std::unique_ptr<Shard>> shards;  // by worker
    std::mutex mutex;                            // guards what follows
    std::vector<Acknowledgement> acknowledged;   // by worker
    model::ViewApplied reported;
  };

  void on_applied(Cluster& cluster, std::uint32_t worker, Acknowledgement acknowledgement);
  void accept(std::size_t cluster, std::uint32_t worker, int fd, bool unix_socket,
              std::string peer);
  template <typename F>
  bool on_each_worker(F call);  // and waits; false: not all answered in time

  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<Cluster>> clusters_;
  std::vector<std::pair<std::uint32_t, std::unique_ptr<Listener>>> listeners_;  // by worker
  std::vector<std::string> socket_files_;
  std::atomic<std::uint32_t> next_worker_{0};  // for connections on Unix sockets
  bool running_ = false;
};

}  // namespace relevo::net

// What all workers share of one cluster, whatever it speaks: settings that a
// reload replaces, the limits on clients and server connections, and the way to
// the control plane.
//
// Thread-safe. Workers keep a pointer to the settings in force and are told of
// new ones by message, so the query path takes no lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "proxy/config/config.hpp"
#include "proxy/net/tls_context.hpp"
#include "proxy/pool/shared_pool.hpp"
#include "proxy/route/policy.hpp"
#include "proxy/session/mysql/account.hpp"
#include "proxy/session/postgres/client_login.hpp"
#include "topology/model/catalog_marks.hpp"
#include "topology/model/view.hpp"

namespace relevo::net {

struct ClusterSettings {
  config::Cluster config;
  route::RoutingSettings routing;
  TlsContext client_tls, server_tls;
  // Users of the configuration with verifiers made of their passwords; none: passthrough.
  std::optional<std::map<std::string, session::postgres::KnownUser, std::less<>>> users;
};
using ClusterSettingsPtr = std::shared_ptr<const ClusterSettings>;

// Makes the challenges for users that don't exist: 32 random bytes.
std::string make_mock_secret();

route::RoutingSettings routing_settings(const config::Routing& routing);
Result<ClusterSettingsPtr> make_cluster_settings(const config::Cluster& config);

// What the data plane asks of the control plane. All may be called from any
// worker and return at once; answers come back on any thread.
struct ControlPorts {
  // The user's entry in the server's catalogue. `none`: it could not be asked.
  using UserHandler = std::function<void(std::optional<session::postgres::KnownUser>)>;
  std::function<void(const std::string& user, UserHandler)> look_up_user;
  // The same for MySQL and MariaDB.
  using AccountsHandler = std::function<void(std::optional<session::mysql::KnownUser>)>;
  std::function<void(const std::string& user, AccountsHandler)> look_up_accounts;
  std::function<void(model::NodeId, model::TrafficSignal)> signal;
  // A replica refused a statement of this shape, the first that this process knows of;
  // it was run on the primary. May be empty.
  std::function<void(model::NodeId, std::string shape)> misrouted;
  // Commits have returned without their replicas' word; at most once a second from each
  // worker, however many there are. May be empty.
  std::function<void(model::NodeId)> unreplicated;
  // Clients use this database, or what its names mean may have changed. Of MySQL and
  // MariaDB there is one catalogue, whose name is empty.
  std::function<void(const std::string& database, const std::shared_ptr<model::CatalogMarks>&)>
      look_at_catalog;
};

struct PoolKey {
  model::NodeId node = 0;
  std::string user, database;
  // What else has to be alike for sessions to share a connection: the engine's own.
  std::uint64_t form = 0;
  auto operator<=>(const PoolKey&) const = default;
};

class SharedCluster {
 public:
  SharedCluster(ClusterSettingsPtr settings, ControlPorts control)
      : ports(std::move(control)), settings_(std::move(settings)) {}

  ClusterSettingsPtr settings() const;
  void replace_settings(ClusterSettingsPtr settings);

  std::shared_ptr<pool::SharedPool> pool(const PoolKey& key);

  // A place among max_clients; leave() gives it back.
  bool enter();
  void leave() { clients_.fetch_sub(1, std::memory_order_relaxed); }
  std::uint32_t clients() const { return clients_.load(std::memory_order_relaxed); }

  const ControlPorts ports;

 private:
  mutable std::mutex mutex_;
  ClusterSettingsPtr settings_;
  // As long as some worker has such a pool; the rest is swept as the map grows.
  std::map<PoolKey, std::weak_ptr<pool::SharedPool>> pools_;
  // Of all the forms of a key, which has none here. Swept along with them.
  std::map<PoolKey, std::weak_ptr<pool::Limit>> limits_;
  std::size_t sweep_at_ = 256;
  std::atomic<std::uint32_t> clients_{0};
};

}  // namespace relevo::net

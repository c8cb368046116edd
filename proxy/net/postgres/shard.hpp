// A shard of a PostgreSQL cluster: what its sessions share beyond connections,
// and the way of a cancel request.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/net/postgres/cluster_memory.hpp"
#include "proxy/net/postgres/database_catalog.hpp"
#include "proxy/net/postgres/server_connection.hpp"
#include "proxy/net/shard.hpp"
#include "proxy/session/postgres/prepared.hpp"
#include "proxy/session/postgres/settings.hpp"

namespace relevo::net::postgres {

class CancelRequest;

class Shard final : public net::Shard {
 public:
  Shard(Worker& worker, std::shared_ptr<SharedCluster> cluster, Peers peers,
        std::shared_ptr<ClusterMemory> memory);
  ~Shard() override;

  // From a client of any worker.
  void cancel_elsewhere(std::uint32_t pid, const std::string& key);
  // Of a query that nobody waits for any more, or whose client asked for it.
  void cancel_on(const ServerPtr& server);

  // Of a database that a session of this shard has logged in to.
  std::shared_ptr<DatabaseCatalog> catalog_of(const std::string& database);
  void apply_catalog(const std::string& database, const CatalogUpdate& update);

  ClusterMemory& memory() { return *memory_; }
  session::postgres::SettingsTable& settings_table() { return settings_table_; }
  session::postgres::PreparedTable& prepared_table() { return prepared_table_; }

 protected:
  std::shared_ptr<SessionLink> make_session(Ticket ticket, bool counted) override;
  ServerLinkPtr make_server(const PoolKey& key) override;
  ServerLinkPtr adopt_server(ServerHandover& handover) override;
  void on_primary_changed() override;

 private:
  void cancel(std::uint32_t pid, const std::string& key);

  std::shared_ptr<ClusterMemory> memory_;
  std::vector<std::shared_ptr<CancelRequest>> cancels_;
  session::postgres::SettingsTable settings_table_;
  session::postgres::PreparedTable prepared_table_;
  std::map<std::string, std::shared_ptr<DatabaseCatalog>> catalogs_;  // by database
  std::optional<model::NodeId> last_primary_;
};

// Makes the shards of one cluster, one per worker.
using ShardFactory = std::function<std::unique_ptr<net::Shard>(Worker&, net::Shard::Peers)>;
ShardFactory shard_factory(std::shared_ptr<SharedCluster> cluster);

}  // namespace relevo::net::postgres

// A shard of a MySQL or MariaDB cluster: what its sessions share beyond
// connections, and the way of KILL.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/net/mysql/cluster_memory.hpp"
#include "proxy/net/mysql/server_connection.hpp"
#include "proxy/net/mysql/side_connection.hpp"
#include "proxy/net/shard.hpp"
#include "proxy/session/mysql/prepared.hpp"
#include "proxy/session/mysql/state.hpp"
#include "proxy/wire/mysql/compression.hpp"

namespace relevo::net::mysql {

class Shard final : public net::Shard {
 public:
  Shard(Worker& worker, std::shared_ptr<SharedCluster> cluster, Peers peers,
        std::shared_ptr<ClusterMemory> memory);
  ~Shard() override;

  ClusterMemory& memory() { return *memory_; }
  model::Instant started() const { return started_; }
  session::mysql::StateTable& state_table() { return state_table_; }
  session::mysql::PreparedTable& prepared_table() { return prepared_table_; }
  ServerCatalog& catalog() { return catalog_; }
  const ServerCatalog& catalog() const { return catalog_; }
  void look_at_catalog();
  // For all clients of one method and level. `level`: what a client asks for.
  wire::mysql::Codec& codec(wire::mysql::Compression compression, int level);

  // A connection of its own, beside the pools: to prove a login, to run a KILL.
  using SideDone = std::function<void(const SideConnection::Result&)>;
  void run_beside(PoolKey key, session::mysql::ServerCredentials credentials, std::string sql,
                  SideDone done);
  // A node that answers: the primary if it does.
  std::optional<model::NodeId> any_node() const;

  enum class Kill : std::uint8_t { query, connection };
  // `id`: a session's connection id as its client knows it, on any worker.
  // `user`: on whose behalf; only sessions of the same user are struck.
  // `done` runs on this worker; false: there is no such session.
  void kill(std::uint32_t id, const std::string& user, Kill what, std::function<void(bool)> done);
  // Of a query that nobody waits for any more.
  void kill_query_on(const ServerPtr& server);

 protected:
  std::shared_ptr<SessionLink> make_session(Ticket ticket, bool counted) override;
  ServerLinkPtr make_server(const PoolKey& key) override;
  ServerLinkPtr adopt_server(ServerHandover& handover) override;
  void on_primary_changed() override;

 private:
  bool kill_here(std::uint32_t id, const std::string& user, Kill what);

  std::shared_ptr<ClusterMemory> memory_;
  ServerCatalog catalog_;
  std::optional<model::NodeId> last_primary_;
  const model::Instant started_ = std::chrono::steady_clock::now();
  std::vector<std::shared_ptr<SideConnection>> beside_;
  session::mysql::StateTable state_table_;
  session::mysql::PreparedTable prepared_table_;
  std::map<int, wire::mysql::Codec> codecs_;  // by level; zlib's under 0
};

// Makes the shards of one cluster, one per worker.
using ShardFactory = std::function<std::unique_ptr<net::Shard>(Worker&, net::Shard::Peers)>;
ShardFactory shard_factory(std::shared_ptr<SharedCluster> cluster);

}  // namespace relevo::net::mysql

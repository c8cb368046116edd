// One worker's server connections of one user to one database (and of one form,
// see PoolKey): a pool per node.
// A session looks its pools up once, when it has logged in.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "proxy/net/deadlines.hpp"
#include "proxy/net/session_link.hpp"
#include "proxy/pool/shared_pool.hpp"

namespace relevo::net {

struct ServerPool {
  PoolKey key;
  std::shared_ptr<pool::SharedPool> shared;
  std::vector<ServerLinkPtr> idle;  // back: used last
  std::vector<ServerLinkPtr> all;
  std::vector<Ticket> waiting;  // this worker's own waiters
  std::uint32_t connecting = 0;
  Deadlines::Id retry = 0;

  bool in_use() const { return !all.empty() || !waiting.empty() || retry != 0; }
};

// Pools stay where they are: connections and sessions point to them.
class ServerPools {
 public:
  ServerPools(SharedCluster& cluster, std::size_t node_count, const std::string& user,
              const std::string& database, std::uint64_t form) {
    pools_.resize(node_count);
    for (model::NodeId node = 0; node < node_count; ++node) {
      pools_[node].key = {node, user, database, form};
      pools_[node].shared = cluster.pool(pools_[node].key);
    }
  }
  ServerPools(const ServerPools&) = delete;
  ServerPools& operator=(const ServerPools&) = delete;

  ServerPool& operator[](model::NodeId node) { return pools_[node]; }
  std::vector<ServerPool>& all() { return pools_; }
  const std::vector<ServerPool>& all() const { return pools_; }

 private:
  std::vector<ServerPool> pools_;
};

}  // namespace relevo::net

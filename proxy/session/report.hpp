// What the data plane tells operators about itself: plain rows, made on request
// and never on the query path.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace relevo::session {

struct PoolRow {
  std::string node, user, database;
  std::uint32_t active = 0;  // lent to a session
  std::uint32_t idle = 0;
  std::uint32_t connecting = 0;
  std::uint32_t waiting = 0;  // sessions in the queue
  std::uint32_t size = 0;     // the limit
  double longest_wait_ms = 0;
};

struct ClientRow {
  std::string id;  // "worker.slot.generation", stable for the session's life
  std::string user, database, application_name, address;
  std::string state;       // "idle", "active", "waiting", "in transaction", "login"
  std::string node;        // "" when linked to none
  std::string pinned;      // why the session keeps its server connection; "" when it doesn't
  std::string last_route;  // node and reason of its last statement
  double age_s = 0;
  double wait_ms = 0;
  bool tls = false;
};

struct ServerRow {
  std::string node, user, database;
  std::string state;   // "idle", "active", "connecting", "resetting"
  std::string client;  // the session's id, "" when idle
  std::uint32_t backend_pid = 0;
  double age_s = 0;
  std::uint32_t prepared_statements = 0;
  bool tls = false;
};

struct NodeTraffic {
  std::uint64_t reads = 0, writes = 0;  // statements (batches) sent there, by class
  std::uint64_t connects = 0, connect_failures = 0, resets = 0;
  std::uint32_t clients = 0, servers = 0;  // sessions linked to it, connections open to it
};

// Totals over all workers since start, per cluster.
struct Traffic {
  std::vector<NodeTraffic> nodes;  // indexed by NodeId
  std::uint64_t clients_connected = 0, clients_total = 0, logins_failed = 0, clients_refused = 0;
  std::uint64_t queries = 0, transactions = 0;
  std::uint64_t bytes_from_clients = 0, bytes_to_clients = 0;
  std::uint64_t held = 0, hold_timeouts = 0, queue_timeouts = 0;
  std::uint64_t transactions_broken = 0, outcomes_unknown = 0, replays = 0, misroutes = 0;
  std::uint64_t commits_unreplicated = 0;  // their wait for replicas was cancelled
  std::uint64_t replica_conflicts = 0;  // reads that a replica cancelled in favour of replay
  std::uint64_t causal_to_primary =
      0;  // reads that went to the primary for the session's own writes
  std::uint64_t pinned = 0, protocol_errors = 0, cancels = 0;
};

}  // namespace relevo::session

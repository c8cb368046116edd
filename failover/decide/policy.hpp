// What the operator has laid down about this cluster: fixed while Relevo runs
// with one configuration. Every wait that a decision contains has its bound here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "topology/model/ids.hpp"
#include "topology/model/verdict.hpp"

namespace relevo::decide {

enum class Mode : std::uint8_t {
  automatic,  // Relevo promotes by itself
  manual,     // Relevo holds writes when the primary is dead; an operator decides
  off,        // Relevo only follows whoever else promotes
};

enum class Durability : std::uint8_t { async, quorum };

// One node as the decision sees it; the place in Policy::nodes is its NodeId.
struct NodePolicy {
  std::string name;
  std::string host;  // as configured: recognises a replica's upstream
  std::uint16_t port = 5432;
  std::string zone;
  unsigned priority = 100;  // higher is preferred among equally fresh replicas
  bool never_promote = false;
};

struct Policy {
  model::Engine engine = model::Engine::postgres;
  std::vector<NodePolicy> nodes;
  Mode mode = Mode::automatic;
  Durability durability = Durability::async;
  unsigned acks = 1;                           // W: replicas that acknowledge each commit
  bool manages_quorum = false;                 // sets on the servers what that takes
  std::uint64_t loss_bytes_max = 16ULL << 20;  // async: history an automatic failover may lose
  std::uint64_t switchover_lag_bytes_max = 16ULL << 20;
  // GTIDs count transactions. Against the two limits above each weighs this much, a
  // small transaction's room in a binary log: 16 MiB are 16384 transactions.
  std::uint64_t bytes_per_transaction = 1024;

  model::Duration start_grace = std::chrono::seconds(3);       // for every node to be probed once
  model::Duration barrier_timeout = std::chrono::seconds(5);   // for all workers to apply a View
  model::Duration freeze_timeout = std::chrono::seconds(5);    // one receiver, on a slow disk
  model::Duration freeze_patience = std::chrono::seconds(1);   // then go on with those that stand
  model::Duration read_timeout = std::chrono::seconds(1);      // one look at a node's role
  model::Duration promote_timeout = std::chrono::seconds(30);  // one pg_promote, replay included
  unsigned promote_attempts_max = 3;
  model::Duration verify_timeout =
      std::chrono::seconds(10);  // from a doubtful promotion to giving up
  model::Duration repoint_timeout = std::chrono::seconds(10);
  model::Duration fence_timeout = std::chrono::seconds(2);
  model::Duration drain = std::chrono::seconds(2);             // switchover: for open transactions
  model::Duration catch_up_timeout = std::chrono::seconds(5);  // switchover: for the candidate
  model::Duration overdue_grace = std::chrono::seconds(1);  // an executor's silence past a deadline
  model::Duration retry_delay_min = std::chrono::seconds(1);
  model::Duration retry_delay_max = std::chrono::seconds(30);
  model::Duration waiting_receiver_max = std::chrono::seconds(5);  // then its node has diverged
  // A node may tell of a write before its primary does, while that one waits for
  // acknowledgements: only what is still unknown to the primary after this is errant.
  model::Duration errant_min = std::chrono::seconds(2);

  // What was written before a promise began is there soon; only if not, it is said.
  model::Duration settling_max = std::chrono::seconds(5);

  // Anti-flap: this many failovers within the window; one more needs an operator.
  unsigned failovers_max = 2;
  model::Duration failover_window = std::chrono::minutes(10);
};

}  // namespace relevo::decide

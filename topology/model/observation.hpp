// What one probe of one node saw. Facts only: no judgment, no history.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "topology/model/ids.hpp"
#include "topology/model/mariadb_log_state.hpp"
#include "topology/model/position.hpp"
#include "topology/model/verdict.hpp"

namespace relevo::model {

enum class ProbeOutcome : std::uint8_t {
  ok,
  refused,               // ECONNREFUSED: nothing listens there
  unreachable,           // no route, host down, name not resolved
  timeout,               // neither answer nor error within the deadline
  reset,                 // an established connection ended without a word
  starting_up,           // 57P03: starting up, shutting down, in crash recovery
  too_many_connections,  // 53300: alive but full
  auth_failed,           // class 28, 3D000: our monitor user is not let in
  error,                 // the server answered with some other error
};

enum class ReceiverState : std::uint8_t { none, connecting, streaming, waiting };

// Semi-synchronous replication as a MySQL or MariaDB server runs it. `active` is
// what it does now: a primary that waited longer than its timeout for an
// acknowledgement has fallen back to asynchronous and says so here.
struct SemiSync {
  bool primary_enabled = false, primary_active = false;
  unsigned clients = 0;      // connected replicas that acknowledge
  unsigned acks_wanted = 1;  // rpl_semi_sync_*_wait_for_*_count; MariaDB always waits for one
  Duration timeout{};        // after which a commit goes on without
  // With fewer replicas than that connected it waits all the same, and does not fall back
  // at once (rpl_semi_sync_*_wait_no_*).
  bool waits_alone = true;
  bool waits_before_commit = false;  // AFTER_SYNC: nobody reads what no replica has
  bool replica_enabled = false, replica_active = false;

  bool operator==(const SemiSync&) const = default;
};

// A replica as its upstream sees it.
struct DownstreamStatus {
  std::string application_name;
  std::string client_address;
  std::string state;       // the server's own word: "streaming", "catchup", ...
  std::string sync_state;  // "async", "sync", "quorum", "potential"
};

// The server's own account of itself, as of one query.
struct NodeStatus {
  Flavor flavor = Flavor::postgres;
  Role role = Role::unknown;
  std::string version;                  // "15.20"
  std::uint64_t system_identifier = 0;  // 0: not read (no privilege)
  std::uint32_t timeline = 0;           // 0: not known
  Position position;                    // primary: end of its log; replica: replayed
  // Replica: flushed from its upstream, never less than replayed. Primary: on
  // its own disk, which is all that replicas can have got from it.
  Position received;
  bool read_only = false;  // refuses writes although it is a primary (fenced)
  bool replay_paused = false;
  std::int64_t start_time_us = 0;  // postmaster start, server clock: only compared for equality

  // A replica's receiver: evidence of whether its upstream lives.
  ReceiverState receiver = ReceiverState::none;
  std::string upstream_host;
  std::uint16_t upstream_port = 0;
  std::optional<Duration> receiver_silence;  // since its last message, by the replica's own clock
  // After half of this silence the receiver asks its upstream for a sign of
  // life (wal_receiver_timeout): only more silence than that means anything.
  // Zero: it never asks. nullopt: not known.
  std::optional<Duration> receiver_timeout;

  std::vector<DownstreamStatus> downstreams;  // a primary's connected replicas
  std::string synchronous_standbys;  // synchronous_standby_names: "" when commits wait for none
  std::string synchronous_commit;    // as a new session of the monitor has it; "" when not read

  // ---- MySQL and MariaDB only; as initialised on PostgreSQL ----

  std::uint32_t server_id = 0;  // 0: not read
  std::string server_uuid;      // MySQL
  // On a replica that refuses writes read_only is true, too: there a role is what
  // statements made of it. super: even for those with all privileges (MySQL).
  bool super_read_only = false;
  bool log_bin = true;                        // has a binary log; without it nobody can follow
  bool log_replica_updates = true;            // writes to it what it replicates
  bool gtid_mode = true;                      // MySQL: ON; MariaDB always has them
  bool auto_position = true;                  // a replica: follows by GTID, not by file and offset
  bool applier_running = true;                // a replica's SQL thread, the coordinator of several
  std::string receiver_error, applier_error;  // the newest: number and words, "" when none
  SemiSync semi_sync;
  // Primary: no longer in its binary log. A replica that lacks some of it can not
  // follow this node (MySQL's gtid_purged). Unknown on MariaDB.
  Position purged;

  // MariaDB: all of the history that this node has, by origin: its gtid_binlog_state
  // together with gtid_slave_pos and, on a replica, Gtid_IO_Pos. Unset: not known.
  std::optional<MariadbLogState> logged;

  std::string warning;  // what could not be read, and the grant that mends it
};

struct Observation {
  NodeId node = 0;
  Instant sent{};      // before the query left
  Instant received{};  // after its answer (or failure) was complete
  ProbeOutcome outcome = ProbeOutcome::timeout;
  bool fresh_connection = false;     // made for this probe, or the persistent one
  std::string sqlstate;              // the server's, where it answered with an error
  std::string error;                 // the server's or the system's own text
  std::optional<NodeStatus> status;  // when outcome is ok
};

}  // namespace relevo::model

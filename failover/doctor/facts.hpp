// What the servers told of themselves, and what of the configuration a judgement
// needs. Plain values: whoever reads them from servers stands in failover/act/doctor.
//
// What was not told is absent: no check judges what it does not know.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topology/model/verdict.hpp"

namespace relevo::doctor {

struct Setting {
  std::string value;             // as the server writes it; PostgreSQL: in `unit`
  std::string unit;              // PostgreSQL: "ms", "s", "MB", ...
  std::string source;            // PostgreSQL: pg_settings.source
  bool pending_restart = false;  // PostgreSQL: on file with another value
};

struct NodeFacts {
  std::string name;
  std::string address;
  bool never_promote = false;

  bool reachable = false;
  std::string error;
  model::Flavor flavor = model::Flavor::postgres;
  std::string version;               // "15.20"
  std::uint32_t version_number = 0;  // 150020, 101106 (10.11.6): as each is compared
  model::Role role = model::Role::unknown;
  std::string account;  // of the monitor, as a GRANT names it

  std::map<std::string, Setting, std::less<>> settings;
  // PostgreSQL: privileges by name, held or not. What was not asked is absent.
  std::map<std::string, bool, std::less<>> privileges;
  // MySQL and MariaDB: the lines of SHOW GRANTS.
  std::optional<std::vector<std::string>> grants;
  // Streaming replicas of a PostgreSQL primary, by application_name.
  std::vector<std::string> downstreams;

  // MySQL and MariaDB: where read_only has its value from ("CONFIG", "SQL", ...). What
  // a statement or the command line has set hides what the option file says.
  std::string read_only_origin;
  bool option_file_hidden() const {
    return read_only_origin == "SQL" || read_only_origin == "DYNAMIC" ||
           read_only_origin == "COMMAND-LINE" || read_only_origin == "COMMAND_LINE";
  }
  // A replica's upstream: whether it is followed by GTID, and how often it gives a
  // sign of life, in seconds (0: never).
  std::optional<bool> auto_position;
  std::optional<double> heartbeat_s;
  std::map<std::string, std::string, std::less<>> counters;  // SHOW GLOBAL STATUS LIKE 'Rpl%'

  // The replication user: whether it exists; whether it may log in and replicate; why
  // a log-in of its own was refused ("": it was let in; absent: none was tried).
  std::optional<bool> replication_user_exists;
  std::optional<bool> replication_user_allowed;
  std::optional<std::string> replication_refusal;
};

struct ClusterFacts {
  std::string cluster;
  std::vector<NodeFacts> nodes;
  std::optional<std::size_t> primary;  // as published

  bool quorum = false;
  unsigned acks = 1;
  bool manages_quorum = false;  // Relevo sets itself what that takes
  bool acts = true;             // failover.mode is not off
  bool passthrough = true;      // users' verifiers are read from the servers
  unsigned pool_size = 20;
  unsigned pools = 1;  // pairs of user and database that clients use now
  std::string monitor_user;
  std::string monitor_database;  // PostgreSQL: of which some privileges are
  std::string replication_user;
};

}  // namespace relevo::doctor

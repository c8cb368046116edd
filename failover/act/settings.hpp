// What the controller of one cluster is told at its start. Of its own: it knows
// nothing of the configuration file, main() translates.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "failover/decide/policy.hpp"
#include "topology/model/ids.hpp"
#include "topology/model/verdict.hpp"

namespace relevo::act {

struct ControlledNode {
  std::string name;
  std::string host;  // name or numeric address; replicas are repointed to it as it stands
  std::uint16_t port = 5432;
  std::string zone;
  unsigned weight = 100;
  unsigned priority = 100;
  bool never_promote = false;
};

struct ControllerSettings {
  std::string cluster;
  model::Engine engine = model::Engine::postgres;
  std::vector<ControlledNode> nodes;  // the place in the list is the NodeId

  std::string monitor_user, monitor_password;
  std::string monitor_database = "postgres";
  std::string sslmode = "prefer";  // libpq's words
  std::string sslrootcert;
  model::Duration interval = std::chrono::milliseconds(100);
  model::Duration timeout = std::chrono::seconds(1);
  model::Duration detect = std::chrono::seconds(1);  // silence that may mean hung
  model::Duration refused_grace = std::chrono::milliseconds(250);

  std::string replication_user, replication_password;  // what repointed replicas log in with

  // Policy::nodes is filled in from `nodes`.
  decide::Policy policy;
  model::Duration max_lag = std::chrono::seconds(1);  // routing.max_lag

  // Journal and last known authority: a directory, made if absent. Empty: keep
  // nothing on disk (tests).
  std::string state_dir;
  std::uint64_t journal_bytes_max = 64ULL << 20;
};

// What the server's catalogue says of a role that wants to log in (pg_authid).
struct RoleSecret {
  std::optional<std::string> rolpassword;  // SCRAM-SHA-256$..., md5..., or nullopt when it has none
  bool valid_until_passed = false;
  bool can_login = false;
  bool is_superuser = false;
};

// One way in which a MySQL or MariaDB account may log in (mysql.user, global_priv).
// A user name stands for as many accounts as it has host patterns.
struct AccountSecret {
  std::string host;                   // pattern, "%" or "10.0.%"; the most specific one counts
  std::string plugin;                 // "caching_sha2_password", ...
  std::string authentication_string;  // as the plugin stores it, bytes; "" when it has none
  bool locked = false;
  bool expired = false;
};

}  // namespace relevo::act

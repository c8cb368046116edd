// What MySQL and MariaDB tell by name and value: the uptime, and how semi-sync
// stands. Two names for each thing: MySQL renamed master and slave in 8.0.26, and
// either plugin may be loaded. What is not there is off.
// https://mariadb.com/kb/en/semisynchronous-replication/
// https://dev.mysql.com/doc/refman/8.4/en/replication-semisync-interface.html
#pragma once

#include <cstdint>
#include <optional>

#include "topology/client/connection.hpp"
#include "topology/model/observation.hpp"

namespace relevo::probe {

struct Counters {
  std::optional<std::int64_t> uptime_s;
  model::SemiSync semi_sync;
};

// Of rows with the columns `name` and `value`.
Counters read_counters(const client::Rows& rows);

}  // namespace relevo::probe

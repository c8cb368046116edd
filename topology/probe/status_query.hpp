// The one query that tells all of NodeStatus, and how its answer is read.
// Works on PostgreSQL 13 to 18; every function in it is one that PUBLIC may call
// by default. Without pg_monitor (or pg_read_all_stats) the details of the
// receiver and of the replicas are NULL: the status then carries a warning.
// https://www.postgresql.org/docs/current/functions-admin.html
#pragma once

#include <string_view>

#include "topology/client/connection.hpp"
#include "topology/model/observation.hpp"
#include "topology/model/result.hpp"
#include "topology/probe/status.hpp"

namespace relevo::probe {

enum class StatusScope : std::uint8_t {
  full,
  // Without pg_control_*(): where an administrator has revoked them (42501).
  without_control_file,
};

std::string_view status_query(StatusScope scope);

// Reads an answer to status_query(). Fails (code "protocol") on anything that is
// not one: a node is never taken for what its answer does not say.
Result<model::NodeStatus> read_status(const client::Rows& rows);

// Asks it; again without what was denied, if need be.
std::unique_ptr<StatusTalk> begin_postgres_status(StatusMemory& memory);

}  // namespace relevo::probe

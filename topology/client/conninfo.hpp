// libpq's parameters for one endpoint, complete: whatever is not said here would
// be taken from the environment of the process (PGOPTIONS, PGTARGETSESSIONATTRS,
// ~/.pgpass), and a control plane must not depend on that.
// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "topology/client/connection.hpp"

namespace relevo::client {

// `addresses`: numeric, tried in this order; empty for a Unix socket.
std::vector<std::pair<std::string, std::string>> conninfo(
    const Endpoint& endpoint, const std::vector<std::string>& addresses);

}  // namespace relevo::client

// The statements of a status talk with MySQL and MariaDB, by flavor and version:
// a table, because what one version needs another has removed (SHOW SLAVE STATUS
// is gone from MySQL 8.4, SHOW REPLICA STATUS is unknown to 8.0.21).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "topology/model/observation.hpp"

namespace relevo::probe {

// major * 10'000 + minor * 100 + patch of "10.11.19-MariaDB-log"; 0 when there is none.
std::uint32_t version_number(std::string_view version);
// "10.11.19" of the same.
std::string plain_version(std::string_view version);
model::Flavor flavor_of(std::string_view version, std::string_view comment);

enum class Part : std::uint8_t {
  identity,     // which server this is: always the first, and known to all of them
  variables,    // role, positions, settings
  replica,      // what it replicates from whom
  receiver,     // MySQL: heartbeats, of performance_schema
  counters,     // uptime and semi-sync, name by name
  downstreams,  // who replicates from it
};

std::string statement_for(Part part, model::Flavor flavor, std::uint32_t version);

// What the user lacks where a part was denied.
std::string_view grant_for(Part part, model::Flavor flavor);

}  // namespace relevo::probe

// Names whose meaning is bound to one session or one server, told from the name
// alone: temporary schemas, and the system views that show a server's own state.
//
// A query of pg_stat_activity is harmless on a replica, but whoever asks a
// database "what is running?" means the primary unless it says otherwise.
#pragma once

#include <cstdint>
#include <string_view>

namespace relevo::route::postgres {

enum class Locality : std::uint8_t {
  everywhere,
  session,  // pg_temp, pg_temp_3
  server,   // pg_stat_*, pg_locks, ...
};

// False for almost every name, and for every name that is the same everywhere.
inline bool may_be_local(std::string_view identifier) {
  if (identifier.size() < 7) return false;
  const char* const name = identifier.data() + (identifier.front() == '"' ? 1 : 0);
  return (name[0] | 0x20) == 'p' && (name[1] | 0x20) == 'g' && name[2] == '_';
}

// `identifier` as written, perhaps quoted.
Locality locality_of(std::string_view identifier);

}  // namespace relevo::route::postgres

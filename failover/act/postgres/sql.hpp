// The SQL text that actions send to PostgreSQL, and its quoting. Pure string functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace relevo::act::postgres {

// 'text' as an SQL literal that means the same whatever
// standard_conforming_strings says.
std::string quote_literal(std::string_view text);

// A value inside a libpq connection string.
// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING
std::string quote_conninfo(std::string_view value);

struct Upstream {
  std::string host;
  std::uint16_t port = 5432;
  std::string user, password;
  std::string sslmode;           // libpq's words, "" leaves its default
  std::string application_name;  // the replica's own name
};
std::string conninfo_of(const Upstream& upstream);

// A slot name may hold lower-case letters, digits and underscores, 63 at most;
// others become an underscore. Two nodes' names that differ in nothing else
// would share a slot, so a mark of the whole name is added when any was changed.
std::string slot_name_of(std::string_view node);

}  // namespace relevo::act::postgres

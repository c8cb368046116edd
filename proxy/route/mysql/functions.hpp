// What MySQL's and MariaDB's own functions do, as far as routing must know.
//
// A name that the database ships can't be anybody else's: the server looks among
// its own functions first, and finds a stored function of the same name only by
// its database's name. So a known name, unqualified, is known for certain.
//
// The table of harmless names is generated (generate_functions.sh).
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/route/statement.hpp"

namespace relevo::route::mysql {

enum class FunctionKind : std::uint8_t {
  unknown,   // the database ships none of that name
  harmless,  // reads at most, and means the same on every server
  local,     // belongs to one server or one connection
  writing,   // writes, locks, or changes the session
};

// Functions that the session layer must hear of.
enum class SessionFunction : std::uint8_t {
  none,
  connection_id,
  found_rows,
  get_lock,
  last_insert_id,
  last_value,  // LASTVAL(sequence)
  next_value,  // NEXTVAL(sequence)
  release_all_locks,
  release_lock,
  row_count,
};

struct FunctionMatch {
  FunctionKind kind = FunctionKind::unknown;
  SessionFunction session = SessionFunction::none;
};

// `name` as called, any case, without quotes.
FunctionMatch find_function(std::string_view name, MysqlServer server);

// Whether the server finds its own function of this name only if '(' follows at
// once. Behind a blank it looks for a stored function, unless sql_mode says
// IGNORE_SPACE: https://mariadb.com/kb/en/ignore_space/
bool needs_parenthesis_at_once(std::string_view name);

// As its second half, for every call in every statement.
SessionFunction find_session_function(std::string_view name);

}  // namespace relevo::route::mysql

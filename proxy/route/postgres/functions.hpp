// What PostgreSQL's own functions do, as far as routing must know.
//
// A name stands for all its overloads: the classifier sees no argument types.
// The table is generated from a real server's catalogue (generate_functions.sh).
//
// Known limits where the database's catalogue cannot be read (catalog.hpp, which
// has none of them): a user's function that has a shipped one's name and other
// arguments passes for the shipped one; operators, casts and views may call
// functions that the text does not show. On a replica such a call fails with
// 25006 rather than writing anywhere it should not.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/route/names.hpp"

namespace relevo::route::postgres {

enum class FunctionKind : std::uint8_t {
  unknown,   // PostgreSQL ships none of that name
  harmless,  // reads at most, and means the same on every server
  shipped,   // shipped, and not harmless: writes, locks, or belongs to one server
};

// `name` in the catalogue's spelling.
FunctionKind find_function(std::string_view name);

// As find_function, for an unquoted name: ASCII letters in lower case.
FunctionKind find_function_folded(std::string_view name);

// Whether `name`, behind a dot and without parentheses, may call a function that
// is not harmless: ('s'::regclass).nextval is nextval('s') to the server, and so
// is x.nextval where x names an item of FROM. `name` is an unquoted identifier,
// or a quoted one with its quotes.
// https://www.postgresql.org/docs/current/sql-expressions.html#FIELD-SELECTION
bool called_by_dot(std::string_view name);

// Functions whose call changes what the session is, besides answering.
enum class SessionFunction : std::uint8_t { none, advisory_lock, advisory_unlock_all, set_config };

// `name`: an identifier's text, perhaps quoted.
SessionFunction find_session_function(std::string_view name);

}  // namespace relevo::route::postgres

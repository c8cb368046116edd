// ROW_COUNT() and FOUND_ROWS() where the server connection is not the one that the
// statement before ran on: a session's own numbers take the calls' place.
//
// SELECT ROW_COUNT() and SELECT FOUND_ROWS() by themselves need no server at all.
// In any other text each call becomes a CAST of a literal, of the same type and
// length as the call, and a column that had its name from the call gets it back as
// an alias. LASTVAL(s) becomes an expression (sequences.hpp) in the same way.
//
// Invariant: only calls are replaced that ask about what was before the text.
// INSERT ...; SELECT ROW_COUNT() asks about itself, and a routine's body about what
// will be when it runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/route/statement.hpp"
#include "proxy/session/mysql/sequences.hpp"
#include "proxy/wire/mysql/types.hpp"

namespace relevo::session::mysql {

struct Counts {
  std::int64_t row_count = 0;  // -1: the statement gave rows, or failed
  std::uint64_t found_rows = 0;
};

// The answer to SELECT ROW_COUNT() [[AS] alias], or FOUND_ROWS(). Nullopt for any
// other text.
struct CountAnswer {
  std::string column;
  std::int64_t value = 0;
};
std::optional<CountAnswer> lone_count(std::string_view sql, route::MysqlDialect dialect,
                                      const Counts& counts);
// From packet number 1 on. `binary`: as a prepared statement answers.
void append_count(std::string& out, const CountAnswer& answer, bool binary,
                  wire::mysql::Capabilities client, wire::mysql::StatusFlags status);

// `sql` with the numbers in the calls' places. Null: calls of that kind stay. Nullopt:
// none asks about what was before it, so that it is right as it is.
std::optional<std::string> with_counts(std::string_view sql, route::MysqlDialect dialect,
                                       const Counts* counts, const LastValues* last_values);

}  // namespace relevo::session::mysql

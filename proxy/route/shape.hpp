// What statements that differ in their literals alone have in common: their shape.
//
// Words are folded, literals and parameters are `?`, a list of them is one of them,
// comments and blanks are nothing. It tells texts apart well enough to remember
// something about them, and to be shown to people without the values in them.
// It is no proof of anything: two texts of one shape need not have one class.
//
// Pure, one pass; only the text of a shape allocates.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/route/statement.hpp"

namespace relevo::route {

// 0: a text that cannot be followed to its end has no shape.
std::uint64_t shape_of_postgres(std::string_view sql, Dialect dialect);
std::uint64_t shape_of_mysql(std::string_view sql, MysqlDialect dialect);

// For people; cut at `bytes_max`.
std::string shape_text_postgres(std::string_view sql, Dialect dialect, std::size_t bytes_max = 400);
std::string shape_text_mysql(std::string_view sql, MysqlDialect dialect,
                             std::size_t bytes_max = 400);

}  // namespace relevo::route

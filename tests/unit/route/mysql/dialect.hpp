// The dialects that the corpus and the tests speak.
#pragma once

#include <string_view>

#include "proxy/route/statement.hpp"

namespace relevo::route::test {

inline constexpr MysqlDialect mariadb{.server = MysqlServer::mariadb, .version = 101119};
inline constexpr MysqlDialect mysql{.server = MysqlServer::mysql, .version = 80036};
inline constexpr MysqlDialect ansi_quotes{.ansi_quotes = true};
inline constexpr MysqlDialect no_backslash_escapes{.no_backslash_escapes = true};
inline constexpr MysqlDialect ascii_in_multibyte{.ascii_in_multibyte = true};

// By name; "" is the server that nothing is known of. Ends the program on others.
MysqlDialect dialect_of(std::string_view name);

}  // namespace relevo::route::test

#include "tests/unit/route/mysql/dialect.hpp"

#include <cstdlib>
#include <iostream>

namespace relevo::route::test {

MysqlDialect dialect_of(std::string_view name) {
  if (name.empty()) return {};
  if (name == "mariadb") return mariadb;
  if (name == "mysql") return mysql;
  if (name == "ansi_quotes") return ansi_quotes;
  if (name == "no_backslash_escapes") return no_backslash_escapes;
  if (name == "ascii_in_multibyte") return ascii_in_multibyte;
  std::cerr << "unknown dialect: " << name << "\n";
  std::abort();
}

}  // namespace relevo::route::test

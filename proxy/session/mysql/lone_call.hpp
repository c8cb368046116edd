// SELECT f() [[AS] alias]: a call by itself, which the proxy may answer. The column
// has the name that servers give it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proxy/route/statement.hpp"

namespace relevo::session::mysql {

struct LoneCall {
  std::string_view function;  // as written
  std::string column;
};
// Nullopt for any other text, and where the column's name is not plain.
std::optional<LoneCall> lone_call(std::string_view sql, route::MysqlDialect dialect);

}  // namespace relevo::session::mysql

// KILL, as text: whose session or statement is to end. The number is one that we
// told a client; the servers' own mean other sessions, perhaps another client's, so
// a KILL that cannot be read here is refused and never passed on.
// https://dev.mysql.com/doc/refman/8.4/en/kill.html
// https://mariadb.com/docs/server/reference/sql-statements/administrative-sql-statements/kill
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proxy/route/statement.hpp"

namespace relevo::session::mysql {

struct Kill {
  std::uint32_t connection = 0;
  bool query_only = false;  // its statement, not the session
  bool operator==(const Kill&) const = default;
};

// KILL [HARD | SOFT] [CONNECTION | QUERY] number [;], with comments wherever they may
// stand. Nullopt for anything else: by user, by query id, among other statements.
std::optional<Kill> parse_kill(std::string_view sql, route::MysqlDialect dialect);

}  // namespace relevo::session::mysql

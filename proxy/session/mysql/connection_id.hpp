// SELECT CONNECTION_ID(), by itself: answered with the number that the greeting
// told the client, which is the one that KILL takes. The servers' own numbers
// belong to server connections, which change hands.
//
// Within other expressions CONNECTION_ID() stays the server's: nothing but setting
// pseudo_thread_id would change it, for which an application's user has no right.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/route/statement.hpp"
#include "proxy/wire/mysql/types.hpp"

namespace relevo::session::mysql {

// SELECT CONNECTION_ID() [[AS] alias]: the name of its column, as servers give it.
// Nullopt for any other text.
std::optional<std::string> connection_id_column(std::string_view sql, route::MysqlDialect dialect);

// The answer, from packet number 1 on.
void append_connection_id(std::string& out, std::string_view column, std::uint32_t connection_id,
                          bool mariadb, wire::mysql::Capabilities client,
                          wire::mysql::StatusFlags status);

}  // namespace relevo::session::mysql

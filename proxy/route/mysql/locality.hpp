// What belongs to one server and not to the data that all servers share, told
// from names: system variables and the schemas that show a server's own state.
//
// A query of performance_schema is harmless on a replica, but whoever asks a
// database "what is running?" or "are you read-only?" means the primary unless
// it says otherwise by a hint.
#pragma once

#include <string_view>

namespace relevo::route::mysql {

// A system variable without a global scope: whether a session that moves between
// servers with its settings may see its value change. `name`: any case.
bool is_local_variable(std::string_view name);

// A variable that says what this connection did, or which it is.
bool is_connection_variable(std::string_view name);

bool is_local_schema(std::string_view name);  // performance_schema, sys
// `table` of information_schema, of mysql.
bool is_local_information(std::string_view table);
bool is_local_system_table(std::string_view table);

}  // namespace relevo::route::mysql

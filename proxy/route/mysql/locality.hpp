// What belongs to one server and not to the data that all servers share, told
// from names: system variables and the schemas that show a server's own state.
//
// A query of performance_schema is harmless on a replica, but whoever asks a
// database "what is running?", "are you read-only?" or "how far are you?" means
// the primary unless a hint says otherwise. Who asks a server for its name
// (@@hostname, @@server_id, @@port) wants to know where the read went.
#pragma once

#include <string_view>

namespace relevo::route::mysql {

// A system variable that says what the server is to the cluster. `name`: any case.
bool is_local_variable(std::string_view name);

// A variable that says what this connection did, or which it is.
bool is_connection_variable(std::string_view name);

// What performance_schema and sys show, and some of information_schema and mysql. Both
// as written, perhaps quoted.
bool is_local_table(std::string_view schema, std::string_view table);

// Whether a table of this engine has on every replica the rows that it has on the
// primary. Not MEMORY, which a restart empties; not what reads another server, nor
// BLACKHOLE; and not what nobody knows.
bool is_replicated_engine(std::string_view name);

}  // namespace relevo::route::mysql

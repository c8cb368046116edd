// What a client asks for, as far as a proxy has to read it.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase.html
//
// Decoders take a whole payload, its command byte included; those called _head
// also do with its beginning, so that a large one need not be held: they need
// more, or answer the same as with all of it. `payload_bytes` is the whole length.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/wire/mysql/types.hpp"
#include "proxy/wire/mysql/writer.hpp"

namespace relevo::wire::mysql {

// The command byte, known or not. Malformed: an empty payload.
Decoded<Command> decode_command(Bytes payload);

// COM_QUERY. With Capability::query_attributes, parameters come ahead of the text.
struct Query {
  std::uint64_t attributes = 0;  // their number
  std::size_t sql_at = 0;        // where in the payload the text begins
  std::string_view sql;          // as much of it as was given
};
Decoded<Query> decode_query_head(Bytes payload, std::uint64_t payload_bytes,
                                 Capabilities capabilities);
inline Decoded<Query> decode_query(Bytes payload, Capabilities capabilities) {
  return decode_query_head(payload, payload.size(), capabilities);
}

// The command byte and text to the end: COM_INIT_DB (a schema), COM_STMT_PREPARE
// (SQL), and the long-gone COM_CREATE_DB and COM_DROP_DB.
inline std::string_view text_of(Bytes payload) {
  return payload.empty() ? std::string_view{} : as_text(payload.subspan(1));
}

// COM_PROCESS_KILL. Clients say KILL in SQL today.
Decoded<std::uint32_t> decode_process_kill(Bytes payload);

enum class SetOption : std::uint16_t { multi_statements_on = 0, multi_statements_off = 1 };
// Malformed: an option that no server knows.
Decoded<SetOption> decode_set_option(Bytes payload);

struct FieldList {
  std::string_view table;
  std::string_view wildcard;
};
Decoded<FieldList> decode_field_list(Bytes payload);

// ---- What the proxy itself says -------------------------------------------------

// A command that is only its byte: quit, ping, reset_connection, statistics, ...
void encode_bare(Writer& out, Command command);
// Without attributes, whatever the capabilities.
void encode_query(Writer& out, std::string_view sql, Capabilities capabilities);
void encode_init_db(Writer& out, std::string_view schema);
void encode_set_option(Writer& out, SetOption option);
void encode_process_kill(Writer& out, std::uint32_t connection_id);

}  // namespace relevo::wire::mysql

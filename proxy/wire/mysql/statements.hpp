// The commands of prepared statements.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase_ps.html
// https://mariadb.com/docs/server/reference/clientserver-protocol/3-binary-protocol-prepared-statements
//
// A statement's number is the server's, so a proxy that moves a statement to
// another server puts another number in. And parameter types are the server's to
// remember: a client sends them once, with its first COM_STMT_EXECUTE, and later
// ones only say "as before". On a server that never saw them they have to be put
// back in.
//
// Decoders take a whole payload, its command byte included; those called _head
// also do with its beginning: they need more, or answer the same as with all of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "proxy/wire/mysql/types.hpp"
#include "proxy/wire/mysql/writer.hpp"

namespace relevo::wire::mysql {

using StatementId = std::uint32_t;
// MariaDB: "the one prepared last", for a client that sends COM_STMT_PREPARE and
// COM_STMT_EXECUTE at once.
inline constexpr StatementId last_prepared = 0xffffffff;

// The statement that COM_STMT_EXECUTE, _SEND_LONG_DATA, _CLOSE, _RESET, _FETCH and
// _BULK_EXECUTE name: all at the same place.
Decoded<StatementId> decode_statement_id(Bytes payload);
inline constexpr std::size_t statement_id_at = 1;
inline constexpr std::size_t statement_id_bytes = 4;
void put_statement_id(std::span<std::byte, statement_id_bytes> at, StatementId id);

// ---- COM_STMT_EXECUTE -----------------------------------------------------------

enum class ExecuteFlag : std::uint8_t {
  cursor_read_only = 1,  // rows are fetched with COM_STMT_FETCH
  cursor_for_update = 2,
  cursor_scrollable = 4,
  parameter_count_available = 8,  // MySQL, with Capability::query_attributes
};
template <>
inline constexpr bool is_flag<ExecuteFlag> = true;
using ExecuteFlags = Flags<ExecuteFlag>;

struct Execute {
  StatementId statement = 0;
  ExecuteFlags flags;
  std::uint32_t iterations = 0;  // always 1
  std::uint64_t parameters = 0;  // the statement's own, and query attributes on top
  bool has_types = false;        // new-params-bound-flag
  // Positions in the payload; zero when there are no parameters.
  std::size_t bound_flag_at = 0;
  std::size_t values_at = 0;  // behind the flag and the types
  Bytes types;                // as they stand: two bytes each, and a name with query attributes

  bool opens_cursor() const { return flags.has(ExecuteFlag::cursor_read_only); }
};

// `parameters`: what COM_STMT_PREPARE_OK said of this statement. `payload_bytes`: the
// whole length, of which `head` is the beginning.
Decoded<Execute> decode_execute_head(Bytes head, std::uint64_t payload_bytes,
                                     std::uint16_t parameters, Capabilities capabilities);
inline Decoded<Execute> decode_execute(Bytes payload, std::uint16_t parameters,
                                       Capabilities capabilities) {
  return decode_execute_head(payload, payload.size(), parameters, capabilities);
}

// The payload's bytes before `values_at`, for a server that knows the statement
// under another number and not its types: appended to `out` without framing. What
// follows values_at in the client's payload follows here too. `execute` must have
// parameters, and none of it types of its own.
void append_execute_with_types(std::string& out, Bytes head, const Execute& execute,
                               StatementId statement, Bytes types);

// ---- The others -----------------------------------------------------------------

struct BulkExecute {  // MariaDB
  StatementId statement = 0;
  std::uint16_t flags = 0;
  bool has_types() const { return (flags & 128) != 0; }
  bool wants_unit_results() const { return (flags & 64) != 0; }
  std::size_t values_at = 0;
  Bytes types;  // two bytes each
};
Decoded<BulkExecute> decode_bulk_execute_head(Bytes head, std::uint64_t payload_bytes,
                                              std::uint16_t parameters);

// A parameter in parts, ahead of COM_STMT_EXECUTE. The data are the payload's rest.
struct SendLongData {
  StatementId statement = 0;
  std::uint16_t parameter = 0;  // counts from 0
  std::size_t data_at = 0;
};
Decoded<SendLongData> decode_send_long_data_head(Bytes head, std::uint64_t payload_bytes);

struct Fetch {
  StatementId statement = 0;
  std::uint32_t rows = 0;
};
Decoded<Fetch> decode_fetch(Bytes payload);

void encode_prepare(Writer& out, std::string_view sql);
void encode_close(Writer& out, StatementId statement);
void encode_statement_reset(Writer& out, StatementId statement);

}  // namespace relevo::wire::mysql

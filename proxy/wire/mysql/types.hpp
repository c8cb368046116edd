// The words of the MySQL and MariaDB wire protocol: capabilities, status flags,
// command bytes, and the limits within which we accept bytes.
//
// Both databases speak one protocol and extend it apart. The extensions can be
// told from each other: a MariaDB server clears the lowest capability bit, which
// every MySQL server sets, and then uses four bytes that MySQL leaves zero for 32
// capability bits of its own. Here all 64 are one set.
// https://dev.mysql.com/doc/dev/mysql-server/latest/group__group__cs__capabilities__flags.html
// https://mariadb.com/docs/server/reference/clientserver-protocol/1-connecting/connection
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proxy/wire/bytes.hpp"
#include "proxy/wire/decoded.hpp"
#include "proxy/wire/mysql/flags.hpp"

namespace relevo::wire::mysql {

using wire::as_bytes;
using wire::as_text;
using wire::Bytes;
using wire::Decoded;

enum class Capability : std::uint64_t {
  // CLIENT_LONG_PASSWORD, of no other meaning today than "not MariaDB": MariaDB
  // calls it CLIENT_MYSQL, and where it is clear the upper 32 bits count.
  long_password = 1ULL << 0,
  found_rows = 1ULL << 1,  // affected rows are the matched ones, not the changed ones
  long_flag = 1ULL << 2,
  connect_with_db = 1ULL << 3,
  no_schema = 1ULL << 4,
  compress = 1ULL << 5,  // zlib
  odbc = 1ULL << 6,
  local_files = 1ULL << 7,  // LOAD DATA LOCAL
  ignore_space = 1ULL << 8,
  protocol_41 = 1ULL << 9,
  interactive = 1ULL << 10,  // interactive_timeout instead of wait_timeout
  ssl = 1ULL << 11,
  ignore_sigpipe = 1ULL << 12,
  transactions = 1ULL << 13,
  reserved = 1ULL << 14,
  secure_connection = 1ULL << 15,  // the answer to the challenge has a length
  multi_statements = 1ULL << 16,
  multi_results = 1ULL << 17,
  ps_multi_results = 1ULL << 18,
  plugin_auth = 1ULL << 19,
  connect_attrs = 1ULL << 20,
  plugin_auth_lenenc_client_data = 1ULL << 21,
  can_handle_expired_passwords = 1ULL << 22,
  session_track = 1ULL << 23,
  deprecate_eof = 1ULL << 24,
  optional_resultset_metadata = 1ULL << 25,  // MySQL; see response.hpp why we never offer it
  zstd_compression = 1ULL << 26,
  query_attributes = 1ULL << 27,             // MySQL
  multi_factor_authentication = 1ULL << 28,  // MySQL
  capability_extension = 1ULL << 29,         // MySQL: reserved; MariaDB: the old progress bit
  ssl_verify_server_cert = 1ULL << 30,       // a client's own note, not sent on purpose
  remember_options = 1ULL << 31,             // likewise
  // MariaDB's own.
  mariadb_progress = 1ULL << 32,
  mariadb_com_multi = 1ULL << 33,  // withdrawn
  mariadb_stmt_bulk_operations = 1ULL << 34,
  mariadb_extended_metadata = 1ULL << 35,  // column definitions carry a type name
  mariadb_cache_metadata = 1ULL << 36,     // a result may come without column definitions
  mariadb_bulk_unit_results = 1ULL << 37,
};
template <>
inline constexpr bool is_flag<Capability> = true;
using Capabilities = Flags<Capability>;

// server_status, in OK and EOF.
enum class Status : std::uint16_t {
  in_transaction = 1 << 0,
  autocommit = 1 << 1,
  more_results_exist = 1 << 3,  // this OK or EOF doesn't end the answer
  no_good_index_used = 1 << 4,
  no_index_used = 1 << 5,
  cursor_exists = 1 << 6,  // rows wait for COM_STMT_FETCH
  last_row_sent = 1 << 7,  // the cursor is used up
  db_dropped = 1 << 8,
  no_backslash_escapes = 1 << 9,  // sql_mode: '\' is an ordinary character in strings
  metadata_changed = 1 << 10,     // a statement was re-prepared and its columns differ
  query_was_slow = 1 << 11,
  ps_out_params = 1 << 12,  // this result set holds a procedure's OUT parameters
  in_transaction_readonly = 1 << 13,
  session_state_changed = 1 << 14,
  ansi_quotes = 1 << 15,  // MariaDB: '"' quotes names, not strings
};
template <>
inline constexpr bool is_flag<Status> = true;
using StatusFlags = Flags<Status>;

// The first byte of a command. Values outside may come in: compare, or ask
// is_known(), and never switch without default.
enum class Command : std::uint8_t {
  sleep = 0x00,
  quit = 0x01,
  init_db = 0x02,
  query = 0x03,
  field_list = 0x04,
  create_db = 0x05,
  drop_db = 0x06,
  refresh = 0x07,
  shutdown = 0x08,
  statistics = 0x09,
  process_info = 0x0a,
  connect = 0x0b,
  process_kill = 0x0c,
  debug = 0x0d,
  ping = 0x0e,
  time = 0x0f,
  delayed_insert = 0x10,
  change_user = 0x11,
  binlog_dump = 0x12,
  table_dump = 0x13,
  connect_out = 0x14,
  register_slave = 0x15,
  stmt_prepare = 0x16,
  stmt_execute = 0x17,
  stmt_send_long_data = 0x18,
  stmt_close = 0x19,
  stmt_reset = 0x1a,
  set_option = 0x1b,
  stmt_fetch = 0x1c,
  daemon = 0x1d,
  binlog_dump_gtid = 0x1e,  // MySQL; MariaDB leaves 0x1e unused
  reset_connection = 0x1f,
  clone = 0x20,                   // MySQL
  subscribe_group_stream = 0x21,  // MySQL
  stmt_bulk_execute = 0xfa,       // MariaDB
};
bool is_known(Command command);
// These three get no answer: quit, stmt_send_long_data, stmt_close.
constexpr bool has_answer(Command command) {
  return command != Command::quit && command != Command::stmt_close &&
         command != Command::stmt_send_long_data;
}

// Types of columns and parameters.
enum class FieldType : std::uint8_t {
  decimal = 0,
  tiny = 1,
  short_ = 2,
  long_ = 3,
  float_ = 4,
  double_ = 5,
  null = 6,
  timestamp = 7,
  longlong = 8,
  int24 = 9,
  date = 10,
  time = 11,
  datetime = 12,
  year = 13,
  newdate = 14,
  varchar = 15,
  bit = 16,
  timestamp2 = 17,
  datetime2 = 18,
  time2 = 19,
  typed_array = 20,
  vector = 242,
  invalid = 243,
  bool_ = 244,
  json = 245,
  newdecimal = 246,
  enum_ = 247,
  set = 248,
  tiny_blob = 249,
  medium_blob = 250,
  long_blob = 251,
  blob = 252,
  var_string = 253,
  string = 254,
  geometry = 255,
};

namespace limits {
inline constexpr std::size_t header_bytes = 4;  // 3 of length, 1 of sequence
// The longest packet; a payload that fills one goes on in another.
inline constexpr std::uint32_t packet_bytes = 0xffffff;
// max_allowed_packet cannot be set higher, so no command is longer.
inline constexpr std::uint64_t payload_bytes = 1ULL << 30;
// More than any log-in needs: names, a password, 64 KiB of attributes.
inline constexpr std::uint64_t login_payload_bytes = 128 * 1024;
inline constexpr std::uint64_t unbounded = ~0ULL;
inline constexpr std::size_t connect_attributes = 512;
inline constexpr std::size_t connect_attributes_bytes = 65536;  // MySQL's own limit
inline constexpr std::size_t columns = 4096;                    // of a table, and of a SELECT
inline constexpr std::size_t parameters = 65535;                // of a statement
}  // namespace limits

inline constexpr std::size_t challenge_bytes = 20;  // of every authentication plugin's nonce
inline constexpr std::uint8_t protocol_version = 10;

}  // namespace relevo::wire::mysql

// What a server answers: OK, ERR, EOF, the request for a local file, the number
// of columns; and how to tell them and rows apart, which takes the capabilities
// and the place in the answer, for 0x00, 0xfe and 0xfb mean several things.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_response_packets.html
//
// Decoders take one whole payload.
//
// CLIENT_OPTIONAL_RESULTSET_METADATA is never to be offered to a client nor asked
// of a server: it puts a byte into the answer that may look like an OK's, and no
// driver depends on it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/wire/mysql/errors.hpp"
#include "proxy/wire/mysql/types.hpp"
#include "proxy/wire/mysql/writer.hpp"

namespace relevo::wire::mysql {

// ---- What a payload is --------------------------------------------------------

// Where in an answer the next payload stands.
enum class Place : std::uint8_t {
  start,    // the first payload of an answer, or of the next result in it
  columns,  // column definitions, and the classic EOF after them
  rows,
};

enum class PayloadKind : std::uint8_t {
  ok,  // in rows with Capability::deprecate_eof: an OK that begins with 0xfe
  err,
  eof,           // classic: after column definitions, after rows, and to COM_SET_OPTION
  progress,      // MariaDB: an ERR in form, news of a long ALTER TABLE in truth; more follows
  local_infile,  // the server wants a file from the client
  column_count,  // a result set begins
  column,        // one column's definition
  row,
};

// How many bytes of a payload are enough to tell what it is.
inline constexpr std::size_t kind_bytes = 3;

// `head`: the payload's first bytes, up to kind_bytes of them. `payload_bytes`: its
// length, or that of its first packet, which says as much. Needs more: fewer bytes
// than it takes to tell. Malformed: an empty payload.
Decoded<PayloadKind> classify(Place place, Capabilities capabilities, Bytes head,
                              std::uint64_t payload_bytes);

// ---- OK -----------------------------------------------------------------------

struct Ok {
  std::uint64_t affected_rows = 0;
  std::uint64_t last_insert_id = 0;
  StatusFlags status;
  std::uint16_t warnings = 0;
  std::string_view info{};  // for people: "Rows matched: 1  Changed: 1  Warnings: 0"
  Bytes session_state{};    // see session_state.hpp; empty unless it changed
};

// Beginning with 0x00 or 0xfe.
Decoded<Ok> decode_ok(Bytes payload, Capabilities capabilities);
// The status alone, of an OK or EOF. This is what a relay needs of every answer.
Decoded<StatusFlags> decode_status(Bytes payload, Capabilities capabilities);

enum class OkHeader : std::uint8_t {
  ok = 0x00,
  end_of_rows = 0xfe,  // ends rows with Capability::deprecate_eof
};

// Session state is written, and Status::session_state_changed kept, only with
// Capability::session_track.
void encode_ok(Writer& out, const Ok& message, Capabilities capabilities,
               OkHeader header = OkHeader::ok);

// ---- ERR, EOF, and the rest -----------------------------------------------------

struct Err {
  std::uint16_t number = 0;
  std::string_view sqlstate;  // empty: the server sent none, as before a log-in
  std::string_view message;
};

inline bool is_err(Bytes payload) { return !payload.empty() && payload.front() == std::byte{0xff}; }
Decoded<Err> decode_err(Bytes payload);
// An empty `sqlstate` is left out, with its marker.
void encode_err(Writer& out, const Err& message);
void encode_err(Writer& out, const ErrorCode& code, std::string_view message);

struct Eof {
  std::uint16_t warnings = 0;
  StatusFlags status;
};
Decoded<Eof> decode_eof(Bytes payload);
void encode_eof(Writer& out, const Eof& message);

struct Progress {
  std::uint8_t stage = 0;  // counts from 1
  std::uint8_t stage_max = 0;
  std::uint32_t percent_thousandths = 0;  // 0 .. 100000
  std::string_view info;
};
Decoded<Progress> decode_progress(Bytes payload);

// The file's name, as the server repeats it. The client must have asked for it.
Decoded<std::string_view> decode_local_infile(Bytes payload);
void encode_local_infile(Writer& out, std::string_view file);

struct ColumnCount {
  std::uint64_t columns = 0;  // 1 ..
  // MariaDB, with Capability::mariadb_cache_metadata: false when the client is to
  // know the definitions from COM_STMT_PREPARE, and rows follow at once.
  bool definitions_follow = true;
};
Decoded<ColumnCount> decode_column_count(Bytes payload, Capabilities capabilities);
void encode_column_count(Writer& out, const ColumnCount& message, Capabilities capabilities);

// ---- One side's form into the other's ---------------------------------------------

// What ends an answer, a result or a list of columns, apart from its form: OK, the
// OK that begins with 0xfe, or EOF (affected rows and so on are zero then).
struct End {
  bool of_rows = false;  // 0xfe: EOF, or what stands for it
  Ok ok;
};

Decoded<End> decode_end(Bytes payload, Capabilities capabilities);
void encode_end(Writer& out, const End& end, Capabilities capabilities);

// Rewrites an OK or EOF that a server sent, for a client with other capabilities:
// deprecate_eof and session_track may differ. A system variable that would lead
// the client past us ("redirect_url" of MariaDB) is taken out of what it is told.
// True: the client's form was appended to `out`. False: the payload may be relayed
// as it is, and nothing was written.
//
// The EOF between columns and rows is the caller's: with a classic server and a
// deprecate_eof client it is dropped, and the other way round one is written. But
// where that EOF has Status::cursor_exists no rows follow and it ends the answer:
// then it is rewritten like any end. Hence the caller that has to write one must
// wait for the next payload: is that an end with cursor_exists, it is the only EOF.
Decoded<bool> rewrite_end(Writer& out, Bytes payload, Capabilities server, Capabilities client);

}  // namespace relevo::wire::mysql

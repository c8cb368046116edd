// The words of the PostgreSQL wire protocol, versions 3.0 and 3.2: message type
// bytes, transaction status, and the limits within which we accept bytes.
//
// A type byte has a meaning per direction only ('D' is Describe from a client
// and DataRow from a server), hence two enums. Values outside of them may come
// in from a peer: compare, or ask is_known(), and never switch without default.
// https://www.postgresql.org/docs/current/protocol-message-formats.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "proxy/wire/bytes.hpp"

namespace relevo::wire::postgres {

using wire::as_bytes;
using wire::as_text;
using wire::Bytes;

enum class Frontend : std::uint8_t {
  bind = 'B',
  close = 'C',
  copy_data = 'd',
  copy_done = 'c',
  copy_fail = 'f',
  describe = 'D',
  execute = 'E',
  flush = 'H',
  function_call = 'F',
  parse = 'P',
  password = 'p',  // also SASLInitialResponse, SASLResponse, GSSResponse: the context tells
  query = 'Q',
  sync = 'S',
  terminate = 'X',
};

enum class Backend : std::uint8_t {
  authentication = 'R',
  backend_key_data = 'K',
  bind_complete = '2',
  close_complete = '3',
  command_complete = 'C',
  copy_both_response = 'W',
  copy_data = 'd',
  copy_done = 'c',
  copy_in_response = 'G',
  copy_out_response = 'H',
  data_row = 'D',
  empty_query_response = 'I',
  error_response = 'E',
  function_call_response = 'V',
  negotiate_protocol_version = 'v',
  no_data = 'n',
  notice_response = 'N',
  notification_response = 'A',
  parameter_description = 't',
  parameter_status = 'S',
  parse_complete = '1',
  portal_suspended = 's',
  ready_for_query = 'Z',
  row_description = 'T',
};

bool is_known(Frontend type);
bool is_known(Backend type);

// The body of ReadyForQuery.
enum class TransactionStatus : std::uint8_t {
  idle = 'I',
  in_transaction = 'T',
  failed = 'E',  // in a failed transaction block: only ROLLBACK is accepted
};

struct ProtocolVersion {
  std::uint16_t major = 0;
  std::uint16_t minor = 0;
  static constexpr ProtocolVersion from_word(std::uint32_t word) {
    return {static_cast<std::uint16_t>(word >> 16), static_cast<std::uint16_t>(word & 0xffff)};
  }
  constexpr std::uint32_t word() const { return (std::uint32_t{major} << 16) | minor; }
  auto operator<=>(const ProtocolVersion&) const = default;
};

inline constexpr ProtocolVersion version_3_0{3, 0};
inline constexpr ProtocolVersion version_3_2{3, 2};  // PostgreSQL 18: longer cancel keys

namespace limits {
inline constexpr std::size_t header_bytes = 5;  // type, and a length that counts itself
// PostgreSQL's own MAX_STARTUP_PACKET_LENGTH; the length word comes on top.
inline constexpr std::size_t startup_body_bytes = 10000;
inline constexpr std::size_t startup_parameters = 256;
// PostgreSQL allocates no more than this for a message (MaxAllocSize).
inline constexpr std::uint32_t message_length = 0x3fffffff;
// PG_MAX_AUTH_TOKEN_LENGTH: more is never needed to log in.
inline constexpr std::uint32_t login_message_length = 65535;
inline constexpr std::size_t cancel_key_bytes_min = 4;  // 3.0 has exactly 4
inline constexpr std::size_t cancel_key_bytes_max = 256;
}  // namespace limits

}  // namespace relevo::wire::postgres

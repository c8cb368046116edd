// COM_STMT_PREPARE's answer, and how many payloads follow it.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_stmt_prepare.html
#pragma once

#include <cstdint>

#include "proxy/wire/mysql/statements.hpp"
#include "proxy/wire/mysql/types.hpp"
#include "proxy/wire/mysql/writer.hpp"

namespace relevo::wire::mysql {

struct PrepareOk {
  StatementId statement = 0;
  std::uint16_t columns = 0;
  std::uint16_t parameters = 0;
  std::uint16_t warnings = 0;

  // Definitions of parameters, then of columns, each list ended by an EOF for those
  // without Capability::deprecate_eof. An empty list has neither.
  std::uint32_t payloads_to_follow(Capabilities capabilities) const {
    const std::uint32_t end = capabilities.has(Capability::deprecate_eof) ? 0 : 1;
    return (parameters > 0 ? parameters + end : 0) + (columns > 0 ? columns + end : 0);
  }
};

// Not for an ERR: ask is_err() first.
Decoded<PrepareOk> decode_prepare_ok(Bytes payload);
void encode_prepare_ok(Writer& out, const PrepareOk& message);
// The statement's number is at statement_id_at, as in commands: put_statement_id()
// gives the client another one.

}  // namespace relevo::wire::mysql

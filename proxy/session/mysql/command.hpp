// What a client asks for next: one command, looked at before its first byte goes
// to a server. What it is, what it asks of its server, and whether we can answer
// it ourselves.
//
// A command larger than the buffer is known by its beginning: enough for its kind
// and its statement's number, not for its text, so it goes to the primary.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/route/policy.hpp"
#include "proxy/route/refused.hpp"
#include "proxy/session/mysql/prepared.hpp"
#include "proxy/wire/mysql/errors.hpp"
#include "proxy/wire/mysql/frame.hpp"

namespace relevo::session::mysql {

struct CommandPlan {
  enum class Status : std::uint8_t {
    need_more,  // the command is not all here
    ready,
    quit,       // the client says goodbye
    malformed,  // error(): 1835 08S01, then closed
  };
  // What to do with it. Each says what the shell sends where.
  enum class Way : std::uint8_t {
    forward,  // to a server, as it is
    prepare,  // COM_STMT_PREPARE: intern `text`, prepare it on the server
    execute,  // COM_STMT_EXECUTE and what else has a statement's number in it
    init_db,  // to a server: it alone knows whether `text` exists
    change_user,
    kill,  // COM_PROCESS_KILL of the session that `number` is, by our own numbers
    // Answered here:
    reset,        // COM_RESET_CONNECTION without a server connection: forget, say OK
    ok,           // COM_PING, COM_STMT_RESET of a statement without long data or cursor
    end_of_rows,  // COM_SET_OPTION where it is already so
    statistics,   // a line of text of our own
    close,        // COM_STMT_CLOSE: forget the number, say nothing
    long_data,    // COM_STMT_SEND_LONG_DATA: to the session's own connection, say nothing
    refuse,       // `error`, `message`
  };
  Status status = Status::need_more;
  Way way = Way::forward;
  std::string message;  // of a refusal, or of what is malformed
  wire::mysql::ErrorCode error;

  wire::mysql::Command command = wire::mysql::Command::quit;
  std::uint64_t bytes = 0;  // on the wire, with all its headers; 0 when not known to its end
  std::size_t packets = 0;  // of the command, when it is known to its end
  bool whole = false;       // all of it is in the buffer: it may be sent again
  bool oversized = false;   // it is not, and will not be

  std::string_view text;                // SQL or a schema's name, into the bytes
  std::uint32_t number = 0;             // of a prepared statement, as the client knows it
  ClientStatement* prepared = nullptr;  // of a prepared statement; null: not known

  route::Demand demand;
  // Of a prepared statement, by what names mean now; null: its own will do.
  std::shared_ptr<const route::Analysis> judged;
  route::Analysis analysis;  // of COM_QUERY and COM_STMT_PREPARE; points into the bytes
  std::string_view reason;   // what decided, for people: static text
  bool token = false;        // asks for a consistency token: `text` is what the server is asked
  bool begins_transaction = false;
  bool ends_transaction = false;
  bool only_ends = false;  // and that is all it does
  bool commits = false;    // ... by COMMIT

  // Of what will run: analysis, or that of the prepared statement.
  const route::Analysis* runs() const;
};

struct PlanInput {
  std::string_view bytes;  // all that the client has sent and that is not yet dealt with
  // More than this of one command is not buffered, but of the texts of prepared
  // statements, which have to be kept: prepare_bytes_max.
  std::size_t bytes_max = 256 * 1024;
  ClientStatements& statements;
  route::MysqlDialect dialect{};
  std::string_view schema{};                      // in use
  wire::mysql::Capabilities client{};             // as negotiated
  bool multi_statements = false;                  // as COM_SET_OPTION left it
  const route::RefusedShapes* refused = nullptr;  // what replicas refused before
};
inline constexpr std::size_t prepare_bytes_max = 4U << 20;

CommandPlan plan_command(const PlanInput& input);

}  // namespace relevo::session::mysql

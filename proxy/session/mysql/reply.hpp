// Follows a server's reply to one command: what each packet of it is, when the
// reply is complete, and what it said about the session.
//
// Replies don't name their packets. 0x00 is an OK, a prepared statement or a row
// of binary data; 0xfe an EOF, an OK or the length of a huge column: only the
// command, the capabilities and what came before tell. So a reply is a small
// state machine, and every packet of a server passes through one.
//
// Invariant: complete() is true exactly when the server has nothing more to say
// to this command. A packet that cannot come in a state is a violation: the
// stream is lost, for nobody knows any more where answers begin.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase.html
// https://mariadb.com/docs/server/reference/clientserver-protocol/4-server-response-packets
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proxy/wire/mysql/frame.hpp"
#include "proxy/wire/mysql/types.hpp"

namespace relevo::session::mysql {

// What a reply said, added up over its result sets. Trackers are in it as the
// server reported them; nothing is allocated when it reported none.
struct Outcome {
  wire::mysql::StatusFlags status;  // of the last OK or EOF
  std::uint64_t affected_rows = 0;  // of the last OK
  std::uint64_t last_insert_id = 0;
  std::uint64_t rows = 0;  // of the last result set
  // That the last OK's info speaks of: "Rows matched: 1  Changed: 0  Warnings: 0".
  std::uint64_t matched_rows = 0;
  std::uint16_t warnings = 0;
  bool any_ok = false;          // an OK without rows came
  bool any_result_set = false;  // rows, if perhaps none, came
  bool ends_with_rows = false;  // and nothing behind them

  bool failed = false;
  std::uint16_t error = 0;
  std::string sqlstate, message;

  // SESSION_TRACK_*: what changed. Later reports of a name replace earlier ones.
  std::vector<std::pair<std::string, std::string>> variables;  // folded name, value
  std::optional<std::string> schema;
  std::string gtids;
  bool state_changed = false;

  // Of a prepared statement.
  std::uint32_t statement_id = 0;
  std::uint16_t columns = 0, parameters = 0;
};

enum class PacketKind : std::uint8_t {
  ok,               // an OK that carries no rows' end
  error,            // ends the reply, whatever went before
  column_count,     // a result set begins
  definition,       // of a column or a parameter
  definitions_end,  // EOF behind them
  row,              //
  rows_end,         // EOF, or OK with 0xfe
  prepared,         // the first packet in answer to COM_STMT_PREPARE
  local_infile,     // the server asks for a file: now the client sends
  text,             // the answer to COM_STATISTICS
  progress,         // MariaDB: an error in form, not in meaning
  rest,             // of the payload before: it did not fit one packet
};

class Reply {
 public:
  struct Step {
    PacketKind kind = PacketKind::row;
    bool violation = false;
    bool complete = false;   // the reply ends with this packet
    bool list_ends = false;  // it was the last definition of a list
  };

  Reply() = default;  // of no command: everything is a violation
  // `capabilities`: negotiated with the server.
  Reply(wire::mysql::Command command, wire::mysql::Capabilities capabilities);

  // Whether on_packet() needs the payload's every byte. Rows, definitions and
  // what is large do not; a control packet longer than control_bytes_max is one
  // that no server sends.
  bool wants_whole(const wire::mysql::PacketHeader& header, std::uint8_t first) const;
  static constexpr std::size_t control_bytes_max = 256 * 1024;

  // `payload`: at least its first byte where there is one; all of it where
  // wants_whole() says so.
  Step on_packet(const wire::mysql::PacketHeader& header, wire::mysql::Bytes payload,
                 Outcome& outcome);

  bool complete() const { return state_ == State::done; }
  // The server waits for the client's file, which ends with an empty packet.
  bool wants_client_data() const { return state_ == State::client_data; }
  void client_data_ended();

  wire::mysql::Command command() const { return command_; }

 private:
  enum class State : std::uint8_t {
    first,        // of a result set, or of the whole reply
    definitions,  // definitions_left_ are still to come
    definitions_end,
    rows,
    client_data,
    after_client_data,
    field_list,
    done,
  };
  Step on_first(const wire::mysql::PacketHeader& header, wire::mysql::Bytes payload,
                Outcome& outcome);
  Step on_prepared(wire::mysql::Bytes payload, Outcome& outcome);
  Step on_ok(wire::mysql::Bytes payload, PacketKind kind, Outcome& outcome);
  Step on_error_or_progress(wire::mysql::Bytes payload, Outcome& outcome);
  Step on_error(wire::mysql::Bytes payload, Outcome& outcome);
  Step on_definitions_end(wire::mysql::Bytes payload, Outcome& outcome);
  Step after_definitions(Step step);
  bool ends_rows(const wire::mysql::PacketHeader& header, std::uint8_t first) const;

  wire::mysql::Command command_ = wire::mysql::Command::quit;
  wire::mysql::Capabilities capabilities_;
  State state_ = State::done;
  std::uint32_t definitions_left_ = 0;
  std::uint16_t columns_behind_parameters_ = 0;  // of a prepared statement
  bool continues_ = false;                       // the packet before was a full one
};

}  // namespace relevo::session::mysql

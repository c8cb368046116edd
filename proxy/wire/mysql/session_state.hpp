// What an OK tells of the session: its schema, its variables, its transaction.
// Sent with Capability::session_track, of what session_track_* asks for.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_ok_packet.html
//
// This is how a proxy confirms what it concluded from the SQL text, for a stored
// procedure may change all of it unseen.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/wire/mysql/reader.hpp"
#include "proxy/wire/mysql/types.hpp"

namespace relevo::wire::mysql {

enum class SessionTrack : std::uint8_t {
  system_variable = 0,              // name and value
  schema = 1,                       // value: the default schema; may be empty
  state_change = 2,                 // value: "1" when anything of the session changed
  gtids = 3,                        // MySQL. value: those of the transaction just committed
  transaction_characteristics = 4,  // value: statements that would set up the same, or nothing
  transaction_state = 5,            // value: eight letters, see TransactionState
};

struct SessionChange {
  SessionTrack type = SessionTrack::state_change;
  std::string_view name;  // system_variable only
  std::string_view value;
};

// Walks over Ok::session_state.
//
//   SessionChanges changes(ok.session_state);
//   while (const auto* change = changes.next()) ...
//   if (changes.malformed()) ...
//
// Kinds that we don't know are skipped, as the protocol's lengths allow.
class SessionChanges {
 public:
  explicit SessionChanges(Bytes state) : entries_(state), entry_(Bytes{}) {}
  const SessionChange* next();  // null at the end, and when malformed
  bool malformed() const { return malformed_; }

 private:
  const SessionChange* give(SessionTrack type, std::string_view name, std::string_view value);

  Reader entries_;
  Reader entry_;  // pairs of variables left: MariaDB puts several into one entry
  SessionChange change_;
  bool malformed_ = false;
};

// The letters of SessionTrack::transaction_state, each '_' when it is not so.
struct TransactionState {
  bool explicit_transaction = false;  // 'T': BEGIN was said
  bool implicit_transaction = false;  // 'I': autocommit is off, and something was done
  bool read_unsafe = false;           // 'r': read from tables that don't do transactions
  bool read = false;                  // 'R'
  bool wrote_unsafe = false;          // 'w'
  bool wrote = false;                 // 'W'
  bool unsafe_statement = false;      // 's': for instance one that is not deterministic
  bool result_set = false;            // 'S': sent rows
  bool locked_tables = false;         // 'L': LOCK TABLES

  bool active() const { return explicit_transaction || implicit_transaction; }
  bool operator==(const TransactionState&) const = default;
};
Decoded<TransactionState> decode_transaction_state(std::string_view letters);

// Appends one change to what SessionChanges reads.
void append_session_change(std::string& state, const SessionChange& change);

// True when `state` names this system variable (in any case of its letters), or
// can't be read to its end.
bool may_tell_variable(Bytes state, std::string_view variable);
// `state` without it. What is malformed is left out as well.
std::string without_variable(Bytes state, std::string_view variable);

}  // namespace relevo::wire::mysql

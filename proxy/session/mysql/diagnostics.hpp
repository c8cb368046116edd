// LAST_INSERT_ID(), SHOW WARNINGS, FOUND_ROWS(), ROW_COUNT(): what a statement
// may ask about those before it, and what keeps the answers right when the next
// statement runs on another server connection. See docs/decisions/0013.
//
//   LAST_INSERT_ID()  follows the session: `SET last_insert_id=n` ahead of the
//                     statement that asks. n is asked of the server before the
//                     connection is given back, and only when it may have changed.
//   warnings, errors, SQL_CALC_FOUND_ROWS
//                     known to the server alone, and rare: the session keeps the
//                     connection up to the end of its next statement. Where there
//                     were none, any connection will do once it has none either.
//   ROW_COUNT(), FOUND_ROWS() without SQL_CALC_FOUND_ROWS
//                     any statement may be the one they ask about. A session that
//                     uses one of them keeps its connection from then on; the
//                     first one is right if the connection is still kept, and
//                     refused otherwise: an error once rather than a wrong number.
//
// Invariant: an answer is the server's own about this session's own statement,
// or an error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/session/mysql/effects.hpp"
#include "proxy/session/mysql/reply.hpp"
#include "proxy/session/mysql/state.hpp"

namespace relevo::session::mysql {

class Diagnostics {
 public:
  // What a statement that is about to run needs of its connection.
  enum class Need : std::uint8_t {
    nothing,
    last_insert_id,   // restore_sql() first, unless the connection was kept
    clean_slate,      // nothing is to be told: neutral_sql() first, unless it was kept
    same_connection,  // the one that the session kept; refused when it kept none
  };
  Need need(const route::MysqlFacts& facts) const;

  // A reply to the client is complete.
  void on_reply(const Meaning& meaning, const Outcome& outcome);

  // The connection stays with the session until its next statement is through.
  bool keeps_connection() const { return keeps_; }
  // Before the connection is given back: one own query, whose only row's only
  // column goes to on_last_insert_id().
  bool must_ask() const { return stale_; }
  static std::string_view ask_sql() { return "SELECT LAST_INSERT_ID()"; }
  bool on_last_insert_id(std::string_view decimal);  // false: not a number
  std::string restore_sql() const;
  // Leaves a connection without warnings and errors of whoever had it before.
  static std::string_view neutral_sql() { return "DO 0"; }

  std::uint64_t last_insert_id() const { return last_insert_id_; }
  // Keeps its connection for good: it has used ROW_COUNT() or FOUND_ROWS().
  bool habitual() const { return habitual_; }
  void note_use(const route::MysqlFacts& facts);
  void reset();  // COM_RESET_CONNECTION, COM_CHANGE_USER

 private:
  std::uint64_t last_insert_id_ = 0;
  bool stale_ = false;
  bool keeps_ = false;
  bool habitual_ = false;
};

}  // namespace relevo::session::mysql

// LAST_INSERT_ID(), SHOW WARNINGS, FOUND_ROWS(), ROW_COUNT(): what a statement
// may ask about those before it, and what keeps the answers right when the next
// statement runs on another server connection. See docs/decisions/0013.
//
//   LAST_INSERT_ID()  follows the session: `SET last_insert_id=n` ahead of the
//                     statement that asks. n is asked of the server before the
//                     connection is given back, and only when it may have changed.
//   ROW_COUNT(), FOUND_ROWS()
//                     follow the session: they are what its replies said, and are
//                     put into the text that asks (counts.hpp). What replies don't
//                     tell is asked of the server before the connection is given back.
//   warnings, errors  known to the server alone, and rare: the session keeps the
//                     connection up to the end of its next statement. Where there
//                     were none, any connection will do once it has none either.
//   LASTVAL()         follows the session, sequence by sequence: see sequences.hpp.
//
// Invariant: an answer is the server's own about this session's own statement.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/session/mysql/counts.hpp"
#include "proxy/session/mysql/effects.hpp"
#include "proxy/session/mysql/reply.hpp"
#include "proxy/session/mysql/state.hpp"

namespace relevo::session::mysql {

class Diagnostics {
 public:
  explicit Diagnostics(bool mariadb = false) : mariadb_(mariadb) {
    counts_.found_rows = mariadb ? 1 : 0;  // as each says after a log-in
  }

  // What a statement that is about to run needs of its connection.
  enum class Need : std::uint8_t {
    nothing,
    last_insert_id,   // restore_sql() first, unless the connection was kept
    clean_slate,      // nothing is to be told: neutral_sql() first, unless it was kept
    same_connection,  // the one that the session kept
  };
  Need need(const route::MysqlFacts& facts) const;
  // Whether it asks for ROW_COUNT() or FOUND_ROWS(), and with what they are to be
  // answered where the connection doesn't have them.
  static bool asks_counts(const route::MysqlFacts& facts) {
    return facts.uses_row_count || facts.uses_found_rows;
  }
  const Counts& counts() const { return counts_; }
  // The connection that the session kept has them; or it alone, so far.
  bool server_has_counts() const {
    return !counts_known() || (!row_count_moved_ && !found_rows_moved_);
  }
  // The session has another connection now, which has others' numbers.
  void on_lent() {
    row_count_moved_ = found_rows_moved_ = true;
    row_count_known_ = found_rows_known_ = true;
  }
  // A command of our own ran on that connection, since the client's last one.
  void on_own_command() { row_count_moved_ = true; }

  // A reply to the client is complete: to statements, and to commands that run none.
  void on_reply(const Meaning& meaning, const Outcome& outcome);
  void on_command(const Outcome& outcome);
  // The replies are known to tell too little, this time.
  void forget_counts() { row_count_known_ = found_rows_known_ = false; }
  // What the proxy answered by itself, which no server knows of.
  void answered_ok() { move_row_count(0); }
  void answered_error() { move_row_count(-1); }
  void answered_row();

  // The connection stays with the session until its next statement is through.
  bool keeps_connection() const { return keeps_; }
  // Before the connection is given back: one own query, whose only row goes to
  // on_answer().
  bool must_ask() const { return stale_ || !counts_known(); }
  std::string_view ask_sql() const;
  bool on_answer(const std::vector<std::string>& values);  // false: not numbers
  std::string restore_sql() const;
  // Leaves a connection without warnings and errors of whoever had it before.
  static std::string_view neutral_sql() { return "DO 0"; }

  std::uint64_t last_insert_id() const { return last_insert_id_; }
  void reset();  // COM_RESET_CONNECTION, COM_CHANGE_USER

 private:
  bool counts_known() const { return row_count_known_ && found_rows_known_; }
  void note_row_count(const Outcome& outcome);
  void note_found_rows(const Meaning& meaning, const Outcome& outcome);
  void move_row_count(std::int64_t rows);

  bool mariadb_;
  std::uint64_t last_insert_id_ = 0;
  Counts counts_;
  bool row_count_known_ = true, found_rows_known_ = true;
  // It is not what the server would say: another session's statement, or nobody's
  // that it saw, was the last there.
  bool row_count_moved_ = false, found_rows_moved_ = false;
  bool stale_ = false;
  bool keeps_ = false;
};

}  // namespace relevo::session::mysql

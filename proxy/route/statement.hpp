// What a client's SQL text means for routing and for the session that sent it.
//
// Invariant: a statement is called a read only when it is proven to be one.
// Whatever the classifier doesn't know goes to the primary; whatever it cannot
// follow in a session's state pins the session to its server connection.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace relevo::route {

enum class StatementClass : std::uint8_t {
  read,     // proven not to write: any replica that satisfies the session
  write,    // writes, or not proven otherwise: the primary
  session,  // acts on the session only (SET, BEGIN, DISCARD, ...): where the session is
};

enum class TransactionControl : std::uint8_t {
  none,
  begin,            // BEGIN, START TRANSACTION without READ ONLY: the primary
  begin_read_only,  // READ ONLY and not SERIALIZABLE: a replica will do
  commit,           // COMMIT, END (AND CHAIN included)
  rollback,
  savepoint,
  rollback_to_savepoint,
  two_phase,  // PREPARE TRANSACTION, COMMIT PREPARED, ROLLBACK PREPARED
};

// What a statement does to its session besides answering.
enum class EffectKind : std::uint8_t {
  set,        // SET [SESSION] name: `name`, `value` as written after TO or =
  set_local,  // ends with the transaction
  reset,      // RESET name
  reset_all,  // RESET ALL
  set_role,   // SET ROLE, SET SESSION AUTHORIZATION: kept apart, RESET ALL spares them
  discard_all,
  discard_plans,
  discard_temp,
  discard_sequences,
  // What cannot follow a session to another server connection: it pins.
  temp_object,    // CREATE TEMP TABLE ..., SELECT INTO TEMP
  advisory_lock,  // session-level advisory lock functions
  advisory_unlock_all,
  hold_cursor,  // DECLARE ... WITH HOLD
  close_all,
  listen,
  unlisten,        // `name`, or "*"
  sql_prepare,     // PREPARE name
  sql_deallocate,  // DEALLOCATE name, or "" for ALL
  load,            // LOAD 'library'
  unknown,         // may change session state in a way that the text does not tell (DO, CALL,
                   // set_config): ask the server afterwards
};

struct Effect {
  EffectKind kind = EffectKind::unknown;
  std::string_view name;   // into the statement's text; unquoted and unfolded where it is simple
  std::string_view value;  // into the statement's text, as written
  // Either may be static text instead where SQL has another spelling for a
  // setting: SET TIME ZONE x is `TimeZone`, SET ROLE x is `role`.
};

enum class HintTarget : std::uint8_t { none, primary, replica };

// /* relevo: primary */, /* relevo: replica */, /* relevo: max_lag=200ms */
struct Hint {
  HintTarget target = HintTarget::none;
  std::optional<std::chrono::milliseconds> max_lag;
};

// The meaning of one text: a simple query's whole string (perhaps several
// statements) or one prepared statement. Refers into the text; no allocation.
struct Analysis {
  static constexpr std::size_t max_effects = 8;

  StatementClass cls = StatementClass::write;  // the strictest of all its statements
  TransactionControl transaction =
      TransactionControl::none;  // of its only statement; none if several
  std::string_view reason;       // static text: "calls a function not known to be harmless", ...
  std::string_view subject;      // into the text: the word or name that decided
  std::uint32_t statements = 0;  // 0: empty or only comments
  bool controls_transaction = false;  // some statement begins or ends a transaction
  bool copy_from_stdin = false;
  // A write only because it calls a function that PostgreSQL does not ship: a
  // hint or a session target for replicas is believed over it.
  bool unproven = false;
  Hint hint;

  std::array<Effect, max_effects> effects{};
  std::uint8_t effect_count = 0;
  bool effects_overflow = false;  // more than fit: treat as `unknown`
};

// How the session's server reads string literals.
struct Dialect {
  bool standard_conforming_strings = true;
  // client_encoding is BIG5, GB18030, GBK, JOHAB, SHIFT_JIS_2004, SJIS or UHC:
  // a byte that looks like an ASCII character may be half of another one. Texts
  // with such characters are then writes of unknown effect.
  bool ascii_in_multibyte = false;
};

// PostgreSQL. Total over all inputs: never throws, never allocates, reads each
// byte a bounded number of times.
Analysis analyze_postgres(std::string_view sql, Dialect dialect);

}  // namespace relevo::route

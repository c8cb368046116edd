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

namespace postgres {
struct Naming;
}
struct MysqlNaming;

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
  // MySQL and MariaDB only, besides set, reset, set_role, temp_object, sql_prepare,
  // sql_deallocate and unknown. A `set` there has a value that means the same
  // whenever and wherever it is said again: a literal or a bare word.
  set_computed,       // SET name = expression: the server knows the value
  set_names,          // SET NAMES `name` [COLLATE `value`]; reset "names" for NAMES DEFAULT
  set_charset,        // SET CHARACTER SET `name`; reset "character set" for DEFAULT
  set_transaction,    // SET SESSION TRANSACTION: `name` "isolation" or "access", `value` as
                      // written: READ COMMITTED, READ ONLY
  next_transaction,   // SET TRANSACTION, SET @@transaction_isolation: of the next one alone;
                      // `name`, `value` likewise
  set_user_variable,  // SET @name = literal; `name` without @ and simple quotes
  set_user_computed,  // SET @name = expression, @name :=, SELECT ... INTO @name
  use_database,       // USE name
  drop_temp,          // DROP TEMPORARY TABLE name
  lock_tables,        // LOCK TABLES, FLUSH TABLES WITH READ LOCK, LOCK INSTANCE
  unlock_tables,      // UNLOCK TABLES: nothing is locked behind it
  named_lock,         // GET_LOCK(...): `name` is the literal as written, "" if computed
  named_unlock,       // RELEASE_LOCK(...): likewise
  named_unlock_all,   // RELEASE_ALL_LOCKS()
  handler_open,       // HANDLER name OPEN
  handler_close,      // HANDLER name CLOSE
  xa_begin,           // XA START `name`: bound to its connection up to the xa_end
  xa_end,             // XA COMMIT, XA ROLLBACK `name`
  take_number,        // NEXTVAL(name), NEXT VALUE FOR name: as written, "" if that can't be told
  drop_sequence,      // DROP SEQUENCE name, CREATE OR REPLACE SEQUENCE name: as written
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

// What FOUND_ROWS() is about after a text, as far as its words tell.
enum class FoundRows : std::uint8_t {
  unknown,    // the server alone can tell
  unchanged,  // what it was before
  result,     // the rows of its last result set, and found_offset ahead of them
  matched,    // the rows that an UPDATE matched
};

// What the session layer of MySQL and MariaDB must know of a text. All of it may
// come from any of the text's statements.
struct MysqlFacts {
  // Answers that depend on what this session's previous statements did, and on
  // which connection. Each makes its statement no read.
  bool uses_last_insert_id = false;  // LAST_INSERT_ID(), @@last_insert_id, @@identity
  bool uses_found_rows = false;
  bool uses_row_count = false;
  bool uses_last_value = false;  // LASTVAL(s), PREVIOUS VALUE FOR s
  bool diagnostics = false;      // SHOW WARNINGS, SHOW ERRORS, SHOW COUNT(*) ..., @@warning_count,
                                 // @@error_count, GET DIAGNOSTICS
  bool uses_connection_id = false;    // CONNECTION_ID(), @@pseudo_thread_id
  bool reads_user_variables = false;  // @name where it isn't assigned to

  // What such answers will be about.
  bool takes_next_value = false;     // NEXTVAL(s), NEXT VALUE FOR s: LASTVAL(s) may follow
  bool sets_last_insert_id = false;  // LAST_INSERT_ID(expression)
  FoundRows found_rows = FoundRows::unknown;
  std::uint64_t found_offset = 0;  // rows that LIMIT skipped: they count as found

  bool implicit_commit = false;  // may end a transaction without saying so: DDL, LOCK TABLES, ...
  bool consistent_snapshot =
      false;                // START TRANSACTION WITH CONSISTENT SNAPSHOT: not to be held back
  bool chain = false;       // COMMIT or ROLLBACK AND CHAIN: the next transaction has begun
  bool release = false;     // ... RELEASE: the server closes the connection
  bool load_local = false;  // the server will ask for the client's file
  bool kill = false;        // KILL: the number is the server's, not this session's client's
  // CALL, EXECUTE, a compound statement, in a query a function that the database
  // does not ship: does what the text hides.
  bool may_call_routine = false;
};

enum class CatalogChange : std::uint8_t {
  none,
  unseen,   // nothing that matters yet; but there are names that the catalogue does not show
  perhaps,  // CALL, what is dropped, a new table: no harmless name becomes another by the text
  certain,  // DDL that may change what a name means, DO
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
  // A write only for want of proof: it calls a function that the database does
  // not ship, or (MySQL) asks for what belongs to one server. A hint or a
  // session target for replicas is believed over it.
  bool unproven = false;
  Hint hint;

  std::array<Effect, max_effects> effects{};
  std::uint8_t effect_count = 0;
  bool effects_overflow = false;  // more than fit: treat as `unknown`

  MysqlFacts mysql;  // all false for PostgreSQL

  // What its statements do to the catalogue that they are classified by.
  CatalogChange catalog_change = CatalogChange::none;
  // The catalogue's object that decided, for Catalog::describe(); 0: none did.
  std::uint32_t object = 0;
};

// How the session's server reads string literals.
struct Dialect {
  bool standard_conforming_strings = true;
  // client_encoding is BIG5, GB18030, GBK, JOHAB, SHIFT_JIS_2004, SJIS or UHC:
  // a byte that looks like an ASCII character may be half of another one. Texts
  // with such characters are then writes of unknown effect.
  bool ascii_in_multibyte = false;
  // What names mean to the session, by its database's catalogue; null: not known.
  // Must outlive the call, and nothing else.
  const postgres::Naming* naming = nullptr;
};

// PostgreSQL. Total over all inputs: never throws, never allocates, reads each
// byte a bounded number of times.
Analysis analyze_postgres(std::string_view sql, Dialect dialect);

// Whether names may mean something else once it has run: as long as the session
// does not know what, nothing that it calls by name is known.
bool moves_names(const Analysis& analysis);

enum class MysqlServer : std::uint8_t { unknown, mysql, mariadb };

// How the session's server reads text. The first two follow sql_mode.
struct MysqlDialect {
  bool ansi_quotes = false;           // "a" is an identifier
  bool no_backslash_escapes = false;  // 'a\\' is whole
  // character_set_client is big5, cp932, gb18030, gbk or sjis: as in Dialect.
  bool ascii_in_multibyte = false;
  // Which executable comments are code: /*!80013 ... */ and /*M!100100 ... */.
  // The version as they write it: 80036 is 8.0.36, 101119 is 10.11.19; 0 if not
  // known. A text whose meaning would depend on what is not known here is a
  // write of unknown effect.
  MysqlServer server = MysqlServer::unknown;
  std::uint32_t version = 0;
  // What names mean to the session, by the server's catalogue; null: not known, and the
  // text alone decides. Must outlive the call, and nothing else.
  const MysqlNaming* naming = nullptr;
};

// "10.11.6-MariaDB" -> 101106, "8.0.36" -> 80036; 0 when it is neither.
std::uint32_t mysql_version(std::string_view text);

// MySQL and MariaDB. As total as analyze_postgres.
Analysis analyze_mysql(std::string_view sql, MysqlDialect dialect);

}  // namespace relevo::route

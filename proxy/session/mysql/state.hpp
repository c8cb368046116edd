// What a session has set on its server connection, and how to bring another
// connection there: the current schema, system variables, user variables.
//
// Intuition: as for PostgreSQL's settings. A session's state is a small immutable
// map; a server connection remembers which one was last brought about on it. They
// are interned, so in the everyday case (all sessions of an application have the
// same) the two are one pointer and there is nothing to do.
//
// Where the values come from differs. A server reports each system variable that
// a SET changed, by name and value, in the OK that answers it, even when it
// happened within a procedure: values are the server's own words, not SQL text to
// be evaluated again. Only what no tracker tells (user variables, the collation
// of SET NAMES) is read from the text.
//
// Invariant: only what a session set, or said when it logged in, is in its state.
// Everything else is the server's default, which DEFAULT brings back.
// https://dev.mysql.com/doc/refman/8.4/en/session-state-tracking.html
// https://mariadb.com/docs/server/reference/clientserver-protocol/4-server-response-packets/ok_packet
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace relevo::session::mysql {

// Name -> the right side of an assignment: SQL that means the same under every
// sql_mode and character set (see quote.hpp). Names are folded to lower case.
using Variables = std::map<std::string, std::string, std::less<>>;

struct StateData {
  std::string schema;  // empty: none
  Variables system;    // "sql_mode", "character_set_client", ...
  Variables user;      // without the '@'
  bool operator==(const StateData&) const = default;
};
using State = std::shared_ptr<const StateData>;  // never null

State no_state();

// Transactions are SERIALIZABLE: what they read is locked, on one server only.
bool is_serializable(const StateData& state);

// What a session has right after its log-in. `collation` as the client said it in
// its handshake: it is all three character sets. Numbers that one of the two
// databases does not know count for nothing there, as the server itself decides.
StateData login_state(std::string_view schema, std::uint16_t collation, bool mariadb);

// Makes equal states one pointer. One per worker; not for several threads.
class StateTable {
 public:
  State intern(StateData data);

 private:
  std::unordered_map<std::string, std::weak_ptr<const StateData>> known_;
  std::size_t sweep_at_ = 256;
};

// What has to be done before anything else.
enum class Reset : std::uint8_t {
  none,
  // COM_CHANGE_USER (or a new connection): nothing less gives up a schema for
  // none. It starts over: defaults, no prepared statements, no temporary tables.
  change_user,
};

struct StateChange {
  Reset reset = Reset::none;
  std::string schema;  // for a COM_INIT_DB; empty: none is needed
  std::string sql;     // one SET statement; empty: none is needed
  // Nothing in it can fail on one server that another accepted: it may travel in
  // the same packet as the statement that needs it. Otherwise the statement waits
  // for its success, lest it run in the wrong schema or under another sql_mode.
  bool certain = true;
};

// nullopt: nothing differs. With a reset, `from` no longer matters: the change is
// from what `to` is after log-in (its schema included) with no variables set.
std::optional<StateChange> state_change(const State& from, const State& to);

// Makes the server report what session state depends on. Sent once after log-in
// and after each reset, ahead of everything else. Both databases know all of it.
std::string_view tracking_sql();

// How a variable is followed.
enum class Following : std::uint8_t {
  replay,   // its value is set again where it is needed
  ignored,  // read-only, or of no consequence to anyone but its own statement
  pins,     // used up by the next statement, or the replication stream's own
  blinds,   // session_track_*: would keep the server from reporting; pins
};
Following following(std::string_view folded_name);

// A value as a tracker reported it, as the right side of an assignment.
std::string assignment_of(std::string_view folded_name, std::string_view reported);

// The part of a state in which a text's meaning is fixed when it is prepared:
// the schema of unqualified names, sql_mode, and the character sets of literals.
State prepare_context(StateTable& table, const State& state);
// `state` with its own `prepare_context` replaced: to prepare a statement again.
State with_context(StateTable& table, const State& state, const State& context);

std::string fold_variable_name(std::string_view name);  // lower case, as servers compare them

}  // namespace relevo::session::mysql

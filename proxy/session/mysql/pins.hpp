// What keeps a session on its server connection, and what lets it go: state that
// cannot be brought about on another one.
//
// Invariant: a session without pins may go on on any connection that was given
// its State. Each pin is taken off by what undoes its cause, and all of them by a
// reset of the connection.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "proxy/session/mysql/effects.hpp"

namespace relevo::session::mysql {

enum class Pin : std::uint16_t {
  mode = 1 << 0,  // pool.mode is `session`
  temporary_tables = 1 << 1,
  table_locks = 1 << 2,
  named_locks = 1 << 3,
  handlers = 1 << 4,
  cursors = 1 << 5,           // rows that COM_STMT_FETCH will ask for
  long_data = 1 << 6,         // sent ahead of its COM_STMT_EXECUTE
  sql_statements = 1 << 7,    // PREPARE name FROM
  user_variables = 1 << 8,    // with values that the text did not tell
  next_transaction = 1 << 9,  // SET TRANSACTION: for the next one alone
  xa = 1 << 10,
  variables = 1 << 11,  // system variables that don't follow, see following()
  routine = 1 << 12,    // what it did is not known
  sequences = 1 << 13,  // see sequences.hpp
  unknown = 1 << 14,
};

class Pins {
 public:
  void add(Pin pin) { set_ |= static_cast<std::uint16_t>(pin); }
  void remove(Pin pin) { set_ &= static_cast<std::uint16_t>(~static_cast<unsigned>(pin)); }
  bool has(Pin pin) const { return (set_ & static_cast<std::uint16_t>(pin)) != 0; }
  bool any() const { return set_ != 0; }
  bool only(Pin pin) const { return set_ == static_cast<std::uint16_t>(pin); }
  std::string reason() const;  // for people: "temporary tables, named locks"; empty without any

  // A statement that succeeded. Effects that State follows are none of ours.
  void apply(const Meaning& meaning);
  // The statement failed, which doesn't say how far it came before that.
  void apply_failed(const Meaning& meaning);
  // The server was in a transaction and isn't any more.
  void transaction_ended() { remove(Pin::next_transaction); }
  void opaque_variable(std::string_view folded_name);  // its value is not known
  void known_variable(std::string_view folded_name);   // it is again
  // COM_RESET_CONNECTION, COM_CHANGE_USER: nothing is left. pool.mode stays.
  void reset();

 private:
  void apply_one(const OwnedEffect& effect);

  std::uint16_t set_ = 0;
  // By name, so that the last one to go takes the pin off.
  std::set<std::string, std::less<>> tables_, locks_, handlers_, statements_, opaque_;
  bool countless_locks_ = false;  // some were named by an expression
};

}  // namespace relevo::session::mysql

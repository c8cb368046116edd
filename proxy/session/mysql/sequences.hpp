// LASTVAL(s) of MariaDB's sequences: the number that this session took last, which the
// server knows as its connection's, whoever had that before.
//
// It follows the session. What a statement may have taken is asked before the connection
// is given back, one sequence at a time. A text that uses LASTVAL(s) where the connection
// may say something else gets an expression in the call's place: the call itself as long
// as it says something new, and the session's own number otherwise.
//
// Invariant: a connection that is idle is known to say of each sequence what its
// SequenceNumbers say: another session's number is never taken for this one's. Where a
// number may have been taken from a sequence that cannot be named, or the server would not
// tell, the session keeps its connection.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relevo::session::mysql {

// Of sequences by their keys (route/mysql/sequence_name.hpp); NULL of all others. Of a
// connection: what it says; of a session: what it took.
class SequenceNumbers {
 public:
  static constexpr std::size_t size_max = 64;

  const std::string* find(std::string_view sequence) const;
  bool set(std::string_view sequence, std::string_view number);  // false: there is no room
  void erase(std::string_view sequence);
  bool empty() const { return numbers_.empty(); }
  void clear() { numbers_.clear(); }

  // Of a connection: the changes of schema that had been seen when it was lent. A sequence
  // that is made anew may give the same number again.
  std::uint64_t as_of = 0;

 private:
  struct Number {
    std::string sequence, number;
  };
  std::vector<Number> numbers_;
};

class Sequences {
 public:
  // False: they are too many to be asked about.
  bool may_have_taken(std::string_view sequence);
  const SequenceNumbers& own() const { return own_; }
  void forget(std::string_view sequence) { own_.erase(sequence); }  // it is dropped
  void clear();

  bool must_ask() const { return !taken_.empty(); }
  std::string ask_sql() const;
  enum class Answer : std::uint8_t { understood, no_number, no_room };
  Answer on_answer(const std::vector<std::string>& values, SequenceNumbers& connection);
  // False: the number is still there, but the server doesn't tell it.
  bool on_refused(std::uint16_t error);
  // The connection is gone, and what it said.
  void forget_taken() { taken_.clear(); }

 private:
  SequenceNumbers own_;
  std::vector<std::string> taken_;  // perhaps, since the connection was lent
};

// What is known where a text is about to run.
struct LastValues {
  const SequenceNumbers& own;
  const SequenceNumbers& connection;
  std::string_view schema;  // in use
  bool folds_names = false;
};
// `call` so that it says the session's number. Nullopt: it does as it is.
std::optional<std::string> own_value(const LastValues& values, std::string_view call,
                                     std::string_view sequence);

}  // namespace relevo::session::mysql

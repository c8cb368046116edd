// A BEGIN that is held back until its transaction's first statement: answered here, and
// said to the server that runs that statement, right ahead of it.
//
// Between the two a client may think for as long as it likes, and holds no server
// connection; a transaction that ends as it began needs none at all; SET TRANSACTION READ
// ONLY comes in time to have a replica chosen. Nothing is lost by it: a transaction's
// snapshot is taken by its first statement, and its locks are. now() is the time at which
// the server hears of the BEGIN.
//
// Only texts whose meaning is certain to the last word are held. Whatever else begins a
// transaction (a hint, a comment, several statements, the extended protocol, a word that
// the server may refuse) goes to a server at once.
//
//   none -> held -> told -> none
//
// Told: a server has begun it, and of the first statement's answer nothing has reached
// the client. Until then it can begin once more elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/route/policy.hpp"

namespace relevo::session::postgres {

// A text that is one statement of plain transaction control.
// https://www.postgresql.org/docs/current/sql-begin.html and its neighbours
struct PlainControl {
  enum class Kind : std::uint8_t { begin, set_transaction, commit, rollback };
  Kind kind = Kind::begin;
  std::string_view tag;  // of its CommandComplete: static text
  // What its modes say; none: nothing.
  std::optional<bool> read_only, serializable;
};
std::optional<PlainControl> read_plain_control(std::string_view sql);

class HeldBegin {
 public:
  static constexpr std::size_t text_bytes_max = 256;

  void hold(std::string_view text, const PlainControl& begin);
  bool held() const { return state_ == State::held; }
  bool told() const { return state_ == State::told; }
  void tell() { state_ = State::told; }
  void hold_again() { state_ = State::held; }
  void clear() { state_ = State::none; }

  const std::string& text() const { return text_; }
  // What the transaction demands of its server, with the text (or "") and the demand of
  // the first batch of statements in it.
  route::Demand demand(std::string_view first_text, const route::Demand& first) const;

 private:
  enum class State : std::uint8_t { none, held, told };

  State state_ = State::none;
  bool read_only_ = false, serializable_ = false;
  std::string text_;
};

}  // namespace relevo::session::postgres

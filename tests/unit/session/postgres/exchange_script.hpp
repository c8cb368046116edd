// A conversation with a server as a transcript, played into an Exchange:
//
//   send query SELECT 1
//   recv T             -> forward
//   recv C SELECT 1    -> forward
//   recv Z I           -> forward ready
//   state idle I
//
// `send`: what goes to the server, or is answered by us, in the client's name;
//   `own-` in front of it: in ours.
//     query SQL | big-query | function | parse [ID] | bind | describe | close [ID] |
//     execute SQL | execute ? | sync | copy-end | local parse|close|deallocate
// `recv`: the server's message by its type byte, a body after it for C and Z.
//   Behind the arrow stands the whole verdict: forward, ready, failed, own,
//   violation, or nothing.
// `due`: answers of our own that are due now, all of them, as type bytes. To
//   leave some due when the server's next message comes is an error of the script.
// `state`: any of idle|busy, I|T|E, owed N, open|settled, copying|not-copying,
//   skipping|not-skipping, at-rest|unsynced, certain|uncertain, done-once|repeatable.
// `committed`, `unprepared`, `unclosed`: what was reported since the last such line, `;` between
//   effects; `unclear yes|no`.
//
// Every line that does not hold is reported by its number and text.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <string_view>

#include "proxy/session/postgres/exchange.hpp"

namespace relevo::session::postgres {

class ExchangeScript {
 public:
  // May be called again: the conversation goes on.
  testing::AssertionResult play(std::string_view script);

  Exchange& exchange() { return exchange_; }

 private:
  std::string step(std::string_view line);  // what is wrong, or nothing
  std::string send(std::string_view what, Audience audience);
  std::string receive(std::string_view what);
  std::string check_state(std::string_view words);
  std::string take_due();
  std::string take_committed();
  static std::string list(const std::vector<std::uint64_t>& ids);
  const route::Analysis* analysis(std::string_view sql);
  Prepared statement(std::string_view id) const;

  Exchange exchange_;
  std::deque<std::string> texts_;  // what the analyses point into
  std::deque<route::Analysis> analyses_;
};

// "set search_path=a"
std::string to_string(const OwnedEffect& effect);

// "forward ready failed own", or "violation"
std::string to_string(const Verdict& verdict);

}  // namespace relevo::session::postgres

// A server that says what cannot come now. Every type byte in every state either
// is legal or is called a violation, and nothing of it ends the process.
#include <algorithm>
#include <random>

#include "proxy/wire/postgres/types.hpp"
#include "tests/unit/session/postgres/exchange_script.hpp"

namespace relevo::session::postgres {
namespace {

namespace wire = relevo::wire::postgres;

struct State {
  std::string_view name;
  std::string_view script;  // how to come there
  std::string_view legal;   // type bytes
};

constexpr std::string_view always = "NSAE";  // notices, parameters, notifications, errors

constexpr State states[] = {
    {"Idle", "", ""},
    {"IdleInTransaction", "send query BEGIN\n recv C BEGIN -> forward\n recv Z T -> forward ready",
     ""},
    {"Query", "send query SELECT 1", "TDCIHdcGZ"},
    {"OwnQuery", "own-send query", "TDCIHdcGZ"},
    {"QueryWithRows", "send query SELECT 1\n recv T -> forward\n recv D -> forward", "TDCIHdcGZ"},
    {"QueryFailed", "send query SELECT 1\n recv E -> forward failed", "TDCIHdcGZ"},
    {"QueryCopyingIn", "send query COPY t FROM STDIN\n recv G -> forward", "TDCIHdcGZ"},
    {"FunctionCall", "send function", "VZ"},
    {"Parse", "send parse 1\n send sync", "1"},
    {"OwnParse", "own-send parse 1\n send sync", "1"},
    {"Bind", "send bind\n send sync", "2"},
    {"Describe", "send describe\n send sync", "tTn"},
    {"DescribeHalfAnswered", "send describe\n send sync\n recv t -> forward", "tTn"},
    {"Execute", "send execute SELECT 1\n send sync", "DCIsHdcG"},
    {"ExecuteCopyingIn", "send execute COPY t FROM STDIN\n send sync\n recv G -> forward",
     "DCIsHdcG"},
    {"Close", "send close\n send sync", "3"},
    {"OwnClose", "own-send close\n send sync", "3"},
    {"Sync", "send sync", "Z"},
    {"SyncAfterError", "send bind\n send sync\n recv E -> forward failed", "Z"},
    {"Skipping", "send bind\n recv E -> forward failed", ""},
};

class ExchangeViolation : public testing::TestWithParam<State> {};

TEST_P(ExchangeViolation, WhateverCannotComeNow) {
  const State& state = GetParam();
  for (int byte = 0; byte < 256; ++byte) {
    ExchangeScript script;
    ASSERT_TRUE(script.play(state.script));
    const std::string_view body = byte == 'Z' ? "I" : byte == 'C' ? std::string_view("X\0", 2) : "";
    const auto type = static_cast<wire::Backend>(byte);
    const Verdict verdict = script.exchange().on_message(type, wire::as_bytes(body));
    const auto legal = [&](std::string_view types) {
      return byte != 0 && types.find(static_cast<char>(byte)) != std::string_view::npos;
    };
    EXPECT_EQ(verdict.violation, !legal(state.legal) && !legal(always)) << "byte " << byte;
    if (verdict.violation) {
      EXPECT_EQ(to_string(verdict), "violation");
    }
  }
}

TEST_P(ExchangeViolation, AReadyForQueryThatIsNone) {
  for (const std::string_view body : {"", "X", "i", "II", "\0"}) {
    ExchangeScript script;
    ASSERT_TRUE(script.play(GetParam().script));
    const auto status = script.exchange().status();
    EXPECT_EQ(to_string(script.exchange().on_message(wire::Backend::ready_for_query,
                                                     wire::as_bytes(body))),
              "violation");
    EXPECT_EQ(script.exchange().status(), status);
  }
}

TEST_P(ExchangeViolation, RowsComeOnlyInAnAnswer) {
  ExchangeScript by_type;
  ExchangeScript by_data;
  ASSERT_TRUE(by_type.play(GetParam().script));
  ASSERT_TRUE(by_data.play(GetParam().script));
  EXPECT_EQ(to_string(by_data.exchange().on_data()),
            to_string(by_type.exchange().on_message(wire::Backend::data_row, {})));
}

INSTANTIATE_TEST_SUITE_P(States, ExchangeViolation, testing::ValuesIn(states),
                         [](const auto& test) { return std::string(test.param.name); });

// Both sides at random: what is counted stays consistent whatever is said.
TEST(ExchangeViolation, RandomConversationsKeepTheirInvariants) {
  constexpr std::string_view types = "12sntTDCIHdcGVEZNSAK";
  constexpr std::string_view bodies[] = {"I", "T", "E", "", "COMMIT", "ROLLBACK", "SET"};
  constexpr std::string_view sends[] = {
      "send query SET a.b = 1",
      "send query SELECT pg_advisory_lock(1)",
      "send query BEGIN",
      "send big-query",
      "own-send query",
      "send function",
      "send parse 1",
      "own-send parse 2",
      "send bind",
      "send describe",
      "send execute SET a.b = 1",
      "send execute COMMIT",
      "send execute ?",
      "send close",
      "own-send close",
      "send sync",
      "send copy-end",
      "send local parse",
      "send local close",
      "send local deallocate",
  };
  std::mt19937 random(4711);
  for (int conversation = 0; conversation < 200; ++conversation) {
    ExchangeScript script;
    Exchange& exchange = script.exchange();
    for (int step = 0; step < 60; ++step) {
      if (random() % 2 == 0) {
        ASSERT_TRUE(script.play(sends[random() % std::size(sends)]));
      } else {
        const auto type = static_cast<wire::Backend>(types[random() % types.size()]);
        const auto body = wire::as_bytes(bodies[random() % std::size(bodies)]);
        const Verdict verdict = exchange.on_message(type, body);
        ASSERT_TRUE(!verdict.violation || to_string(verdict) == "violation");
        ASSERT_TRUE(!verdict.ready || type == wire::Backend::ready_for_query);
      }
      std::string due;
      if (random() % 2 == 0) exchange.append_due(due);
      if (exchange.idle()) {
        ASSERT_EQ(exchange.owed_answers(), 0U);
        ASSERT_FALSE(exchange.outcome_open());
        ASSERT_FALSE(exchange.has_due());
      }
      ASSERT_TRUE(!exchange.skipping_to_sync() || exchange.idle());
    }
  }
}

}  // namespace
}  // namespace relevo::session::postgres

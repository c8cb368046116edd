// What OK tells of the session: bytes of MariaDB 10.11, and GTIDs as MySQL's
// documentation has them.
#include "proxy/wire/mysql/session_state.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/wire/wire_text.hpp"

namespace relevo::wire::mysql {
namespace {

using test::wire;

std::string show(const std::string& state) {
  const test::HeapBytes heap(state);
  std::string text;
  SessionChanges changes(heap);
  while (const SessionChange* change = changes.next()) {
    text += std::to_string(static_cast<unsigned>(change->type)) + ":";
    if (!change->name.empty()) text += std::string(change->name) + "=";
    text += std::string(change->value) + " ";
  }
  EXPECT_EQ(changes.next(), nullptr) << "the end is final";
  return text + (changes.malformed() ? "malformed" : "");
}

// After SET autocommit=0, time_zone='+02:00'.
const std::string& variables() {
  static const std::string state =
      wire("00 0f 0a 'autocommit' 03 'OFF' 00 11 09 'time_zone' 06 '+02:00' 02 01 '1'");
  return state;
}

TEST(SessionChanges, OfVariables) {
  EXPECT_EQ(show(variables()), "0:autocommit=OFF 0:time_zone=+02:00 2:1 ");
}

TEST(SessionChanges, OfSeveralVariablesInOneEntry) {
  EXPECT_EQ(show(wire("00 08 01'a'01'b' 01'c'01'd'")), "0:a=b 0:c=d ");
  EXPECT_EQ(show(wire("00 00 01 02 01'x'")), "1:x ") << "an entry of none";
}

TEST(SessionChanges, OfASchema) {
  EXPECT_EQ(show(wire("01 02 01 't'")), "1:t ");
  EXPECT_EQ(show(wire("01 01 00")), "1: ");
}

TEST(SessionChanges, OfATransaction) {
  EXPECT_EQ(show(wire("05 09 08 'T_______' 04 1d 1c 'START TRANSACTION READ ONLY;'")),
            "5:T_______ 4:START TRANSACTION READ ONLY; ");
  EXPECT_EQ(show(wire("05 09 08 '________' 04 01 00")), "5:________ 4: ");
}

TEST(SessionChanges, OfGtids) {
  EXPECT_EQ(show(wire("03 28 00 26 '4dd0f9d5-3b00-11eb-ad70-003093140e4e:5'")),
            "3:4dd0f9d5-3b00-11eb-ad70-003093140e4e:5 ");
}

TEST(SessionChanges, SkipWhatTheyDoNotKnow) {
  EXPECT_EQ(show(wire("2a 03 'xyz' 01 02 01 't'")), "1:t ");
}

TEST(SessionChanges, NoticeDamage) {
  EXPECT_EQ(show(""), "");
  EXPECT_EQ(show(wire("01 05 01 't'")), "malformed");  // longer than all there is
  EXPECT_EQ(show(wire("01 02 04 't'")), "malformed");  // longer than its entry
  EXPECT_EQ(show(wire("01 00")), "malformed");         // no schema, not even an empty one
  EXPECT_EQ(show(wire("03 01 00")), "malformed");      // no GTIDs
  EXPECT_EQ(show(wire("00 02 01 'a'")), "malformed");  // a name without a value
  EXPECT_EQ(show(wire("01 fb")), "malformed");
}

TEST(SessionChanges, CutShortAreMalformedAfterWhatWasWhole) {
  for (std::size_t size = 1; size < variables().size(); ++size) {
    const bool between = size == 17 || size == 36;
    EXPECT_EQ(show(variables().substr(0, size)).find("malformed") == std::string::npos, between)
        << size;
  }
}

TEST(SessionChanges, AreAppendedAsTheyAreRead) {
  std::string state;
  append_session_change(state, {SessionTrack::system_variable, "autocommit", "OFF"});
  append_session_change(state, {SessionTrack::system_variable, "time_zone", "+02:00"});
  append_session_change(state, {SessionTrack::state_change, {}, "1"});
  EXPECT_EQ(state, variables());
  state.clear();
  append_session_change(state, {SessionTrack::schema, {}, "t"});
  append_session_change(state, {SessionTrack::gtids, {}, "1-1-1"});
  EXPECT_EQ(state, wire("01 02 01 't' 03 07 00 05 '1-1-1'"));
}

TEST(SessionState, HidesAVariable) {
  const std::string hidden = wire("00 10 0c 'REDIRECT_url' 02 'no'");
  const std::string state = variables() + hidden + wire("01 02 01 't'");
  EXPECT_TRUE(may_tell_variable(as_bytes(state), "redirect_url"));
  EXPECT_EQ(without_variable(as_bytes(state), "redirect_url"), variables() + wire("01 02 01 't'"));
  EXPECT_FALSE(may_tell_variable(as_bytes(variables()), "redirect_url"));
  // Next to another one in the same entry.
  const std::string pairs = wire("00 14 01'a'01'b' 0c'redirect_url' 02 'no'");
  EXPECT_TRUE(may_tell_variable(as_bytes(pairs), "redirect_url"));
  EXPECT_EQ(without_variable(as_bytes(pairs), "redirect_url"), wire("00 04 01'a'01'b'"));
}

TEST(SessionState, WhatCannotBeReadMayTellAnything) {
  const std::string damaged = variables() + wire("00 30 0c 'redirect_url'");
  EXPECT_TRUE(may_tell_variable(as_bytes(damaged), "redirect_url"));
  EXPECT_EQ(without_variable(as_bytes(damaged), "redirect_url"), variables());
}

struct StateRow {
  const char* letters;
  TransactionState state;
};

TEST(TransactionState, IsReadFromItsLetters) {
  TransactionState all;
  all.explicit_transaction = all.read_unsafe = all.read = all.wrote_unsafe = all.wrote = true;
  all.unsafe_statement = all.result_set = all.locked_tables = true;
  TransactionState implicit;
  implicit.implicit_transaction = implicit.read = implicit.result_set = true;
  TransactionState locked;
  locked.locked_tables = true;
  for (const StateRow& row : {StateRow{"________", {}}, StateRow{"TrRwWsSL", all},
                              StateRow{"I_R___S_", implicit}, StateRow{"_______L", locked}}) {
    const auto state = decode_transaction_state(row.letters);
    ASSERT_TRUE(state) << row.letters;
    EXPECT_EQ(*state, row.state) << row.letters;
  }
  EXPECT_TRUE(all.active());
  EXPECT_TRUE(implicit.active());
  EXPECT_FALSE(locked.active());
  for (const char* bad : {"", "T", "_________", "X_______", "_T______", "T_______x", "r_______"}) {
    EXPECT_TRUE(decode_transaction_state(bad).is_malformed()) << bad;
  }
}

}  // namespace
}  // namespace relevo::wire::mysql

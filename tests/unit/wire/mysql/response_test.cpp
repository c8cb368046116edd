// Telling payloads apart, and turning one side's form into the other's.
#include "proxy/wire/mysql/response.hpp"

#include <gtest/gtest.h>

#include <string>

#include "proxy/wire/mysql/session_state.hpp"
#include "tests/unit/wire/wire_text.hpp"

namespace relevo::wire::mysql {
namespace {

using test::wire;

constexpr Capabilities classic;
constexpr Capabilities modern = Capability::deprecate_eof;
constexpr Capabilities tracking = Capability::session_track;
constexpr Capabilities both = Capability::deprecate_eof | Capability::session_track;

struct KindRow {
  Place place;
  const char* head;
  std::uint64_t payload_bytes;
  PayloadKind in_classic;
  PayloadKind in_modern;
};

TEST(Classify, TellsPayloadsApart) {
  using enum PayloadKind;
  const KindRow rows[] = {
      {Place::start, "000000", 7, ok, ok},
      {Place::start, "ff1004", 20, err, err},
      {Place::start, "ff1004", 3, err, err},
      {Place::start, "ffffff", 20, progress, progress},
      {Place::start, "fb2f65", 11, local_infile, local_infile},
      {Place::start, "fb", 1, local_infile, local_infile},
      {Place::start, "01", 1, column_count, column_count},
      {Place::start, "0101", 2, column_count, column_count},
      {Place::start, "fc0010", 3, column_count, column_count},
      {Place::start, "fe0000", 5, eof, ok},  // the answer to COM_SET_OPTION
      {Place::columns, "036465", 23, column, column},
      {Place::columns, "fe0000", 5, eof, ok},  // modern: ends COM_FIELD_LIST
      {Place::columns, "ff1004", 20, err, err},
      {Place::rows, "0131", 2, row, row},
      {Place::rows, "000031", 9, row, row},  // binary, or an empty text
      {Place::rows, "00", 1, row, row},
      {Place::rows, "fb", 1, row, row},  // NULL
      {Place::rows, "fb0131", 3, row, row},
      {Place::rows, "fe0000", 5, eof, ok},
      {Place::rows, "fe0000", 7, eof, ok},
      {Place::rows, "fe0000", 8, eof, ok},
      {Place::rows, "fe0000", 9, row, ok},  // an OK with session state
      {Place::rows, "fe0000", 0xfffffe, row, ok},
      {Place::rows, "fe0000", 0xffffff, row, row},  // a value of 16 MiB
      {Place::rows, "fe0000", 0x1000000, row, row},
      {Place::rows, "ff1004", 20, err, err},
      {Place::rows, "ffffff", 20, progress, progress},
      {Place::rows, "fcffff", 65538, row, row},
  };
  for (const KindRow& row : rows) {
    const std::string head = wire(row.head);
    const test::HeapBytes bytes(head);
    const auto in_classic = classify(row.place, classic, bytes, row.payload_bytes);
    const auto in_modern = classify(row.place, modern, bytes, row.payload_bytes);
    ASSERT_TRUE(in_classic && in_modern) << row.head;
    EXPECT_EQ(*in_classic, row.in_classic) << row.head << " " << row.payload_bytes;
    EXPECT_EQ(*in_modern, row.in_modern) << row.head << " " << row.payload_bytes;
  }
}

TEST(Classify, NeedsNoMoreThanItMust) {
  EXPECT_TRUE(classify(Place::start, classic, {}, 7).needs_more());
  EXPECT_TRUE(classify(Place::start, classic, as_bytes(wire("00")), 7));
  EXPECT_TRUE(classify(Place::start, classic, as_bytes(wire("ff")), 20).needs_more());
  EXPECT_TRUE(classify(Place::start, classic, as_bytes(wire("ffff")), 20).needs_more());
  EXPECT_TRUE(classify(Place::start, classic, as_bytes(wire("ff")), 1)) << "there is no more";
}

TEST(Classify, RefusesWhatNoServerSends) {
  EXPECT_TRUE(classify(Place::start, classic, {}, 0).is_malformed());
  EXPECT_TRUE(classify(Place::rows, classic, {}, 0).is_malformed());
  EXPECT_TRUE(classify(Place::start, classic, as_bytes(wire("fe")), 9).is_malformed());
  EXPECT_TRUE(classify(Place::columns, modern, as_bytes(wire("fe")), 0xffffff).is_malformed());
}

TEST(DecodeStatus, OfEveryEnd) {
  struct {
    const char* payload;
    Capabilities capabilities;
  } const rows[] = {
      {"00 00 00 0340 0000", classic},
      {"00 fd000001 fe0000000000000001 0340 0000", classic},
      {"fe 0000 0340", classic},
      {"fe 00 00 0340 0000", modern},
  };
  for (const auto& row : rows) {
    const std::string payload = wire(row.payload);
    const auto status = decode_status(as_bytes(payload), row.capabilities);
    ASSERT_TRUE(status) << row.payload;
    EXPECT_EQ(status->word(), 0x4003) << row.payload;
    for (std::size_t size = 0; size < payload.size() - 2; ++size) {
      EXPECT_TRUE(
          decode_status(test::HeapBytes(payload.substr(0, size)), row.capabilities).is_malformed())
          << row.payload << " " << size;
    }
  }
}

// Old documentation: the info goes up to the end, without a length.
TEST(DecodeOk, TakesInfoWithoutALengthWhereNothingCanFollow) {
  const std::string payload = wire("00 01 00 0200 0000 'Rows: 1'");
  const auto ok = decode_ok(as_bytes(payload), classic);
  ASSERT_TRUE(ok);
  EXPECT_EQ(ok->info, "Rows: 1");
}

// MariaDB sets the flag in a classic EOF and in an OK without saying what changed.
TEST(DecodeOk, TheFlagMayComeWithoutTheState) {
  const std::string payload = wire("00 00 00 0240 0000");
  const auto ok = decode_ok(as_bytes(payload), tracking);
  ASSERT_TRUE(ok);
  EXPECT_TRUE(ok->session_state.empty());
  EXPECT_TRUE(decode_ok(as_bytes(wire("00 00 00 0240 0000 00")), tracking));
  EXPECT_TRUE(decode_ok(as_bytes(wire("00 00 00 0240 0000 00 02 01")), tracking).is_malformed());
}

TEST(EncodeOk, NeverClaimsStateThatItDoesNotTell) {
  std::string bytes;
  Writer out(bytes);
  Ok message;
  message.status = Status::autocommit | Status::session_state_changed;
  encode_ok(out, message, tracking);
  EXPECT_EQ(bytes.substr(4), wire("00 00 00 0200 0000"));
}

// ---- Rewriting ------------------------------------------------------------------------

struct RewriteRow {
  const char* name;
  const char* payload;
  Capabilities server;
  Capabilities client;
  const char* rewritten;  // null: may be relayed as it is
};

TEST(RewriteEnd, TurnsOneFormIntoTheOther) {
  const RewriteRow rows[] = {
      {"same", "00 00 00 0200 0000", classic, classic, nullptr},
      {"an OK is an OK", "00 00 00 0200 0000", modern, classic, nullptr},
      {"same EOF", "fe 0000 2200", classic, classic, nullptr},
      {"same, tracked", "00 00 00 0240 0000 00 04 01 02 01 't'", both, both, nullptr},
      {"EOF for a modern client", "fe 0100 2200", classic, modern, "fe 00 00 2200 0100"},
      {"flag without state", "fe 0000 0260", tracking, both, "fe 00 00 0220 0000"},
      {"OK for a classic client", "fe 00 00 2200 0100", modern, classic, "fe 0100 2200"},
      {"cursor", "fe 00 00 4200 0000", modern, classic, "fe 0000 4200"},
      {"more results", "fe 0000 0a00", classic, modern, "fe 00 00 0a00 0000"},
      {"state for a classic client that tracks", "fe 00 00 0240 0000 00 04 01 02 01 't'", both,
       tracking, "fe 0000 0200"},
      {"state for a client that does not track", "00 01 02 0240 0300 04 'info' 04 01 02 01 't'",
       both, modern, "00 01 02 0200 0300 04 'info'"},
      {"state at the end of rows", "fe 00 00 0240 0000 00 04 01 02 01 't'", both, modern,
       "fe 00 00 0200 0000"},
      {"redirect alone", "00 00 00 0240 0000 00 10 00 0e 0c 'redirect_url' 00", both, both,
       "00 00 00 0200 0000"},
      {"redirect among others", "00 00 00 0240 0000 00 14 01 02 01 't' 00 0e 0c 'redirect_url' 00",
       both, both, "00 00 00 0240 0000 00 04 01 02 01 't'"},
      {"damaged state", "00 00 00 0240 0000 00 07 01 02 01 't' 01 09 01", both, both,
       "00 00 00 0240 0000 00 04 01 02 01 't'"},
  };
  for (const RewriteRow& row : rows) {
    std::string bytes;
    Writer out(bytes, 9);
    const std::string payload = wire(row.payload);
    const auto rewritten = rewrite_end(out, as_bytes(payload), row.server, row.client);
    ASSERT_TRUE(rewritten) << row.name << ": " << rewritten.error();
    EXPECT_EQ(*rewritten, row.rewritten != nullptr) << row.name;
    if (row.rewritten == nullptr) {
      EXPECT_TRUE(bytes.empty()) << row.name;
    } else {
      ASSERT_GE(bytes.size(), 4U) << row.name;
      EXPECT_EQ(bytes.substr(4), wire(row.rewritten)) << row.name;
      EXPECT_EQ(bytes[3], 9);
    }
  }
}

TEST(RewriteEnd, RefusesWhatIsNoEnd) {
  for (const char* bad : {"", "01", "fe", "fe 0000", "00 00 00 0200", "ff 1004 'no'"}) {
    std::string bytes;
    Writer out(bytes);
    const std::string payload = wire(bad);
    EXPECT_TRUE(rewrite_end(out, as_bytes(payload), classic, modern).is_malformed()) << bad;
    EXPECT_TRUE(bytes.empty());
  }
}

}  // namespace
}  // namespace relevo::wire::mysql

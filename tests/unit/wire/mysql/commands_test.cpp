// Commands whose reading depends on what was agreed or prepared: query attributes,
// and the parameters of executions.
#include "proxy/wire/mysql/commands.hpp"

#include <gtest/gtest.h>

#include <string>

#include "proxy/wire/mysql/binary_value.hpp"
#include "proxy/wire/mysql/statements.hpp"
#include "tests/unit/wire/wire_text.hpp"

namespace relevo::wire::mysql {
namespace {

using test::wire;

constexpr Capabilities none;
constexpr Capabilities attributes = Capability::query_attributes;

// ---- COM_QUERY ------------------------------------------------------------------------

struct QueryRow {
  const char* name;
  const char* prefix;  // what comes ahead of the text
  std::uint64_t attributes;
};

const QueryRow query_rows[] = {
    {"none", "03 00 01", 0},
    {"text", "03 01 01 00 01 fe00 02 'id' 03 'abc'", 1},
    {"no name", "03 01 01 00 01 fe00 00 00", 1},
    {"null", "03 02 01 01 01 fe00 01 'a' 0180 01 'b' 07", 2},
    {"every length",
     "03 0a 01 0000 01 0100 01'a' 0200 01'b' 0300 01'c' 0800 01'd' 0400 01'e' 0500 01'f'"
     "0c00 01'g' 0b00 01'h' f600 01'i' 0600 01'j'"
     "01 0200 03000000 0400000000000000 00000000 0000000000000000"
     "07 07e60101000000 08 0001000000000000 03 '1.5'",
     10},
    {"nine, so that the bitmap has two bytes",
     "03 09 01 ff01 01 0100 00 0100 00 0100 00 0100 00 0100 00 0100 00 0100 00 0100 00 0100 00", 9},
    {"dates at zero", "03 02 01 00 01 0c00 00 0b00 00 00 00", 2},
};

TEST(Query, TextBeginsBehindTheAttributes) {
  for (const QueryRow& row : query_rows) {
    const std::string prefix = wire(row.prefix);
    const test::HeapBytes payload(prefix + "SELECT 1");
    const auto query = decode_query(payload, attributes);
    ASSERT_TRUE(query) << row.name << ": " << query.error();
    EXPECT_EQ(query->attributes, row.attributes) << row.name;
    EXPECT_EQ(query->sql_at, prefix.size()) << row.name;
    EXPECT_EQ(query->sql, "SELECT 1") << row.name;
  }
}

// The head of a payload needs more, or answers as the whole would.
TEST(Query, OfAHeadNeedsMoreUntilTheTextBegins) {
  for (const QueryRow& row : query_rows) {
    const std::string prefix = wire(row.prefix);
    const std::string payload = prefix + "SELECT 1";
    for (std::size_t size = 0; size <= payload.size(); ++size) {
      const test::HeapBytes head(payload.substr(0, size));
      const auto query = decode_query_head(head, payload.size(), attributes);
      if (size < prefix.size()) {
        EXPECT_TRUE(query.needs_more()) << row.name << " " << size;
        EXPECT_TRUE(decode_query(head, attributes).is_malformed()) << row.name << " " << size;
      } else {
        ASSERT_TRUE(query) << row.name << " " << size;
        EXPECT_EQ(query->sql_at, prefix.size());
        EXPECT_EQ(query->sql, std::string_view("SELECT 1").substr(0, size - prefix.size()));
      }
    }
  }
}

TEST(Query, WithoutTheCapabilityAllOfItIsText) {
  const std::string payload = wire("03 00 01 'x'");
  const auto query = decode_query(as_bytes(payload), none);
  ASSERT_TRUE(query);
  EXPECT_EQ(query->sql, wire("00 01 'x'"));
}

TEST(Query, RefusesBadAttributes) {
  for (const char* bad : {
           "03 01 02 00 01 fe00 00 00 'SELECT'",  // two sets
           "03 01 00 00 01 fe00 00 00 'SELECT'",  // none
           "03 01 01 00 00 'SELECT'",             // types of before
           "03 01 01 00 01 f300 00 00 'SELECT'",  // no such type
           "03 fdffff01 01 'SELECT'",             // more than there may be
           "03 fb 01 'SELECT'",                   // no number
           "03 01 01 00 01 fe00 00 ff 'SELECT'",  // no length
       }) {
    const std::string payload = wire(bad);
    EXPECT_TRUE(decode_query(as_bytes(payload), attributes).is_malformed()) << bad;
    EXPECT_TRUE(decode_query_head(as_bytes(payload), 1 << 20, attributes).is_malformed()) << bad;
  }
  EXPECT_TRUE(decode_query({}, none).is_malformed());
  EXPECT_TRUE(decode_query_head({}, 5, none).needs_more());
  EXPECT_TRUE(decode_query(as_bytes("\x02x"), none).is_malformed());
  EXPECT_TRUE(decode_command({}).is_malformed());
}

// ---- COM_STMT_EXECUTE -----------------------------------------------------------------

TEST(Execute, WithTypes) {
  // MySQL's documentation: one parameter, VARCHAR 'foo'.
  const std::string payload = wire("17 01000000 00 01000000 00 01 0f00 03 'foo'");
  const auto execute = decode_execute(as_bytes(payload), 1, none);
  ASSERT_TRUE(execute);
  EXPECT_EQ(execute->statement, 1U);
  EXPECT_EQ(execute->iterations, 1U);
  EXPECT_EQ(execute->parameters, 1U);
  EXPECT_FALSE(execute->opens_cursor());
  EXPECT_TRUE(execute->has_types);
  EXPECT_EQ(as_text(execute->types), wire("0f00"));
  EXPECT_EQ(execute->bound_flag_at, 11U);
  EXPECT_EQ(execute->values_at, 14U);
}

TEST(Execute, WithoutParameters) {
  const std::string payload = wire("17 01000000 01 01000000");
  const auto execute = decode_execute(as_bytes(payload), 0, none);
  ASSERT_TRUE(execute);
  EXPECT_TRUE(execute->opens_cursor());
  EXPECT_EQ(execute->parameters, 0U);
  EXPECT_EQ(execute->bound_flag_at, 0U);
  EXPECT_TRUE(decode_execute(as_bytes(payload), 1, none).is_malformed());
}

TEST(Execute, WithQueryAttributes) {
  // A parameter of the statement's own, and one attribute by name.
  const std::string payload =
      wire("17 01000000 08 01000000 02 00 01 0100 00 fe00 02 'id' 07 03 'abc'");
  const auto execute = decode_execute(as_bytes(payload), 1, attributes);
  ASSERT_TRUE(execute) << execute.error();
  EXPECT_EQ(execute->parameters, 2U);
  EXPECT_EQ(as_text(execute->types), wire("0100 00 fe00 02 'id'"));
  EXPECT_EQ(payload.substr(execute->values_at), wire("07 03 'abc'"));
  // An attribute alone.
  const std::string alone = wire("17 01000000 08 01000000 01 00 01 fe00 02 'id' 03 'abc'");
  ASSERT_TRUE(decode_execute(as_bytes(alone), 0, attributes));
  EXPECT_EQ(decode_execute(as_bytes(alone), 0, attributes)->parameters, 1U);
  // None, and the flag not set: nothing follows.
  const std::string nothing = wire("17 01000000 00 01000000");
  EXPECT_TRUE(decode_execute(as_bytes(nothing), 0, attributes));
  // Fewer than the statement has.
  const std::string fewer = wire("17 01000000 08 01000000 01 00 01 0100 00 07");
  EXPECT_TRUE(decode_execute(as_bytes(fewer), 2, attributes).is_malformed());
}

TEST(Execute, OfAHeadNeedsMoreUntilTheValuesBegin) {
  const std::string payload =
      wire("17 01000000 00 01000000 0000 01") + std::string(18, '\1') + wire("'values'");
  const std::size_t values_at = payload.size() - 6;
  for (std::size_t size = 0; size <= payload.size(); ++size) {
    const test::HeapBytes head(payload.substr(0, size));
    const auto execute = decode_execute_head(head, payload.size(), 9, none);
    if (size < values_at) {
      EXPECT_TRUE(execute.needs_more()) << size;
      EXPECT_TRUE(decode_execute(head, 9, none).is_malformed()) << size;
    } else {
      ASSERT_TRUE(execute) << size;
      EXPECT_EQ(execute->values_at, values_at);
    }
  }
}

TEST(Execute, RefusesABadFlag) {
  const std::string payload = wire("17 01000000 00 01000000 00 02 0f00 03 'foo'");
  EXPECT_TRUE(decode_execute(as_bytes(payload), 1, none).is_malformed());
}

// What the client sent once is put back in for a server that never saw it.
TEST(Execute, TypesArePutBackIn) {
  const std::string first = wire("17 01000000 00 01000000 00 01 0f00 03 'foo'");
  const std::string later = wire("17 01000000 00 01000000 00 00 03 'bar'");
  const auto types = decode_execute(as_bytes(first), 1, none);
  const auto execute = decode_execute(as_bytes(later), 1, none);
  ASSERT_TRUE(types && execute);
  EXPECT_FALSE(execute->has_types);
  std::string out = "#";
  append_execute_with_types(out, as_bytes(later), *execute, 0x04030201, types->types);
  out += later.substr(execute->values_at);
  EXPECT_EQ(out, "#" + wire("17 01020304 00 01000000 00 01 0f00 03 'bar'"));
}

TEST(StatementId, IsReplacedInPlace) {
  std::string payload = wire("1c 01000000 02000000");
  auto* const bytes = reinterpret_cast<std::byte*>(payload.data());
  put_statement_id(std::span<std::byte, 4>(bytes + statement_id_at, 4), 0xfefdfcfb);
  EXPECT_EQ(payload, wire("1c fbfcfdfe 02000000"));
  EXPECT_EQ(*decode_statement_id(as_bytes(payload)), 0xfefdfcfbU);
}

// ---- The others -----------------------------------------------------------------------

TEST(BulkExecute, HasTypesOnce) {
  const std::string payload = wire("fa 01000000 8000 0300 fe00 00 07000000 00 01 'a'");
  const auto execute = decode_bulk_execute_head(as_bytes(payload), payload.size(), 2);
  ASSERT_TRUE(execute);
  EXPECT_TRUE(execute->has_types());
  EXPECT_FALSE(execute->wants_unit_results());
  EXPECT_EQ(as_text(execute->types), wire("0300 fe00"));
  EXPECT_EQ(execute->values_at, 11U);
  for (std::size_t size = 0; size < 11; ++size) {
    const test::HeapBytes head(payload.substr(0, size));
    EXPECT_TRUE(decode_bulk_execute_head(head, payload.size(), 2).needs_more()) << size;
    EXPECT_TRUE(decode_bulk_execute_head(head, size, 2).is_malformed()) << size;
  }
  const std::string later = wire("fa 01000000 4000 00 07000000");
  const auto without = decode_bulk_execute_head(as_bytes(later), later.size(), 2);
  ASSERT_TRUE(without);
  EXPECT_TRUE(without->wants_unit_results());
  EXPECT_EQ(without->values_at, 7U);
}

TEST(SendLongData, NamesAParameter) {
  const std::string payload = wire("18 01000000 0200 'data'");
  for (std::size_t size = 0; size <= payload.size(); ++size) {
    const auto data =
        decode_send_long_data_head(test::HeapBytes(payload.substr(0, size)), payload.size());
    EXPECT_EQ(data.needs_more(), size < 7);
    if (size < 7) continue;
    ASSERT_TRUE(data);
    EXPECT_EQ(data->statement, 1U);
    EXPECT_EQ(data->parameter, 2);
    EXPECT_EQ(data->data_at, 7U);
  }
}

TEST(Fetch, SaysHowMany) {
  const std::string payload = wire("1c 01000000 0a000000");
  const auto fetch = decode_fetch(as_bytes(payload));
  ASSERT_TRUE(fetch);
  EXPECT_EQ(fetch->statement, 1U);
  EXPECT_EQ(fetch->rows, 10U);
  for (std::size_t size = 0; size < payload.size(); ++size) {
    EXPECT_TRUE(decode_fetch(test::HeapBytes(payload.substr(0, size))).is_malformed());
  }
  EXPECT_TRUE(decode_fetch(as_bytes(payload + "x")).is_malformed());
}

TEST(NullBitmap, HasABitForEach) {
  EXPECT_EQ(null_bitmap_bytes(0), 0U);
  EXPECT_EQ(null_bitmap_bytes(8), 1U);
  EXPECT_EQ(null_bitmap_bytes(9), 2U);
  const std::string bitmap = wire("0201");
  EXPECT_FALSE(is_null(as_bytes(bitmap), 0));
  EXPECT_TRUE(is_null(as_bytes(bitmap), 1));
  EXPECT_TRUE(is_null(as_bytes(bitmap), 8));
}

}  // namespace
}  // namespace relevo::wire::mysql

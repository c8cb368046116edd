#include "proxy/wire/mysql/result.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "proxy/wire/mysql/lenenc.hpp"
#include "tests/unit/wire/wire_text.hpp"

namespace relevo::wire::mysql {
namespace {

using test::wire;

TEST(TextRow, GivesItsValuesInOrder) {
  const test::HeapBytes payload(wire("01 'a' fb 00 02 'bc'"));
  TextRow row(payload);
  std::vector<TextValue> values;
  for (TextValue value; row.next(value);) values.push_back(value);
  EXPECT_EQ(values, (std::vector<TextValue>{"a", std::nullopt, "", "bc"}));
  EXPECT_FALSE(row.malformed());
}

TEST(TextRow, NoticesDamage) {
  for (const char* bad : {"02 'a'", "01 'a' 05 'bc'", "ff", "fc 01"}) {
    const test::HeapBytes payload(wire(bad));
    TextRow row(payload);
    for (TextValue value; row.next(value);) EXPECT_EQ(value, "a");
    EXPECT_TRUE(row.malformed()) << bad;
  }
}

const char* const definition =
    "18000002 03'def' 00 00 00 02'id' 00 0c 2d00 ffff0000 fd 0000 00 0000";

std::string answer(Capabilities capabilities) {
  std::string bytes;
  TextResult result(bytes, 1, capabilities, Status::autocommit);
  result.columns({"id"});
  result.row({"7"});
  result.row({std::nullopt});
  result.end();
  EXPECT_TRUE(result.ok());
  return bytes;
}

TEST(TextResult, IsAWholeAnswer) {
  EXPECT_EQ(answer({}), wire("01000001 01") + wire(definition) +
                            wire("05000003 fe00000200 02000004 01'7' 01000005 fb"
                                 "05000006 fe00000200"));
}

TEST(TextResult, WithoutEof) {
  EXPECT_EQ(answer(Capability::deprecate_eof),
            wire("01000001 01") + wire(definition) +
                wire("02000003 01'7' 01000004 fb 07000005 fe00000200 0000"));
}

TEST(TextResult, SaysWhetherDefinitionsFollow) {
  EXPECT_TRUE(answer(Capability::mariadb_cache_metadata).starts_with(wire("02000001 01 01")));
}

TEST(Column, OfAnOddLengthIsMalformed) {
  const std::string payload =
      wire("03'def' 00 00 00 02'id' 00 0d 2d00 ffff0000 fd 0000 00 0000 00");
  EXPECT_TRUE(decode_column(as_bytes(payload), {}).is_malformed());
}

}  // namespace
}  // namespace relevo::wire::mysql

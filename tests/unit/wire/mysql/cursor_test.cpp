// Numbers and strings on the wire, read and written.
#include <gtest/gtest.h>

#include <string>

#include "proxy/wire/mysql/lenenc.hpp"
#include "proxy/wire/mysql/reader.hpp"
#include "proxy/wire/mysql/writer.hpp"
#include "tests/unit/wire/wire_text.hpp"

namespace relevo::wire::mysql {
namespace {

using test::wire;

struct LenencRow {
  std::uint64_t value;
  const char* bytes;
};

// The borders of each form, as the protocol's documentation has them.
const LenencRow lenenc_rows[] = {
    {0, "00"},
    {0xfa, "fa"},
    {0xfb, "fc fb00"},
    {0xff, "fc ff00"},
    {0xffff, "fc ffff"},
    {0x10000, "fd 000001"},
    {0xffffff, "fd ffffff"},
    {0x1000000, "fe 0000000100000000"},
    {0xffffffffffffffff, "fe ffffffffffffffff"},
};

TEST(Lenenc, IsWrittenAndReadInEachForm) {
  for (const LenencRow& row : lenenc_rows) {
    const std::string bytes = wire(row.bytes);
    std::string out;
    append_lenenc(out, row.value);
    EXPECT_EQ(out, bytes) << row.bytes;
    EXPECT_EQ(lenenc_bytes(row.value), bytes.size());
    EXPECT_EQ(lenenc_bytes_from(static_cast<std::uint8_t>(bytes[0])), bytes.size());
    const test::HeapBytes heap(bytes);
    Reader reader(heap);
    EXPECT_EQ(reader.lenenc(), row.value);
    EXPECT_TRUE(reader.at_end());
  }
}

TEST(Lenenc, CutShortIsNotOkButNotInvalid) {
  for (const LenencRow& row : lenenc_rows) {
    const std::string bytes = wire(row.bytes);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const test::HeapBytes heap(bytes.substr(0, size));
      Reader reader(heap);
      EXPECT_EQ(reader.lenenc(), 0U);
      EXPECT_FALSE(reader.ok());
      EXPECT_FALSE(reader.invalid());
    }
  }
}

TEST(Lenenc, LongerThanNeededIsAccepted) {
  const std::string bytes = wire("fe 0100000000000000");
  Reader reader(as_bytes(bytes));
  EXPECT_EQ(reader.lenenc(), 1U);
}

TEST(Lenenc, TwoBytesBeginNoNumber) {
  for (const char* bad : {"fb 0000", "ff 000000000000000000"}) {
    const std::string bytes = wire(bad);
    Reader reader(as_bytes(bytes));
    reader.lenenc();
    EXPECT_FALSE(reader.ok()) << bad;
    EXPECT_TRUE(reader.invalid()) << bad;
    EXPECT_EQ(lenenc_bytes_from(static_cast<std::uint8_t>(bytes[0])), 0U);
  }
}

TEST(LenencString, NeverReadsPastTheEndWhateverItsLengthSays) {
  for (const char* bad : {"01", "05 'abcd'", "fc ffff 'ab'", "fe ffffffffffffffff 'ab'",
                          "fe ffffffffffffff7f 'ab'"}) {
    const test::HeapBytes heap(wire(bad));
    Reader reader(heap);
    EXPECT_EQ(reader.lenenc_string(), "");
    EXPECT_FALSE(reader.ok()) << bad;
    EXPECT_EQ(reader.left(), 0U);
  }
}

TEST(LenencString, TellsNullFromEmpty) {
  const std::string bytes = wire("fb 00 02 'ab'");
  Reader reader(as_bytes(bytes));
  EXPECT_EQ(reader.lenenc_string_or_null(), std::nullopt);
  EXPECT_EQ(reader.lenenc_string_or_null(), "");
  EXPECT_EQ(reader.lenenc_string_or_null(), "ab");
  EXPECT_TRUE(reader.at_end());
}

TEST(Reader, ReadsNumbersLittleEndian) {
  const std::string bytes = wire("01 0201 030201 04030201 0807060504030201");
  Reader reader(as_bytes(bytes));
  EXPECT_EQ(reader.u8(), 0x01);
  EXPECT_EQ(reader.u16(), 0x0102);
  EXPECT_EQ(reader.u24(), 0x010203U);
  EXPECT_EQ(reader.u32(), 0x01020304U);
  EXPECT_EQ(reader.u64(), 0x0102030405060708U);
  EXPECT_TRUE(reader.at_end());
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_FALSE(reader.ok());
}

TEST(Reader, TakesACStringThatLacksItsNulToTheEnd) {
  const std::string bytes = wire("'ab' 00 'cd'");
  Reader reader(as_bytes(bytes));
  EXPECT_EQ(reader.cstring_or_rest(), "ab");
  EXPECT_EQ(reader.cstring_or_rest(), "cd");
  EXPECT_EQ(reader.cstring_or_rest(), "");
  EXPECT_TRUE(reader.at_end());
}

TEST(Reader, PeeksWithoutTaking) {
  const std::string bytes = wire("07");
  Reader reader(as_bytes(bytes));
  EXPECT_EQ(reader.peek(), 7);
  EXPECT_EQ(reader.u8(), 7);
  EXPECT_EQ(reader.peek(), std::nullopt);
  EXPECT_TRUE(reader.ok());
}

}  // namespace
}  // namespace relevo::wire::mysql

// Reader and Writer: the two cursors that everything else is made of.
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>

#include "proxy/wire/postgres/reader.hpp"
#include "proxy/wire/postgres/writer.hpp"
#include "tests/unit/wire/wire_text.hpp"

namespace relevo::wire::postgres {
namespace {

using test::wire;

TEST(Reader, ReadsNumbersInNetworkOrder) {
  const std::string bytes = wire("7f 8001 fffffffe 80000000 8000");
  Reader reader(as_bytes(bytes));
  EXPECT_EQ(reader.u8(), 0x7f);
  EXPECT_EQ(reader.u16(), 0x8001);
  EXPECT_EQ(reader.i32(), -2);
  EXPECT_EQ(reader.u32(), 0x80000000U);
  EXPECT_EQ(reader.i16(), std::numeric_limits<std::int16_t>::min());
  EXPECT_TRUE(reader.at_end());
  EXPECT_EQ(reader.offset(), bytes.size());
}

TEST(Reader, TurnsBadAtTheFirstShortageAndStaysBad) {
  const test::HeapBytes bytes(wire("01 02 03"));
  Reader reader(bytes);
  EXPECT_EQ(reader.u32(), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0);  // although a byte is there
  EXPECT_TRUE(reader.bytes(1).empty());
  EXPECT_TRUE(reader.cstring().empty());
  EXPECT_FALSE(reader.ok());
  EXPECT_FALSE(reader.at_end());
}

TEST(Reader, ReadsStringsUpToTheirNul) {
  const std::string bytes = wire("'ab' 00 00 'cd'");
  Reader reader(as_bytes(bytes));
  EXPECT_EQ(reader.cstring(), "ab");
  EXPECT_EQ(reader.cstring(), "");
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.cstring(), "");
  EXPECT_FALSE(reader.ok());
}

TEST(Reader, HugeSizesDoNotWrapAround) {
  Reader reader(as_bytes("abc"));
  reader.u8();
  EXPECT_TRUE(reader.bytes(std::numeric_limits<std::size_t>::max()).empty());
  EXPECT_FALSE(reader.ok());
}

TEST(Reader, NothingToReadIsTheEndAndNotAShortage) {
  Reader reader(Bytes{});
  EXPECT_TRUE(reader.at_end());
  EXPECT_TRUE(reader.rest().empty());
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.cstring(), "");
  EXPECT_FALSE(reader.ok());
}

TEST(Writer, AppendsBehindWhatTheStringHolds) {
  std::string buffer = "kept";
  Writer out(buffer);
  out.begin(Frontend::query);
  out.cstring("select 1");
  out.end();
  EXPECT_TRUE(out.ok());
  EXPECT_EQ(buffer, wire("'kept' 'Q' 0000000d 'select 1' 00"));
  EXPECT_EQ(out.size(), buffer.size() - 4);
}

TEST(Writer, CountsWhatTheCallerWillStream) {
  std::string buffer;
  Writer out(buffer);
  out.begin(Frontend::bind);
  out.u8(0);
  out.end(1000);
  EXPECT_EQ(buffer, wire("'B' 000003ed 00"));
}

TEST(Writer, ASpanHoldsWholeMessagesOrNothing) {
  const std::string message = wire("'Q' 00000007 'ab' 00");
  for (std::size_t room = 0; room < 20; ++room) {
    std::string memory(room, '\x55');
    Writer out({reinterpret_cast<std::byte*>(memory.data()), memory.size()});
    for (int i = 0; i < 2; ++i) {
      out.begin(Frontend::query);
      out.cstring("ab");
      out.end();
    }
    const std::size_t fitting = std::min<std::size_t>(2, room / message.size());
    EXPECT_EQ(out.size(), fitting * message.size()) << room;
    EXPECT_EQ(out.ok(), fitting == 2);
    for (std::size_t i = 0; i < fitting; ++i) {
      EXPECT_EQ(memory.substr(i * message.size(), message.size()), message);
    }
  }
}

TEST(Writer, TakesBackAMessageThatANulWouldForge) {
  std::string buffer;
  Writer out(buffer);
  out.begin(Frontend::query);
  out.cstring("one");
  out.end();
  const std::string before = buffer;
  out.begin(Frontend::query);
  out.cstring(std::string_view("a\0b", 3));
  out.end();
  EXPECT_FALSE(out.ok());
  EXPECT_EQ(buffer, before);
  out.begin(Frontend::query);  // and nothing more after a failure
  out.cstring("two");
  out.end();
  EXPECT_EQ(buffer, before);
}

TEST(Writer, RefusesAMessageLongerThanTheProtocolAllows) {
  std::string buffer;
  Writer fits(buffer);
  fits.begin(Frontend::bind);
  fits.end(limits::message_length - 4);
  EXPECT_TRUE(fits.ok());
  EXPECT_EQ(buffer, wire("'B' 3fffffff"));
  for (const std::uint32_t more :
       {limits::message_length - 3, std::numeric_limits<std::uint32_t>::max()}) {
    std::string other;
    Writer out(other);
    out.begin(Frontend::bind);
    out.end(more);
    EXPECT_FALSE(out.ok());
    EXPECT_TRUE(other.empty());
  }
}

}  // namespace
}  // namespace relevo::wire::postgres

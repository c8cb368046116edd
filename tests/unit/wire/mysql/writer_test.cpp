#include "proxy/wire/mysql/writer.hpp"

#include <gtest/gtest.h>

#include <string>

#include "proxy/wire/mysql/frame.hpp"
#include "tests/unit/wire/wire_text.hpp"

namespace relevo::wire::mysql {
namespace {

using test::wire;

TEST(MysqlWriter, FramesPayloadsAndCountsOn) {
  std::string bytes = "before";
  Writer out(bytes, 0xff);
  out.begin();
  out.u8(1);
  out.u16(0x0203);
  out.u24(0x040506);
  out.u32(0x0708090a);
  out.u64(0x0b0c0d0e0f101112);
  out.lenenc(0x1314);
  out.lenenc_string("ab");
  out.cstring("cd");
  out.zeros(2);
  out.end();
  out.begin();
  out.end();
  EXPECT_TRUE(out.ok());
  EXPECT_EQ(bytes, "before" + wire("1d0000 ff 01 0302 060504 0a090807 1211100f0e0d0c0b fc1413"
                                   "02 'ab' 'cd' 00 0000  000000 00"));
  EXPECT_EQ(out.size(), bytes.size() - 6);
  EXPECT_EQ(out.next_sequence(), 1);
}

TEST(MysqlWriter, TakesBackWhatMakesNoMessage) {
  std::string bytes;
  Writer out(bytes);
  out.begin();
  out.text("whole");
  out.end();
  const std::string whole = bytes;
  out.begin();
  out.cstring(std::string_view("a\0b", 3));
  out.text("more");
  out.end();
  EXPECT_FALSE(out.ok());
  EXPECT_EQ(bytes, whole);
  out.begin();
  out.text("not even this");
  out.end();
  EXPECT_EQ(bytes, whole) << "a failure stays";
}

TEST(MysqlWriter, SpoiledMessagesAreTakenBack) {
  std::string bytes;
  Writer out(bytes);
  out.begin();
  out.u8(1);
  out.spoil();
  out.end();
  EXPECT_FALSE(out.ok());
  EXPECT_TRUE(bytes.empty());
}

// What the writer splits, the walker puts together again.
TEST(MysqlWriter, SplitsALongPayload) {
  constexpr std::size_t full = limits::packet_bytes;
  for (const std::size_t size : {full - 1, full, full + 1, 2 * full, 2 * full + 5}) {
    std::string payload(size, '\0');
    for (std::size_t i = 0; i < size; i += 4099) payload[i] = static_cast<char>(i / 4099);
    payload.back() = 'z';
    std::string bytes = "#";
    Writer out(bytes, 3);
    out.begin();
    out.text(payload);
    out.end();
    out.begin();
    out.text("next");
    out.end();
    ASSERT_TRUE(out.ok());
    ASSERT_EQ(out.next_sequence(), 3 + packets_of(size) + 1);
    ASSERT_EQ(out.size(), framed_bytes(size) + framed_bytes(4));

    PacketWalker walker;
    Bytes chunk = as_bytes(bytes).subspan(1);
    std::string together;
    std::uint8_t sequence = 3;
    for (Piece piece = walker.next(chunk); piece.kind == Piece::Kind::packet;
         piece = walker.next(chunk)) {
      ASSERT_TRUE(piece.begins && piece.ends);
      ASSERT_EQ(piece.header.sequence, sequence++);
      together += as_text(piece.body);
    }
    EXPECT_TRUE(walker.between_payloads());
    ASSERT_TRUE(together == payload + "next") << size;
  }
}

}  // namespace
}  // namespace relevo::wire::mysql

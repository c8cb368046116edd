#include "proxy/wire/mysql/frame.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/wire/wire_text.hpp"

namespace relevo::wire::mysql {
namespace {

using test::wire;

struct Seen {
  std::uint8_t sequence = 0;
  std::string body;
  bool ended = false;
  bool first = false;
  bool last = false;
  bool operator==(const Seen&) const = default;
};

struct Walked {
  std::vector<Seen> packets;
  bool malformed = false;
  bool between = false;
};

Walked walk(std::string_view stream, const std::vector<std::size_t>& cuts,
            std::uint64_t payload_bytes_max = limits::payload_bytes) {
  PacketWalker walker(payload_bytes_max);
  Walked walked;
  std::size_t from = 0;
  for (std::size_t i = 0; i <= cuts.size(); ++i) {
    const std::size_t to = i < cuts.size() ? cuts[i] : stream.size();
    const test::HeapBytes heap(stream.substr(from, to - from));
    from = to;
    Bytes chunk = heap;
    for (;;) {
      const Piece piece = walker.next(chunk);
      if (piece.kind == Piece::Kind::none) break;
      if (piece.kind == Piece::Kind::malformed) {
        walked.malformed = true;
        return walked;
      }
      if (piece.begins) {
        walked.packets.push_back({piece.header.sequence, "", false, piece.is_first, piece.is_last});
      }
      Seen& seen = walked.packets.back();
      EXPECT_FALSE(seen.ended) << "a piece after the end of its packet";
      EXPECT_EQ(seen.sequence, piece.header.sequence);
      EXPECT_EQ(piece.payload_begins(), piece.begins && seen.first);
      EXPECT_EQ(piece.payload_ends(), piece.ends && seen.last);
      seen.body += as_text(piece.body);
      seen.ended = piece.ends;
      EXPECT_EQ(piece.ends, seen.body.size() == piece.header.body_bytes);
    }
    EXPECT_TRUE(chunk.empty()) << "none is only for a used-up chunk";
  }
  walked.between = walker.between_payloads();
  return walked;
}

// A ping, its OK, and a payload of nothing.
const std::string& sample_stream() {
  static const std::string stream =
      wire("010000 00 0e  070000 01 00000002000000  000000 02  050000 03 'abcde'");
  return stream;
}

TEST(PacketHeader, IsReadFromFourBytes) {
  const std::string header = wire("563412 07");
  for (std::size_t size = 0; size < header.size(); ++size) {
    EXPECT_TRUE(read_packet_header(test::HeapBytes(header.substr(0, size))).needs_more());
  }
  const auto whole = read_packet_header(as_bytes(header));
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->body_bytes, 0x123456U);
  EXPECT_EQ(whole->sequence, 7);
  EXPECT_EQ(whole->total_bytes(), 0x12345aU);
  EXPECT_FALSE(whole->continues());
  EXPECT_TRUE(read_packet_header(as_bytes(wire("ffffff 00")))->continues());
  EXPECT_FALSE(read_packet_header(as_bytes(wire("feffff 00")))->continues());
  const HeaderBytes written = packet_header_bytes(0x123456, 7);
  EXPECT_EQ(as_text(written), header);
}

TEST(PacketHeader, CountsPacketsOfAPayload) {
  constexpr std::uint64_t full = limits::packet_bytes;
  EXPECT_EQ(packets_of(0), 1U);
  EXPECT_EQ(packets_of(full - 1), 1U);
  EXPECT_EQ(packets_of(full), 2U) << "the last one is empty";
  EXPECT_EQ(packets_of(2 * full + 1), 3U);
  EXPECT_EQ(framed_bytes(0), 4U);
  EXPECT_EQ(framed_bytes(full), full + 8);
}

TEST(PacketWalker, ReportsEveryPacketOfAWholeStream) {
  const Walked walked = walk(sample_stream(), {});
  EXPECT_FALSE(walked.malformed);
  EXPECT_TRUE(walked.between);
  ASSERT_EQ(walked.packets.size(), 4U);
  EXPECT_EQ(walked.packets[0], (Seen{0, wire("0e"), true, true, true}));
  EXPECT_EQ(walked.packets[2], (Seen{2, "", true, true, true}));
  EXPECT_EQ(walked.packets[3], (Seen{3, "abcde", true, true, true}));
}

TEST(PacketWalker, AnyTwoCutsGiveTheSamePackets) {
  const std::string& stream = sample_stream();
  const Walked whole = walk(stream, {});
  for (std::size_t a = 0; a <= stream.size(); ++a) {
    for (std::size_t b = a; b <= stream.size(); ++b) {
      const Walked cut = walk(stream, {a, b});
      ASSERT_EQ(cut.packets, whole.packets) << a << ", " << b;
      ASSERT_TRUE(cut.between);
    }
  }
}

TEST(PacketWalker, ByteByByteGivesTheSamePackets) {
  std::vector<std::size_t> cuts;
  for (std::size_t i = 1; i < sample_stream().size(); ++i) cuts.push_back(i);
  EXPECT_EQ(walk(sample_stream(), cuts).packets, walk(sample_stream(), {}).packets);
}

TEST(PacketWalker, RandomStreamsAndCutsGiveTheSamePackets) {
  std::mt19937 random(20250102);
  for (int round = 0; round < 300; ++round) {
    std::string stream;
    for (std::size_t i = random() % 8; i > 0; --i) {
      const std::uint32_t size = random() % 3 == 0 ? 0 : random() % 40;
      const HeaderBytes header = packet_header_bytes(size, static_cast<std::uint8_t>(random()));
      stream += as_text(header);
      for (std::uint32_t j = 0; j < size; ++j) stream += static_cast<char>(random() & 0xff);
    }
    stream.resize(stream.size() - std::min<std::size_t>(stream.size(), random() % 10));
    std::vector<std::size_t> cuts(random() % 6);
    for (auto& cut : cuts) cut = random() % (stream.size() + 1);
    std::sort(cuts.begin(), cuts.end());
    const Walked whole = walk(stream, {});
    const Walked cut = walk(stream, cuts);
    ASSERT_EQ(cut.packets, whole.packets);
    ASSERT_EQ(cut.between, whole.between);
  }
}

TEST(PacketWalker, IsBetweenPayloadsOnlyAtTheirEnds) {
  const std::string stream = wire("000000 00 020000 01 'ab'");
  for (std::size_t size = 0; size <= stream.size(); ++size) {
    EXPECT_EQ(walk(stream.substr(0, size), {}).between, size == 0 || size == 4 || size == 10)
        << size;
  }
}

TEST(PacketWalker, KeepsASplitHeaderForTheCaller) {
  PacketWalker walker;
  const std::string bytes = wire("030000 00 'abc'");
  Bytes chunk = as_bytes(bytes).first(2);
  EXPECT_EQ(walker.next(chunk).kind, Piece::Kind::none);
  EXPECT_EQ(as_text(walker.held_header()), wire("0300"));
  chunk = as_bytes(bytes).subspan(2, 3);
  const Piece piece = walker.next(chunk);
  EXPECT_TRUE(piece.payload_begins());
  EXPECT_FALSE(piece.ends);
  EXPECT_EQ(as_text(piece.body), "a");
  EXPECT_EQ(walker.body_bytes_left(), 2U);
  EXPECT_TRUE(walker.held_header().empty());
}

// ---- Payloads of 16 MiB and more ---------------------------------------------------

std::string full_packet(std::uint8_t sequence) {
  const HeaderBytes header = packet_header_bytes(limits::packet_bytes, sequence);
  return std::string(as_text(header)) + std::string(limits::packet_bytes, 'x');
}

TEST(PacketWalker, AFullPacketGoesOnInTheNext) {
  const std::string stream = full_packet(0xff) + wire("020000 00 'ab'  010000 01 'c'");
  const std::size_t second = limits::header_bytes + limits::packet_bytes;
  for (const auto& cuts :
       {std::vector<std::size_t>{}, {2}, {second - 1}, {second, second + 3}, {second + 4}}) {
    const Walked walked = walk(stream, cuts);
    ASSERT_EQ(walked.packets.size(), 3U);
    EXPECT_EQ(walked.packets[0].body.size(), limits::packet_bytes);
    EXPECT_TRUE(walked.packets[0].first);
    EXPECT_FALSE(walked.packets[0].last);
    EXPECT_EQ(walked.packets[1], (Seen{0, "ab", true, false, true})) << "the number wraps";
    EXPECT_EQ(walked.packets[2], (Seen{1, "c", true, true, true}));
    EXPECT_TRUE(walked.between);
  }
}

TEST(PacketWalker, AnEmptyPacketMayEndAPayload) {
  const Walked walked = walk(full_packet(0) + wire("000000 01"), {});
  ASSERT_EQ(walked.packets.size(), 2U);
  EXPECT_EQ(walked.packets[1], (Seen{1, "", true, false, true}));
  EXPECT_TRUE(walked.between);
  EXPECT_FALSE(walk(full_packet(0), {}).between) << "the end is still to come";
}

TEST(PacketWalker, AContinuationOutOfOrderIsMalformed) {
  for (const char* bad : {"010000 00 'a'", "010000 02 'a'"}) {
    EXPECT_TRUE(walk(full_packet(0) + wire(bad), {}).malformed) << bad;
  }
  EXPECT_FALSE(walk(full_packet(0) + wire("010000 01 'a'"), {}).malformed);
}

TEST(PacketWalker, RefusesALongPayloadAtItsHeader) {
  EXPECT_FALSE(walk(wire("0a0000 00"), {}, 10).malformed);
  EXPECT_TRUE(walk(wire("0b0000 00"), {}, 10).malformed);
  EXPECT_TRUE(walk(full_packet(0) + wire("020000 01"), {}, limits::packet_bytes + 1).malformed);
  EXPECT_FALSE(walk(full_packet(0) + wire("010000 01"), {}, limits::packet_bytes + 1).malformed);
  EXPECT_FALSE(walk(wire("0a0000 00 '0123456789' 0a0000 01 '0123456789'"), {}, 10).malformed)
      << "the limit is for each payload";
}

TEST(PacketWalker, ABadHeaderIsFinalHoweverItIsCut) {
  const std::string stream = wire("010000 00 'a' 630000 01 010000 02 'b'");
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    const Walked walked = walk(stream, {cut}, 10);
    EXPECT_TRUE(walked.malformed) << cut;
    EXPECT_EQ(walked.packets.size(), 1U);
  }
  PacketWalker walker(10);
  const std::string bad = wire("630000 00");
  Bytes chunk = as_bytes(bad);
  EXPECT_EQ(walker.next(chunk).kind, Piece::Kind::malformed);
  const std::string good = wire("010000 00 'a'");
  chunk = as_bytes(good);
  EXPECT_EQ(walker.next(chunk).kind, Piece::Kind::malformed);
}

TEST(PacketWalker, ALimitMayBeLiftedAfterTheLogIn) {
  PacketWalker walker(1);
  walker.set_payload_bytes_max(2);
  const std::string bytes = wire("020000 00 'ab'");
  Bytes chunk = as_bytes(bytes);
  EXPECT_EQ(walker.next(chunk).kind, Piece::Kind::packet);
}

}  // namespace
}  // namespace relevo::wire::mysql

#include "proxy/wire/postgres/frame.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/unit/wire/wire_text.hpp"

namespace relevo::wire::postgres {
namespace {

using test::wire;

struct Seen {
  std::uint8_t type = 0;
  std::string body;
  bool ended = false;
  bool operator==(const Seen&) const = default;
};

struct Walked {
  std::vector<Seen> messages;
  bool malformed = false;
  bool between = false;
};

// Feeds the chunks that `cuts` make of `stream` and collects what is reported.
Walked walk(const std::string& stream, const std::vector<std::size_t>& cuts) {
  MessageWalker walker;
  Walked walked;
  std::size_t from = 0;
  for (std::size_t i = 0; i <= cuts.size(); ++i) {
    const std::size_t to = i < cuts.size() ? cuts[i] : stream.size();
    const test::HeapBytes heap(std::string_view(stream).substr(from, to - from));
    from = to;
    Bytes chunk = heap;
    for (;;) {
      const Piece piece = walker.next(chunk);
      if (piece.kind == Piece::Kind::none) break;
      if (piece.kind == Piece::Kind::malformed) {
        walked.malformed = true;
        return walked;
      }
      if (piece.begins) walked.messages.push_back({piece.header.type, "", false});
      Seen& seen = walked.messages.back();
      EXPECT_FALSE(seen.ended) << "a piece after the end of its message";
      EXPECT_EQ(seen.type, piece.header.type);
      seen.body += as_text(piece.body);
      seen.ended = piece.ends;
      EXPECT_EQ(piece.ends, seen.body.size() == piece.header.body_bytes);
    }
    EXPECT_TRUE(chunk.empty()) << "none is only for a used-up chunk";
  }
  walked.between = walker.between_messages();
  return walked;
}

const std::string& sample_stream() {
  static const std::string stream = wire(
      "'1' 00000004  '2' 00000004  'D' 00000012 0001 00000004 'abcd' 00000000"
      "'C' 0000000d 'SELECT 1' 00  'Z' 00000005 'I'  'n' 00000004");
  return stream;
}

TEST(ReadHeader, TellsNeedMoreFromMalformed) {
  const std::string header = wire("'Q' 00000009");
  for (std::size_t size = 0; size < header.size(); ++size) {
    EXPECT_TRUE(read_header(test::HeapBytes(header.substr(0, size))).needs_more()) << size;
  }
  const auto whole = read_header(as_bytes(header));
  ASSERT_TRUE(whole);
  EXPECT_TRUE(whole->is(Frontend::query));
  EXPECT_EQ(whole->body_bytes, 5U);
  EXPECT_EQ(whole->total_bytes(), 10U);
}

TEST(ReadHeader, RefusesBadLengths) {
  for (const char* bad : {"'Q' 00000000", "'Q' 00000003", "'Q' 40000000", "'Q' 7fffffff",
                          "'Q' 80000000", "'Q' ffffffff"}) {
    EXPECT_TRUE(read_header(as_bytes(wire(bad))).is_malformed()) << bad;
  }
  EXPECT_TRUE(read_header(as_bytes(wire("'Q' 00000004"))));
  EXPECT_TRUE(read_header(as_bytes(wire("'Q' 3fffffff"))));
  EXPECT_TRUE(read_header(as_bytes(wire("'p' 0000ffff")), limits::login_message_length));
  EXPECT_TRUE(
      read_header(as_bytes(wire("'p' 00010000")), limits::login_message_length).is_malformed());
}

TEST(MessageWalker, ReportsEveryMessageOfAWholeStream) {
  const Walked walked = walk(sample_stream(), {});
  EXPECT_FALSE(walked.malformed);
  EXPECT_TRUE(walked.between);
  ASSERT_EQ(walked.messages.size(), 6U);
  EXPECT_EQ(walked.messages[0], (Seen{'1', "", true}));
  EXPECT_EQ(walked.messages[3], (Seen{'C', wire("'SELECT 1' 00"), true}));
  EXPECT_EQ(walked.messages[4], (Seen{'Z', "I", true}));
  EXPECT_EQ(walked.messages[5], (Seen{'n', "", true}));
}

TEST(MessageWalker, AnyTwoCutsGiveTheSameMessages) {
  const std::string& stream = sample_stream();
  const Walked whole = walk(stream, {});
  for (std::size_t a = 0; a <= stream.size(); ++a) {
    for (std::size_t b = a; b <= stream.size(); ++b) {
      const Walked cut = walk(stream, {a, b});
      ASSERT_EQ(cut.messages, whole.messages) << a << ", " << b;
      ASSERT_TRUE(cut.between);
    }
  }
}

TEST(MessageWalker, ByteByByteGivesTheSameMessages) {
  std::vector<std::size_t> cuts;
  for (std::size_t i = 1; i < sample_stream().size(); ++i) cuts.push_back(i);
  EXPECT_EQ(walk(sample_stream(), cuts).messages, walk(sample_stream(), {}).messages);
}

TEST(MessageWalker, RandomStreamsAndCutsGiveTheSameMessages) {
  std::mt19937 random(20250101);
  for (int round = 0; round < 300; ++round) {
    std::string stream;
    const int messages = static_cast<int>(random() % 8);
    for (int i = 0; i < messages; ++i) {
      const std::uint32_t size = random() % 3 == 0 ? 0 : random() % 40;
      const std::uint32_t length = size + 4;
      stream += static_cast<char>(random() & 0xff);
      for (int shift = 24; shift >= 0; shift -= 8) stream += static_cast<char>(length >> shift);
      for (std::uint32_t j = 0; j < size; ++j) stream += static_cast<char>(random() & 0xff);
    }
    stream.resize(stream.size() - std::min<std::size_t>(stream.size(), random() % 10));
    std::vector<std::size_t> cuts(random() % 6);
    for (auto& cut : cuts) cut = random() % (stream.size() + 1);
    std::sort(cuts.begin(), cuts.end());
    const Walked whole = walk(stream, {});
    const Walked cut = walk(stream, cuts);
    ASSERT_EQ(cut.messages, whole.messages);
    ASSERT_EQ(cut.between, whole.between);
  }
}

TEST(MessageWalker, IsBetweenMessagesOnlyAtTheirEnds) {
  const std::string stream = wire("'1' 00000004 'Z' 00000006 'II'");
  for (std::size_t size = 0; size <= stream.size(); ++size) {
    EXPECT_EQ(walk(stream.substr(0, size), {}).between, size == 0 || size == 5 || size == 12)
        << size;
  }
}

TEST(MessageWalker, KeepsASplitHeaderForTheCaller) {
  MessageWalker walker;
  Bytes chunk = as_bytes("Q");
  EXPECT_EQ(walker.next(chunk).kind, Piece::Kind::none);
  const std::string next = wire("0000");
  chunk = as_bytes(next);
  EXPECT_EQ(walker.next(chunk).kind, Piece::Kind::none);
  EXPECT_EQ(as_text(walker.held_header()), wire("'Q' 0000"));
  const std::string rest = wire("0008 'ab'");
  chunk = as_bytes(rest);
  const Piece piece = walker.next(chunk);
  EXPECT_TRUE(piece.begins);
  EXPECT_FALSE(piece.ends);
  EXPECT_EQ(as_text(piece.body), "ab");
  EXPECT_EQ(walker.body_bytes_left(), 2U);
  EXPECT_TRUE(walker.held_header().empty());
}

TEST(MessageWalker, ABadLengthIsFinalHoweverItIsCut) {
  const std::string stream = wire("'1' 00000004 'Q' 00000003 '1' 00000004");
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    const Walked walked = walk(stream, {cut});
    EXPECT_TRUE(walked.malformed) << cut;
    EXPECT_EQ(walked.messages.size(), 1U);
  }
  MessageWalker walker;
  const std::string bad = wire("'Q' 00000003");
  Bytes chunk = as_bytes(bad);
  EXPECT_EQ(walker.next(chunk).kind, Piece::Kind::malformed);
  const std::string good = wire("'1' 00000004");
  chunk = as_bytes(good);
  EXPECT_EQ(walker.next(chunk).kind, Piece::Kind::malformed);
}

TEST(MessageWalker, HonoursItsLengthLimit) {
  MessageWalker walker(limits::login_message_length);
  const std::string bytes = wire("'p' 00010000");
  Bytes chunk = as_bytes(bytes);
  EXPECT_EQ(walker.next(chunk).kind, Piece::Kind::malformed);
}

// Every byte value against the protocol's own list of types, written out here once more.
TEST(Types, KnowsExactlyTheProtocolsTypeBytes) {
  const std::string_view frontend = "BCdcfDEHFPpQSX";
  const std::string_view backend = "RK23CWdcGHDIEVvnNAtS1sZT";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    EXPECT_EQ(is_known(static_cast<Frontend>(byte)), frontend.find(c) != std::string_view::npos);
    EXPECT_EQ(is_known(static_cast<Backend>(byte)), backend.find(c) != std::string_view::npos);
  }
}

}  // namespace
}  // namespace relevo::wire::postgres

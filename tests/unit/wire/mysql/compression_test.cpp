#include "proxy/wire/mysql/compression.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/unit/wire/wire_text.hpp"

namespace relevo::wire::mysql {
namespace {

using test::wire;

constexpr Compression algorithms[] = {Compression::zlib, Compression::zstd};

// MySQL's documentation, "Compressed Packet": one packet.
const std::string& documented() {
  static const std::string bytes =
      wire("220000 00 320000 789cd3636060602e4ecd494d2e51503230343236313533b7b0c4cd5202000cd10a6c");
  return bytes;
}
const std::string& documented_plain() {
  static const std::string bytes =
      wire("2e0000 00 03 'select \"012345678901234567890123456789012345\"'");
  return bytes;
}

std::string text_of_rows(std::size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; ++i) text += "row " + std::to_string(i) + ";";
  text.resize(size);
  return text;
}
std::string noise(std::size_t size) {
  std::mt19937 random(1);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random() & 0xff);
  return text;
}

TEST(Compression, IsSettledByCapabilities) {
  EXPECT_EQ(compression_of({}), std::nullopt);
  EXPECT_EQ(compression_of(Capability::compress), Compression::zlib);
  EXPECT_EQ(compression_of(Capability::zstd_compression), Compression::zstd);
  EXPECT_EQ(compression_of(Capability::compress | Capability::zstd_compression), Compression::zlib);
}

TEST(CompressedHeader, IsReadFromSevenBytes) {
  const auto header = read_compressed_header(as_bytes(documented()));
  ASSERT_TRUE(header);
  EXPECT_EQ(*header, (CompressedHeader{0x22, 0, 0x32}));
  EXPECT_FALSE(header->is_stored());
  EXPECT_TRUE(read_compressed_header(as_bytes(documented()).first(6)).needs_more());
}

TEST(CompressedReader, ReadsTheDocumentedPacketHoweverItIsCut) {
  // Then a stored one.
  const std::string stream = documented() + wire("050000 01 000000 010000000e");
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    Codec codec(Compression::zlib);
    CompressedReader reader;
    std::string plain;
    const test::HeapBytes first(stream.substr(0, cut));
    const test::HeapBytes second(stream.substr(cut));
    EXPECT_TRUE(reader.feed(first, codec, plain));
    EXPECT_EQ(reader.between_packets(),
              cut == 0 || cut == documented().size() || cut == stream.size())
        << cut;
    EXPECT_TRUE(reader.feed(second, codec, plain));
    EXPECT_EQ(plain, documented_plain() + wire("010000000e"));
    EXPECT_TRUE(reader.between_packets());
    EXPECT_EQ(reader.last_sequence(), 1);
  }
}

TEST(Codec, RoundTrips) {
  for (const Compression algorithm : algorithms) {
    Codec codec(algorithm);
    for (const std::string& plain :
         {std::string("x"), text_of_rows(49), text_of_rows(50), text_of_rows(5000),
          text_of_rows(300000), noise(200), std::string(1000000, '\0')}) {
      std::string bytes;
      EXPECT_EQ(codec.compress(as_bytes(plain), 0xff, bytes), 0) << "the number wraps";
      const auto header = read_compressed_header(as_bytes(bytes));
      ASSERT_TRUE(header);
      EXPECT_EQ(header->sequence, 0xff);
      EXPECT_EQ(header->body_bytes, bytes.size() - 7);
      EXPECT_LE(bytes.size(), plain.size() + 7) << "never larger than stored";
      CompressedReader reader;
      std::string back;
      ASSERT_TRUE(reader.feed(as_bytes(bytes), codec, back));
      ASSERT_TRUE(back == plain) << plain.size();
    }
  }
}

TEST(Codec, StoresWhatIsShortOrDoesNotShrink) {
  for (const Compression algorithm : algorithms) {
    Codec codec(algorithm);
    for (const std::string& plain : {text_of_rows(49), noise(4000)}) {
      std::string bytes;
      codec.compress(as_bytes(plain), 0, bytes);
      EXPECT_TRUE(read_compressed_header(as_bytes(bytes))->is_stored());
      EXPECT_EQ(bytes.substr(7), plain);
    }
    std::string bytes;
    codec.compress(as_bytes(text_of_rows(5000)), 0, bytes);
    EXPECT_FALSE(read_compressed_header(as_bytes(bytes))->is_stored());
    EXPECT_LT(bytes.size(), 3000U);
  }
}

TEST(Codec, SplitsWhatIsTooLongForOnePacket) {
  const std::string plain(limits::packet_bytes + 100, 'x');
  Codec codec(Compression::zstd);
  std::string bytes;
  EXPECT_EQ(codec.compress(as_bytes(plain), 4, bytes), 6);
  CompressedReader reader;
  std::string back;
  ASSERT_TRUE(reader.feed(as_bytes(bytes), codec, back));
  EXPECT_TRUE(back == plain);
  EXPECT_EQ(reader.last_sequence(), 5);
}

TEST(Codec, EveryClaimMustBeExact) {
  const std::string plain = text_of_rows(100000);
  for (const Compression algorithm : algorithms) {
    Codec codec(algorithm);
    std::string bytes;
    codec.compress(as_bytes(plain), 0, bytes);
    const std::string body = bytes.substr(7);
    const auto size = static_cast<std::uint32_t>(plain.size());
    std::string out = "kept";
    for (const std::uint32_t claim : {0U, 1U, size - 1, size + 1, limits::packet_bytes}) {
      EXPECT_FALSE(codec.decompress(as_bytes(body), claim, out)) << claim;
      EXPECT_EQ(out, "kept");
    }
    EXPECT_FALSE(codec.decompress(as_bytes(body + "x"), size, out)) << "something follows";
    EXPECT_TRUE(codec.decompress(as_bytes(body), size, out)) << "a failure leaves nothing behind";
    EXPECT_EQ(out.size(), 4 + plain.size());
  }
}

TEST(Codec, CutShortIsDamage) {
  const std::string plain = text_of_rows(1000);
  for (const Compression algorithm : algorithms) {
    Codec codec(algorithm);
    std::string bytes;
    codec.compress(as_bytes(plain), 0, bytes);
    const std::string body = bytes.substr(7);
    for (std::size_t size = 0; size < body.size(); ++size) {
      std::string out;
      const test::HeapBytes cut(body.substr(0, size));
      EXPECT_FALSE(codec.decompress(cut, 1000, out)) << size;
      EXPECT_TRUE(out.empty());
    }
  }
}

// zlib's checksum finds every damage; zstd frames have none unless asked for.
TEST(Codec, ChangedBytesNeverHarm) {
  const std::string plain = text_of_rows(1000);
  for (const Compression algorithm : algorithms) {
    Codec codec(algorithm);
    std::string bytes;
    codec.compress(as_bytes(plain), 0, bytes);
    for (std::size_t at = 7; at < bytes.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string damaged = bytes.substr(7);
        damaged[at - 7] = static_cast<char>(damaged[at - 7] ^ (1 << bit));
        std::string out;
        const bool ok = codec.decompress(test::HeapBytes(damaged), 1000, out);
        EXPECT_EQ(out.size(), ok ? 1000U : 0U);
        EXPECT_TRUE(algorithm == Compression::zstd || !ok || out == plain);
      }
    }
  }
}

// 16 MiB of zeros in 16 KiB: what a header does not admit to is not made.
TEST(Codec, ABombIsNotLetOut) {
  for (const Compression algorithm : algorithms) {
    Codec codec(algorithm);
    const std::string plain(limits::packet_bytes, '\0');
    std::string bytes;
    codec.compress(as_bytes(plain), 0, bytes);
    std::string out;
    EXPECT_FALSE(codec.decompress(as_bytes(bytes).subspan(7), 1000, out));
    EXPECT_LT(out.capacity(), 200000U);
  }
}

TEST(CompressedReader, DamageIsFinal) {
  Codec codec(Compression::zlib);
  CompressedReader reader;
  std::string plain;
  EXPECT_FALSE(reader.feed(as_bytes(wire("010000 00 0a0000 00")), codec, plain));
  EXPECT_FALSE(reader.feed(as_bytes(documented()), codec, plain));
  EXPECT_TRUE(plain.empty());
  // Nothing cannot become something.
  CompressedReader empty;
  EXPECT_FALSE(empty.feed(as_bytes(wire("000000 00 010000")), codec, plain));
}

// A header may claim 16 MiB; held is what came.
TEST(CompressedReader, HoldsNoMoreThanCame) {
  Codec codec(Compression::zlib);
  CompressedReader reader;
  std::string plain;
  EXPECT_TRUE(reader.feed(as_bytes(wire("ffffff 00 ffffff 789c")), codec, plain));
  EXPECT_EQ(reader.held_bytes(), 9U);
  EXPECT_LT(plain.capacity(), 100U);
}

}  // namespace
}  // namespace relevo::wire::mysql

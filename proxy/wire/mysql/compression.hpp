// The compressed protocol: a layer below packets. Each compressed packet holds a
// run of bytes of the packet stream, which may begin and end anywhere in it, and
// is compressed by itself or, when short, stored as it is.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_compression.html
//
// Invariant: memory follows bytes that came, never lengths that were claimed. A
// compressed packet is held until it is whole (16 MiB - 1 at most); its plain bytes
// are let out in steps, and must be exactly as many as its header says.
//
// It begins with the first packet after the log-in's OK, in both directions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "proxy/wire/mysql/types.hpp"

namespace relevo::wire::mysql {

enum class Compression : std::uint8_t { zlib, zstd };

// What the capabilities that both sides have settle on: zlib where both are there.
std::optional<Compression> compression_of(Capabilities capabilities);

struct CompressedHeader {
  std::uint32_t body_bytes = 0;   // what follows the header
  std::uint8_t sequence = 0;      // counts by itself, apart from that of packets
  std::uint32_t plain_bytes = 0;  // 0: the body is stored as it is

  bool is_stored() const { return plain_bytes == 0; }
  bool operator==(const CompressedHeader&) const = default;
};

namespace limits {
inline constexpr std::size_t compressed_header_bytes = 7;
// Shorter runs are stored: compressing them costs more than it saves. The servers'
// own number.
inline constexpr std::size_t compress_from_bytes = 50;
// A reader gives memory beyond this back once its packet is done.
inline constexpr std::size_t compressed_bytes_kept = 64 * 1024;
inline constexpr int zlib_level = 6;
inline constexpr int zstd_level = 3;  // both the servers' own defaults
inline constexpr int zstd_level_max = 22;
}  // namespace limits

// Every seven bytes are a header, and none of its lengths can exceed 16 MiB - 1.
Decoded<CompressedHeader> read_compressed_header(Bytes bytes);

// Compresses and decompresses single bodies. It keeps nothing from one to the next,
// so one codec serves all connections of a thread: zlib's context is 300 KiB large.
class Codec {
 public:
  // `level`: 1 .. 9 for zlib, 1 .. 22 for zstd; out of that range, the nearest.
  explicit Codec(Compression compression, std::optional<int> level = std::nullopt);
  ~Codec();
  Codec(Codec&&) noexcept;
  Codec& operator=(Codec&&) noexcept;

  // Appends the plain bytes. False: the body is damaged or makes more or fewer than
  // `plain_bytes`; then `out` is as it was.
  bool decompress(Bytes body, std::uint32_t plain_bytes, std::string& out);

  // Appends `plain` as one or more compressed packets, numbered from `sequence` on.
  // Answers the number after the last.
  std::uint8_t compress(Bytes plain, std::uint8_t sequence, std::string& out);

 private:
  struct Contexts;
  bool inflate(Bytes body, std::size_t plain_bytes, std::string& out);
  bool unzstd(Bytes body, std::size_t plain_bytes, std::string& out);
  // The body's bytes appended to `out`, or nothing when that saves none.
  bool try_compress(Bytes plain, std::string& out);

  Compression compression_;
  int level_;
  std::unique_ptr<Contexts> contexts_;
};

// Turns chunks of the compressed stream into the packet stream.
class CompressedReader {
 public:
  // Takes the chunk up to the end of its first compressed packet, or as much of a
  // stored one as is there, and appends what became readable: 16 MiB - 1 at most,
  // however many packets the chunk holds. How much of it was taken; nullopt: the
  // stream is lost, for good.
  std::optional<std::size_t> take(Bytes chunk, Codec& codec, std::string& out);
  // The whole chunk: for whom memory is no concern. False: the stream is lost.
  bool feed(Bytes chunk, Codec& codec, std::string& out);

  // Of the last header: an answer goes on with the number after it.
  std::uint8_t last_sequence() const { return header_.sequence; }
  bool between_packets() const { return held_.empty() && stored_bytes_left_ == 0; }
  std::size_t held_bytes() const { return held_.size(); }

 private:
  CompressedHeader header_;
  std::string held_;  // a split header, or a header and a part of its compressed body
  std::size_t stored_bytes_left_ = 0;  // of a stored body: let through as it comes
  bool broken_ = false;
};

}  // namespace relevo::wire::mysql

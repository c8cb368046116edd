// Where packets and payloads begin and end. Payloads are never copied or even
// looked at.
//
// A packet is a length of three bytes, a sequence number, and up to 16 MiB - 1
// bytes. A payload (one message) is a run of full packets and one that is not
// full, which may be empty. The sequence number counts packets within a command
// and its answer, both directions together, and wraps.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html
//
// Two ways to the same answer. read_packet_header() is for a caller that keeps
// unread bytes together. PacketWalker is for a relay that lets bytes go as they
// come: it is fed arbitrary chunks and remembers at most three bytes of a split
// header and how much of a packet is still to come.
//
// Invariant: however a stream is cut into chunks, the walker reports the same
// packets, and the pieces of each put together are that packet's bytes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "proxy/wire/mysql/types.hpp"

namespace relevo::wire::mysql {

struct PacketHeader {
  std::uint32_t body_bytes = 0;  // what follows the header; 0 .. limits::packet_bytes
  std::uint8_t sequence = 0;

  // A full packet: the payload goes on in the next one.
  bool continues() const { return body_bytes == limits::packet_bytes; }
  std::size_t total_bytes() const { return limits::header_bytes + std::size_t{body_bytes}; }
  bool operator==(const PacketHeader&) const = default;
};

using HeaderBytes = std::array<std::byte, limits::header_bytes>;

// Every four bytes are a header: what is too long is the caller's to say.
inline Decoded<PacketHeader> read_packet_header(Bytes bytes) {
  if (bytes.size() < limits::header_bytes) return Decoded<PacketHeader>::need_more();
  const auto at = [&](std::size_t i) { return std::to_integer<std::uint32_t>(bytes[i]); };
  return Decoded<PacketHeader>::ok(
      {at(0) | (at(1) << 8) | (at(2) << 16), static_cast<std::uint8_t>(at(3))});
}

constexpr HeaderBytes packet_header_bytes(std::uint32_t body_bytes, std::uint8_t sequence) {
  return {static_cast<std::byte>(body_bytes), static_cast<std::byte>(body_bytes >> 8),
          static_cast<std::byte>(body_bytes >> 16), static_cast<std::byte>(sequence)};
}

// Bytes on the wire of a payload, with all its headers. A payload of exactly 16
// MiB - 1 is followed by an empty packet.
constexpr std::uint64_t framed_bytes(std::uint64_t payload_bytes) {
  return payload_bytes + limits::header_bytes * (payload_bytes / limits::packet_bytes + 1);
}
constexpr std::uint64_t packets_of(std::uint64_t payload_bytes) {
  return payload_bytes / limits::packet_bytes + 1;
}

// One packet, or the part of it that lies in the current chunk.
struct Piece {
  enum class Kind : std::uint8_t {
    none,       // the chunk is used up
    packet,     // see below
    malformed,  // too long, or a continuation out of order: the stream is lost, and so is the
                // walker
  };
  Kind kind = Kind::none;
  PacketHeader header;    // of the packet that this is a part of
  bool begins = false;    // the header was completed by this chunk
  bool ends = false;      // the packet ends here (at once, where it is empty)
  bool is_first = false;  // of its payload's packets: only here a message's type byte is found
  bool is_last = false;
  Bytes body;  // this chunk's part of the packet; empty when only the header fitted

  bool payload_begins() const { return begins && is_first; }
  bool payload_ends() const { return ends && is_last; }
};

class PacketWalker {
 public:
  // A payload longer than `payload_bytes_max` is malformed: as soon as a header
  // says so, that is before its bytes have come.
  explicit PacketWalker(std::uint64_t payload_bytes_max = limits::payload_bytes)
      : payload_bytes_max_(payload_bytes_max) {}

  // Takes one piece off the front of `chunk`. Call until Kind::none.
  Piece next(Bytes& chunk) {
    if (broken_) return malformed();
    if (body_bytes_left_ > 0) return body(chunk, false);
    if (held_ == 0 && chunk.size() >= limits::header_bytes) {  // nearly always
      if (!start(chunk.first(limits::header_bytes))) return malformed();
      chunk = chunk.subspan(limits::header_bytes);
      return body(chunk, true);
    }
    return split_header(chunk);
  }

  // For when a log-in is over and longer payloads may come.
  void set_payload_bytes_max(std::uint64_t bytes) { payload_bytes_max_ = bytes; }

  // True when the bytes so far end exactly where a payload ends.
  bool between_payloads() const {
    return held_ == 0 && body_bytes_left_ == 0 && !header_.continues();
  }
  std::uint32_t body_bytes_left() const { return body_bytes_left_; }  // of the current packet
  // Bytes of a header whose rest has not come yet: already relayed, or withheld
  // by the caller, who finds them here.
  Bytes held_header() const { return Bytes(held_bytes_).first(held_); }

 private:
  static Piece malformed() {
    Piece piece;
    piece.kind = Piece::Kind::malformed;
    return piece;
  }

  bool start(Bytes header_bytes);
  Piece split_header(Bytes& chunk);

  Piece body(Bytes& chunk, bool begins) {
    if (chunk.empty() && !begins) return {};
    const std::size_t size = std::min<std::size_t>(body_bytes_left_, chunk.size());
    const Bytes part = chunk.first(size);
    chunk = chunk.subspan(size);
    body_bytes_left_ -= static_cast<std::uint32_t>(size);
    return {Piece::Kind::packet,  header_, begins, body_bytes_left_ == 0, is_first_,
            !header_.continues(), part};
  }

  std::uint64_t payload_bytes_max_;
  std::uint64_t payload_bytes_ = 0;  // of the current payload, as far as headers announced it
  PacketHeader header_;
  std::uint32_t body_bytes_left_ = 0;
  HeaderBytes held_bytes_{};
  std::uint8_t held_ = 0;  // 0 .. 3
  bool is_first_ = true;
  bool broken_ = false;
};

}  // namespace relevo::wire::mysql

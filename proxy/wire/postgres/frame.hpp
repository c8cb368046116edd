// Where messages begin and end. Bodies are never copied or even looked at.
//
// Two ways to the same answer. read_header() is for a caller that keeps unread
// bytes together in a buffer. MessageWalker is for a relay that lets bytes go as
// they come: it is fed arbitrary chunks and remembers at most four bytes of a
// split header and how much of a body is still to come.
//
// Invariant: however a stream is cut into chunks, the walker reports the same
// messages, and the pieces of each body put together are that body.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "proxy/wire/postgres/decoded.hpp"
#include "proxy/wire/postgres/types.hpp"

namespace relevo::wire::postgres {

struct Header {
  std::uint8_t type = 0;
  std::uint32_t body_bytes = 0;  // what follows the header

  bool is(Frontend t) const { return type == static_cast<std::uint8_t>(t); }
  bool is(Backend t) const { return type == static_cast<std::uint8_t>(t); }
  std::size_t total_bytes() const { return limits::header_bytes + std::size_t{body_bytes}; }
  bool operator==(const Header&) const = default;
};

// The header at the front of `bytes`. Malformed: a length below 4 or above
// `length_max` (limits::login_message_length until the client is logged in). The
// type byte is not judged: ask is_known() where it matters.
inline Decoded<Header> read_header(Bytes bytes, std::uint32_t length_max = limits::message_length) {
  if (bytes.size() < limits::header_bytes) return Decoded<Header>::need_more();
  const auto at = [&](std::size_t i) { return std::to_integer<std::uint32_t>(bytes[i]); };
  const std::uint32_t length = (at(1) << 24) | (at(2) << 16) | (at(3) << 8) | at(4);
  if (length < 4) return Decoded<Header>::malformed("message length is less than 4");
  if (length > length_max) return Decoded<Header>::malformed("message is too long");
  return Decoded<Header>::ok({static_cast<std::uint8_t>(bytes[0]), length - 4});
}

// One message, or the part of it that lies in the current chunk.
struct Piece {
  enum class Kind : std::uint8_t {
    none,       // the chunk is used up
    message,    // see below
    malformed,  // a bad length: the stream is lost, and so is the walker
  };
  Kind kind = Kind::none;
  Header header;        // of the message that this is a part of
  bool begins = false;  // the header was completed by this chunk
  bool ends = false;    // the body ends here (at once, where it is empty)
  Bytes body;           // this chunk's part of the body; empty when only the header fitted
};

class MessageWalker {
 public:
  explicit MessageWalker(std::uint32_t length_max = limits::message_length)
      : length_max_(length_max) {}

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

  // True when the bytes so far end exactly where a message ends.
  bool between_messages() const { return held_ == 0 && body_bytes_left_ == 0; }
  std::uint32_t body_bytes_left() const { return body_bytes_left_; }
  // Bytes of a header whose rest has not come yet: already relayed, or withheld
  // by the caller, who finds them here.
  Bytes held_header() const { return Bytes(held_bytes_).first(held_); }

 private:
  static Piece malformed() {
    Piece piece;
    piece.kind = Piece::Kind::malformed;
    return piece;
  }

  bool start(Bytes header_bytes) {
    const auto header = read_header(header_bytes, length_max_);
    broken_ = !header;
    if (broken_) return false;
    header_ = *header;
    body_bytes_left_ = header_.body_bytes;
    return true;
  }

  Piece body(Bytes& chunk, bool begins) {
    if (chunk.empty() && !begins) return {};
    const std::size_t size = std::min<std::size_t>(body_bytes_left_, chunk.size());
    const Bytes part = chunk.first(size);
    chunk = chunk.subspan(size);
    body_bytes_left_ -= static_cast<std::uint32_t>(size);
    return {Piece::Kind::message, header_, begins, body_bytes_left_ == 0, part};
  }

  Piece split_header(Bytes& chunk);

  std::uint32_t length_max_;
  Header header_;
  std::uint32_t body_bytes_left_ = 0;
  std::array<std::byte, limits::header_bytes> held_bytes_{};
  std::uint8_t held_ = 0;  // 0 .. 4
  bool broken_ = false;
};

}  // namespace relevo::wire::postgres

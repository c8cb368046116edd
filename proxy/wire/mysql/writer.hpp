// Appends payloads, framed as packets, to a string.
//
// Invariant: the output only ever holds whole payloads. One that is longer than
// max_allowed_packet can be, or would carry a NUL inside of a C string (a peer
// could forge fields with one), is taken back as a whole by end(), and ok() is
// false from then on.
//
//   Writer out(buffer, 0);  // a command begins at sequence number 0
//   out.begin();
//   out.u8(0x03);
//   out.text("SELECT 1");
//   out.end();
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/wire/mysql/types.hpp"

namespace relevo::wire::mysql {

class Writer {
 public:
  // `sequence`: of the first packet. It counts on from payload to payload.
  explicit Writer(std::string& out, std::uint8_t sequence = 0)
      : out_(out), start_(out.size()), payloads_end_(out.size()), sequence_(sequence) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void begin();
  void u8(std::uint8_t value) { number(value, 1); }
  void u16(std::uint16_t value) { number(value, 2); }
  void u24(std::uint32_t value) { number(value, 3); }
  void u32(std::uint32_t value) { number(value, 4); }
  void u64(std::uint64_t value) { number(value, 8); }
  void lenenc(std::uint64_t value);
  void lenenc_string(std::string_view text);
  void cstring(std::string_view text);
  void text(std::string_view text);
  void bytes(Bytes bytes) { text(as_text(bytes)); }
  void zeros(std::size_t count);
  void end();

  // The caller found that what it writes makes no message: end() takes it back.
  void spoil() { ok_ = false; }

  bool ok() const { return ok_; }
  std::size_t size() const { return payloads_end_ - start_; }  // bytes that this writer has added
  std::uint8_t next_sequence() const { return sequence_; }

 private:
  void number(std::uint64_t value, std::size_t size);
  void split_payload(std::size_t payload_bytes);

  std::string& out_;
  std::size_t start_;         // size of the string before us
  std::size_t payloads_end_;  // whole payloads only
  std::uint8_t sequence_;
  bool open_ = false;
  bool ok_ = true;
};

}  // namespace relevo::wire::mysql

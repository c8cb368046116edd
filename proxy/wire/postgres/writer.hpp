// Appends messages to a string that grows or to a span that doesn't.
//
// Invariant: the output only ever holds whole messages. A message that doesn't
// fit the span, is longer than the protocol allows, or would carry a NUL inside
// of a C string (a peer could forge fields with one) is taken back as a whole by
// end(), and ok() is false from then on.
//
//   Writer out(buffer);
//   out.begin(Frontend::query);
//   out.cstring("select 1");
//   out.end();
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "proxy/wire/postgres/types.hpp"

namespace relevo::wire::postgres {

class Writer {
 public:
  explicit Writer(std::string& out) : string_(&out), start_(out.size()) {}
  explicit Writer(std::span<std::byte> out) : span_(out) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void begin(Frontend type) { begin_typed(static_cast<std::uint8_t>(type)); }
  void begin(Backend type) { begin_typed(static_cast<std::uint8_t>(type)); }
  void begin_untyped();  // start-up packets

  void u8(std::uint8_t value);
  void u16(std::uint16_t value);
  void u32(std::uint32_t value);
  void i16(std::int16_t value) { u16(static_cast<std::uint16_t>(value)); }
  void i32(std::int32_t value) { u32(static_cast<std::uint32_t>(value)); }
  void cstring(std::string_view text);
  void bytes(Bytes bytes) { put(bytes.data(), bytes.size()); }

  // Patches the length. `body_bytes_to_come`: the caller streams that many more
  // bytes of this message after what was written here.
  void end(std::uint32_t body_bytes_to_come = 0);

  bool ok() const { return ok_; }
  std::size_t size() const { return end_of_messages_; }  // bytes that this writer has added

 private:
  void begin_typed(std::uint8_t type);
  void put(const void* data, std::size_t size);
  std::byte* at(std::size_t position);

  std::string* string_ = nullptr;
  std::span<std::byte> span_;
  std::size_t start_ = 0;            // size of the string before us
  std::size_t size_ = 0;             // written, the unfinished message included
  std::size_t end_of_messages_ = 0;  // written, whole messages only
  std::size_t length_at_ = 0;        // where the unfinished message's length is
  bool open_ = false;
  bool ok_ = true;
};

}  // namespace relevo::wire::postgres

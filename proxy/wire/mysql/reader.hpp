// A cursor with MySQL's numbers: little-endian, and length-encoded ones.
//
// Invariant: as with every Cursor, !ok() says that a field could not be read. If
// invalid() too, more bytes would not have helped: a length-encoded number began
// with a byte that begins none. Otherwise the bytes ended too early.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proxy/wire/cursor.hpp"
#include "proxy/wire/mysql/lenenc.hpp"
#include "proxy/wire/mysql/types.hpp"

namespace relevo::wire::mysql {

class Reader : public Cursor {
 public:
  using Cursor::Cursor;

  std::uint8_t u8() { return static_cast<std::uint8_t>(little_endian<1>()); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(little_endian<2>()); }
  std::uint32_t u24() { return static_cast<std::uint32_t>(little_endian<3>()); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(little_endian<4>()); }
  std::uint64_t u64() { return little_endian<8>(); }

  std::uint64_t lenenc();
  std::string_view lenenc_string();
  // As in a text row: nothing is SQL's NULL.
  std::optional<std::string_view> lenenc_string_or_null();
  std::string_view text(std::size_t size) { return as_text(bytes(size)); }
  std::string_view rest_text() { return as_text(rest()); }
  // Up to a NUL, or to the end where there is none: some clients leave the last
  // NUL of a packet out, and servers let them.
  std::string_view cstring_or_rest();

  // The next byte, without taking it; nothing at the end.
  std::optional<std::uint8_t> peek() const;
  bool invalid() const { return invalid_; }

  // What a decoder answers after !ok(). `whole`: it was given the whole payload,
  // so that more bytes can't come.
  template <typename T>
  Decoded<T> failure(bool whole, std::string_view what) const {
    return invalid_ || whole ? Decoded<T>::malformed(what) : Decoded<T>::need_more();
  }

 private:
  bool invalid_ = false;
};

}  // namespace relevo::wire::mysql

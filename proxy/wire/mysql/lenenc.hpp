// Length-encoded integers: one byte for small numbers, else a marker byte and
// two, three or eight more.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_dt_integers.html
//
// Two markers are no number: 0xfb is NULL in a text row, 0xff begins an error. A
// number that could have been written shorter is accepted, as the servers do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/wire/mysql/types.hpp"

namespace relevo::wire::mysql {

inline constexpr std::uint8_t lenenc_null = 0xfb;

// Bytes that the number takes, its marker included, by its first byte alone: 1,
// 3, 4 or 9; 0 for the two bytes that begin no number.
constexpr std::size_t lenenc_bytes_from(std::uint8_t first) {
  switch (first) {
    case 0xfb:
      return 0;
    case 0xfc:
      return 3;
    case 0xfd:
      return 4;
    case 0xfe:
      return 9;
    case 0xff:
      return 0;
    default:
      return 1;
  }
}

// Bytes that `value` takes.
constexpr std::size_t lenenc_bytes(std::uint64_t value) {
  if (value < 0xfb) return 1;
  if (value <= 0xffff) return 3;
  if (value <= 0xffffff) return 4;
  return 9;
}

// Bytes that a string of `size` bytes takes with its length.
constexpr std::uint64_t lenenc_string_bytes(std::uint64_t size) {
  return lenenc_bytes(size) + size;
}

// For strings that are put together outside of a message.
void append_lenenc(std::string& out, std::uint64_t value);
void append_lenenc_string(std::string& out, std::string_view text);

}  // namespace relevo::wire::mysql

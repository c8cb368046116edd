// A cursor with PostgreSQL's numbers: big-endian, like everything in its protocol.
#pragma once

#include <cstdint>

#include "proxy/wire/cursor.hpp"
#include "proxy/wire/postgres/types.hpp"

namespace relevo::wire::postgres {

class Reader : public Cursor {
 public:
  using Cursor::Cursor;

  std::uint8_t u8() { return static_cast<std::uint8_t>(big_endian<1>()); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(big_endian<2>()); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(big_endian<4>()); }
  std::int16_t i16() { return static_cast<std::int16_t>(u16()); }
  std::int32_t i32() { return static_cast<std::int32_t>(u32()); }
};

}  // namespace relevo::wire::postgres

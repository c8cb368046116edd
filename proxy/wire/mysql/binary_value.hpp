// Parameters as they travel ahead of a query or of a statement's values: a bitmap
// of NULLs, types, names, and values of which only the length is of interest here.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_binary_resultset.html
#pragma once

#include <cstdint>

#include "proxy/wire/mysql/reader.hpp"
#include "proxy/wire/mysql/types.hpp"

namespace relevo::wire::mysql {

constexpr std::size_t null_bitmap_bytes(std::uint64_t parameters) {
  return static_cast<std::size_t>((parameters + 7) / 8);
}

inline bool is_null(Bytes bitmap, std::uint64_t parameter) {
  return (std::to_integer<unsigned>(bitmap[static_cast<std::size_t>(parameter / 8)]) >>
              (parameter % 8) &
          1U) != 0;
}

// Takes one value of this type. False: a type that no parameter has. Whether there
// were enough bytes the reader tells.
bool skip_binary_value(Reader& reader, FieldType type);

}  // namespace relevo::wire::mysql

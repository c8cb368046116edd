// Bytes and text are the same memory seen twice: protocols mix both freely.
// What every engine's wire format shares lies in proxy/wire itself.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace relevo::wire {

using Bytes = std::span<const std::byte>;

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace relevo::wire

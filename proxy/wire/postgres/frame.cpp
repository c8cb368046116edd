#include "proxy/wire/postgres/frame.hpp"

namespace relevo::wire::postgres {

Piece MessageWalker::split_header(Bytes& chunk) {
  const std::size_t size = std::min(limits::header_bytes - held_, chunk.size());
  std::copy_n(chunk.begin(), size, held_bytes_.begin() + held_);
  chunk = chunk.subspan(size);
  held_ = static_cast<std::uint8_t>(held_ + size);
  if (held_ < limits::header_bytes) return {};
  held_ = 0;
  if (!start(held_bytes_)) return malformed();
  return body(chunk, true);
}

}  // namespace relevo::wire::postgres

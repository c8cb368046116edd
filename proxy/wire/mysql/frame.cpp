#include "proxy/wire/mysql/frame.hpp"

namespace relevo::wire::mysql {

bool PacketWalker::start(Bytes header_bytes) {
  const PacketHeader before = header_;
  header_ = *read_packet_header(header_bytes);
  is_first_ = !before.continues();
  const auto next_sequence = static_cast<std::uint8_t>(before.sequence + 1);
  if (is_first_) payload_bytes_ = 0;
  payload_bytes_ += header_.body_bytes;
  broken_ =
      payload_bytes_ > payload_bytes_max_ || (!is_first_ && header_.sequence != next_sequence);
  if (!broken_) body_bytes_left_ = header_.body_bytes;
  return !broken_;
}

Piece PacketWalker::split_header(Bytes& chunk) {
  const std::size_t size = std::min(limits::header_bytes - held_, chunk.size());
  std::copy_n(chunk.begin(), size, held_bytes_.begin() + held_);
  chunk = chunk.subspan(size);
  held_ = static_cast<std::uint8_t>(held_ + size);
  if (held_ < limits::header_bytes) return {};
  held_ = 0;
  if (!start(held_bytes_)) return malformed();
  return body(chunk, true);
}

}  // namespace relevo::wire::mysql

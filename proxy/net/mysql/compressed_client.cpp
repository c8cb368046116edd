#include "proxy/net/mysql/compressed_client.hpp"

#include <algorithm>
#include <cstring>

namespace relevo::net::mysql {

namespace wire = relevo::wire::mysql;

namespace {

constexpr std::size_t plain_bytes_kept = 4 * 1024;

}  // namespace

std::span<char> CompressedClient::room() { return packed_.prepare(BlockPool::block_bytes); }

void CompressedClient::take(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto into = packed_.prepare(packed_.size() + bytes.size());
    const std::size_t part = std::min(into.size(), bytes.size());
    std::memcpy(into.data(), bytes.data(), part);
    packed_.commit(part);
    bytes.remove_prefix(part);
  }
}

bool CompressedClient::unpack(Buffer& in, std::size_t size_max) {
  if (plain_at_ == plain_.size()) {
    plain_at_ = 0;
    plain_.clear();
    const auto taken = reader_.take(wire::as_bytes(packed_.view()), codec_, plain_);
    if (!taken) return false;
    packed_.consume(*taken);
    packed_.release_if_empty();
    sequence_ = static_cast<std::uint8_t>(reader_.last_sequence() + 1);
  }
  while (plain_at_ < plain_.size()) {
    const auto into = in.prepare(size_max);
    if (into.empty()) return true;
    const std::size_t part = std::min(into.size(), plain_.size() - plain_at_);
    std::memcpy(into.data(), plain_.data() + plain_at_, part);
    in.commit(part);
    plain_at_ += part;
  }
  plain_at_ = 0;
  plain_.clear();
  if (plain_.capacity() > plain_bytes_kept) plain_.shrink_to_fit();
  return true;
}

std::string_view CompressedClient::pack(std::span<const iovec> parts) {
  // Of the thread, as the codec is: nothing of it outlives the write that follows.
  thread_local std::string plain, packed;
  plain.clear();
  packed.clear();
  for (const iovec& part : parts)
    plain.append(static_cast<const char*>(part.iov_base), part.iov_len);
  sequence_ = codec_.compress(wire::as_bytes(plain), sequence_, packed);
  return packed;
}

}  // namespace relevo::net::mysql

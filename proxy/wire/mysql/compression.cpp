#include "proxy/wire/mysql/compression.hpp"

#include <algorithm>

#include "proxy/wire/mysql/reader.hpp"

namespace relevo::wire::mysql {

std::optional<Compression> compression_of(Capabilities capabilities) {
  if (capabilities.has(Capability::compress)) return Compression::zlib;
  if (capabilities.has(Capability::zstd_compression)) return Compression::zstd;
  return std::nullopt;
}

Decoded<CompressedHeader> read_compressed_header(Bytes bytes) {
  if (bytes.size() < limits::compressed_header_bytes) {
    return Decoded<CompressedHeader>::need_more();
  }
  Reader reader(bytes);
  CompressedHeader header;
  header.body_bytes = reader.u24();
  header.sequence = reader.u8();
  header.plain_bytes = reader.u24();
  return Decoded<CompressedHeader>::ok(header);
}

std::optional<std::size_t> CompressedReader::take(Bytes chunk, Codec& codec, std::string& out) {
  const Bytes given = chunk;
  const auto taken = [&] { return given.size() - chunk.size(); };
  while (!broken_ && !chunk.empty()) {
    if (stored_bytes_left_ > 0) {
      const Bytes part = chunk.first(std::min(stored_bytes_left_, chunk.size()));
      out += as_text(part);
      stored_bytes_left_ -= part.size();
      chunk = chunk.subspan(part.size());
      return taken();
    }
    const std::size_t wanted = held_.size() < limits::compressed_header_bytes
                                   ? limits::compressed_header_bytes
                                   : limits::compressed_header_bytes + header_.body_bytes;
    const Bytes part = chunk.first(std::min(wanted - held_.size(), chunk.size()));
    held_ += as_text(part);
    chunk = chunk.subspan(part.size());
    if (held_.size() < wanted) break;
    if (wanted == limits::compressed_header_bytes) {
      header_ = *read_compressed_header(as_bytes(held_));
      if (header_.is_stored()) {
        stored_bytes_left_ = header_.body_bytes;
        held_.clear();
      }
      broken_ = !header_.is_stored() && header_.body_bytes == 0;
      continue;
    }
    const Bytes body = as_bytes(held_).subspan(limits::compressed_header_bytes);
    broken_ = !codec.decompress(body, header_.plain_bytes, out);
    held_.clear();
    if (held_.capacity() > limits::compressed_bytes_kept) held_.shrink_to_fit();
    break;
  }
  return broken_ ? std::nullopt : std::optional(taken());
}

bool CompressedReader::feed(Bytes chunk, Codec& codec, std::string& out) {
  while (!chunk.empty()) {
    const auto taken = take(chunk, codec, out);
    if (!taken) return false;
    chunk = chunk.subspan(*taken);
  }
  return !broken_;
}

}  // namespace relevo::wire::mysql

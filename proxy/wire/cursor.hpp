// A cursor over bytes that a peer sent. It never reads past the end: asked for
// more than there is, it turns bad, stays bad, and gives zeros and empty views,
// so that a decoder reads all fields in a row and checks once.
//
// Invariant: !ok() means only one thing, "the bytes ended too early". Whether
// that is "need more" or "malformed" is the decoder's to say.
//
// Each engine's Reader adds numbers in its own byte order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "proxy/wire/bytes.hpp"

namespace relevo::wire {

class Cursor {
 public:
  explicit Cursor(Bytes bytes) : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()) {}

  Bytes bytes(std::size_t size) {
    if (!take(size)) return {};
    return {at_ - size, size};
  }
  Bytes rest() { return bytes(left()); }

  // Up to a NUL, which is consumed and not part of the view.
  std::string_view cstring() {
    if (left() == 0) return short_of_bytes();
    const void* nul = std::memchr(at_, 0, left());
    if (nul == nullptr) return short_of_bytes();
    const std::byte* start = at_;
    at_ = static_cast<const std::byte*>(nul) + 1;
    return as_text({start, static_cast<std::size_t>(at_ - start) - 1});
  }

  bool ok() const { return ok_; }
  // All was read, and nothing more was asked for.
  bool at_end() const { return ok_ && at_ == end_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  std::size_t offset() const { return static_cast<std::size_t>(at_ - begin_); }

 protected:
  std::string_view unread() const { return as_text({at_, left()}); }

  template <std::size_t Size>
  std::uint64_t big_endian() {
    static_assert(Size <= 8);
    if (!take(Size)) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < Size; ++i) {
      value = (value << 8) | std::to_integer<std::uint64_t>(*(at_ - Size + i));
    }
    return value;
  }

  template <std::size_t Size>
  std::uint64_t little_endian() {
    static_assert(Size <= 8);
    if (!take(Size)) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < Size; ++i) {
      value = (value << 8) | std::to_integer<std::uint64_t>(*(at_ - 1 - i));
    }
    return value;
  }

  std::string_view short_of_bytes() {
    ok_ = false;
    at_ = end_;
    return {};
  }

 private:
  bool take(std::size_t size) {
    if (left() < size) {
      short_of_bytes();
      return false;
    }
    at_ += size;
    return true;
  }

  const std::byte* begin_;
  const std::byte* at_;
  const std::byte* end_;
  bool ok_ = true;
};

}  // namespace relevo::wire

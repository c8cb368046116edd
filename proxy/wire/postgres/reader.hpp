// A cursor over bytes that a peer sent. It never reads past the end: asked for
// more than there is, it turns bad, stays bad, and gives zeros and empty views,
// so that a decoder reads all fields in a row and checks once.
//
// Invariant: !ok() means only one thing, "the bytes ended too early". Whether
// that is "need more" or "malformed" is the decoder's to say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "proxy/wire/postgres/types.hpp"

namespace relevo::wire::postgres {

class Reader {
 public:
  explicit Reader(Bytes bytes) : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(number<1>()); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number<2>()); }
  std::uint32_t u32() { return number<4>(); }
  std::int16_t i16() { return static_cast<std::int16_t>(u16()); }
  std::int32_t i32() { return static_cast<std::int32_t>(u32()); }

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
  bool at_end() const {
    return ok_ && at_ == end_;
  }  // all was read, and nothing more was asked for
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  std::size_t offset() const { return static_cast<std::size_t>(at_ - begin_); }

 private:
  bool take(std::size_t size) {
    if (left() < size) {
      short_of_bytes();
      return false;
    }
    at_ += size;
    return true;
  }

  std::string_view short_of_bytes() {
    ok_ = false;
    at_ = end_;
    return {};
  }

  template <std::size_t Size>
  std::uint32_t number() {
    if (!take(Size)) return 0;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < Size; ++i) {
      value = (value << 8) | std::to_integer<std::uint32_t>(*(at_ - Size + i));
    }
    return value;
  }

  const std::byte* begin_;
  const std::byte* at_;
  const std::byte* end_;
  bool ok_ = true;
};

}  // namespace relevo::wire::postgres

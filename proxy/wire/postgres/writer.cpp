#include "proxy/wire/postgres/writer.hpp"

#include <array>
#include <cstring>

#include "topology/model/check.hpp"

namespace relevo::wire::postgres {

void Writer::begin_typed(std::uint8_t type) {
  RELEVO_CHECK(!open_);
  open_ = true;
  u8(type);
  length_at_ = size_;
  u32(0);
}

void Writer::begin_untyped() {
  RELEVO_CHECK(!open_);
  open_ = true;
  length_at_ = size_;
  u32(0);
}

void Writer::u8(std::uint8_t value) { put(&value, 1); }

void Writer::u16(std::uint16_t value) {
  const std::array<std::uint8_t, 2> wire = {static_cast<std::uint8_t>(value >> 8),
                                            static_cast<std::uint8_t>(value)};
  put(wire.data(), wire.size());
}

void Writer::u32(std::uint32_t value) {
  const std::array<std::uint8_t, 4> wire = {
      static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
      static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
  put(wire.data(), wire.size());
}

void Writer::cstring(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) ok_ = false;
  put(text.data(), text.size());
  u8(0);
}

void Writer::end(std::uint32_t body_bytes_to_come) {
  RELEVO_CHECK(open_);
  open_ = false;
  const std::uint64_t length = std::uint64_t{size_ - length_at_} + body_bytes_to_come;
  if (length > limits::message_length) ok_ = false;
  if (!ok_) {
    size_ = end_of_messages_;
    if (string_ != nullptr) string_->resize(start_ + size_);
    return;
  }
  for (std::size_t i = 0; i < 4; ++i) {
    *at(length_at_ + i) = static_cast<std::byte>((length >> (24 - 8 * i)) & 0xff);
  }
  end_of_messages_ = size_;
}

// After the first failure nothing is stored any more: the message is doomed.
void Writer::put(const void* data, std::size_t size) {
  RELEVO_CHECK(open_);
  if (string_ == nullptr && span_.size() - size_ < size) ok_ = false;
  if (!ok_ || size == 0) return;
  if (string_ != nullptr) {
    string_->append(static_cast<const char*>(data), size);
  } else {
    std::memcpy(span_.data() + size_, data, size);
  }
  size_ += size;
}

std::byte* Writer::at(std::size_t position) {
  return string_ != nullptr ? reinterpret_cast<std::byte*>(string_->data() + start_ + position)
                            : span_.data() + position;
}

}  // namespace relevo::wire::postgres

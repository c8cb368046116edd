#include "proxy/wire/mysql/reader.hpp"

namespace relevo::wire::mysql {

std::uint64_t Reader::lenenc() {
  const std::uint8_t first = u8();
  if (!ok()) return 0;
  switch (lenenc_bytes_from(first)) {
    case 1:
      return first;
    case 3:
      return u16();
    case 4:
      return u24();
    case 9:
      return u64();
    default:
      break;
  }
  invalid_ = true;
  short_of_bytes();
  return 0;
}

std::string_view Reader::lenenc_string() {
  const std::uint64_t size = lenenc();
  if (!ok()) return {};
  if (size > left()) return short_of_bytes();
  return text(static_cast<std::size_t>(size));
}

std::optional<std::string_view> Reader::lenenc_string_or_null() {
  if (peek() == lenenc_null) {
    u8();
    return std::nullopt;
  }
  return lenenc_string();
}

std::string_view Reader::cstring_or_rest() {
  if (left() == 0) return {};
  if (unread().find('\0') == std::string_view::npos) return rest_text();
  return cstring();
}

std::optional<std::uint8_t> Reader::peek() const {
  if (left() == 0) return std::nullopt;
  return static_cast<std::uint8_t>(unread().front());
}

}  // namespace relevo::wire::mysql

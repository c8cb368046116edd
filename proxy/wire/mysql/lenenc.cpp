#include "proxy/wire/mysql/lenenc.hpp"

namespace relevo::wire::mysql {

void append_lenenc(std::string& out, std::uint64_t value) {
  const std::size_t size = lenenc_bytes(value);
  if (size == 1) {
    out += static_cast<char>(value);
    return;
  }
  out += static_cast<char>(size == 3 ? 0xfc : size == 4 ? 0xfd : 0xfe);
  for (std::size_t i = 0; i + 1 < size; ++i) out += static_cast<char>(value >> (8 * i));
}

void append_lenenc_string(std::string& out, std::string_view text) {
  append_lenenc(out, text.size());
  out += text;
}

}  // namespace relevo::wire::mysql

// Character sets, as far as a proxy has to know them: by the number of one of
// their collations, as it travels in handshakes and column definitions.
// https://dev.mysql.com/doc/refman/8.4/en/charset-charsets.html
#pragma once

#include <cstdint>

namespace relevo::wire::mysql {

using CollationId = std::uint16_t;

inline constexpr CollationId latin1_swedish_ci = 8;
inline constexpr CollationId utf8mb3_general_ci = 33;
inline constexpr CollationId utf8mb4_general_ci = 45;  // known to every server
inline constexpr CollationId utf8mb4_bin = 46;
inline constexpr CollationId binary = 63;
inline constexpr CollationId utf8mb4_0900_ai_ci = 255;  // MySQL 8's default

enum class Charset : std::uint8_t {
  other,  // single-byte, or multi-byte with every byte of a sequence at 0x80 or above
  utf8mb4,
  // The second byte of a character may look like ASCII: '\\', '`' or a letter.
  big5,
  sjis,
  gbk,
  cp932,
  gb18030,
  // Never a client's: SET NAMES refuses them.
  ucs2,
  utf16,
  utf16le,
  utf32,
};

Charset charset_of(CollationId collation);

// True when a byte below 0x80 is always the ASCII character that it looks like.
// Where it is not, SQL text cannot be read byte by byte: in sjis the two bytes
// 0x95 0x5c are one character, and its second is no backslash.
bool is_ascii_safe(Charset charset);

}  // namespace relevo::wire::mysql

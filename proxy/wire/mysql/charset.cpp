#include "proxy/wire/mysql/charset.hpp"

namespace relevo::wire::mysql {
namespace {

constexpr bool between(CollationId collation, CollationId first, CollationId last) {
  return first <= collation && collation <= last;
}

// MariaDB numbers the NO PAD twin of a collation 1024 higher, and its UCA 14.0.0
// collations from 2048, a block of 256 a character set.
constexpr CollationId nopad = 1024;
constexpr CollationId uca1400 = 2048;

Charset charset_of_uca1400(CollationId collation) {
  switch ((collation - uca1400) / 256) {
    case 0:
      return Charset::other;  // utf8mb3
    case 1:
      return Charset::utf8mb4;
    case 2:
      return Charset::ucs2;
    case 3:
      return Charset::utf16;
    case 4:
      return Charset::utf32;
    default:
      return Charset::other;
  }
}

}  // namespace

Charset charset_of(CollationId collation) {
  if (collation >= uca1400) return charset_of_uca1400(collation);
  if (collation > nopad) return charset_of(static_cast<CollationId>(collation - nopad));
  switch (collation) {
    case 1:
    case 84:
      return Charset::big5;
    case 13:
    case 88:
      return Charset::sjis;
    case 28:
    case 87:
      return Charset::gbk;
    case 95:
    case 96:
      return Charset::cp932;
    case 248:
    case 249:
    case 250:
      return Charset::gb18030;
    case 35:
    case 90:
    case 159:
      return Charset::ucs2;
    case 54:
    case 55:
      return Charset::utf16;
    case 56:
    case 62:
      return Charset::utf16le;
    case 60:
    case 61:
      return Charset::utf32;
    case 45:
    case 46:
      return Charset::utf8mb4;
    default:
      break;
  }
  if (between(collation, 101, 124)) return Charset::utf16;
  if (between(collation, 128, 151)) return Charset::ucs2;
  if (between(collation, 160, 183)) return Charset::utf32;
  if (between(collation, 224, 247) || between(collation, 255, 323)) return Charset::utf8mb4;
  // MariaDB: croatian and myanmar of each Unicode form.
  if (between(collation, 608, 610)) return Charset::utf8mb4;
  if (between(collation, 640, 642)) return Charset::ucs2;
  if (between(collation, 672, 674)) return Charset::utf16;
  if (between(collation, 736, 738)) return Charset::utf32;
  return Charset::other;
}

bool is_ascii_safe(Charset charset) {
  return charset == Charset::other || charset == Charset::utf8mb4;
}

}  // namespace relevo::wire::mysql

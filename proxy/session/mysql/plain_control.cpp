#include "proxy/session/mysql/plain_control.hpp"

#include "proxy/route/words.hpp"

namespace relevo::session::mysql {
using route::Words;

namespace {

constexpr std::size_t text_bytes_max = 128;

bool read_start(Words& words, PlainControl& control) {
  if (!words.accept("TRANSACTION")) return false;
  if (!words.accept("READ")) return words.at_end();
  control.read_only = words.accept("ONLY");
  return (control.read_only || words.accept("WRITE")) && words.at_end();
}

bool read_end(Words& words) {
  words.accept("WORK");
  return words.at_end();
}

}  // namespace

std::optional<PlainControl> read_plain_control(std::string_view sql) {
  using Kind = PlainControl::Kind;
  if (sql.size() > text_bytes_max) return std::nullopt;
  Words words(sql);
  PlainControl control;
  bool plain = false;
  if (words.accept("BEGIN")) {
    plain = read_end(words);
  } else if (words.accept("START")) {
    plain = read_start(words, control);
  } else if (words.accept("COMMIT")) {
    control.kind = Kind::commit;
    plain = read_end(words);
  } else if (words.accept("ROLLBACK")) {
    control.kind = Kind::rollback;
    plain = read_end(words);
  }
  return plain ? std::optional(control) : std::nullopt;
}

}  // namespace relevo::session::mysql

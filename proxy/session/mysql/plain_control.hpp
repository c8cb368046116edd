// A text that is one statement of plain transaction control, certain to the last word: it
// can be answered without a server. A BEGIN is held back until its transaction's first
// statement, for which a server is chosen; see docs/decisions/0020.
//
// Not plain: comments, WITH CONSISTENT SNAPSHOT (its moment is what it is for), AND CHAIN,
// RELEASE.
// https://dev.mysql.com/doc/refman/8.4/en/commit.html
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace relevo::session::mysql {

struct PlainControl {
  enum class Kind : std::uint8_t { begin, commit, rollback };
  Kind kind = Kind::begin;
  bool read_only = false;  // START TRANSACTION READ ONLY
};
std::optional<PlainControl> read_plain_control(std::string_view sql);

}  // namespace relevo::session::mysql

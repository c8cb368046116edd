// Text as SQL that every server reads alike: whatever sql_mode (ANSI_QUOTES,
// NO_BACKSLASH_ESCAPES) and character_set_client (in sjis, gbk and big5 half of a
// character may look like a backslash or a quote) the connection happens to have.
//
// The way is to write nothing but plain ASCII: a quoted string only where it has
// neither quote nor backslash nor bytes above 0x7f, and hexadecimal otherwise.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace relevo::session::mysql {

// 'abc', or _utf8mb4 X'c3a9'. `text` is UTF-8.
std::string quote_text(std::string_view text);
// A string in another character set: _latin1 X'e9' COLLATE latin1_swedish_ci.
// `charset` and `collation` are names of the server's, checked to be words;
// `collation` may be empty.
std::string quote_bytes(std::string_view bytes, std::string_view charset,
                        std::string_view collation);
// `name` in backticks; nullopt when it is not plain ASCII.
std::optional<std::string> quote_name(std::string_view name);

bool is_plain_ascii(std::string_view text);  // printable, without quotes and backslashes
bool is_number(std::string_view text);       // -1, 2.5, 1e9: what SQL reads as a number
bool is_word(std::string_view text);         // letters, digits, underscores; not empty

// One literal of a client's SQL (as route::Effect::value has it) in a form that
// means the same anywhere: a number, NULL, TRUE, X'..', 'text'. nullopt when it is
// anything else, an expression above all: its value is known to the server alone.
// `no_backslash_escapes`, `charset`, `collation`: of the session that wrote it.
struct LiteralContext {
  bool no_backslash_escapes = false;
  bool ansi_quotes = false;
  // character_set_connection and its collation; empty when not known, or when
  // character_set_client differs (the server would convert): no strings then.
  std::string_view charset, collation;
};
std::optional<std::string> portable_literal(std::string_view sql, const LiteralContext& context);

}  // namespace relevo::session::mysql

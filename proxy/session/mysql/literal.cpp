// One SQL literal, from the way its session wrote it into a way that any session
// would read alike. https://dev.mysql.com/doc/refman/8.4/en/literals.html
#include <algorithm>
#include <array>

#include "proxy/session/mysql/quote.hpp"

namespace relevo::session::mysql {
namespace {

std::string_view trim(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool equals_folded(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
}

bool is_bits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '0' || c == '1'; });
}

// 0x1f, X'1f', 0b01, b'01': already the same everywhere.
bool is_based(std::string_view sql) {
  if (sql.size() < 3) return false;
  if (sql[0] == '0' && sql[1] == 'x') return is_hex(sql.substr(2));
  if (sql[0] == '0' && sql[1] == 'b') return is_bits(sql.substr(2));
  if (sql[1] != '\'' || sql.back() != '\'') return false;
  const std::string_view digits = sql.substr(2, sql.size() - 3);
  if (sql[0] == 'x' || sql[0] == 'X') return digits.size() % 2 == 0 && is_hex(digits);
  return (sql[0] == 'b' || sql[0] == 'B') && is_bits(digits);
}

char unescaped(char c) {
  switch (c) {
    case '0':
      return '\0';
    case 'b':
      return '\b';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'Z':
      return '\x1a';
    default:
      return c;
  }
}

// The bytes between the quotes; nullopt when this is not one string.
std::optional<std::string> unquote(std::string_view sql, bool no_backslash_escapes) {
  if (sql.size() < 2 || sql.front() != sql.back()) return std::nullopt;
  const char quote = sql.front();
  std::string bytes;
  const std::size_t end = sql.size() - 1;
  for (std::size_t at = 1; at < end; ++at) {
    if (sql[at] == quote) {
      if (++at >= end || sql[at] != quote) return std::nullopt;
      bytes += quote;
    } else if (sql[at] == '\\' && !no_backslash_escapes) {
      if (++at >= end) return std::nullopt;
      // Outside of LIKE these two keep their backslash.
      if (sql[at] == '%' || sql[at] == '_') bytes += '\\';
      bytes += unescaped(sql[at]);
    } else {
      bytes += sql[at];
    }
  }
  return bytes;
}

}  // namespace

std::optional<std::string> portable_literal(std::string_view sql, const LiteralContext& context) {
  sql = trim(sql);
  if (is_number(sql) || is_based(sql)) return std::string(sql);
  for (const std::string_view word : {"null", "true", "false"}) {
    if (equals_folded(sql, word)) return std::string(word);
  }
  if (sql.empty()) return std::nullopt;
  const bool string = sql.front() == '\'' || (sql.front() == '"' && !context.ansi_quotes);
  if (!string || !is_word(context.charset)) return std::nullopt;
  if (!context.collation.empty() && !is_word(context.collation)) return std::nullopt;
  const auto bytes = unquote(sql, context.no_backslash_escapes);
  if (!bytes) return std::nullopt;
  return quote_bytes(*bytes, context.charset, context.collation);
}

}  // namespace relevo::session::mysql

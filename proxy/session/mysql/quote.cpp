#include "proxy/session/mysql/quote.hpp"

#include <algorithm>

namespace relevo::session::mysql {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string hex_of(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += digits[byte >> 4];
    hex += digits[byte & 15];
  }
  return hex;
}

}  // namespace

bool is_plain_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c >= ' ' && c <= '~' && c != '\'' && c != '"' && c != '\\' && c != '`';
  });
}

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  });
}

bool is_number(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at > from;
  };
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  bool any = digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    any = digits() || any;
  }
  if (!any) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (!digits()) return false;
  }
  return at == text.size();
}

std::string quote_bytes(std::string_view bytes, std::string_view charset,
                        std::string_view collation) {
  std::string sql;
  if (is_plain_ascii(bytes)) {
    sql.append("_").append(charset).append("'").append(bytes).append("'");
  } else {
    sql.append("_").append(charset).append(" X'").append(hex_of(bytes)).append("'");
  }
  if (!collation.empty()) sql.append(" COLLATE ").append(collation);
  return sql;
}

std::string quote_text(std::string_view text) {
  if (is_plain_ascii(text)) return std::string("'").append(text).append("'");
  return quote_bytes(text, "utf8mb4", {});
}

std::optional<std::string> quote_name(std::string_view name) {
  if (name.empty() || !is_plain_ascii(name)) return std::nullopt;
  return std::string("`").append(name).append("`");
}

}  // namespace relevo::session::mysql

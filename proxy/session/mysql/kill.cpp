#include "proxy/session/mysql/kill.hpp"

#include <algorithm>
#include <charconv>

namespace relevo::session::mysql {
namespace {

constexpr std::string_view spaces = " \t\r\n\v\f";

std::string_view next_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(spaces), text.size()));
  const std::size_t end = std::min(text.find_first_of(" \t\r\n\v\f;"), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

bool is(std::string_view word, std::string_view upper) {
  return std::equal(word.begin(), word.end(), upper.begin(), upper.end(), [](char a, char b) {
    return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 'a' + 'A') : a) == b;
  });
}

}  // namespace

std::optional<Kill> parse_kill(std::string_view sql) {
  if (!is(next_word(sql), "KILL")) return std::nullopt;
  Kill kill;
  std::string_view word = next_word(sql);
  if (is(word, "HARD") || is(word, "SOFT")) word = next_word(sql);
  if (is(word, "QUERY") || is(word, "CONNECTION")) {
    kill.query_only = is(word, "QUERY");
    word = next_word(sql);
  }
  const char* const word_end = word.data() + word.size();
  const auto [end, error] = std::from_chars(word.data(), word_end, kill.connection);
  if (word.empty() || error != std::errc() || end != word_end) return std::nullopt;
  const bool over = sql.find_first_not_of(" \t\r\n\v\f;") == std::string_view::npos;
  return over ? std::optional(kill) : std::nullopt;
}

}  // namespace relevo::session::mysql

#include "failover/doctor/grants.hpp"

#include <algorithm>

namespace relevo::doctor {
namespace {

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c; }

std::string normalized(std::string_view privilege) {
  std::string text;
  for (const char c : privilege) text += c == '_' ? ' ' : upper(c);
  const auto begin = text.find_first_not_of(' ');
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

std::string unquoted(std::string_view object) {
  std::string text;
  for (const char c : object) {
    if (c != '`' && c != '"') text += c;
  }
  return text;
}

// The keyword outside of quotes; names may hold any text.
std::size_t find_word(std::string_view line, std::string_view word, std::size_t from) {
  char quote = 0;
  for (std::size_t at = from; at < line.size(); ++at) {
    const char c = line[at];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '`' || c == '\'' || c == '"') {
      quote = c;
    } else if (line.substr(at).starts_with(word)) {
      return at;
    }
  }
  return std::string_view::npos;
}

// Of "SELECT (a, b), INSERT": a privilege on some columns only is none.
std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> words;
  std::string word;
  int depth = 0;
  bool on_columns = false;
  const auto end_word = [&] {
    if (!on_columns && !word.empty()) words.push_back(normalized(word));
    word.clear();
    on_columns = false;
  };
  for (const char c : list) {
    if (c == '(') ++depth;
    if (depth > 0) {
      on_columns = true;
    } else if (c == ',') {
      end_word();
    } else {
      word += c;
    }
    if (c == ')') --depth;
  }
  end_word();
  return words;
}

}  // namespace

Grants::Grants(const std::vector<std::string>& lines) {
  constexpr std::string_view grant = "GRANT ";
  for (const std::string_view line : lines) {
    if (!line.starts_with(grant)) continue;
    const auto on = find_word(line, " ON ", grant.size());
    if (on == std::string_view::npos) continue;  // a role
    const auto to = find_word(line, " TO ", on + 4);
    if (to == std::string_view::npos) continue;
    lines_.push_back({split(line.substr(grant.size(), on - grant.size())),
                      unquoted(line.substr(on + 4, to - on - 4))});
  }
}

bool Grants::Line::has(std::string_view wanted) const {
  return std::any_of(privileges.begin(), privileges.end(), [&](const std::string& held) {
    return held == wanted || held == "ALL PRIVILEGES" || held == "ALL";
  });
}

bool Grants::has(std::string_view privilege, std::string_view on) const {
  const std::string wanted = normalized(privilege);
  const std::string schema = std::string(on.substr(0, on.find('.'))) + ".*";
  return std::any_of(lines_.begin(), lines_.end(), [&](const Line& line) {
    return (line.on == "*.*" || line.on == schema || line.on == on) && line.has(wanted);
  });
}

bool Grants::has_anywhere(std::string_view privilege) const {
  const std::string wanted = normalized(privilege);
  return std::any_of(lines_.begin(), lines_.end(),
                     [&](const Line& line) { return line.has(wanted); });
}

}  // namespace relevo::doctor

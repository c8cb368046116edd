#include "topology/model/sync_rule.hpp"

#include <algorithm>
#include <charconv>

namespace relevo::model {
namespace {

constexpr std::string_view spaces = " \t\r\n\f\v";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// Names, numbers and single signs, quotes taken off.
struct Token {
  std::string text;
  bool quoted = false;
};

std::optional<std::vector<Token>> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(spaces, at)) != std::string_view::npos) {
    if (text[at] == '"') {
      Token token{{}, true};
      for (++at;; ++at) {
        if (at >= text.size()) return std::nullopt;
        if (text[at] == '"' && (at + 1 >= text.size() || text[at + 1] != '"')) break;
        if (text[at] == '"') ++at;
        token.text += text[at];
      }
      ++at;
      tokens.push_back(std::move(token));
    } else if (text[at] == '(' || text[at] == ')' || text[at] == ',') {
      tokens.push_back({std::string(1, text[at++]), false});
    } else {
      const auto end = std::min(text.find_first_of(" \t\r\n\f\v(),\"", at), text.size());
      tokens.push_back({std::string(text.substr(at, end - at)), false});
      at = end;
    }
  }
  return tokens;
}

bool is_sign(const Token& token, std::string_view sign) {
  return !token.quoted && token.text == sign;
}

std::optional<unsigned> number_of(const Token& token) {
  unsigned value = 0;
  const char* const end = token.text.data() + token.text.size();
  const auto [stop, error] = std::from_chars(token.text.data(), end, value);
  if (token.text.empty() || error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

}  // namespace

bool same_name(std::string_view one, std::string_view other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

bool SyncRule::counts(std::string_view name) const {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& one) { return one == "*" || same_name(one, name); });
}

std::optional<SyncRule> parse_sync_rule(std::string_view text) {
  const auto tokens = tokens_of(text);
  if (!tokens || tokens->empty()) return std::nullopt;
  SyncRule rule;
  std::size_t at = 0;
  const auto is_word = [&](std::string_view word) {
    return !(*tokens)[0].quoted && same_name((*tokens)[0].text, word);
  };
  if (tokens->size() > 2 && (is_word("ANY") || is_word("FIRST")) && number_of((*tokens)[1])) ++at;
  bool in_brackets = false;
  if (tokens->size() > at + 1 && is_sign((*tokens)[at + 1], "(")) {
    const auto count = number_of((*tokens)[at]);
    if (!count) return std::nullopt;
    rule.count = *count;
    at += 2;
    in_brackets = true;
  }
  for (bool wants_name = true; at < tokens->size(); ++at, wants_name = !wants_name) {
    const Token& token = (*tokens)[at];
    if (in_brackets && is_sign(token, ")")) {
      if (wants_name || at + 1 != tokens->size()) return std::nullopt;
      return rule;
    }
    if (wants_name == is_sign(token, ",")) return std::nullopt;
    if (is_sign(token, "(") || is_sign(token, ")")) return std::nullopt;
    if (wants_name) rule.names.push_back(token.text);
  }
  if (in_brackets || rule.names.empty()) return std::nullopt;
  return rule;
}

std::string sync_rule_text(unsigned count, const std::vector<std::string>& names) {
  std::string text = "ANY " + std::to_string(count) + " (";
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += i == 0 ? "\"" : ", \"";
    for (const char c : names[i]) {
      if (c == '"') text += c;
      text += c;
    }
    text += '"';
  }
  return text + ")";
}

std::string application_name_of(std::string_view conninfo) {
  constexpr std::string_view key = "application_name";
  if (conninfo.starts_with("postgres://") || conninfo.starts_with("postgresql://")) {
    const auto found = conninfo.find(key);
    if (found == std::string_view::npos || found + key.size() >= conninfo.size()) return {};
    if (conninfo[found + key.size()] != '=') return {};
    const auto begin = found + key.size() + 1;
    return std::string(conninfo.substr(begin, conninfo.find('&', begin) - begin));
  }
  std::string name, value;
  std::size_t at = 0;
  while ((at = conninfo.find_first_not_of(spaces, at)) != std::string_view::npos) {
    const auto equals = conninfo.find('=', at);
    if (equals == std::string_view::npos) return name;
    std::string_view word = conninfo.substr(at, equals - at);
    word = word.substr(0, word.find_last_not_of(spaces) + 1);
    at = std::min(conninfo.find_first_not_of(spaces, equals + 1), conninfo.size());
    value.clear();
    const bool in_quotes = at < conninfo.size() && conninfo[at] == '\'';
    if (in_quotes) ++at;
    for (; at < conninfo.size(); ++at) {
      const char c = conninfo[at];
      if (in_quotes ? c == '\'' : spaces.find(c) != std::string_view::npos) break;
      if (c == '\\' && at + 1 < conninfo.size()) ++at;
      value += conninfo[at];
    }
    if (in_quotes && at < conninfo.size()) ++at;
    if (word == key) name = value;
  }
  return name;
}

}  // namespace relevo::model

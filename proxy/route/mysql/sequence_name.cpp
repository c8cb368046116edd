#include "proxy/route/mysql/sequence_name.hpp"

#include <algorithm>

#include "proxy/route/mysql/reader.hpp"
#include "proxy/route/names.hpp"

namespace relevo::route::mysql {
namespace {

constexpr std::size_t name_bytes_max = 64;

// Letters that are the same in every character set, and need no care in quotes.
bool is_plain(std::string_view name) {
  return !name.empty() && name.size() <= name_bytes_max && std::ranges::all_of(name, [](char c) {
    return c >= ' ' && c <= '~' && c != '`' && c != '"' && c != '\\' && c != '\'';
  });
}

// Where the identifier that ends at the end of `text` begins; its size if none does.
std::size_t identifier_at_end(std::string_view text) {
  if (!text.empty() && text.back() == '`') {
    const std::size_t open = text.substr(0, text.size() - 1).rfind('`');
    return open == std::string_view::npos ? text.size() : open;
  }
  std::size_t begin = text.size();
  while (begin > 0 && in_class(text[begin - 1], is_ident)) --begin;
  return begin;
}

}  // namespace

std::string_view name_ahead(Lexer ahead) {
  const Token first = ahead.next();
  if (!first.is_name()) return {};
  const char* end = first.text.data() + first.text.size();
  if (ahead.next().kind == TokenKind::dot) {
    const Token second = ahead.next();
    if (!second.is_name()) return {};
    end = second.text.data() + second.text.size();
  }
  return {first.text.data(), static_cast<std::size_t>(end - first.text.data())};
}

std::string_view name_at_end(std::string_view text) {
  std::size_t begin = identifier_at_end(text);
  if (begin == text.size()) return {};
  if (begin > 0 && text[begin - 1] == '.') {
    const std::string_view schema = text.substr(0, begin - 1);
    begin = identifier_at_end(schema);
    if (begin == schema.size()) return {};
  }
  return text.substr(begin);
}

std::optional<std::string> sequence_key(std::string_view name, MysqlDialect dialect,
                                        std::string_view schema, bool folds_names) {
  Lexer lexer(name, dialect);
  Token token = lexer.next();
  if (!token.is_name()) return std::nullopt;
  std::string_view sequence = unquoted(token.text);
  if (lexer.next().kind == TokenKind::dot) {
    token = lexer.next();
    if (!token.is_name()) return std::nullopt;
    schema = sequence;
    sequence = unquoted(token.text);
    lexer.next();
  }
  if (lexer.token().kind != TokenKind::end || !is_plain(schema) || !is_plain(sequence)) {
    return std::nullopt;
  }
  std::string key;
  key.reserve(schema.size() + sequence.size() + 5);
  key.append("`").append(schema).append("`.`").append(sequence).append("`");
  if (folds_names) std::ranges::transform(key, key.begin(), to_lower);
  return key;
}

}  // namespace relevo::route::mysql

#include "proxy/session/mysql/lone_call.hpp"

#include <algorithm>

#include "proxy/route/mysql/lexer.hpp"
#include "proxy/route/mysql/reader.hpp"
#include "proxy/route/names.hpp"
#include "proxy/session/mysql/quote.hpp"

namespace relevo::session::mysql {

using route::mysql::KeywordClass;
using route::mysql::Lexer;
using route::mysql::Token;
using route::mysql::TokenKind;

namespace {

bool printable(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// Plain quotes around plain characters only: what else a name may hold, servers say.
std::optional<std::string> alias_of(const Token& token) {
  const bool reserved = token.kind == TokenKind::word &&
                        (token.keyword_class == KeywordClass::reserved || !is_word(token.text));
  if (reserved || (!token.is_name() && token.kind != TokenKind::string)) return std::nullopt;
  const std::string_view name = route::mysql::unquoted(token.text);
  const bool quoted = token.kind != TokenKind::word;
  if (quoted && (name.size() + 2 != token.text.size() || name.empty())) return std::nullopt;
  if (!is_plain_ascii(name) || name.front() == ' ' || name.back() == ' ') return std::nullopt;
  return std::string(name);
}

}  // namespace

std::optional<LoneCall> lone_call(std::string_view sql, route::MysqlDialect dialect) {
  Lexer lexer(sql, dialect);
  if (!route::equals_folded(lexer.next().text, "select")) return std::nullopt;
  const Token function = lexer.next();
  if (function.kind != TokenKind::word) return std::nullopt;
  if (lexer.next().kind != TokenKind::left_paren) return std::nullopt;
  if (lexer.next().kind != TokenKind::right_paren) return std::nullopt;
  const char* const end = lexer.token().text.data() + lexer.token().text.size();
  std::string column(function.text.data(), end);
  Token token = lexer.next();
  if (token.kind == TokenKind::word || token.is_name() || token.kind == TokenKind::string) {
    if (token.kind == TokenKind::word && route::equals_folded(token.text, "as")) {
      token = lexer.next();
    }
    const auto alias = alias_of(token);
    if (!alias) return std::nullopt;
    column = *alias;
    token = lexer.next();
  }
  while (token.kind == TokenKind::semicolon) token = lexer.next();
  if (token.kind != TokenKind::end || !printable(column)) return std::nullopt;
  return LoneCall{function.text, std::move(column)};
}

}  // namespace relevo::session::mysql

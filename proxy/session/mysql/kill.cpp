#include "proxy/session/mysql/kill.hpp"

#include <charconv>

#include "proxy/route/mysql/lexer.hpp"
#include "proxy/route/names.hpp"

namespace relevo::session::mysql {

using route::mysql::Lexer;
using route::mysql::Token;
using route::mysql::TokenKind;

std::optional<Kill> parse_kill(std::string_view sql, route::MysqlDialect dialect) {
  Lexer lexer(sql, dialect);
  const auto at = [&](std::string_view word) {
    const Token& token = lexer.token();
    return token.kind == TokenKind::word && route::equals_folded(token.text, word);
  };
  lexer.next();
  if (!at("kill")) return std::nullopt;
  lexer.next();
  if (at("hard") || at("soft")) lexer.next();
  Kill kill;
  if (at("query") || at("connection")) {
    kill.query_only = at("query");
    lexer.next();
  }
  if (lexer.token().kind != TokenKind::number) return std::nullopt;
  const std::string_view number = lexer.token().text;
  const char* const number_end = number.data() + number.size();
  const auto [end, error] = std::from_chars(number.data(), number_end, kill.connection);
  if (error != std::errc() || end != number_end) return std::nullopt;
  while (lexer.next().kind == TokenKind::semicolon) {
  }
  return lexer.token().kind == TokenKind::end ? std::optional(kill) : std::nullopt;
}

}  // namespace relevo::session::mysql

#include "proxy/session/mysql/connection_id.hpp"

#include <algorithm>

#include "proxy/route/mysql/lexer.hpp"
#include "proxy/route/mysql/reader.hpp"
#include "proxy/route/names.hpp"
#include "proxy/session/mysql/quote.hpp"
#include "proxy/wire/mysql/response.hpp"
#include "proxy/wire/mysql/result.hpp"

namespace relevo::session::mysql {

namespace wire = relevo::wire::mysql;
using route::mysql::KeywordClass;
using route::mysql::Lexer;
using route::mysql::Token;
using route::mysql::TokenKind;

namespace {

constexpr std::uint16_t not_null = 1, unsigned_number = 32, binary_flag = 128;

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

std::optional<std::string> connection_id_column(std::string_view sql, route::MysqlDialect dialect) {
  Lexer lexer(sql, dialect);
  if (!route::equals_folded(lexer.next().text, "select")) return std::nullopt;
  const Token function = lexer.next();
  if (function.kind != TokenKind::word || !route::equals_folded(function.text, "connection_id")) {
    return std::nullopt;
  }
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
  return column;
}

void append_connection_id(std::string& out, std::string_view column, std::uint32_t connection_id,
                          bool mariadb, wire::Capabilities client, wire::StatusFlags status) {
  wire::Writer writer(out, 1);
  wire::encode_column_count(writer, {.columns = 1, .definitions_follow = true}, client);
  wire::Column definition;
  definition.name = column;
  definition.collation = wire::binary;
  definition.type = mariadb ? wire::FieldType::long_ : wire::FieldType::longlong;
  definition.length_max = mariadb ? 10 : 21;
  definition.flags = not_null | unsigned_number | binary_flag;
  wire::encode_column(writer, definition, client);
  if (!client.has(wire::Capability::deprecate_eof)) {
    wire::encode_eof(writer, {.warnings = 0, .status = status});
  }
  writer.begin();
  writer.lenenc_string(std::to_string(connection_id));
  writer.end();
  wire::encode_end(writer, {.of_rows = true, .ok = {.status = status}}, client);
}

}  // namespace relevo::session::mysql

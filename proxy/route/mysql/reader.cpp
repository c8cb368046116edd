#include "proxy/route/mysql/reader.hpp"

#include "proxy/route/mysql/catalog.hpp"
#include "proxy/route/mysql/functions.hpp"
#include "proxy/route/mysql/sequence_name.hpp"
#include "proxy/route/names.hpp"

namespace relevo::route::mysql {
namespace {

// Character sets in which no byte of a longer character looks like ASCII.
constexpr std::string_view plain_charsets[] = {"utf8mb4", "utf8",  "utf8mb3",
                                               "latin1",  "ascii", "binary"};

bool changes_reading(EffectKind kind, std::string_view name) {
  switch (kind) {
    case EffectKind::set:
    case EffectKind::set_computed:
    case EffectKind::reset:
      return equals_folded(name, "sql_mode") || equals_folded(name, "character_set_client") ||
             equals_folded(name, "names") || equals_folded(name, "character set");
    case EffectKind::set_names:
    case EffectKind::set_charset:
      for (const std::string_view plain : plain_charsets) {
        if (equals_folded(name, plain)) return false;
      }
      return true;
    case EffectKind::unknown:
      return true;
    default:
      return false;
  }
}

}  // namespace

Reader::Reader(std::string_view sql, MysqlDialect dialect, Analysis& analysis)
    : lexer_(sql, dialect),
      analysis_(analysis),
      server_(dialect.server),
      naming_(dialect.naming),
      begin_(sql.data()) {
  lexer_.next();
}

void Reader::pass() {
  last_end_ = now().text.data() + now().text.size();
  last_word_ = now().keyword;
  after_dot_ = at(TokenKind::dot);
  found_rows_.note(lexer_);
  lexer_.next();
}

void Reader::pass_variable() {
  const std::string_view text = now().text;
  const bool user = at(TokenKind::user_variable);
  if (!user) note_system_variable();
  pass();
  if (user) note_user_variable(text);
}

Token Reader::peek() const {
  Lexer ahead = lexer_;
  return ahead.next();
}

bool Reader::accept(Keyword keyword) {
  if (!at(keyword)) return false;
  advance();
  return true;
}

bool Reader::accept(TokenKind kind) {
  if (!at(kind)) return false;
  advance();
  return true;
}

std::string_view Reader::accept_qualified_name() {
  const Token first = now();
  if (!first.is_name()) return {};
  advance();
  const char* end = first.text.data() + first.text.size();
  bool qualified = false;
  while (at(TokenKind::dot) && peek().is_name()) {
    qualified = true;
    advance();
    end = now().text.data() + now().text.size();
    advance();
  }
  if (!qualified) return unquoted(first.text);
  return {first.text.data(), static_cast<std::size_t>(end - first.text.data())};
}

void Reader::skip_statement() {
  while (!ended()) advance();
}

void Reader::skip_text() {
  while (!at_text_end()) advance();
}

SystemVariable Reader::system_variable() const {
  SystemVariable variable;
  variable.name = unquoted(now().text.substr(2));
  const bool global = equals_folded(variable.name, "global") ||
                      equals_folded(variable.name, "persist") ||
                      equals_folded(variable.name, "persist_only");
  if (!global && !equals_folded(variable.name, "session") &&
      !equals_folded(variable.name, "local")) {
    return variable;
  }
  Lexer ahead = lexer_;
  if (ahead.next().kind != TokenKind::dot) return variable;
  const Token& name = ahead.next();
  if (!name.is_name()) return variable;
  return {.global = global, .scoped = true, .name = unquoted(name.text)};
}

void Reader::effect(EffectKind kind, std::string_view name, std::string_view value) {
  reading_changed_ |= changes_reading(kind, name);
  // Names behind it are those of another database.
  if (kind == EffectKind::use_database && naming_ != nullptr) naming_ = &suspect_mysql_naming;
  add_effect(analysis_, kind, name, value);
}

// NEXT VALUE FOR s, PREVIOUS VALUE FOR s; s.nextval, s.currval in MariaDB's Oracle mode.
void Reader::note_sequence() {
  const Token word = now();
  if (word.is(Keyword::value_)) {
    if (last_word_ == Keyword::next_) {
      Lexer ahead = lexer_;
      ahead.next();  // FOR
      takes_number(name_ahead(ahead));
    }
    facts().uses_last_value |= last_word_ == Keyword::previous_;
  } else if (after_dot_) {
    const std::string_view name = unquoted(word.text);
    if (equals_folded(name, "nextval")) {
      const auto ahead = static_cast<std::size_t>(last_end_ - begin_);
      takes_number(name_at_end({begin_, ahead - 1}));  // without the dot
    }
    facts().uses_last_value |= equals_folded(name, "currval");
  }
}

void Reader::note_call(std::string_view name) {
  switch (find_session_function(name)) {
    case SessionFunction::none:
      break;
    case SessionFunction::connection_id:
      facts().uses_connection_id = true;
      break;
    case SessionFunction::found_rows:
      facts().uses_found_rows = true;
      break;
    case SessionFunction::get_lock:
      effect(EffectKind::named_lock, literal_argument());
      break;
    case SessionFunction::last_insert_id:
      facts().uses_last_insert_id = true;
      facts().sets_last_insert_id |= peek().kind != TokenKind::right_paren;
      break;
    case SessionFunction::last_value:
      facts().uses_last_value = true;
      break;
    case SessionFunction::next_value:
      takes_number(name_ahead(lexer_));
      break;
    case SessionFunction::release_all_locks:
      effect(EffectKind::named_unlock_all);
      break;
    case SessionFunction::release_lock:
      effect(EffectKind::named_unlock, literal_argument());
      break;
    case SessionFunction::row_count:
      facts().uses_row_count = true;
      break;
  }
}

// Rows of one INSERT name the same sequence many times.
void Reader::takes_number(std::string_view sequence) {
  facts().takes_next_value = true;
  const bool noted = std::ranges::any_of(analysis_.effects, [&](const Effect& effect) {
    return effect.kind == EffectKind::take_number && effect.name == sequence;
  });
  if (!noted && server_ != MysqlServer::mysql) effect(EffectKind::take_number, sequence);
}

// Behind the name of a call, at its '(': a first argument that is one literal.
std::string_view Reader::literal_argument() const {
  Lexer ahead = lexer_;
  const Token first = ahead.next();
  if (first.kind != TokenKind::string) return {};
  const TokenKind behind = ahead.next().kind;
  return behind == TokenKind::comma || behind == TokenKind::right_paren ? first.text
                                                                        : std::string_view{};
}

// The variable's token has passed; what stands behind it tells its use.
void Reader::note_user_variable(std::string_view name) {
  if (at(TokenKind::assign)) {
    effect(EffectKind::set_user_computed, user_variable_name(name));
  } else {
    facts().reads_user_variables = true;
  }
}

void Reader::note_system_variable() {
  const std::string_view name = system_variable().name;
  if (equals_folded(name, "last_insert_id") || equals_folded(name, "identity")) {
    facts().uses_last_insert_id = true;
  } else if (equals_folded(name, "warning_count") || equals_folded(name, "error_count")) {
    facts().diagnostics = true;
  } else if (equals_folded(name, "pseudo_thread_id")) {
    facts().uses_connection_id = true;
  }
}

std::string_view unquoted(std::string_view name) {
  if (name.size() < 2 || name.front() != name.back()) return name;
  const char quote = name.front();
  if (quote != '`' && quote != '"' && quote != '\'') return name;
  const std::string_view inner = name.substr(1, name.size() - 2);
  const bool simple = std::ranges::none_of(inner, [&](char c) { return c == quote || c == '\\'; });
  return simple ? inner : name;
}

std::string_view user_variable_name(std::string_view variable) {
  return unquoted(variable.substr(1));
}

}  // namespace relevo::route::mysql

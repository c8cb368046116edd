#include "proxy/route/postgres/reader.hpp"

#include "proxy/route/postgres/functions.hpp"

namespace relevo::route::postgres {
namespace {

// Whether unqualified names may mean something else from here on.
bool moves_names(EffectKind kind, std::string_view name) {
  switch (kind) {
    case EffectKind::set:
    case EffectKind::set_local:
    case EffectKind::reset:
      return name.empty() || equals_folded(name, "search_path");
    case EffectKind::reset_all:
    case EffectKind::discard_all:
    case EffectKind::set_role:
    case EffectKind::unknown:
      return true;
    default:
      return false;
  }
}

}  // namespace
}  // namespace relevo::route::postgres

namespace relevo::route {

bool moves_names(const Analysis& analysis) {
  if (analysis.effects_overflow || analysis.catalog_change == CatalogChange::certain) return true;
  for (std::size_t i = 0; i < analysis.effect_count; ++i) {
    const Effect& effect = analysis.effects[i];
    if (postgres::moves_names(effect.kind, effect.name)) return true;
  }
  return false;
}

}  // namespace relevo::route

namespace relevo::route::postgres {

Reader::Reader(std::string_view sql, Dialect dialect, Analysis& analysis)
    : lexer_(sql, dialect), analysis_(analysis), naming_(dialect.naming) {
  lexer_.next();
}

void Reader::pass() {
  behind_dot_ = at(TokenKind::dot);
  lexer_.next();
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

std::string_view Reader::accept_name() {
  if (!now().is_name()) return {};
  const std::string_view name = unquoted(now().text);
  advance();
  return name;
}

void Reader::skip_statement() {
  while (!ended()) advance();
}

void Reader::skip_parentheses() {
  for (std::size_t depth = 1; depth != 0 && !ended(); advance()) {
    if (at(TokenKind::left_paren)) ++depth;
    if (at(TokenKind::right_paren)) --depth;
  }
}

void Reader::effect(EffectKind kind, std::string_view name, std::string_view value) {
  add_effect(analysis_, kind, name, value);
  if (naming_ != nullptr && moves_names(kind, name)) naming_ = &suspect_naming;
}

void Reader::changes_catalog(CatalogChange change) {
  if (change > analysis_.catalog_change) analysis_.catalog_change = change;
  if (naming_ != nullptr && change == CatalogChange::certain) naming_ = &suspect_naming;
}

void Reader::note_call(TokenKind kind, std::string_view name) {
  if (kind == TokenKind::unicode_identifier) {
    effect(EffectKind::unknown, name);  // may spell any function's name
  } else {
    note_function(name);
  }
}

// (1::bigint).pg_advisory_lock takes the lock; set_config has more arguments.
void Reader::note_field(std::string_view name) {
  if (find_session_function(name) == SessionFunction::advisory_lock) note_function(name);
}

void Reader::note_function(std::string_view name) {
  switch (find_session_function(name)) {
    case SessionFunction::none:
      break;
    case SessionFunction::advisory_lock:
      effect(EffectKind::advisory_lock, unquoted(name));
      break;
    case SessionFunction::advisory_unlock_all:
      effect(EffectKind::advisory_unlock_all);
      break;
    case SessionFunction::set_config:
      note_set_config();
      break;
  }
}

// set_config(name, value, true) ends with the transaction; any other third
// argument leaves the setting behind. Looks ahead no further than the next '(',
// so that nested calls cost no more than their length.
void Reader::note_set_config() {
  Lexer ahead = lexer_;
  std::string_view setting;
  unsigned commas = 0;
  Token token = ahead.next();
  if (token.kind == TokenKind::string && token.text.size() >= 2 && token.text.front() == '\'') {
    setting = token.text.substr(1, token.text.size() - 2);
  }
  bool simple = true;
  for (Token previous; simple; previous = token, token = ahead.next()) {
    if (token.kind == TokenKind::right_paren) {
      if (commas != 2 || !previous.is(Keyword::true_)) break;
      effect(EffectKind::set_local, setting);
      return;
    }
    if (token.kind == TokenKind::comma) {
      // 'a' || 'b' is not the name of a setting.
      if (++commas == 1 && previous.text.data() + 1 != setting.data()) setting = {};
    } else if (commas == 2) {
      simple = token.is(Keyword::true_) && previous.kind == TokenKind::comma;
    } else {
      simple = token.kind != TokenKind::left_paren && token.kind != TokenKind::left_bracket &&
               token.kind != TokenKind::semicolon && token.kind != TokenKind::end &&
               token.kind != TokenKind::invalid;
    }
  }
  effect(EffectKind::unknown, setting);
}

std::string_view unquoted(std::string_view identifier) {
  if (identifier.size() < 2 || identifier.front() != '"' || identifier.back() != '"') {
    return identifier;
  }
  const std::string_view inner = identifier.substr(1, identifier.size() - 2);
  return inner.find('"') == std::string_view::npos ? inner : identifier;
}

}  // namespace relevo::route::postgres

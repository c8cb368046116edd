// One text being read statement by statement: the token at hand, and what the
// text does to and asks of the session so far.
//
// Invariant: every token of the text passes through advance(), whatever family
// reads it, so that calls and variables that concern the session (GET_LOCK,
// LAST_INSERT_ID, @a := 1) are seen in reads and writes alike. The exception is
// pass(), for what has been accounted for already.
#pragma once

#include <algorithm>
#include <string_view>

#include "proxy/route/mysql/found_rows.hpp"
#include "proxy/route/mysql/lexer.hpp"
#include "proxy/route/names.hpp"
#include "proxy/route/verdict.hpp"

namespace relevo::route::mysql {

// @@name, @@session.name, @@global.name, as written.
struct SystemVariable {
  bool global = false;    // GLOBAL, PERSIST or PERSIST_ONLY
  bool scoped = false;    // any scope is written
  std::string_view name;  // without its quotes
};

// Without the quotes where they can simply be dropped; as written otherwise.
std::string_view unquoted(std::string_view name);

// Whether a name behind a dot has the size of `nextval` and `currval`, or theirs in quotes:
// hardly one has.
inline bool may_be_sequence_function(std::string_view name) {
  constexpr std::size_t size = std::string_view("nextval").size();
  return name.size() == size || name.size() == size + 2;
}

class Reader {
 public:
  Reader(std::string_view sql, MysqlDialect dialect, Analysis& analysis);

  const Token& now() const { return lexer_.token(); }
  // In a header because it runs at every token.
  void advance() {
    if (now().is_name()) {
      const std::string_view name = now().text;
      if (after_dot_ ? may_be_sequence_function(name) : at(Keyword::value_)) note_sequence();
      pass();
      if (at(TokenKind::left_paren)) note_call(unquoted(name));
    } else if (at(TokenKind::user_variable) || at(TokenKind::system_variable)) {
      pass_variable();
    } else {
      pass();
    }
  }
  void pass();
  // Around the tokens of each statement.
  void begin_statement() {
    found_rows_ = {};
    found_rows_.begin(lexer_);
  }
  void end_statement() { found_rows_.end(server_, analysis_.statements == 0, facts()); }
  // From `begin`, where some token began, to the end of the one ahead of that at
  // hand. Empty when none has passed since.
  std::string_view text_since(const char* begin) const {
    if (last_end_ == nullptr || last_end_ <= begin) return {};
    return {begin, static_cast<std::size_t>(last_end_ - begin)};
  }
  Token peek() const;  // the token behind now()

  // At the statement's end: a semicolon, the text's end, or what can't be read.
  bool ended() const { return now().kind <= TokenKind::semicolon; }
  bool at_text_end() const {
    return now().kind == TokenKind::end || now().kind == TokenKind::invalid;
  }
  bool at(Keyword keyword) const { return now().keyword == keyword; }
  bool at(TokenKind kind) const { return now().kind == kind; }
  bool accept(Keyword keyword);
  bool accept(TokenKind kind);
  // db.table, as written; without its quotes if it is simple. "" if none is at hand.
  std::string_view accept_qualified_name();

  void skip_statement();
  void skip_text();

  // At a system variable: what it names. Passes nothing.
  SystemVariable system_variable() const;

  void effect(EffectKind kind, std::string_view name = {}, std::string_view value = {});
  // Whether what was read changes how the server reads what follows in the text:
  // it parses one statement only when the one ahead has run.
  bool reading_changed() const { return reading_changed_; }
  MysqlFacts& facts() { return analysis_.mysql; }
  MysqlServer server() const { return server_; }
  // What names mean here in the text; null: not known.
  const MysqlNaming* naming() const { return naming_; }
  void changes_catalog(CatalogChange change) {
    analysis_.catalog_change = std::max(analysis_.catalog_change, change);
  }

 private:
  void pass_variable();
  void note_call(std::string_view name);
  void note_sequence();
  void takes_number(std::string_view sequence);
  void note_user_variable(std::string_view name);
  void note_system_variable();
  std::string_view literal_argument() const;

  Lexer lexer_;
  FoundRowsScan found_rows_;
  Analysis& analysis_;
  MysqlServer server_;
  const MysqlNaming* naming_;
  const char* const begin_;  // of the text
  const char* last_end_ = nullptr;
  Keyword last_word_{};  // of the token before this one
  bool after_dot_ = false;
  bool reading_changed_ = false;
};

// The text of a name's token between its quotes, if it has any: enough to compare it
// with a name that needs none.
inline std::string_view between_quotes(std::string_view name) {
  const bool quoted = name.front() == '`' || name.front() == '"';
  return quoted ? name.substr(1, name.size() - 2) : name;
}

// A user variable's name: "@`a`" is a.
std::string_view user_variable_name(std::string_view variable);

}  // namespace relevo::route::mysql

// One text being read statement by statement: the token at hand, what it does
// to the session so far.
//
// Invariant: every token of the text passes through advance(), whatever family
// reads it, so that calls with a session effect (advisory locks, set_config)
// are seen in reads and writes alike.
#pragma once

#include <string_view>

#include "proxy/route/postgres/catalog.hpp"
#include "proxy/route/postgres/lexer.hpp"
#include "proxy/route/verdict.hpp"

namespace relevo::route::postgres {

class Reader {
 public:
  Reader(std::string_view sql, Dialect dialect, Analysis& analysis);

  const Token& now() const { return lexer_.token(); }
  // In a header because it runs at every token.
  void advance() {
    if (!now().is_name()) return pass();
    const TokenKind kind = now().kind;
    const std::string_view name = now().text;
    const bool field = behind_dot_;
    pass();
    if (at(TokenKind::left_paren)) {
      note_call(kind, name);
    } else if (field) {
      note_field(name);
    }
  }
  Token peek() const;  // the token behind now()

  // At the statement's end: a semicolon, the text's end, or what can't be read.
  bool ended() const { return now().kind <= TokenKind::semicolon; }
  bool at(Keyword keyword) const { return now().keyword == keyword; }
  bool at(TokenKind kind) const { return now().kind == kind; }
  bool accept(Keyword keyword);
  bool accept(TokenKind kind);
  // The name at hand, or "" if none is; passes it.
  std::string_view accept_name();

  void skip_statement();
  // Behind '(': passes everything up to and with its ')'.
  void skip_parentheses();

  void effect(EffectKind kind, std::string_view name = {}, std::string_view value = {});
  void changes_catalog(CatalogChange change);
  // What names mean at this place; null: not known. Behind what may have changed
  // that in the same text, a suspect one.
  const Naming* naming() const { return naming_; }
  Analysis& analysis() { return analysis_; }

 private:
  void pass();
  void note_call(TokenKind kind, std::string_view name);
  void note_field(std::string_view name);
  void note_function(std::string_view name);
  void note_set_config();

  Lexer lexer_;
  Analysis& analysis_;
  bool behind_dot_ = false;  // what is at hand
  const Naming* naming_;
};

// An identifier's text without its quotes where they can simply be dropped; as
// written otherwise.
std::string_view unquoted(std::string_view identifier);

}  // namespace relevo::route::postgres

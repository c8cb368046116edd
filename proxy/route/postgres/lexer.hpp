// PostgreSQL's lexical rules, one token at a time.
//
// Invariant: token borders are where the server puts them, for every text that
// the server accepts. To mistake the end of a literal or a comment is how a
// write hides in a read, so these rules follow the server's scanner to the
// letter; what cannot be followed is an `invalid` token that ends the text.
//
// Single pass, no allocation, views into the text. Copying a lexer is cheap and
// gives unlimited lookahead.
//
// https://www.postgresql.org/docs/current/sql-syntax-lexical.html and
// src/backend/parser/scan.l of PostgreSQL 15. Two liberties, both harmless for
// classification: a number ends where a letter begins (PostgreSQL 15 rejects
// `1x`, older ones read `1 x`), and literals are not decoded.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "proxy/route/postgres/keywords.hpp"
#include "proxy/route/statement.hpp"

namespace relevo::route::postgres {

enum class TokenKind : std::uint8_t {
  // The three that end a statement come first, the three kinds of name next.
  end,
  invalid,  // unterminated, or a NUL byte: nothing behind it is known
  semicolon,
  word,                // unquoted identifier or keyword
  quoted_identifier,   // "..."
  unicode_identifier,  // U&"...": its name isn't known without decoding
  string,              // '...' and E'...', B'', X'', N'', U&''
  dollar_string,       // $tag$...$tag$
  number,
  parameter,  // $1
  op,         // a run of operator characters
  left_paren,
  right_paren,
  left_bracket,
  right_bracket,
  comma,
  dot,
  typecast,  // ::
  other,     // anything else that is one character to the server, also := and ..
};

struct Token {
  TokenKind kind = TokenKind::end;
  Keyword keyword = Keyword::none;  // of a word
  KeywordClass keyword_class = KeywordClass::none;
  std::string_view text;  // with quotes; of a continued string, all its parts

  bool is(Keyword k) const { return keyword == k; }
  bool is_name() const {
    static_assert(static_cast<int>(TokenKind::unicode_identifier) ==
                  static_cast<int>(TokenKind::word) + 2);
    return kind >= TokenKind::word && kind <= TokenKind::unicode_identifier;
  }
};

class Lexer {
 public:
  Lexer(std::string_view text, Dialect dialect);

  // The next token, valid until the call after. After `end` or `invalid`, the
  // same again. (A reference, because a token copied right after it was written
  // field by field makes the processor wait: that took half of all time here.)
  const Token& next();
  const Token& token() const { return token_; }

  // Skips blanks and comments; false on an unterminated comment. `comment` sees
  // each comment's text without its marks.
  template <typename OnComment>
  bool skip_blanks(OnComment&& comment);

 private:
  enum class Quoting : std::uint8_t { plain, backslash, bits };

  // Each returns one past the construct, nullptr when it is unterminated.
  const char* end_of_block_comment(const char* from) const;
  const char* end_of_string(const char* from, Quoting quoting) const;
  const char* end_of_quoted_identifier(const char* from) const;
  // Past the quote that continues a string behind a line break, or nullptr.
  const char* continuation(const char* from) const;

  // The token at hand, or behind blanks and comments.
  const Token& take_token();
  const Token& take_behind_blanks();
  const Token& take(TokenKind kind, const char* end) {
    token_.kind = kind;
    token_.text = {at_, static_cast<std::size_t>(end - at_)};
    at_ = end;
    return token_;
  }
  const Token& one(TokenKind kind) { return take(kind, at_ + 1); }
  const Token& take_or_invalid(TokenKind kind, const char* end);  // nullptr: unterminated
  const Token& invalid();
  const Token& word();
  const Token& prefixed_or_word();
  const Token& number();
  const Token& dollar();
  const Token& op();

  Quoting plain_quoting() const {
    return dialect_.standard_conforming_strings ? Quoting::plain : Quoting::backslash;
  }

  Token token_;
  const char* end_;  // between the text and at_: GCC stores neighbours at once, and slowly
  const char* at_;
  Dialect dialect_;
  bool cut_ = false;  // a NUL byte ended the text early, as it does for the server
};

// What a byte can begin or continue.
enum CharClass : std::uint8_t {
  is_space = 1,
  is_ident_start = 2,
  is_ident_rest = 4,
  is_digit = 8,
  is_op = 16,
  is_special_op = 32,  // one that lets an operator end in + or -
  is_passed = 64,      // perhaps, with what follows: blanks and comments
};

inline constexpr std::array<std::uint8_t, 256> char_classes = [] {
  std::array<std::uint8_t, 256> table{};
  // \v is a blank since PostgreSQL 16 and an error before.
  for (const char c : {' ', '\t', '\n', '\r', '\f', '\v'}) {
    table[static_cast<unsigned char>(c)] |= is_space | is_passed;
  }
  for (unsigned c = 0; c < 256; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
    const bool digit = c >= '0' && c <= '9';
    if (letter) table[c] |= is_ident_start;
    if (letter || digit || c == '$') table[c] |= is_ident_rest;
    if (digit) table[c] |= is_digit;
  }
  for (const char c : std::string_view("~!@#^&|`?+-*/%<>=")) {
    table[static_cast<unsigned char>(c)] |= is_op;
  }
  for (const char c : std::string_view("~!@#%^&|`?")) {
    table[static_cast<unsigned char>(c)] |= is_special_op;
  }
  for (const char c : {'-', '/'}) table[static_cast<unsigned char>(c)] |= is_passed;
  return table;
}();

inline bool in_class(char c, CharClass cls) {
  return (char_classes[static_cast<unsigned char>(c)] & cls) != 0;
}

// In a header because it runs at every token. Hardly one has more than a blank ahead of it.
inline const Token& Lexer::next() {
  token_.keyword = Keyword::none;
  token_.keyword_class = KeywordClass::none;
  if (at_ != end_ && *at_ == ' ') ++at_;
  if (at_ == end_ || in_class(*at_, is_passed)) return take_behind_blanks();
  return take_token();
}

template <typename OnComment>
bool Lexer::skip_blanks(OnComment&& comment) {
  for (;;) {
    while (at_ != end_ && in_class(*at_, is_space)) ++at_;
    if (end_ - at_ < 2) return true;
    if (at_[0] == '-' && at_[1] == '-') {
      const char* const from = at_ + 2;
      at_ = from;
      while (at_ != end_ && *at_ != '\n' && *at_ != '\r') ++at_;
      comment(std::string_view(from, static_cast<std::size_t>(at_ - from)));
    } else if (at_[0] == '/' && at_[1] == '*') {
      const char* const from = at_ + 2;
      const char* const past = end_of_block_comment(from);
      if (past == nullptr) return false;
      at_ = past;
      comment(std::string_view(from, static_cast<std::size_t>(past - 2 - from)));
    } else {
      return true;
    }
  }
}

}  // namespace relevo::route::postgres

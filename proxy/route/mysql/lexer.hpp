// MySQL's and MariaDB's lexical rules, one token at a time.
//
// Invariant: token borders are where the server puts them, for every text that
// the server accepts. To mistake the end of a literal or a comment is how a
// write hides in a read, so these rules follow the servers' scanner
// (sql/sql_lex.cc) to the letter; what cannot be followed, or depends on what
// the dialect does not tell, is an `invalid` token that ends the text.
//
// Executable comments are code: their marks are passed as if they were blanks,
// or the whole comment is, by the server's version.
//
// Single pass, no allocation, views into the text. Copying a lexer is cheap and
// gives unlimited lookahead. Operators are one character each: nothing here
// asks for more, and it can't swallow the mark of a comment.
//
// https://dev.mysql.com/doc/refman/8.4/en/language-structure.html
// https://mariadb.com/kb/en/comment-syntax/
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proxy/route/mysql/keywords.hpp"
#include "proxy/route/statement.hpp"

namespace relevo::route::mysql {

enum class TokenKind : std::uint8_t {
  // The three that end a statement come first, the two kinds of name next.
  end,
  invalid,  // unterminated, a NUL byte, or not certain: nothing behind it is known
  semicolon,
  word,               // unquoted identifier or keyword
  quoted_identifier,  // `a`, and "a" under ANSI_QUOTES
  string,             // 'a', "a", N'a', x'61', b'01'; of 'a' 'b' each by itself
  number,
  parameter,        // ?
  user_variable,    // @a, @a.b, @`a b`, @'a', and the host of user@host
  system_variable,  // @@name, @@session: the first word only
  assign,           // :=
  op,               // one operator character
  left_paren,
  right_paren,
  comma,
  dot,
  other,  // anything else, one byte
};

struct Token {
  TokenKind kind = TokenKind::end;
  Keyword keyword = Keyword::none;  // of a word
  KeywordClass keyword_class = KeywordClass::none;
  std::string_view text;  // with quotes and marks

  bool is(Keyword k) const { return keyword == k; }
  bool is(char operator_character) const {
    return kind == TokenKind::op && text.front() == operator_character;
  }
  bool is_name() const { return kind == TokenKind::word || kind == TokenKind::quoted_identifier; }
};

class Lexer {
 public:
  Lexer(std::string_view text, MysqlDialect dialect);

  // The next token, valid until the call after. After `end` or `invalid`, the
  // same again.
  const Token& next();
  const Token& token() const { return token_; }

  // Skips blanks and comments; false where the text can't be followed. `comment`
  // sees the text of each comment that is no code, without its marks.
  template <typename OnComment>
  bool skip_blanks(OnComment&& comment);

 private:
  enum class Comment : std::uint8_t { plain, code, skipped, unclear };
  struct CommentStart {
    Comment kind;
    std::size_t marks;  // bytes ahead of its text
  };

  CommentStart classify_comment() const;
  // Each returns one past the construct, nullptr when it is unterminated.
  const char* end_of_block_comment(const char* from) const;
  const char* end_of_string(const char* from, char quote) const;
  const char* end_of_identifier(const char* from, char quote) const;

  bool at_line_comment() const;
  bool at_close_of_code() const {
    return in_code_ && end_ - at_ >= 2 && at_[0] == '*' && at_[1] == '/';
  }

  // The token at hand, or behind blanks and comments. What is ahead of it decides in part.
  const Token& take_token(TokenKind previous, const char* previous_end);
  const Token& take_behind_blanks(TokenKind previous, const char* previous_end);
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
  const Token& digits_literal(bool hexadecimal);
  const Token& number_or_word();
  const Token& number();
  const Token& variable();
  const Token& double_quoted();
  char ahead(std::size_t offset) const {
    return static_cast<std::size_t>(end_ - at_) > offset ? at_[offset] : '\0';
  }

  Token token_;
  const char* end_;  // between the text and at_: GCC stores neighbours at once, and slowly
  const char* at_;
  MysqlDialect dialect_;
  bool cut_ = false;      // a NUL byte ended the text early
  bool in_code_ = false;  // within an executable comment
};

// What a byte can begin or continue.
enum CharClass : std::uint8_t {
  is_space = 1,
  is_ident = 2,  // letters, digits, _, $, and all beyond ASCII
  is_digit = 4,
  is_op = 8,
  is_passed = 16,  // perhaps, with what follows: blanks, comments and their marks
};

inline constexpr std::array<std::uint8_t, 256> char_classes = [] {
  std::array<std::uint8_t, 256> table{};
  for (const char c : {' ', '\t', '\n', '\r', '\f', '\v'}) {
    table[static_cast<unsigned char>(c)] |= is_space | is_passed;
  }
  for (unsigned c = 0; c < 256; ++c) {
    const bool digit = c >= '0' && c <= '9';
    if (digit) table[c] |= is_digit;
    if (digit || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
        c >= 0x80) {
      table[c] |= is_ident;
    }
  }
  for (const char c : std::string_view("!%&*+-/<=>^|~:")) {
    table[static_cast<unsigned char>(c)] |= is_op;
  }
  for (const char c : {'#', '-', '/', '*'}) table[static_cast<unsigned char>(c)] |= is_passed;
  return table;
}();

inline bool in_class(char c, CharClass cls) {
  return (char_classes[static_cast<unsigned char>(c)] & cls) != 0;
}

// In a header because it runs at every token. Hardly one has more than a blank ahead of it.
inline const Token& Lexer::next() {
  const TokenKind previous = token_.kind;
  const char* const previous_end = at_;
  token_.keyword = Keyword::none;
  token_.keyword_class = KeywordClass::none;
  if (at_ != end_ && *at_ == ' ') ++at_;
  if (at_ == end_ || in_class(*at_, is_passed)) return take_behind_blanks(previous, previous_end);
  return take_token(previous, previous_end);
}

template <typename OnComment>
bool Lexer::skip_blanks(OnComment&& comment) {
  for (;;) {
    while (at_ != end_ && in_class(*at_, is_space)) ++at_;
    if (at_ == end_) return !in_code_;
    if (at_close_of_code()) {
      in_code_ = false;
      at_ += 2;
    } else if (at_line_comment()) {
      const char* const from = at_ + (*at_ == '#' ? 1 : 2);
      while (at_ != end_ && *at_ != '\n') ++at_;
      comment(from < at_ ? std::string_view(from, static_cast<std::size_t>(at_ - from))
                         : std::string_view{});
    } else if (at_[0] == '/' && ahead(1) == '*') {
      const auto [kind, marks] = classify_comment();
      if (kind == Comment::unclear) return false;
      const char* const from = at_ + marks;
      if (kind == Comment::code) {
        in_code_ = true;
        at_ = from;
        continue;
      }
      const char* const past = end_of_block_comment(from);
      if (past == nullptr) return false;
      at_ = past;
      const std::string_view text(from, static_cast<std::size_t>(past - 2 - from));
      if (kind == Comment::skipped && text.find("/*") != std::string_view::npos) return false;
      comment(text);
    } else {
      return true;
    }
  }
}

}  // namespace relevo::route::mysql

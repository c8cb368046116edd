#include "proxy/route/postgres/lexer.hpp"

#include <cstddef>
#include <cstring>

namespace relevo::route::postgres {

Lexer::Lexer(std::string_view text, Dialect dialect)
    : end_(text.data() + text.size()), at_(text.data()), dialect_(dialect) {
  if (text.empty()) return;
  if (const void* const nul = std::memchr(text.data(), '\0', text.size())) {
    end_ = static_cast<const char*>(nul);
    cut_ = true;
  }
}

const Token& Lexer::invalid() {
  cut_ = true;
  return take(TokenKind::invalid, end_);
}

const Token& Lexer::take_or_invalid(TokenKind kind, const char* end) {
  return end == nullptr ? invalid() : take(kind, end);
}

const Token& Lexer::take_behind_blanks() {
  if (!skip_blanks([](std::string_view) {})) return invalid();
  if (at_ == end_) return take(cut_ ? TokenKind::invalid : TokenKind::end, end_);
  return take_token();
}

const Token& Lexer::take_token() {
  const char c = *at_;
  if (in_class(c, is_ident_start)) return prefixed_or_word();
  switch (c) {
    case '\'':
      return take_or_invalid(TokenKind::string, end_of_string(at_ + 1, plain_quoting()));
    case '"':
      return take_or_invalid(TokenKind::quoted_identifier, end_of_quoted_identifier(at_ + 1));
    case '$':
      return dollar();
    case '(':
      return one(TokenKind::left_paren);
    case ')':
      return one(TokenKind::right_paren);
    case '[':
      return one(TokenKind::left_bracket);
    case ']':
      return one(TokenKind::right_bracket);
    case ',':
      return one(TokenKind::comma);
    case ';':
      return one(TokenKind::semicolon);
    case '.':
      if (end_ - at_ >= 2 && in_class(at_[1], is_digit)) return number();
      if (end_ - at_ >= 2 && at_[1] == '.') return take(TokenKind::other, at_ + 2);
      return one(TokenKind::dot);
    case ':':
      if (end_ - at_ >= 2 && at_[1] == ':') return take(TokenKind::typecast, at_ + 2);
      return take(TokenKind::other, end_ - at_ >= 2 && at_[1] == '=' ? at_ + 2 : at_ + 1);
    default:
      if (in_class(c, is_digit)) return number();
      return in_class(c, is_op) ? op() : one(TokenKind::other);
  }
}

const char* Lexer::end_of_block_comment(const char* from) const {
  std::size_t depth = 1;
  for (const char* p = from; end_ - p >= 2;) {
    if (p[0] == '*' && p[1] == '/') {
      p += 2;
      if (--depth == 0) return p;
    } else if (p[0] == '/' && p[1] == '*') {
      p += 2;
      ++depth;
    } else {
      ++p;
    }
  }
  return nullptr;
}

// 'a'  -- a comment
//   'b' is one literal, read by the rules of its first part: E'a' <newline>
// 'b\'' goes on behind the escaped quote.
const char* Lexer::continuation(const char* from) const {
  bool newline = false;
  for (const char* p = from; p != end_;) {
    if (*p == '\'') return newline ? p + 1 : nullptr;
    if (in_class(*p, is_space)) {
      newline |= *p == '\n' || *p == '\r';
      ++p;
    } else if (end_ - p >= 2 && p[0] == '-' && p[1] == '-') {
      while (p != end_ && *p != '\n' && *p != '\r') ++p;
    } else {
      return nullptr;
    }
  }
  return nullptr;
}

const char* Lexer::end_of_string(const char* from, Quoting quoting) const {
  for (const char* p = from; p != end_;) {
    if (*p == '\\' && quoting == Quoting::backslash) {
      if (end_ - p < 2) return nullptr;
      p += 2;
    } else if (*p != '\'') {
      ++p;
    } else if (quoting != Quoting::bits && end_ - p >= 2 && p[1] == '\'') {
      p += 2;
    } else if (const char* const more = continuation(p + 1)) {
      p = more;
    } else {
      return p + 1;
    }
  }
  return nullptr;
}

const char* Lexer::end_of_quoted_identifier(const char* from) const {
  for (const char* p = from; p != end_; ++p) {
    if (*p != '"') continue;
    if (end_ - p < 2 || p[1] != '"') return p + 1;
    ++p;
  }
  return nullptr;
}

const Token& Lexer::prefixed_or_word() {
  if (end_ - at_ >= 2 && at_[1] == '\'') {
    const auto literal = [&](Quoting quoting) -> const Token& {
      return take_or_invalid(TokenKind::string, end_of_string(at_ + 2, quoting));
    };
    switch (*at_) {
      case 'e':
      case 'E':
        return literal(Quoting::backslash);
      case 'b':
      case 'B':
      case 'x':
      case 'X':
        return literal(Quoting::bits);
      case 'n':
      case 'N':
        return literal(plain_quoting());
      default:
        break;
    }
  }
  if (end_ - at_ >= 3 && (*at_ == 'u' || *at_ == 'U') && at_[1] == '&') {
    if (at_[2] == '"') {
      return take_or_invalid(TokenKind::unicode_identifier, end_of_quoted_identifier(at_ + 3));
    }
    if (at_[2] == '\'') {
      // The server refuses U&'...' where backslashes escape.
      if (!dialect_.standard_conforming_strings) return invalid();
      return take_or_invalid(TokenKind::string, end_of_string(at_ + 3, Quoting::plain));
    }
  }
  return word();
}

const Token& Lexer::word() {
  const char* p = at_ + 1;
  while (p != end_ && in_class(*p, is_ident_rest)) ++p;
  take(TokenKind::word, p);
  const KeywordMatch match = find_keyword(token_.text);
  token_.keyword = match.keyword;
  token_.keyword_class = match.cls;
  return token_;
}

const Token& Lexer::number() {
  const char* p = at_;
  const auto digits = [&] {
    while (p != end_ && in_class(*p, is_digit)) ++p;
  };
  digits();
  // "1..10" is a number and a range mark.
  if (p != end_ && *p == '.' && !(end_ - p >= 2 && p[1] == '.')) {
    ++p;
    digits();
  }
  if (p != end_ && (*p == 'e' || *p == 'E')) {
    const char* exponent = p + 1;
    if (exponent != end_ && (*exponent == '+' || *exponent == '-')) ++exponent;
    if (exponent != end_ && in_class(*exponent, is_digit)) {
      p = exponent;
      digits();
    }
  }
  return take(TokenKind::number, p);
}

const Token& Lexer::dollar() {
  const char* p = at_ + 1;
  if (p != end_ && in_class(*p, is_digit)) {
    while (p != end_ && in_class(*p, is_digit)) ++p;
    return take(TokenKind::parameter, p);
  }
  if (p != end_ && in_class(*p, is_ident_start)) {
    while (p != end_ && *p != '$' && in_class(*p, is_ident_rest)) ++p;
  }
  if (p == end_ || *p != '$') return one(TokenKind::other);
  ++p;
  // The mark holds no '$' inside, so that failed comparisons do not overlap and
  // the search is linear.
  const std::string_view mark(at_, static_cast<std::size_t>(p - at_));
  const std::string_view rest(p, static_cast<std::size_t>(end_ - p));
  const std::size_t found = rest.find(mark);
  if (found == std::string_view::npos) return invalid();
  return take(TokenKind::dollar_string, p + found + mark.size());
}

const Token& Lexer::op() {
  const char* p = at_ + 1;
  bool special = in_class(*at_, is_special_op);
  while (p != end_ && in_class(*p, is_op)) {
    // A comment may begin inside a run of operator characters.
    if (end_ - p >= 2 && ((p[0] == '/' && p[1] == '*') || (p[0] == '-' && p[1] == '-'))) break;
    special |= in_class(*p, is_special_op);
    ++p;
  }
  // "=-1" is "=" and "-": only an operator with a special character ends in a sign.
  if (!special) {
    while (p - at_ > 1 && (p[-1] == '+' || p[-1] == '-')) --p;
  }
  return take(TokenKind::op, p);
}

}  // namespace relevo::route::postgres

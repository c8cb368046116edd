#include "proxy/route/mysql/lexer.hpp"

#include <algorithm>
#include <cstring>

namespace relevo::route::mysql {
namespace {

// From this MySQL version on MariaDB takes /*!50700 ... */ for somebody else's.
constexpr std::uint32_t mysql_only_from = 50700;
constexpr std::uint32_t mysql_only_up_to = 99999;

bool is_hex_digit(char c) {
  return in_class(c, is_digit) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

Lexer::Lexer(std::string_view text, MysqlDialect dialect)
    : end_(text.data() + text.size()), at_(text.data()), dialect_(dialect) {
  if (text.empty()) return;
  if (const void* const nul = std::memchr(text.data(), '\0', text.size())) {
    end_ = static_cast<const char*>(nul);
    cut_ = true;
  }
}

const Token& Lexer::invalid() {
  cut_ = true;
  in_code_ = false;
  return take(TokenKind::invalid, end_);
}

const Token& Lexer::take_or_invalid(TokenKind kind, const char* end) {
  return end == nullptr ? invalid() : take(kind, end);
}

const Token& Lexer::take_behind_blanks(TokenKind previous, const char* previous_end) {
  if (!skip_blanks([](std::string_view) {})) return invalid();
  if (at_ == end_) return take(cut_ ? TokenKind::invalid : TokenKind::end, end_);
  return take_token(previous, previous_end);
}

const Token& Lexer::take_token(TokenKind previous, const char* previous_end) {
  const char c = *at_;
  if (in_class(c, is_ident)) {
    // Behind a dot everything is a name, whatever it begins with: t.1a, t.x'...'.
    if (previous == TokenKind::dot) return word();
    return in_class(c, is_digit) ? number_or_word() : prefixed_or_word();
  }
  switch (c) {
    case '\'':
      return take_or_invalid(TokenKind::string, end_of_string(at_ + 1, '\''));
    case '"':
      return double_quoted();
    case '`':
      return take_or_invalid(TokenKind::quoted_identifier, end_of_identifier(at_ + 1, '`'));
    case '@':
      return variable();
    case '(':
      return one(TokenKind::left_paren);
    case ')':
      return one(TokenKind::right_paren);
    case ',':
      return one(TokenKind::comma);
    case '?':
      return one(TokenKind::parameter);
    case ';':
      // The server ends its statement here and, with it, the executable comment.
      return in_code_ ? invalid() : one(TokenKind::semicolon);
    case '.': {
      const bool behind_name =
          (previous == TokenKind::word || previous == TokenKind::quoted_identifier) &&
          previous_end == at_;
      if (!behind_name && in_class(ahead(1), is_digit)) return number();
      return one(TokenKind::dot);
    }
    case ':':
      if (ahead(1) == '=') return take(TokenKind::assign, at_ + 2);
      [[fallthrough]];
    default:
      return one(in_class(c, is_op) ? TokenKind::op : TokenKind::other);
  }
}

// '#', or '--' with a blank, a control character or the text's end behind it.
bool Lexer::at_line_comment() const {
  if (*at_ == '#') return true;
  if (*at_ != '-' || ahead(1) != '-') return false;
  const auto behind = static_cast<unsigned char>(ahead(2));
  return behind <= ' ' || behind == 0x7F;
}

Lexer::CommentStart Lexer::classify_comment() const {
  if (ahead(2) == '+') {
    // An optimizer hint. Quoted names in it may hold the closing mark, and not
    // every server reads it as more than a comment.
    const char* const past = end_of_block_comment(at_ + 2);
    if (past == nullptr) return {Comment::plain, 2};
    const std::string_view text(at_, static_cast<std::size_t>(past - at_));
    const bool quotes = text.find_first_of("`'\"") != std::string_view::npos;
    return {quotes ? Comment::unclear : Comment::plain, 2};
  }
  const bool for_mariadb = ahead(2) == 'M' && ahead(3) == '!';
  if (!for_mariadb && ahead(2) != '!') return {Comment::plain, 2};
  if (for_mariadb) {
    if (dialect_.server == MysqlServer::mysql) return {Comment::plain, 2};
    if (dialect_.server == MysqlServer::unknown) return {Comment::unclear, 4};
  }
  std::size_t marks = for_mariadb ? 4 : 3;
  std::uint32_t version = 0;
  std::size_t digits = 0;
  for (; digits < 6 && in_class(ahead(marks + digits), is_digit); ++digits) {
    version = version * 10 + static_cast<std::uint32_t>(at_[marks + digits] - '0');
  }
  if (digits < 5) return {Comment::code, marks};  // not a version: part of the code
  marks += digits;
  const bool everywhere = digits == 5 && version < mysql_only_from;
  if (everywhere) return {Comment::code, marks};
  switch (dialect_.server) {
    case MysqlServer::unknown:
      break;
    case MysqlServer::mysql:
      // Older servers read five digits and take the sixth for code.
      if (digits == 6 || dialect_.version == 0) break;
      return {version <= dialect_.version ? Comment::code : Comment::skipped, marks};
    case MysqlServer::mariadb:
      if (!for_mariadb && version >= mysql_only_from && version <= mysql_only_up_to) {
        return {Comment::skipped, marks};
      }
      if (digits == 5) return {Comment::code, marks};  // older than any MariaDB 10
      if (dialect_.version == 0) break;
      return {version <= dialect_.version ? Comment::code : Comment::skipped, marks};
  }
  return {Comment::unclear, marks};
}

const char* Lexer::end_of_block_comment(const char* from) const {
  const std::string_view rest(from, static_cast<std::size_t>(end_ - from));
  const std::size_t found = rest.find("*/");
  return found == std::string_view::npos ? nullptr : from + found + 2;
}

const char* Lexer::end_of_string(const char* from, char quote) const {
  for (const char* p = from; p != end_;) {
    if (*p == '\\' && !dialect_.no_backslash_escapes) {
      if (end_ - p < 2) return nullptr;
      p += 2;
    } else if (*p != quote) {
      ++p;
    } else if (end_ - p >= 2 && p[1] == quote) {
      p += 2;
    } else {
      return p + 1;
    }
  }
  return nullptr;
}

const char* Lexer::end_of_identifier(const char* from, char quote) const {
  for (const char* p = from; p != end_; ++p) {
    if (*p != quote) continue;
    if (end_ - p < 2 || p[1] != quote) return p + 1;
    ++p;
  }
  return nullptr;
}

const Token& Lexer::double_quoted() {
  if (dialect_.ansi_quotes) {
    return take_or_invalid(TokenKind::quoted_identifier, end_of_identifier(at_ + 1, '"'));
  }
  return take_or_invalid(TokenKind::string, end_of_string(at_ + 1, '"'));
}

const Token& Lexer::prefixed_or_word() {
  if (ahead(1) == '\'') {
    switch (*at_) {
      case 'n':
      case 'N':
        return take_or_invalid(TokenKind::string, end_of_string(at_ + 2, '\''));
      case 'x':
      case 'X':
        return digits_literal(true);
      case 'b':
      case 'B':
        return digits_literal(false);
      default:
        break;
    }
  }
  return word();
}

// x'6F' and b'01': the server reads on only if nothing else is between the quotes.
const Token& Lexer::digits_literal(bool hexadecimal) {
  const char* p = at_ + 2;
  while (p != end_ && (hexadecimal ? is_hex_digit(*p) : *p == '0' || *p == '1')) ++p;
  if (p == end_ || *p != '\'') return invalid();
  return take(TokenKind::string, p + 1);
}

const Token& Lexer::word() {
  const char* p = at_ + 1;
  while (p != end_ && in_class(*p, is_ident)) ++p;
  take(TokenKind::word, p);
  const KeywordMatch match = find_keyword(token_.text);
  token_.keyword = match.keyword;
  token_.keyword_class = match.cls;
  return token_;
}

// 1, 1.5, 1e3, 0x1F, 0b01 are numbers; 1a and 0xyz are names.
const Token& Lexer::number_or_word() {
  const char* p = at_;
  while (p != end_ && in_class(*p, is_digit)) ++p;
  if (p == end_ || !in_class(*p, is_ident)) return number();
  if (*p == 'e' || *p == 'E') {
    const char sign = end_ - p >= 2 ? p[1] : '\0';
    const char digit = (sign == '+' || sign == '-') && end_ - p >= 3 ? p[2] : sign;
    if (in_class(digit, is_digit)) return number();
  }
  while (p != end_ && in_class(*p, is_ident)) ++p;
  const std::string_view text(at_, static_cast<std::size_t>(p - at_));
  const bool is_number = (text.starts_with("0x") && text.size() > 2 &&
                          std::ranges::all_of(text.substr(2), is_hex_digit)) ||
                         (text.starts_with("0b") && text.size() > 2 &&
                          text.find_first_not_of("01", 2) == std::string_view::npos);
  return take(is_number ? TokenKind::number : TokenKind::word, p);
}

const Token& Lexer::number() {
  const char* p = at_;
  const auto digits = [&] {
    while (p != end_ && in_class(*p, is_digit)) ++p;
  };
  digits();
  if (p != end_ && *p == '.') {
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

const Token& Lexer::variable() {
  const bool system = ahead(1) == '@';
  const char* p = at_ + (system ? 2 : 1);
  const char first = p != end_ ? *p : '\0';
  if (first == '`') {
    const char* const past = end_of_identifier(p + 1, '`');
    return take_or_invalid(system ? TokenKind::system_variable : TokenKind::user_variable, past);
  }
  if (system) {
    while (p != end_ && in_class(*p, is_ident)) ++p;
    return take(TokenKind::system_variable, p);
  }
  if (first == '\'' || first == '"') {
    const bool identifier = first == '"' && dialect_.ansi_quotes;
    return take_or_invalid(TokenKind::user_variable, identifier ? end_of_identifier(p + 1, first)
                                                                : end_of_string(p + 1, first));
  }
  while (p != end_ && (in_class(*p, is_ident) || *p == '.')) ++p;
  return take(TokenKind::user_variable, p);
}

}  // namespace relevo::route::mysql

// What stands ahead of a token, and whether it ends an expression: by that alone the
// scan of a query tells a call from an alias, an operator or a keyword's construct.
//
// In a header because it runs at every token.
#pragma once

#include <cstdint>

#include "proxy/route/postgres/reader.hpp"

namespace relevo::route::postgres {

// What stands ahead of a token, as far as it decides what the token is. One word,
// because it is copied at every token; what few tokens ask is found out when they ask.
class Ahead {
 public:
  Ahead() = default;  // nothing: the query begins here
  explicit Ahead(const Token& token)
      : bits_(static_cast<std::uint32_t>(token.kind) |
              static_cast<std::uint32_t>(token.keyword) << 8 |
              static_cast<std::uint32_t>(token.keyword_class) << 16) {}

  // What is ahead of the word makes it a name, whatever word it is.
  void set_label() { bits_ |= label_bit; }
  // An unreserved word stands where the grammar has an expression follow.
  void set_leading() { bits_ |= leading_bit; }
  // Of a ')': what is within ends an expression, or is an item of a FROM list.
  void set_parenthesis(bool operand, bool from_item) {
    bits_ |= (operand ? operand_bit : 0) | (from_item ? from_item_bit : 0);
  }

  bool is(TokenKind kind) const { return this->kind() == kind; }
  bool is(Keyword k) const { return keyword() == k; }
  // As the keyword that it is, and no label: `.as`, `AS as`, `::is` are none.
  bool is_keyword(Keyword k) const { return is(k) && (bits_ & label_bit) == 0; }
  TokenKind kind() const { return static_cast<TokenKind>(bits_ & 0xFF); }
  Keyword keyword() const { return static_cast<Keyword>((bits_ >> 8) & 0xFF); }
  bool is_name() const {
    return is(TokenKind::word) || is(TokenKind::quoted_identifier) ||
           is(TokenKind::unicode_identifier);
  }
  // Ends an expression: what follows can't begin one.
  bool operand() const;
  // ')' of something in a FROM list: an alias may follow.
  bool from_item() const { return (bits_ & from_item_bit) != 0; }
  bool reserved() const { return keyword_class() == KeywordClass::reserved; }

 private:
  KeywordClass keyword_class() const { return static_cast<KeywordClass>((bits_ >> 16) & 0xFF); }

  static constexpr std::uint32_t operand_bit = 1U << 24;
  static constexpr std::uint32_t from_item_bit = 1U << 25;
  static constexpr std::uint32_t leading_bit = 1U << 26;
  static constexpr std::uint32_t label_bit = 1U << 27;
  static_assert(static_cast<int>(TokenKind::end) == 0, "bits of 0 mean nothing ahead");
  std::uint32_t bits_ = 0;
};

inline bool Ahead::operand() const {
  switch (kind()) {
    case TokenKind::quoted_identifier:
    case TokenKind::unicode_identifier:
    case TokenKind::string:
    case TokenKind::dollar_string:
    case TokenKind::number:
    case TokenKind::parameter:
    case TokenKind::right_bracket:
      return true;
    case TokenKind::right_paren:
      return (bits_ & operand_bit) != 0;
    case TokenKind::word:
      break;
    default:
      return false;
  }
  switch (keyword_class()) {
    case KeywordClass::none:
      return true;
    case KeywordClass::unreserved:
      return (bits_ & leading_bit) == 0;
    case KeywordClass::reserved:
      return is(Keyword::end_) || is(Keyword::null_) || is(Keyword::true_) || is(Keyword::false_);
    default:
      return false;
  }
}

// Whether an unreserved word stands where the grammar has an expression follow,
// told from a table or a column of that name.
inline bool leads_expression(const Token& token, const Ahead& ahead) {
  switch (token.keyword) {
    case Keyword::by_:
      return true;
    case Keyword::leading:
    case Keyword::escape_:
    case Keyword::first_:
    case Keyword::next_:
    case Keyword::zone_:
      return !ahead.is(TokenKind::dot) && !ahead.is(Keyword::join_) &&
             (!ahead.reserved() || ahead.is(Keyword::asc_) || ahead.is(Keyword::desc_) ||
              ahead.is(Keyword::fetch_));
    default:
      return false;
  }
}

}  // namespace relevo::route::postgres

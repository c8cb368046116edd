// What stands ahead of a token, and whether it ends an expression: by that alone the
// scan of a query tells a call from an alias, an operator or a keyword's construct.
//
// In a header because it runs at every token.
#pragma once

#include <cstdint>

#include "proxy/route/postgres/reader.hpp"

namespace relevo::route::postgres {

// What stands ahead of a token, as far as it decides what the token is. One
// word, because it is copied at every token.
class Ahead {
 public:
  Ahead() = default;  // nothing: the query begins here
  // `label`: what is ahead of the token makes it a name, whatever word it is.
  Ahead(const Token& token, bool operand, bool from_item, bool label)
      : bits_(static_cast<std::uint32_t>(token.kind) |
              static_cast<std::uint32_t>(token.keyword) << 8 | (operand ? operand_bit : 0) |
              (from_item ? from_item_bit : 0) | (label ? label_bit : 0) |
              (token.keyword_class == KeywordClass::reserved ? reserved_bit : 0)) {}

  bool is(TokenKind kind) const { return (bits_ & 0xFF) == static_cast<std::uint32_t>(kind); }
  bool is(Keyword k) const { return ((bits_ >> 8) & 0xFF) == static_cast<std::uint32_t>(k); }
  // As the keyword that it is, and no label: `.as`, `AS as`, `::is` are none.
  bool is_keyword(Keyword k) const { return is(k) && (bits_ & label_bit) == 0; }
  Keyword keyword() const { return static_cast<Keyword>((bits_ >> 8) & 0xFF); }
  bool is_name() const {
    return is(TokenKind::word) || is(TokenKind::quoted_identifier) ||
           is(TokenKind::unicode_identifier);
  }
  // Ends an expression: what follows can't begin one.
  bool operand() const { return (bits_ & operand_bit) != 0; }
  // ')' of something in a FROM list: an alias may follow.
  bool from_item() const { return (bits_ & from_item_bit) != 0; }
  bool reserved() const { return (bits_ & reserved_bit) != 0; }

 private:
  static constexpr std::uint32_t operand_bit = 1U << 16;
  static constexpr std::uint32_t from_item_bit = 1U << 17;
  static constexpr std::uint32_t reserved_bit = 1U << 18;
  static constexpr std::uint32_t label_bit = 1U << 19;
  static_assert(static_cast<int>(TokenKind::end) == 0, "bits of 0 mean nothing ahead");
  std::uint32_t bits_ = 0;
};

constexpr std::uint32_t kind_bit(TokenKind kind) { return 1U << static_cast<unsigned>(kind); }

// Kinds by mask and not by switch: this runs at every token, and no branch
// predictor knows what comes next in SQL.
inline constexpr std::uint32_t operand_kinds =
    kind_bit(TokenKind::quoted_identifier) | kind_bit(TokenKind::unicode_identifier) |
    kind_bit(TokenKind::string) | kind_bit(TokenKind::dollar_string) | kind_bit(TokenKind::number) |
    kind_bit(TokenKind::parameter) | kind_bit(TokenKind::right_bracket);

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

inline bool is_operand(const Token& token, const Ahead& ahead) {
  if (token.kind != TokenKind::word) return (operand_kinds & kind_bit(token.kind)) != 0;
  switch (token.keyword_class) {
    case KeywordClass::none:
      return true;
    case KeywordClass::unreserved:
      return token.is(Keyword::none) || !leads_expression(token, ahead);
    case KeywordClass::reserved:
      return token.is(Keyword::end_) || token.is(Keyword::null_) || token.is(Keyword::true_) ||
             token.is(Keyword::false_);
    default:
      return false;
  }
}

}  // namespace relevo::route::postgres

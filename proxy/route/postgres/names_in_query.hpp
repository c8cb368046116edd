// Names of a statement in the catalogue's spelling, to be looked up there.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "proxy/route/postgres/catalog.hpp"
#include "proxy/route/postgres/lexer.hpp"

namespace relevo::route::postgres {

class SpelledName {
 public:
  // False for a name that cannot be compared: one that the server would cut, that
  // has to be decoded, or in other letters than ASCII where encodings differ.
  bool spell(const Naming& naming, TokenKind kind, std::string_view text);
  std::string_view text() const { return text_; }

 private:
  static constexpr std::size_t bytes_max = 63;  // NAMEDATALEN - 1
  std::array<char, bytes_max> folded_;
  std::string_view text_;
};

// The names that WITH lists of one statement define.
class CteNames {
 public:
  struct Name {
    TokenKind kind = TokenKind::end;
    std::string_view text;
  };
  void add(Name name) {
    if (count_ < names_.size()) names_[count_++] = name;
  }
  bool contains(const Naming& naming, std::string_view spelled) const;

 private:
  // Of more than these the rest pass for tables that nobody knows.
  std::array<Name, 16> names_;
  std::size_t count_ = 0;
};

}  // namespace relevo::route::postgres

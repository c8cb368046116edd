#include "proxy/route/postgres/names_in_query.hpp"

#include "proxy/route/names.hpp"
#include "proxy/route/verdict.hpp"

namespace relevo::route::postgres {

bool SpelledName::spell(const Naming& naming, TokenKind kind, std::string_view text) {
  if (kind == TokenKind::quoted_identifier) {
    if (text.size() < 3) return false;
    text = text.substr(1, text.size() - 2);
    if (text.size() > bytes_max || text.find('"') != std::string_view::npos) return false;
    if (!naming.utf8 && has_multibyte(text)) return false;
    text_ = text;
    return true;
  }
  if (kind != TokenKind::word || text.size() > bytes_max) return false;
  unsigned char all = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    all |= static_cast<unsigned char>(text[i]);
    folded_[i] = to_lower(text[i]);
  }
  if (all >= 0x80 && !naming.utf8) return false;
  text_ = {folded_.data(), text.size()};
  return true;
}

bool CteNames::contains(const Naming& naming, std::string_view spelled) const {
  for (std::size_t i = 0; i < count_; ++i) {
    SpelledName name;
    if (name.spell(naming, names_[i].kind, names_[i].text) && name.text() == spelled) return true;
  }
  return false;
}

}  // namespace relevo::route::postgres

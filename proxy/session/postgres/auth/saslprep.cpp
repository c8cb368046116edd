#include "proxy/session/postgres/auth/saslprep.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <tuple>
#include <vector>

namespace relevo::session::postgres {
namespace {

struct Range {
  char32_t first, last;
};
struct CombiningClass {
  char32_t code;
  std::uint8_t value;
};
struct Decomposition {
  char32_t code;
  std::uint16_t at;
  std::uint8_t size;
};
struct Composition {
  char32_t first, second, composed;
};

#include "proxy/session/postgres/auth/unicode_tables.inc"

template <std::size_t Size>
bool contains(const Range (&table)[Size], char32_t code) {
  const auto* range = std::lower_bound(std::begin(table), std::end(table), code,
                                       [](const Range& r, char32_t c) { return r.last < c; });
  return range != std::end(table) && range->first <= code;
}

// The entry for `code` of a table that is sorted by it, or null.
template <typename Entry, std::size_t Size>
const Entry* find(const Entry (&table)[Size], char32_t code) {
  const auto* entry = std::lower_bound(std::begin(table), std::end(table), code,
                                       [](const Entry& e, char32_t c) { return e.code < c; });
  return entry != std::end(table) && entry->code == code ? entry : nullptr;
}

// Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing past U+10FFFF.
std::optional<std::u32string> from_utf8(std::string_view text) {
  std::u32string codes;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t size = lead < 0x80             ? 1
                             : (lead & 0xe0) == 0xc0 ? 2
                             : (lead & 0xf0) == 0xe0 ? 3
                             : (lead & 0xf8) == 0xf0 ? 4
                                                     : 0;
    if (size == 0 || text.size() - at < size) return std::nullopt;
    char32_t code = size == 1 ? lead : lead & (0x7fU >> size);
    for (std::size_t i = 1; i < size; ++i) {
      const auto next = static_cast<unsigned char>(text[at + i]);
      if ((next & 0xc0) != 0x80) return std::nullopt;
      code = (code << 6) | (next & 0x3f);
    }
    constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < smallest[size] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
      return std::nullopt;
    }
    codes += code;
    at += size;
  }
  return codes;
}

std::string to_utf8(std::u32string_view codes) {
  std::string text;
  const auto tail = [&](char32_t bits) { text += static_cast<char>(0x80 | (bits & 0x3f)); };
  for (const char32_t code : codes) {
    if (code < 0x80) {
      text += static_cast<char>(code);
    } else if (code < 0x800) {
      text += static_cast<char>(0xc0 | (code >> 6));
      tail(code);
    } else if (code < 0x10000) {
      text += static_cast<char>(0xe0 | (code >> 12));
      tail(code >> 6);
      tail(code);
    } else {
      text += static_cast<char>(0xf0 | (code >> 18));
      tail(code >> 12);
      tail(code >> 6);
      tail(code);
    }
  }
  return text;
}

// Hangul syllables are (de)composed by arithmetic: Unicode standard, section 3.12.
constexpr char32_t syllable_base = 0xac00, lead_base = 0x1100, vowel_base = 0x1161,
                   trail_base = 0x11a7;
constexpr char32_t leads = 19, vowels = 21, trails = 28, syllables = leads * vowels * trails;

std::uint8_t combining_class(char32_t code) {
  const CombiningClass* entry = find(combining_classes, code);
  return entry == nullptr ? std::uint8_t{0} : entry->value;
}

std::u32string decompose(std::u32string_view codes) {
  std::u32string result;
  for (const char32_t code : codes) {
    if (code >= syllable_base && code < syllable_base + syllables) {
      const char32_t index = code - syllable_base;
      result += lead_base + index / (vowels * trails);
      result += vowel_base + index % (vowels * trails) / trails;
      if (index % trails != 0) result += trail_base + index % trails;
    } else if (const Decomposition* entry = find(decompositions, code)) {
      result.append(decomposition_text + entry->at, entry->size);
    } else {
      result += code;
    }
  }
  // Canonical order: runs of combining marks sorted by class, equal ones as they came.
  const auto is_mark = [](char32_t code) { return combining_class(code) != 0; };
  for (auto at = result.begin(); at != result.end();) {
    const auto run = std::find_if(at, result.end(), is_mark);
    const auto end = std::find_if_not(run, result.end(), is_mark);
    std::vector<std::tuple<std::uint8_t, std::size_t, char32_t>> marks;  // class, place, mark
    for (auto mark = run; mark != end; ++mark) {
      marks.emplace_back(combining_class(*mark), marks.size(), *mark);
    }
    std::sort(marks.begin(), marks.end());
    std::transform(marks.begin(), marks.end(), run, [](const auto& m) { return std::get<2>(m); });
    at = end;
  }
  return result;
}

std::optional<char32_t> compose(char32_t a, char32_t b) {
  if (a >= lead_base && a < lead_base + leads && b >= vowel_base && b < vowel_base + vowels) {
    return syllable_base + ((a - lead_base) * vowels + (b - vowel_base)) * trails;
  }
  if (a >= syllable_base && a < syllable_base + syllables && (a - syllable_base) % trails == 0 &&
      b > trail_base && b < trail_base + trails) {
    return a + (b - trail_base);
  }
  const auto* entry =
      std::lower_bound(std::begin(compositions), std::end(compositions), Composition{a, b, 0},
                       [](const Composition& x, const Composition& y) {
                         return x.first != y.first ? x.first < y.first : x.second < y.second;
                       });
  if (entry == std::end(compositions) || entry->first != a || entry->second != b) {
    return std::nullopt;
  }
  return entry->composed;
}

std::u32string normalize_nfkc(std::u32string_view codes) {
  std::u32string result;
  std::optional<std::size_t> starter;  // where the last one stands in the result
  int last_class = -1;                 // of what follows the starter; -1: nothing does
  for (const char32_t code : decompose(codes)) {
    const int own_class = combining_class(code);
    if (starter && last_class < own_class) {
      if (const auto composed = compose(result[*starter], code)) {
        result[*starter] = *composed;
        continue;
      }
    }
    if (own_class == 0) {
      starter = result.size();
      last_class = -1;
    } else {
      last_class = own_class;
    }
    result += code;
  }
  return result;
}

bool directions_agree(std::u32string_view codes) {
  const auto rtl = [](char32_t code) { return contains(right_to_left, code); };
  const auto ltr = [](char32_t code) { return contains(left_to_right, code); };
  if (std::none_of(codes.begin(), codes.end(), rtl)) return true;
  return std::none_of(codes.begin(), codes.end(), ltr) && rtl(codes.front()) && rtl(codes.back());
}

}  // namespace

std::string saslprep(std::string_view password) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  const std::string raw(password);
  if (std::all_of(raw.begin(), raw.end(), is_ascii)) return raw;
  const auto codes = from_utf8(password);
  if (!codes) return raw;

  std::u32string mapped;
  for (const char32_t code : *codes) {
    if (contains(non_ascii_spaces, code)) {
      mapped += U' ';
    } else if (!contains(mapped_to_nothing, code)) {
      mapped += code;
    }
  }
  const auto forbidden = [](char32_t code) { return contains(prohibited_or_unassigned, code); };
  if (mapped.empty() || std::any_of(mapped.begin(), mapped.end(), forbidden) ||
      !directions_agree(mapped)) {
    return raw;
  }
  return to_utf8(normalize_nfkc(mapped));
}

}  // namespace relevo::session::postgres

#include "proxy/session/postgres/text_key.hpp"

#include <algorithm>

#include "proxy/route/keyword_table.hpp"

namespace relevo::session::postgres {
namespace {

constexpr char mark = '\x01';
constexpr std::ptrdiff_t digits_max = 9;

enum class Kind : std::uint8_t { plain, letter, digit, pair, end, refused };

// `pair`: begins a comment when its partner follows. What is refused quotes, escapes,
// may be part of a name in another encoding, or is not to be printed.
constexpr auto kinds = [] {
  std::array<Kind, 256> table{};
  table.fill(Kind::refused);
  for (int c = ' '; c < 127; ++c) table[static_cast<std::size_t>(c)] = Kind::plain;
  for (const char c : {'\t', '\n', '\r', '\f'}) table[static_cast<std::size_t>(c)] = Kind::plain;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = Kind::letter;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = Kind::letter;
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = Kind::digit;
  for (const char c : {'\'', '"', '$', '\\', '`'}) {
    table[static_cast<std::size_t>(c)] = Kind::refused;
  }
  table['_'] = Kind::letter;
  table['-'] = table['/'] = Kind::pair;
  table[';'] = Kind::end;
  return table;
}();

Kind kind_of(char c) { return kinds[static_cast<unsigned char>(c)]; }

bool touches(char c) { return c == '.' || kind_of(c) == Kind::letter; }

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Whether it begins with one of the words whose statements mean the same for all integers.
bool begins_as_it_may(std::string_view sql) {
  constexpr std::size_t size = 6;
  const char* first = sql.data();
  const char* const end = first + sql.size();
  while (first != end && is_space(*first)) ++first;
  if (end - first <= static_cast<std::ptrdiff_t>(size)) return false;
  const Kind next = kind_of(first[size]);
  if (next == Kind::letter || next == Kind::digit) return false;
  const std::uint64_t word = route::pack_word(first, size);
  return word == route::pack_slowly("select") || word == route::pack_slowly("insert") ||
         word == route::pack_slowly("update") || word == route::pack_slowly("delete");
}

}  // namespace

TextKey::TextKey(std::string_view sql) : sql_(sql) {
  shaped_ = shape();
  if (!shaped_) integer_count_ = 0;
}

// Looks for integers and for what forbids it. Pointers stay in registers: nothing is
// written on the way.
bool TextKey::shape() {
  if (!begins_as_it_may(sql_)) return false;
  const char* const begin = sql_.data();
  const char* const end = begin + sql_.size();
  const char* at = begin;
  while (true) {
    while (at != end && kind_of(*at) <= Kind::letter) ++at;
    if (at == end) break;
    switch (kind_of(*at)) {
      case Kind::digit: {
        const char* const from = at;
        while (at != end && kind_of(*at) == Kind::digit) ++at;
        // What is looked at begins with a letter or a blank.
        const bool touched = touches(from[-1]) || (at != end && touches(*at));
        if (!touched && at - from <= digits_max && integer_count_ < integers_max) {
          integers_[integer_count_++] = {static_cast<std::uint16_t>(from - begin),
                                         static_cast<std::uint16_t>(at - from - 1)};
        }
        continue;
      }
      case Kind::pair:
        if (end - at > 1 && at[1] == (*at == '-' ? '-' : '*')) return false;
        break;
      case Kind::end:
        if (!std::all_of(at + 1, end, is_space)) return false;
        break;
      default:
        return false;
    }
    ++at;
  }
  if (integer_count_ == 0) return false;
  leave_integers_out();
  return true;
}

void TextKey::leave_integers_out() {
  char* out = shape_.data();
  std::size_t from = 0;
  for (std::size_t i = 0; i < integer_count_; ++i) {
    out += sql_.substr(from, integers_[i].at - from).copy(out, text_bytes_max);
    *out++ = mark;
    from = integers_[i].at + integers_[i].cut + std::size_t{1};
  }
  out += sql_.substr(from).copy(out, text_bytes_max);
  size_ = static_cast<std::uint16_t>(out - shape_.data());
}

std::size_t TextKey::in_key(std::size_t in_text) const {
  std::size_t cut = 0;
  for (std::size_t i = 0; i < integer_count_ && integers_[i].at < in_text; ++i) {
    cut += integers_[i].cut;
  }
  return in_text - cut;
}

std::size_t TextKey::in_text(std::size_t in_key) const {
  std::size_t cut = 0;
  for (std::size_t i = 0; i < integer_count_ && integers_[i].at - cut < in_key; ++i) {
    cut += integers_[i].cut;
  }
  return in_key + cut;
}

}  // namespace relevo::session::postgres

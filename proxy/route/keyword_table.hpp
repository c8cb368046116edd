// A set of keywords that is looked up without case: built when the program is
// compiled, for each database's own list.
//
// Lookup folds ASCII case (never by locale, like the servers) and compares
// whole machine words; a word that is no keyword usually costs one load.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace relevo::route {

// `| 0x20` lowers ASCII letters; of the other bytes that occur in identifiers
// it maps no two ASCII ones together.
inline constexpr std::uint64_t fold_mask = 0x2020202020202020ULL;

constexpr std::uint64_t pack_slowly(std::string_view text) {
  std::uint64_t packed = 0;
  for (std::size_t i = 0; i < text.size() && i < 8; ++i) {
    packed |= std::uint64_t{static_cast<unsigned char>(text[i] | 0x20)} << (8 * i);
  }
  return packed;
}

template <typename Word>
std::uint64_t load_word(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// As pack_slowly, in two loads that overlap.
inline std::uint64_t pack_word(const char* text, std::size_t size) {
  if constexpr (std::endian::native != std::endian::little) return pack_slowly({text, size});
  if (size >= 8) return load_word<std::uint64_t>(text) | fold_mask;
  if (size >= 4) {
    return (load_word<std::uint32_t>(text) | load_word<std::uint32_t>(text + size - 4)
                                                 << (8 * (size - 4))) |
           (fold_mask >> (8 * (8 - size)));
  }
  if (size >= 2) {
    return (load_word<std::uint16_t>(text) | load_word<std::uint16_t>(text + size - 2)
                                                 << (8 * (size - 2))) |
           (fold_mask >> (8 * (8 - size)));
  }
  return size == 0 ? 0 : static_cast<unsigned char>(*text | 0x20);
}

template <typename Keyword, typename Class>
struct ListedKeyword {
  std::string_view word;  // in lower case, 2 to 24 bytes
  Keyword keyword;
  Class cls;
};

template <typename Keyword, typename Class>
struct KeywordMatch {
  Keyword keyword{};
  Class cls{};
};

template <typename Keyword, typename Class, std::size_t count>
class KeywordTable {
 public:
  using Listed = ListedKeyword<Keyword, Class>;

  constexpr explicit KeywordTable(const std::array<Listed, count>& listed) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view word = listed[i].word;
      Entry& entry = entries_[i + 1];
      entry.first = pack_slowly(word);
      entry.second = word.size() > 8 ? pack_slowly(word.substr(8)) : 0;
      entry.third = word.size() > 16 ? pack_slowly(word.substr(16)) : 0;
      entry.size = static_cast<std::uint8_t>(word.size());
      entry.keyword = listed[i].keyword;
      entry.cls = listed[i].cls;
      if (word.size() > longest_) longest_ = word.size();
      std::size_t slot = slot_of(entry.first, entry.second, word.size());
      while (index_[slot] != 0) slot = (slot + 1) % slots;
      index_[slot] = static_cast<std::uint16_t>(i + 1);
    }
  }

  KeywordMatch<Keyword, Class> find(std::string_view word) const {
    if (word.size() < 2 || word.size() > longest_) return {};
    const char* const text = word.data();
    const std::size_t size = word.size();
    const std::uint64_t first = pack_word(text, size);
    const std::uint64_t second = size > 8 ? pack_word(text + 8, size - 8) : 0;
    for (std::size_t slot = slot_of(first, second, size); index_[slot] != 0;
         slot = (slot + 1) % slots) {
      const Entry& entry = entries_[index_[slot]];
      if (entry.first == first && entry.second == second && entry.size == size &&
          (size <= 16 || entry.third == pack_word(text + 16, size - 16))) {
        return {entry.keyword, entry.cls};
      }
    }
    return {};
  }

 private:
  struct Entry {
    std::uint64_t first, second, third;  // bytes 0-7, 8-15 and 16-23, folded
    std::uint8_t size;
    Keyword keyword;
    Class cls;
  };

  static constexpr unsigned index_bits = 10;
  static constexpr std::size_t slots = std::size_t{1} << index_bits;
  static_assert(count < slots / 2, "a full index is slow, and without an empty slot endless");

  static constexpr std::size_t slot_of(std::uint64_t first, std::uint64_t second,
                                       std::size_t size) {
    const std::uint64_t mixed =
        (first ^ std::rotl(second, 23) ^ size) * std::uint64_t{0x9E3779B97F4A7C15ULL};
    return mixed >> (64 - index_bits);
  }

  std::array<Entry, count + 1> entries_{};    // [0] is unused
  std::array<std::uint16_t, slots> index_{};  // 0: empty
  std::size_t longest_ = 0;
};

}  // namespace relevo::route

// A set of one-bit flags that travels as a number. The enum names the bits; bits
// without a name are kept as they came, so that a relay passes them on.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

namespace relevo::wire::mysql {

template <typename Flag>
class Flags {
 public:
  using Word = std::underlying_type_t<Flag>;

  constexpr Flags() = default;
  constexpr Flags(Flag flag) : word_(static_cast<Word>(flag)) {}  // a flag is a set of one
  static constexpr Flags from_word(Word word) {
    Flags flags;
    flags.word_ = word;
    return flags;
  }

  constexpr Word word() const { return word_; }
  constexpr bool has(Flag flag) const { return (word_ & static_cast<Word>(flag)) != 0; }
  constexpr bool has_all(Flags flags) const { return (word_ & flags.word_) == flags.word_; }
  constexpr bool empty() const { return word_ == 0; }

  constexpr Flags with(Flags flags) const { return from_word(word_ | flags.word_); }
  constexpr Flags without(Flags flags) const {
    return from_word(static_cast<Word>(word_ & static_cast<Word>(~flags.word_)));
  }
  constexpr Flags common_with(Flags flags) const { return from_word(word_ & flags.word_); }
  constexpr bool operator==(const Flags&) const = default;

 private:
  Word word_ = 0;
};

// For the enums that say so (is_flag), A | B is the set of both.
template <typename Flag>
inline constexpr bool is_flag = false;

template <typename Flag>
  requires is_flag<Flag>
constexpr Flags<Flag> operator|(Flag a, Flag b) {
  return Flags<Flag>(a).with(b);
}
template <typename Flag>
constexpr Flags<Flag> operator|(Flags<Flag> a, std::type_identity_t<Flags<Flag>> b) {
  return a.with(b);
}

}  // namespace relevo::wire::mysql

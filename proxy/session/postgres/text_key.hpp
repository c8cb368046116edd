// What the meaning of a query's text is remembered by: the text itself, or its shape.
//
// Applications that write values into their texts hardly ever send one twice, but the
// same again and again but for the values. Where that can be seen at a glance, integers
// are left out: which ones they are says nothing of what a SELECT, INSERT, UPDATE or
// DELETE does. At a glance: one statement, printable ASCII without anything that quotes
// or comments, so that a run of digits that touches no letter, `_` or `.` can be nothing
// but an integer literal. Up to nine digits: a longer one may be of another type.
//
// Of everything else the text is the key.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace relevo::session::postgres {

class TextKey {
 public:
  static constexpr std::size_t text_bytes_max = 480;

  // `sql`: at most text_bytes_max bytes; must outlive the key.
  explicit TextKey(std::string_view sql);
  TextKey(const TextKey&) = delete;
  TextKey& operator=(const TextKey&) = delete;

  // In a shape a control character stands for each integer.
  std::string_view bytes() const { return shaped_ ? std::string_view(shape_.data(), size_) : sql_; }
  bool shaped() const { return shaped_; }

  // From a place in the text to that in the key, and back; between tokens.
  std::size_t in_key(std::size_t in_text) const;
  std::size_t in_text(std::size_t in_key) const;

 private:
  bool shape();
  void leave_integers_out();

  static constexpr std::size_t integers_max = 32;
  struct Integer {
    std::uint16_t at;   // in the text
    std::uint16_t cut;  // bytes that the key lacks
  };

  std::string_view sql_;
  bool shaped_ = false;
  std::uint16_t size_ = 0, integer_count_ = 0;
  std::array<Integer, integers_max> integers_;
  std::array<char, text_bytes_max> shape_;
};

}  // namespace relevo::session::postgres

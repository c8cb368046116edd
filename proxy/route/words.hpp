// The words of a short text that is plain transaction control, or is not looked at
// further. Words stand between blanks; commas and semicolons are words of their own.
#pragma once

#include <algorithm>
#include <string_view>

namespace relevo::route {

class Words {
 public:
  explicit Words(std::string_view text) : left_(text) { advance(); }

  bool ended() const { return now_.empty(); }
  // Passes `word`, given in upper case, if it is the next one in whichever case.
  bool accept(std::string_view word) {
    const bool same = std::equal(now_.begin(), now_.end(), word.begin(), word.end(),
                                 [](char a, char b) { return to_upper(a) == b; });
    if (same) advance();
    return same;
  }
  // At the text's end, but for a semicolon.
  bool at_end() {
    accept(";");
    return ended();
  }

 private:
  static char to_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

  void advance() {
    left_.remove_prefix(std::min(left_.find_first_not_of(" \t\n\r\f\v"), left_.size()));
    std::size_t bytes = std::min(left_.find_first_of(" \t\n\r\f\v,;"), left_.size());
    if (bytes == 0 && !left_.empty()) bytes = 1;
    now_ = left_.substr(0, bytes);
    left_.remove_prefix(bytes);
  }

  std::string_view left_, now_;
};

}  // namespace relevo::route

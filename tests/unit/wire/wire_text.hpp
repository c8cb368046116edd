// Bytes as a test wants to read them: wire("'R' 00000008 00000000") is the type
// byte and two words. Text between quotes stands for itself, the rest is hex,
// blanks separate.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include "proxy/wire/bytes.hpp"
#include "topology/model/check.hpp"

namespace relevo::test {

inline std::string wire(std::string_view source) {
  const auto digit = [](char c) {
    const std::size_t value = std::string_view("0123456789abcdef").find(c);
    RELEVO_CHECK(value != std::string_view::npos);
    return static_cast<int>(value);
  };
  std::string bytes;
  for (std::size_t i = 0; i < source.size();) {
    if (source[i] == ' ') {
      ++i;
    } else if (source[i] == '\'') {
      const std::size_t end = source.find('\'', i + 1);
      RELEVO_CHECK(end != std::string_view::npos);
      bytes += source.substr(i + 1, end - i - 1);
      i = end + 1;
    } else {
      RELEVO_CHECK(i + 1 < source.size());
      bytes += static_cast<char>(digit(source[i]) * 16 + digit(source[i + 1]));
      i += 2;
    }
  }
  return bytes;
}

// An exact heap copy, so that AddressSanitizer sees any read past the end.
class HeapBytes {
 public:
  explicit HeapBytes(std::string_view text)
      : size_(text.size()), data_(new std::byte[text.size()]) {
    text.copy(reinterpret_cast<char*>(data_), size_);
  }
  ~HeapBytes() { delete[] data_; }
  HeapBytes(const HeapBytes&) = delete;
  HeapBytes& operator=(const HeapBytes&) = delete;
  operator wire::Bytes() const { return {data_, size_}; }

 private:
  std::size_t size_;
  std::byte* data_;
};

}  // namespace relevo::test

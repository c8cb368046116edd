// What a scan of a query remembers for each depth of parentheses that it is in.
#pragma once

#include <cstdint>

namespace relevo::route {

// Deeper than this nothing is remembered, and so nothing proven.
inline constexpr unsigned depth_max = 63;

// One bit per depth of parentheses.
class DepthFlag {
 public:
  void set(unsigned depth, bool value) {
    const std::uint64_t bit = std::uint64_t{1} << depth;
    bits_ = value ? bits_ | bit : bits_ & ~bit;
  }
  bool at(unsigned depth) const { return ((bits_ >> depth) & 1) != 0; }

 private:
  std::uint64_t bits_ = 0;
};

}  // namespace relevo::route

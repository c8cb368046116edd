#include "proxy/route/names.hpp"

#include <cstddef>
#include <cstring>

namespace relevo::route {

bool starts_folded(std::string_view name, std::string_view lower) {
  if (name.size() < lower.size()) return false;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    if (to_lower(name[i]) != lower[i]) return false;
  }
  return true;
}

bool contains_name(NameTable by_length, std::string_view name) {
  if (name.empty() || name.size() >= by_length.size()) return false;
  const std::string_view row = by_length[name.size()];
  std::size_t low = 0;
  std::size_t high = row.size() / name.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const int order = std::memcmp(row.data() + middle * name.size(), name.data(), name.size());
    if (order == 0) return true;
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return false;
}

}  // namespace relevo::route

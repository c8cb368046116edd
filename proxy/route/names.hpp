// Names as SQL compares them, without ASCII case, and sorted tables of them.
#pragma once

#include <span>
#include <string_view>

namespace relevo::route {

constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// Whether `name`, any case, begins with `lower`, which is in lower case.
bool starts_folded(std::string_view name, std::string_view lower);

// Whether they are equal. Here, because nearly always their sizes tell.
inline bool equals_folded(std::string_view name, std::string_view lower) {
  return name.size() == lower.size() && starts_folded(name, lower);
}

// Row n of a table holds all its names of n bytes, sorted, without separators:
// an array without pointers. pack_names.awk writes such tables.
using NameTable = std::span<const std::string_view>;
bool contains_name(NameTable by_length, std::string_view name);

}  // namespace relevo::route

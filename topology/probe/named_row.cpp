#include "topology/probe/named_row.hpp"

#include <algorithm>
#include <charconv>

namespace relevo::probe {
namespace {

bool same_word(std::string_view left, std::string_view right) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : int{c}; };
  return left.size() == right.size() &&
         std::equal(left.begin(), left.end(), right.begin(),
                    [&](char a, char b) { return lower(a) == lower(b); });
}

}  // namespace

bool is_truth(std::string_view text) {
  return text == "1" || same_word(text, "ON") || same_word(text, "Yes");
}

// Names of columns are compared without regard to case, as the servers do.
std::optional<std::size_t> NamedRow::index_of(Names names) const {
  for (const std::string_view name : names) {
    for (std::size_t i = 0; i < rows_.columns.size(); ++i) {
      if (same_word(rows_.columns[i], name) && i < rows_.rows[row_].size()) return i;
    }
  }
  return std::nullopt;
}

std::optional<std::string> NamedRow::text(Names names) const {
  const auto index = index_of(names);
  return index ? rows_.rows[row_][*index] : std::nullopt;
}

std::optional<std::uint64_t> NamedRow::number(Names names) const {
  const auto value = text(names);
  if (!value) return std::nullopt;
  std::uint64_t result = 0;
  const char* const end = value->data() + value->size();
  const auto [stop, error] = std::from_chars(value->data(), end, result);
  if (error != std::errc{} || (stop != end && *stop != '.')) return std::nullopt;
  return result;
}

std::optional<double> NamedRow::real(Names names) const {
  const auto value = text(names);
  if (!value) return std::nullopt;
  double result = 0;
  const char* const end = value->data() + value->size();
  const auto [stop, error] = std::from_chars(value->data(), end, result);
  if (error != std::errc{} || stop != end || result < 0) return std::nullopt;
  return result;
}

bool NamedRow::truth(Names names) const {
  const auto value = text(names);
  return value && is_truth(*value);
}

}  // namespace relevo::probe

#include "proxy/route/postgres/functions.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <span>

namespace relevo::route::postgres {
namespace {

#include "proxy/route/postgres/functions_table.inc"

// Rows hold names of one length, so a row is an array without pointers.
bool contains(std::span<const std::string_view> by_length, std::string_view name) {
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

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

constexpr std::size_t name_bytes_max = 63;  // NAMEDATALEN - 1

}  // namespace

FunctionKind find_function(std::string_view name) {
  if (contains(harmless_by_length, name)) return FunctionKind::harmless;
  if (contains(other_by_length, name)) return FunctionKind::shipped;
  return FunctionKind::unknown;
}

FunctionKind find_function_folded(std::string_view name) {
  if (name.size() > name_bytes_max) return FunctionKind::unknown;
  std::array<char, name_bytes_max> folded;
  for (std::size_t i = 0; i < name.size(); ++i) folded[i] = lower(name[i]);
  return find_function({folded.data(), name.size()});
}

bool equals_folded(std::string_view name, std::string_view lower_case) {
  if (name.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (lower(name[i]) != lower_case[i]) return false;
  }
  return true;
}

SessionFunction find_session_function(std::string_view name) {
  if (name.size() >= 2 && name.front() == '"') name = name.substr(1, name.size() - 2);
  switch (name.size()) {
    case 10:
      if (equals_folded(name, "set_config")) return SessionFunction::set_config;
      break;
    case 16:
      if (equals_folded(name, "pg_advisory_lock")) return SessionFunction::advisory_lock;
      break;
    case 20:
      if (equals_folded(name, "pg_try_advisory_lock")) return SessionFunction::advisory_lock;
      break;
    case 22:
      if (equals_folded(name, "pg_advisory_unlock_all")) {
        return SessionFunction::advisory_unlock_all;
      }
      break;
    case 23:
      if (equals_folded(name, "pg_advisory_lock_shared")) return SessionFunction::advisory_lock;
      break;
    case 27:
      if (equals_folded(name, "pg_try_advisory_lock_shared")) return SessionFunction::advisory_lock;
      break;
    default:
      break;
  }
  return SessionFunction::none;
}

}  // namespace relevo::route::postgres

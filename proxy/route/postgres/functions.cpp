#include "proxy/route/postgres/functions.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace relevo::route::postgres {
namespace {

#include "proxy/route/postgres/functions_table.inc"

constexpr std::size_t name_bytes_max = 63;  // NAMEDATALEN - 1

constexpr std::uint32_t letter_bit(char c) { return 1U << (static_cast<unsigned char>(c) & 31U); }

// The first letters of other_by_length, by length: every column behind a dot is
// looked up there, and hardly one is found.
constexpr auto other_first_letters = [] {
  std::array<std::uint32_t, name_bytes_max + 1> letters{};
  for (std::size_t size = 1; size < other_by_length.size(); ++size) {
    const std::string_view row = other_by_length[size];
    for (std::size_t at = 0; at < row.size(); at += size) letters[size] |= letter_bit(row[at]);
  }
  return letters;
}();

}  // namespace

FunctionKind find_function(std::string_view name) {
  if (contains_name(harmless_by_length, name)) return FunctionKind::harmless;
  if (contains_name(other_by_length, name)) return FunctionKind::shipped;
  return FunctionKind::unknown;
}

FunctionKind find_function_folded(std::string_view name) {
  if (name.size() > name_bytes_max) return FunctionKind::unknown;
  std::array<char, name_bytes_max> folded;
  for (std::size_t i = 0; i < name.size(); ++i) folded[i] = to_lower(name[i]);
  return find_function({folded.data(), name.size()});
}

bool called_by_dot(std::string_view name) {
  if (name.size() < 2) return false;
  const bool quoted = name.front() == '"';
  if (quoted) name = name.substr(1, name.size() - 2);
  if (name.empty() || name.size() > name_bytes_max ||
      (other_first_letters[name.size()] & letter_bit(name.front())) == 0) {
    return false;
  }
  // A column's name as well, and its one argument is none that SQL can give.
  if (equals_folded(name, "system")) return false;
  return (quoted ? find_function(name) : find_function_folded(name)) == FunctionKind::shipped;
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

#include "proxy/route/postgres/functions.hpp"

#include <array>
#include <cstddef>

namespace relevo::route::postgres {
namespace {

#include "proxy/route/postgres/functions_table.inc"

constexpr std::size_t name_bytes_max = 63;  // NAMEDATALEN - 1

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

#include "proxy/route/postgres/relations.hpp"

#include <algorithm>
#include <array>

#include "proxy/route/postgres/functions.hpp"

namespace relevo::route::postgres {
namespace {

constexpr std::array<std::string_view, 12> server_views = {
    "pg_backend_memory_contexts",
    "pg_cursors",
    "pg_file_settings",
    "pg_hba_file_rules",
    "pg_ident_file_mappings",
    "pg_locks",
    "pg_prepared_statements",
    "pg_prepared_xacts",
    "pg_replication_origin_status",
    "pg_replication_slots",
    "pg_shmem_allocations",
    "pg_aios",
};

}  // namespace

Locality locality_of(std::string_view identifier) {
  if (!may_be_local(identifier)) return Locality::everywhere;
  if (identifier.front() == '"') identifier = identifier.substr(1, identifier.size() - 2);
  if (equals_folded(identifier, "pg_temp") || starts_folded(identifier, "pg_temp_")) {
    return Locality::session;
  }
  if (starts_folded(identifier, "pg_stat_") || starts_folded(identifier, "pg_statio_")) {
    return Locality::server;
  }
  const bool listed = std::ranges::any_of(
      server_views, [&](std::string_view view) { return equals_folded(identifier, view); });
  return listed ? Locality::server : Locality::everywhere;
}

}  // namespace relevo::route::postgres

#include "proxy/route/mysql/locality.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "proxy/route/mysql/reader.hpp"
#include "topology/model/mysql_catalog.hpp"

namespace relevo::route::mysql {
namespace {

using Names = std::span<const std::string_view>;

bool is_one_of(Names names, std::string_view name) {
  return std::ranges::any_of(names, [&](std::string_view n) { return equals_folded(name, n); });
}

bool begins_with_one_of(Names prefixes, std::string_view name) {
  return std::ranges::any_of(prefixes, [&](std::string_view p) { return starts_folded(name, p); });
}

constexpr std::array<std::string_view, 8> variables = {
    "innodb_read_only",
    "offline_mode",
    "read_only",
    "skip_slave_start",
    "super_read_only",
    // The scopes themselves, where no name follows.
    "global",
    "local",
    "session",
};

constexpr std::array<std::string_view, 10> connection_variables = {
    "error_count",    "identity",         "in_transaction", "insert_id",  "last_gtid",
    "last_insert_id", "pseudo_thread_id", "rand_seed1",     "rand_seed2", "warning_count",
};

constexpr std::array<std::string_view, 9> variable_families = {
    "binlog_snapshot_", "group_replication_", "gtid_", "init_slave",
    "relay_log",        "replica_",           "rpl_",  "slave_",
    "wsrep_",
};

constexpr std::array<std::string_view, 6> tables_of_information = {
    "client_statistics", "processlist",     "profiling",
    "table_statistics",  "user_statistics", "index_statistics",
};

constexpr std::array<std::string_view, 5> families_of_information = {
    "global_", "innodb_", "session_", "thread_pool_", "wsrep_",
};

constexpr std::array<std::string_view, 3> system_tables = {
    "general_log",
    "gtid_executed",
    "slow_log",
};

constexpr std::array<std::string_view, 3> system_table_families = {"gtid_slave_pos", "slave_",
                                                                   "replica_"};

}  // namespace

bool is_replicated_engine(std::string_view name) {
  return is_one_of(model::replicated_engines, name);
}

bool is_local_variable(std::string_view name) {
  return is_one_of(variables, name) || begins_with_one_of(variable_families, name);
}

bool is_connection_variable(std::string_view name) { return is_one_of(connection_variables, name); }

bool is_local_table(std::string_view schema, std::string_view table) {
  const std::string_view name = between_quotes(schema);
  if (equals_folded(name, "performance_schema") || equals_folded(name, "sys")) return true;
  if (equals_folded(name, "information_schema")) {
    return is_one_of(tables_of_information, unquoted(table)) ||
           begins_with_one_of(families_of_information, unquoted(table));
  }
  return equals_folded(name, "mysql") &&
         (is_one_of(system_tables, unquoted(table)) ||
          begins_with_one_of(system_table_families, unquoted(table)));
}

}  // namespace relevo::route::mysql

#include <array>
#include <charconv>

#include "failover/act/doctor/questions.hpp"
#include "failover/act/postgres/sql.hpp"

namespace relevo::act {
namespace {

using client::Rows;
using doctor::ClusterFacts;
using doctor::NodeFacts;

std::string cell(const Rows& rows, std::size_t row, std::size_t column) {
  if (row >= rows.rows.size() || column >= rows.rows[row].size()) return {};
  return rows.rows[row][column].value_or("");
}

std::string identity(const ClusterFacts&, const NodeFacts&) {
  return "SELECT current_setting('server_version'), current_setting('server_version_num'),"
         " pg_is_in_recovery(), quote_ident(current_user)";
}

void read_identity(const Rows& rows, NodeFacts& facts) {
  const std::string version = cell(rows, 0, 0);
  facts.version = version.substr(0, version.find(' '));
  const std::string number = cell(rows, 0, 1);
  std::from_chars(number.data(), number.data() + number.size(), facts.version_number);
  facts.role = cell(rows, 0, 2) == "t" ? model::Role::replica : model::Role::primary;
  facts.account = cell(rows, 0, 3);
}

// What this session was given for itself alone says nothing about the server.
std::string settings(const ClusterFacts&, const NodeFacts&) {
  return "SELECT name, CASE WHEN source IN ('client', 'session') THEN reset_val ELSE setting END,"
         " unit, source, pending_restart FROM pg_catalog.pg_settings WHERE name IN ("
         "'allow_alter_system', 'cluster_name', 'data_checksums', 'default_transaction_read_only',"
         " 'fsync', 'full_page_writes', 'hot_standby', 'hot_standby_feedback', 'max_connections',"
         " 'max_locks_per_transaction', 'max_prepared_transactions', 'max_replication_slots',"
         " 'max_slot_wal_keep_size', 'max_standby_streaming_delay', 'max_wal_senders',"
         " 'max_worker_processes', 'primary_conninfo', 'primary_slot_name',"
         " 'recovery_min_apply_delay', 'recovery_target', 'recovery_target_lsn',"
         " 'recovery_target_name', 'recovery_target_time', 'recovery_target_timeline',"
         " 'recovery_target_xid', 'reserved_connections', 'restart_after_crash',"
         " 'superuser_reserved_connections', 'synchronous_commit', 'synchronous_standby_names',"
         " 'wal_keep_size', 'wal_level', 'wal_log_hints', 'wal_receiver_status_interval',"
         " 'wal_receiver_timeout', 'wal_retrieve_retry_interval', 'wal_sender_timeout')";
}

void read_settings(const Rows& rows, NodeFacts& facts) {
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    facts.settings[cell(rows, i, 0)] = {.value = cell(rows, i, 1),
                                        .unit = cell(rows, i, 2),
                                        .source = cell(rows, i, 3),
                                        .pending_restart = cell(rows, i, 4) == "t"};
  }
}

// One column a privilege, by the name that the checks know it by.
std::string privileges(const ClusterFacts&, const NodeFacts& facts) {
  constexpr std::uint32_t grantable_parameters = 150000, reserved_connections = 160000;
  std::string sql =
      "SELECT own.rolsuper AS superuser, own.rolsuper OR own.rolreplication AS replication,"
      " pg_has_role('pg_read_all_stats', 'USAGE') AS pg_read_all_stats,"
      " pg_has_role('pg_read_all_settings', 'USAGE') AS pg_read_all_settings,"
      " pg_has_role('pg_signal_backend', 'USAGE') AS pg_signal_backend,"
      " pg_has_role('pg_write_server_files', 'USAGE') AS pg_write_server_files,"
      " has_function_privilege('pg_catalog.pg_promote(boolean, integer)', 'EXECUTE')"
      "  AS pg_promote,"
      " has_function_privilege('pg_catalog.pg_reload_conf()', 'EXECUTE') AS pg_reload_conf,"
      " has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')"
      "  AS pg_control_system,"
      " has_function_privilege('pg_catalog.pg_control_checkpoint()', 'EXECUTE')"
      "  AS pg_control_checkpoint,"
      " has_table_privilege('pg_catalog.pg_authid', 'SELECT') AS pg_authid";
  if (facts.version_number >= grantable_parameters) {
    for (const char* name : {"primary_conninfo", "primary_slot_name", "wal_retrieve_retry_interval",
                             "default_transaction_read_only"}) {
      sql += std::string(", has_parameter_privilege('") + name +
             "', 'ALTER SYSTEM') AS \"ALTER SYSTEM " + name + "\"";
    }
  }
  if (facts.version_number >= reserved_connections) {
    sql += ", pg_has_role('pg_use_reserved_connections', 'USAGE') AS pg_use_reserved_connections";
  }
  return sql + " FROM pg_catalog.pg_roles AS own WHERE own.rolname = current_user";
}

void read_privileges(const Rows& rows, NodeFacts& facts) {
  for (std::size_t i = 0; i < rows.columns.size(); ++i) {
    if (!rows.rows.empty()) facts.privileges[rows.columns[i]] = cell(rows, 0, i) == "t";
  }
}

std::string replication_user(const ClusterFacts& cluster, const NodeFacts&) {
  if (cluster.replication_user.empty()) return {};
  return "SELECT rolcanlogin AND (rolreplication OR rolsuper)"
         " AND coalesce(rolvaliduntil > now(), true) FROM pg_catalog.pg_roles WHERE rolname = " +
         postgres::quote_literal(cluster.replication_user);
}

void read_replication_user(const Rows& rows, NodeFacts& facts) {
  facts.replication_user_exists = !rows.rows.empty();
  if (!rows.rows.empty()) facts.replication_user_allowed = cell(rows, 0, 0) == "t";
}

std::string downstreams(const ClusterFacts&, const NodeFacts&) {
  return "SELECT application_name FROM pg_catalog.pg_stat_replication WHERE state = 'streaming'";
}

void read_downstreams(const Rows& rows, NodeFacts& facts) {
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    if (auto name = cell(rows, i, 0); !name.empty()) facts.downstreams.push_back(std::move(name));
  }
}

constexpr auto questions = std::to_array<Question>({
    {identity, read_identity},
    {settings, read_settings},
    {privileges, read_privileges},
    {replication_user, read_replication_user},
    {downstreams, read_downstreams},
});

}  // namespace

std::span<const Question> postgres_questions() { return questions; }

}  // namespace relevo::act

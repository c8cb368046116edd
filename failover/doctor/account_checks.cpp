// Who may do what: the monitor's privileges for all that Relevo sends, the
// replication user, room for connections, and versions.
//
// The privileges are those of the statements in failover/act and topology/probe: who
// adds a statement there adds its privilege here.
#include <algorithm>
#include <array>

#include "failover/doctor/check.hpp"
#include "failover/doctor/grants.hpp"

namespace relevo::doctor {
namespace {

// ---- Privileges, PostgreSQL --------------------------------------------------------

struct PostgresPrivilege {
  std::string_view name;  // as the facts call it
  std::string_view grant;
  Gravity gravity;
  std::string_view without;  // what doesn't work
};

// A refusal of any of these ends a job, or hides what a decision needs.
constexpr auto postgres_privileges = std::to_array<PostgresPrivilege>({
    {"pg_promote", "EXECUTE ON FUNCTION pg_catalog.pg_promote(boolean, integer)", Gravity::error,
     "no replica can be promoted"},
    {"pg_reload_conf", "EXECUTE ON FUNCTION pg_catalog.pg_reload_conf()", Gravity::error,
     "replicas cannot be frozen or repointed, nor a primary fenced"},
    {"ALTER SYSTEM primary_conninfo", "SET, ALTER SYSTEM ON PARAMETER primary_conninfo",
     Gravity::error, "replicas cannot be frozen or repointed"},
    {"ALTER SYSTEM primary_slot_name", "SET, ALTER SYSTEM ON PARAMETER primary_slot_name",
     Gravity::error, "replicas cannot be repointed"},
    {"ALTER SYSTEM wal_retrieve_retry_interval",
     "SET, ALTER SYSTEM ON PARAMETER wal_retrieve_retry_interval", Gravity::error,
     "replicas with more than 100ms cannot be frozen or promoted"},
    {"ALTER SYSTEM default_transaction_read_only",
     "SET, ALTER SYSTEM ON PARAMETER default_transaction_read_only", Gravity::error,
     "a primary cannot be fenced, and a former one not promoted again"},
    {"pg_read_all_stats", "pg_monitor", Gravity::error,
     "receivers' and replicas' details are hidden: a hung primary is never confirmed, and no "
     "repointed replica is seen to stream"},
    {"pg_signal_backend", "pg_signal_backend", Gravity::error,
     "client sessions on a fenced primary cannot be ended, so that a switchover is undone"},
    {"pg_authid", "SELECT ON pg_catalog.pg_authid", Gravity::error,
     "clients cannot log in, as auth.users is not given"},
    {"pg_control_system", "EXECUTE ON FUNCTION pg_catalog.pg_control_system()", Gravity::warning,
     "servers of another cluster are not recognised"},
    {"pg_control_checkpoint", "EXECUTE ON FUNCTION pg_catalog.pg_control_checkpoint()",
     Gravity::warning, "a disconnected replica's timeline is not known"},
    {"pg_read_all_settings", "pg_monitor", Gravity::warning,
     "the data directory is hidden, and so is primary_conninfo from this check"},
    {"pg_write_server_files", "pg_write_server_files", Gravity::note,
     "an old primary's return is not prepared: standby.signal is yours"},
});

void postgres_monitor(Subject& s) {
  constexpr std::uint32_t grantable_parameters = 150000;
  const auto& held = s.node.privileges;
  const auto is = [&](std::string_view name) {
    const auto found = held.find(name);
    return found != held.end() && found->second;
  };
  // Roles are the same on every node of a cluster: the primary's are told.
  if (const NodeFacts* primary = s.primary(); primary != nullptr && primary != &s.node) return;
  if (held.empty() || is("superuser")) return;
  const std::string user = s.node.account;
  if (s.node.version_number < grantable_parameters) {
    s.find(Gravity::error, s.cluster.monitor_user + " is no superuser",
           by_hand("ALTER ROLE " + user + " SUPERUSER"));
    return;
  }
  for (const PostgresPrivilege& wanted : postgres_privileges) {
    const auto found = held.find(wanted.name);
    if (found == held.end() || found->second) continue;
    if (wanted.name == "pg_authid" && !s.cluster.passthrough) continue;
    std::string statement = "GRANT " + std::string(wanted.grant) + " TO " + user;
    // Functions and tables of the catalogue have their privileges in each database.
    if (wanted.grant.find(" pg_catalog.") != std::string_view::npos) {
      statement += "  -- in database " + s.cluster.monitor_database;
    }
    s.find(wanted.gravity,
           std::string(wanted.grant) + " is not granted: " + std::string(wanted.without),
           by_hand(std::move(statement)));
  }
  if (!is("replication")) {
    s.find(
        Gravity::warning,
        s.cluster.monitor_user + " has not REPLICATION: repointed replicas follow without a slot",
        by_hand("ALTER ROLE " + user + " REPLICATION"));
  }
}

// ---- Privileges, MySQL and MariaDB -------------------------------------------------

struct MysqlPrivilege {
  std::string_view mariadb;  // "" where that server needs none
  std::string_view mysql;
  std::string_view on;
  Gravity gravity;
  std::string_view without;
};

constexpr auto mysql_privileges = std::to_array<MysqlPrivilege>({
    {"SLAVE MONITOR", "REPLICATION CLIENT", "*.*", Gravity::error,
     "no node has a role, and there is no primary"},
    {"REPLICATION SLAVE ADMIN", "REPLICATION_SLAVE_ADMIN", "*.*", Gravity::error,
     "replicas cannot be frozen, drained, promoted or repointed"},
    {"RELOAD", "RELOAD", "*.*", Gravity::error,
     "RESET SLAVE ALL (RESET REPLICA ALL), which ends a promotion, is refused"},
    {"READ_ONLY ADMIN", "SYSTEM_VARIABLES_ADMIN", "*.*", Gravity::error,
     "no promotion and no fence: read_only cannot be set"},
    {"CONNECTION ADMIN", "CONNECTION_ADMIN", "*.*", Gravity::error,
     "client sessions on a fenced primary cannot be ended, so that a switchover is undone; nor is "
     "the spare connection the monitor's"},
    {"PROCESS", "PROCESS", "*.*", Gravity::error,
     "neither the sessions on a fenced primary nor its replicas are seen"},
    {"", "SELECT", "performance_schema.*", Gravity::error,
     "receivers' signs of life are hidden: a hung primary is never confirmed"},
    {"SELECT", "", "mysql.proc", Gravity::note,
     "what stored functions do is hidden: whatever calls one goes to the primary"},
    {"", "SHOW_ROUTINE", "*.*", Gravity::note,
     "what stored functions do is hidden: whatever calls one goes to the primary"},
});

// What SUPER stood for before there were these. MariaDB 10.11 took READ_ONLY ADMIN and
// its like out of it.
bool implied_by_super(const NodeFacts& node, const Grants& grants, std::string_view privilege) {
  constexpr std::uint32_t mariadb_super_ends = 101100;
  if (!grants.has("SUPER", "*.*")) return false;
  if (privilege == "RELOAD" || privilege == "PROCESS" || privilege == "SELECT") return false;
  if (privilege == "SHOW_ROUTINE") return false;
  return node.flavor == model::Flavor::mysql || node.version_number < mariadb_super_ends;
}

// An account is written on the primary and replicates; one that only a replica lacks is
// mended there, outside the common history.
Remedy grant(const Subject& s, const std::string& what, bool primary_lacks_it) {
  const std::string statement = "GRANT " + what + " TO " + s.node.account;
  const NodeFacts* primary = s.primary();
  if (primary != nullptr && primary != &s.node && primary_lacks_it) {
    return by_hand(statement, primary->name);
  }
  if (primary == &s.node) return by_hand(statement);
  return by_hand("SET SESSION sql_log_bin = 0; " + statement);
}

void expect_grant(Subject& s, std::string_view privilege, std::string_view on, Gravity gravity,
                  std::string_view without) {
  const auto lacks = [&](const NodeFacts& node) {
    if (!node.grants) return false;
    const Grants grants(*node.grants);
    return !grants.has(privilege, on) && !implied_by_super(node, grants, privilege);
  };
  if (privilege.empty() || !lacks(s.node)) return;
  const std::string what = std::string(privilege) + " ON " + std::string(on);
  const NodeFacts* primary = s.primary();
  s.find(gravity, what + " is not granted: " + std::string(without),
         grant(s, what, primary != nullptr && lacks(*primary)));
}

void mysql_monitor(Subject& s) {
  for (const MysqlPrivilege& wanted : mysql_privileges) {
    expect_grant(s, s.is_mariadb() ? wanted.mariadb : wanted.mysql, wanted.on, wanted.gravity,
                 wanted.without);
  }
  // Of which databases is the operator's to say: that there are none is worth a word.
  if (s.node.grants && !Grants(*s.node.grants).has_anywhere("SHOW VIEW")) {
    const NodeFacts* primary = s.primary();
    const bool everywhere = primary != nullptr && primary->grants &&
                            !Grants(*primary->grants).has_anywhere("SHOW VIEW");
    s.find(Gravity::note,
           "SHOW VIEW and SELECT are granted on no database: views pass for tables, and so do "
           "sequences and tables of engines that do not replicate",
           grant(s, "SELECT, SHOW VIEW ON *.*", everywhere));
  }
  // SYSTEM_VARIABLES_ADMIN covers it on MySQL.
  if (s.is_mariadb() && s.cluster.quorum) {
    expect_grant(s, "REPLICATION MASTER ADMIN", "*.*", Gravity::error,
                 "semi-synchronous replication cannot be switched at a promotion");
  }
  if (s.cluster.passthrough) {
    expect_grant(s, "SELECT", s.is_mariadb() ? "mysql.global_priv" : "mysql.user", Gravity::error,
                 "clients cannot log in, as auth.users is not given");
  }
}

// ---- The replication user ------------------------------------------------------------

void replication_user(Subject& s) {
  const std::string& user = s.cluster.replication_user;
  if (user.empty()) {
    if (!s.cluster.acts || !s.is_primary() || s.others() == 0) return;
    return s.find(Gravity::error, "replication.user is not configured",
                  by_hand("\"replication\": {\"user\": ...} in Relevo's configuration"));
  }
  const bool is_postgres = s.node.flavor == model::Flavor::postgres;
  const NodeFacts* primary = s.primary();
  const std::string on = primary != nullptr ? primary->name : s.node.name;
  const std::string password_by =
      is_postgres ? "ALTER ROLE " + user + " PASSWORD '...', and the same as replication.password"
                  : "ALTER USER " + user +
                        "@'%' IDENTIFIED BY '...', and the same as "
                        "replication.password";
  if (s.node.replication_user_exists == false) {
    return s.find(Gravity::error, "there is no user " + user,
                  by_hand(is_postgres ? "CREATE ROLE " + user + " LOGIN REPLICATION PASSWORD '...'"
                                      : "CREATE USER " + user +
                                            "@'%' IDENTIFIED BY '...'; GRANT "
                                            "REPLICATION SLAVE ON *.* TO " +
                                            user + "@'%'",
                          on));
  }
  if (s.node.replication_user_allowed == false) {
    return s.find(
        Gravity::error, user + " may not log in and replicate",
        by_hand(is_postgres ? "ALTER ROLE " + user + " LOGIN REPLICATION VALID UNTIL 'infinity'"
                            : "ALTER USER " + user + "@'%' ACCOUNT UNLOCK",
                on));
  }
  if (s.node.replication_refusal && !s.node.replication_refusal->empty()) {
    // MySQL and MariaDB say the same of a wrong password and of a host that is not let
    // in; Relevo's is not the one that matters.
    s.find(is_postgres ? Gravity::error : Gravity::warning,
           "a log-in of " + user +
               " with replication.password was refused: " + *s.node.replication_refusal,
           by_hand(password_by, on));
  }
}

// ---- Connections -------------------------------------------------------------------

constexpr double monitor_connections = 4;  // probe, fresh probe, action, catalogue

void max_connections(Subject& s) {
  const auto most = s.number("max_connections");
  if (!most) return;
  const double reserved = s.number("superuser_reserved_connections").value_or(0) +
                          s.number("reserved_connections").value_or(0);
  const double demand = static_cast<double>(s.cluster.pool_size) * s.cluster.pools;
  const double room =
      s.node.flavor == model::Flavor::postgres ? *most - reserved : *most - monitor_connections;
  if (room >= demand) return;
  const auto count = [](double value) { return std::to_string(static_cast<long long>(value)); };
  s.find(Gravity::warning,
         "max_connections is " + count(*most) + ", of which " + count(std::max(room, 0.0)) +
             " for clients; pool.size is " + std::to_string(s.cluster.pool_size) + ", with " +
             std::to_string(s.cluster.pools) + " pools of a user and database",
         by_hand("max_connections = " + count(demand + reserved + 10) +
                 " in its configuration and a restart, or a smaller pool.size"));
}

void reserved_connections(Subject& s) {
  const auto superuser = s.node.privileges.find("superuser");
  if (superuser == s.node.privileges.end()) return;
  if (superuser->second) {
    const auto reserved = s.number("superuser_reserved_connections");
    if (!reserved || *reserved > 0) return;
    return s.find(Gravity::warning, "superuser_reserved_connections is 0",
                  s.set_at_restart("superuser_reserved_connections", "3"));
  }
  const auto allowed = s.node.privileges.find("pg_use_reserved_connections");
  if (allowed == s.node.privileges.end()) return;  // before PostgreSQL 16
  const auto reserved = s.number("reserved_connections");
  if (!reserved || (*reserved > 0 && allowed->second)) return;
  Remedy remedy = s.set_at_restart("reserved_connections", "4");
  remedy.statements.push_back("GRANT pg_use_reserved_connections TO " + s.node.account);
  s.find(Gravity::note, "no connection is reserved for " + s.cluster.monitor_user,
         std::move(remedy));
}

// ---- Versions ------------------------------------------------------------------------

void version(Subject& s) {
  const NodeFacts* primary = s.primary();
  if (primary == nullptr || primary == &s.node || s.node.version_number == 0) return;
  const std::string found = s.node.version + ", and " + primary->version + " on " + primary->name;
  if (primary->flavor != s.node.flavor) {
    return s.find(Gravity::error, found + ": another server", by_hand("install the same version"));
  }
  if (primary->version_number == s.node.version_number) return;
  const bool is_postgres = s.node.flavor == model::Flavor::postgres;
  const std::uint32_t series = is_postgres ? 10000 : 100;
  const bool same = primary->version_number / series == s.node.version_number / series;
  const Gravity gravity = same ? Gravity::note : is_postgres ? Gravity::error : Gravity::warning;
  s.find(gravity, found, by_hand("install the same version"));
}

constexpr auto checks = std::to_array<Check>({
    {"version", every, "the same on every node",
     "A replica of an older version may not understand what a newer primary writes; PostgreSQL's "
     "replicas need the same major version.",
     version},
    {"privileges", postgres, "all that Relevo's statements need",
     "A statement that is refused in a failover is noticed when it is too late.", postgres_monitor},
    {"privileges", both_mysql, "all that Relevo's statements need",
     "A statement that is refused in a failover is noticed when it is too late.", mysql_monitor},
    {"replication_user", every, "exists, may replicate, and has replication.password",
     "Replicas that are led to a new primary log in to it with this.", replication_user},
    {"max_connections", every, "room for pool.size × pools, and for the monitor",
     "A server without free connections turns clients away and looks Saturated to the monitor.",
     max_connections},
    {"reserved_connections", postgres, "some, for the monitor's user",
     "When clients have used up all others, the monitor still has to get in.",
     reserved_connections},
});

}  // namespace

std::span<const Check> account_checks() { return checks; }

}  // namespace relevo::doctor

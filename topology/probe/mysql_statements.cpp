#include "topology/probe/mysql_statements.hpp"

#include <charconv>

namespace relevo::probe {
namespace {

using model::Flavor;

// https://mariadb.com/kb/en/gtid/#system-variables-related-to-global-transaction-id
constexpr std::string_view mariadb_variables =
    "SELECT VERSION() AS version, UNIX_TIMESTAMP(SYSDATE(6)) AS now_s, @@server_id AS server_id,"
    " @@global.gtid_current_pos AS current_pos, @@global.gtid_slave_pos AS slave_pos,"
    " @@global.gtid_binlog_pos AS binlog_pos, @@global.gtid_binlog_state AS binlog_state,"
    " @@global.read_only AS read_only, @@global.log_bin AS log_bin,"
    " @@global.log_slave_updates AS log_replica_updates";

// https://dev.mysql.com/doc/refman/8.4/en/replication-options-gtids.html
constexpr std::string_view mysql_variables =
    "SELECT VERSION() AS version, UNIX_TIMESTAMP(SYSDATE(6)) AS now_s, @@server_id AS server_id,"
    " @@server_uuid AS server_uuid, @@global.gtid_executed AS gtid_executed,"
    " @@global.gtid_purged AS gtid_purged, @@global.gtid_mode AS gtid_mode,"
    " @@global.read_only AS read_only, @@global.super_read_only AS super_read_only,"
    " @@global.log_bin AS log_bin, ";

// The plugins of semi-sync were renamed in MySQL 8.0.26, and either may be there.
constexpr std::string_view counter_names =
    " WHERE VARIABLE_NAME = 'Uptime' OR VARIABLE_NAME LIKE 'rpl\\_semi\\_sync\\_%\\_status'"
    " OR VARIABLE_NAME LIKE 'rpl\\_semi\\_sync\\_%\\_clients'";
constexpr std::string_view setting_names =
    " WHERE VARIABLE_NAME LIKE 'rpl\\_semi\\_sync\\_%\\_enabled'"
    " OR VARIABLE_NAME LIKE 'rpl\\_semi\\_sync\\_%\\_timeout'"
    " OR VARIABLE_NAME LIKE 'rpl\\_semi\\_sync\\_%\\_wait\\_point'"
    " OR VARIABLE_NAME LIKE 'rpl\\_semi\\_sync\\_%\\_wait\\_for\\_%\\_count'";

std::string counters(std::string_view schema) {
  const std::string select = "SELECT VARIABLE_NAME AS name, VARIABLE_VALUE AS value FROM ";
  return select + std::string(schema) + ".global_status" + std::string(counter_names) +
         " UNION ALL " + select + std::string(schema) + ".global_variables" +
         std::string(setting_names);
}

// In small letters: performance_schema's tables are files to MySQL, whose names are
// told apart by case.
std::string downstreams(std::string_view schema) {
  return "SELECT ID AS id, USER AS user, HOST AS host, STATE AS state FROM " + std::string(schema) +
         ".processlist WHERE COMMAND IN ('Binlog Dump', 'Binlog Dump GTID')";
}

constexpr std::uint32_t replica_words = 80022;      // SHOW REPLICA STATUS
constexpr std::uint32_t replica_variables = 80026;  // log_replica_updates
constexpr std::uint32_t performance_processlist = 80022;

}  // namespace

std::uint32_t version_number(std::string_view version) {
  std::uint32_t parts[3] = {};
  const char* at = version.data();
  const char* const end = at + version.size();
  for (std::size_t i = 0; i < 3; ++i) {
    const auto [stop, error] = std::from_chars(at, end, parts[i]);
    if (error != std::errc{} || parts[i] > (i == 0 ? 999U : 99U)) return 0;
    if (i < 2 && (stop == end || *stop != '.')) return 0;
    at = stop + 1;
  }
  return parts[0] * 10'000 + parts[1] * 100 + parts[2];
}

std::string plain_version(std::string_view version) {
  return std::string(version.substr(0, version.find_first_not_of("0123456789.")));
}

Flavor flavor_of(std::string_view version, std::string_view comment) {
  const auto says = [](std::string_view text) {
    return text.find("MariaDB") != std::string_view::npos ||
           text.find("mariadb") != std::string_view::npos;
  };
  return says(version) || says(comment) ? Flavor::mariadb : Flavor::mysql;
}

std::string statement_for(Part part, Flavor flavor, std::uint32_t version) {
  const bool mariadb = flavor == Flavor::mariadb;
  switch (part) {
    case Part::identity:
      return "SELECT VERSION() AS version, @@version_comment AS comment";
    case Part::variables:
      if (mariadb) return std::string(mariadb_variables);
      return std::string(mysql_variables) +
             (version >= replica_variables ? "@@global.log_replica_updates"
                                           : "@@global.log_slave_updates") +
             " AS log_replica_updates";
    case Part::replica:
      if (mariadb) return "SHOW ALL SLAVES STATUS";
      return version >= replica_words ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS";
    case Part::receiver:
      return "SELECT status.CHANNEL_NAME AS channel, status.COUNT_RECEIVED_HEARTBEATS AS "
             "heartbeats,"
             " configuration.HEARTBEAT_INTERVAL AS heartbeat_period"
             " FROM performance_schema.replication_connection_status AS status"
             " JOIN performance_schema.replication_connection_configuration AS configuration"
             " ON configuration.CHANNEL_NAME = status.CHANNEL_NAME";
    case Part::counters:
      return counters(mariadb ? "information_schema" : "performance_schema");
    case Part::downstreams:
      return downstreams(!mariadb && version >= performance_processlist ? "performance_schema"
                                                                        : "information_schema");
  }
  return "";
}

std::string_view grant_for(Part part, Flavor flavor) {
  const bool mariadb = flavor == Flavor::mariadb;
  switch (part) {
    case Part::replica:
      return mariadb
                 ? "its role is hidden from the monitor's user: GRANT SLAVE MONITOR ON *.* to it"
                 : "its role is hidden from the monitor's user: GRANT REPLICATION CLIENT ON *.* "
                   "to it";
    case Part::receiver:
    case Part::counters:
      return "the state of replication is hidden from the monitor's user: GRANT SELECT ON "
             "performance_schema.* to it";
    case Part::downstreams:
      return "its replicas are hidden from the monitor's user: GRANT PROCESS ON *.* to it";
    case Part::identity:
    case Part::variables:
      return "";
  }
  return "";
}

}  // namespace relevo::probe

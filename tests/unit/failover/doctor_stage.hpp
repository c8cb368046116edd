// A cluster in which a doctor finds nothing, of each kind; tests change one thing.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "failover/doctor/diagnose.hpp"

namespace relevo::doctor {

inline void tell(NodeFacts& node, const std::string& name, const std::string& value,
                 const std::string& unit = "") {
  node.settings[name].value = value;
  if (!unit.empty()) node.settings[name].unit = unit;
}

inline NodeFacts postgres_node(const std::string& name, model::Role role) {
  NodeFacts node;
  node.name = name;
  node.address = "10.0.0.1:5432";
  node.reachable = true;
  node.version = "17.2";
  node.version_number = 170002;
  node.role = role;
  node.account = "relevo";
  for (const auto& [setting, value] :
       std::vector<std::pair<std::string, std::string>>{{"wal_level", "replica"},
                                                        {"hot_standby", "on"},
                                                        {"max_wal_senders", "10"},
                                                        {"max_replication_slots", "10"},
                                                        {"wal_log_hints", "on"},
                                                        {"data_checksums", "off"},
                                                        {"max_connections", "200"},
                                                        {"max_worker_processes", "8"},
                                                        {"max_prepared_transactions", "0"},
                                                        {"max_locks_per_transaction", "64"},
                                                        {"superuser_reserved_connections", "3"},
                                                        {"reserved_connections", "0"},
                                                        {"hot_standby_feedback", "on"},
                                                        {"restart_after_crash", "on"},
                                                        {"fsync", "on"},
                                                        {"full_page_writes", "on"},
                                                        {"synchronous_commit", "on"},
                                                        {"synchronous_standby_names", ""},
                                                        {"recovery_target", ""},
                                                        {"recovery_target_timeline", "latest"},
                                                        {"allow_alter_system", "on"},
                                                        {"cluster_name", ""},
                                                        {"primary_slot_name", ""},
                                                        {"default_transaction_read_only", "off"}}) {
    tell(node, setting, value);
  }
  tell(node, "wal_retrieve_retry_interval", "100", "ms");
  tell(node, "wal_receiver_timeout", "4000", "ms");
  tell(node, "wal_receiver_status_interval", "1", "s");
  tell(node, "wal_sender_timeout", "4000", "ms");
  tell(node, "max_standby_streaming_delay", "30000", "ms");
  tell(node, "recovery_min_apply_delay", "0", "ms");
  tell(node, "wal_keep_size", "256", "MB");
  tell(node, "max_slot_wal_keep_size", "4096", "MB");
  tell(node, "primary_conninfo",
       role == model::Role::replica ? "host=db1 application_name=" + name : "");
  node.privileges = {{"superuser", true}};
  node.replication_user_exists = true;
  node.replication_user_allowed = true;
  node.replication_refusal = "";
  if (role == model::Role::primary) node.downstreams = {"db2", "db3"};
  return node;
}

inline NodeFacts mysql_node(const std::string& name, model::Role role, model::Flavor flavor) {
  const bool mariadb = flavor == model::Flavor::mariadb;
  NodeFacts node;
  node.name = name;
  node.address = "10.0.0.1:3306";
  node.reachable = true;
  node.flavor = flavor;
  node.version = mariadb ? "10.11.6" : "8.4.3";
  node.version_number = mariadb ? 101106 : 80403;
  node.role = role;
  node.account = "`relevo`@`%`";
  for (const auto& [setting, value] : std::vector<std::pair<std::string, std::string>>{
           {"log_bin", "ON"},
           {"server_id", name.substr(2)},
           {"binlog_format", "ROW"},
           {"binlog_expire_logs_seconds", "86400"},
           {"read_only", role == model::Role::replica ? "ON" : "OFF"},
           {"max_connect_errors", "1000000"},
           {"sync_binlog", "1"},
           {"innodb_flush_log_at_trx_commit", "1"},
           {"relay_log_recovery", "ON"},
           {"max_connections", "200"},
           {"sync_relay_log", "1"}}) {
    tell(node, setting, value);
  }
  const std::string side = mariadb ? "slave" : "replica";
  const std::string primary = mariadb ? "rpl_semi_sync_master_" : "rpl_semi_sync_source_";
  tell(node, side + "_net_timeout", "4");
  tell(node, "rpl_semi_sync_" + side + "_enabled", role == model::Role::replica ? "ON" : "OFF");
  tell(node, primary + "enabled", role == model::Role::primary ? "ON" : "OFF");
  tell(node, primary + "timeout", "86400000");
  tell(node, primary + "wait_point", "AFTER_SYNC");
  tell(node, primary + "wait_no_" + side, "ON");
  if (mariadb) {
    tell(node, "log_slave_updates", "ON");
    tell(node, "gtid_strict_mode", "ON");
    tell(node, "slave_parallel_threads", "4");
    node.counters["Rpl_status"] = "ACTIVE_SLAVE";
    node.grants = {
        "GRANT RELOAD, PROCESS, READ_ONLY ADMIN, CONNECTION ADMIN, REPLICATION SLAVE ADMIN, "
        "REPLICATION MASTER ADMIN, SLAVE MONITOR ON *.* TO `relevo`@`%` IDENTIFIED BY PASSWORD "
        "'*F'",
        "GRANT SELECT ON `mysql`.`global_priv` TO `relevo`@`%`",
        "GRANT SELECT ON `mysql`.`proc` TO `relevo`@`%`",
        "GRANT SELECT, SHOW VIEW ON `app`.* TO `relevo`@`%`"};
  } else {
    tell(node, "log_replica_updates", "ON");
    tell(node, "server_uuid", "uuid-of-" + name);
    tell(node, "gtid_mode", "ON");
    tell(node, "enforce_gtid_consistency", "ON");
    tell(node, "super_read_only", role == model::Role::replica ? "ON" : "OFF");
    tell(node, "replica_parallel_workers", "4");
    tell(node, "replica_preserve_commit_order", "ON");
    tell(node, primary + "wait_for_replica_count", "1");
    node.grants = {"GRANT RELOAD, PROCESS, REPLICATION CLIENT ON *.* TO `relevo`@`%`",
                   "GRANT CONNECTION_ADMIN,REPLICATION_SLAVE_ADMIN,SYSTEM_VARIABLES_ADMIN ON *.* "
                   "TO `relevo`@`%`",
                   "GRANT SELECT ON `performance_schema`.* TO `relevo`@`%`",
                   "GRANT SELECT ON `mysql`.`user` TO `relevo`@`%`",
                   "GRANT SHOW_ROUTINE ON *.* TO `relevo`@`%`",
                   "GRANT SELECT, SHOW VIEW ON `app`.* TO `relevo`@`%`"};
  }
  if (role == model::Role::replica) {
    node.auto_position = true;
    node.heartbeat_s = 1;
  }
  // Relevo's own statements have set it on every node, sooner or later.
  node.read_only_origin = mariadb ? "SQL" : "DYNAMIC";
  node.replication_user_exists = true;
  node.replication_user_allowed = true;
  node.replication_refusal = "";
  return node;
}

inline ClusterFacts cluster_of(model::Flavor flavor, bool quorum = false) {
  ClusterFacts facts;
  facts.cluster = "orders";
  facts.primary = 0;
  facts.quorum = quorum;
  facts.monitor_user = "relevo";
  facts.replication_user = "repl";
  for (const char* name : {"db1", "db2", "db3"}) {
    const auto role = facts.nodes.empty() ? model::Role::primary : model::Role::replica;
    facts.nodes.push_back(flavor == model::Flavor::postgres ? postgres_node(name, role)
                                                            : mysql_node(name, role, flavor));
    if (quorum && flavor == model::Flavor::postgres) {
      tell(facts.nodes.back(), "synchronous_standby_names", "ANY 1 (db1, db2, db3)");
    }
  }
  return facts;
}

inline std::vector<model::Finding> findings_of(const ClusterFacts& facts, std::size_t node) {
  return diagnose(facts).nodes.at(node).findings;
}

// Of the worst finding on the node; nullopt: there is none.
inline std::optional<model::Gravity> gravity_of(const ClusterFacts& facts, std::size_t node) {
  const auto found = findings_of(facts, node);
  return found.empty() ? std::optional<model::Gravity>() : found.front().gravity;
}

// Servers that answered, and told nothing of what was asked.
inline void untell(ClusterFacts& facts) {
  for (auto& node : facts.nodes) {
    node.settings.clear();
    node.counters.clear();
    node.privileges.clear();
    node.grants.reset();
    node.read_only_origin.clear();
    node.auto_position.reset();
    node.heartbeat_s.reset();
    node.replication_user_exists.reset();
    node.replication_user_allowed.reset();
    node.replication_refusal.reset();
    node.version_number = 0;
  }
}

// Exactly one finding of that check on the node, and none of any other.
inline model::Finding only_finding(const ClusterFacts& facts, std::size_t node,
                                   const std::string& check) {
  const auto found = findings_of(facts, node);
  std::string all;
  for (const auto& finding : found) all += finding.check + ": " + finding.found + "\n";
  EXPECT_EQ(found.size(), 1U) << all;
  if (found.empty()) return {};
  EXPECT_EQ(found.front().check, check) << all;
  EXPECT_FALSE(found.front().found.empty());
  EXPECT_FALSE(found.front().why.empty());
  EXPECT_FALSE(found.front().statements.empty()) << check;
  EXPECT_FALSE(found.front().on.empty());
  return found.front();
}

}  // namespace relevo::doctor

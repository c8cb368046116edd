// MySQL's and MariaDB's rows of the table of checks, semi-synchronous replication's
// among them.
#include <gmock/gmock.h>

#include "failover/doctor/grants.hpp"
#include "tests/unit/failover/doctor_stage.hpp"

namespace relevo::doctor {
namespace {

using model::Flavor;
using model::Gravity;
using model::TakesEffect;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto error = Gravity::error;
constexpr auto warning = Gravity::warning;
constexpr auto at_once = TakesEffect::at_once;
constexpr auto restart = TakesEffect::restart;
constexpr auto by_hand_only = TakesEffect::by_hand;

struct Case {
  Flavor flavor;
  std::string check, setting, value;
  Gravity gravity;
  TakesEffect takes_effect;
  std::string statement;
  bool quorum = false;
};

class MysqlSetting : public testing::TestWithParam<Case> {};

TEST_P(MysqlSetting, IsFoundAndMended) {
  const Case& one = GetParam();
  auto facts = cluster_of(one.flavor, one.quorum);
  auto& node = facts.nodes[1];
  const auto good = node.settings[one.setting];
  tell(node, one.setting, one.value);
  const auto found = only_finding(facts, 1, one.check);
  EXPECT_EQ(found.gravity, one.gravity) << found.found;
  EXPECT_EQ(found.takes_effect, one.takes_effect);
  ASSERT_FALSE(found.statements.empty());
  EXPECT_EQ(found.statements.front(), one.statement);
  EXPECT_EQ(found.on, "db2");
  node.settings[one.setting] = good;
  EXPECT_THAT(findings_of(facts, 1), IsEmpty());
  // Where the version has no such variable, nothing is judged.
  if (one.setting.ends_with("_enabled")) return;  // without its switches the plugin is missed
  node.settings.erase(one.setting);
  EXPECT_THAT(findings_of(facts, 1), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Rows, MysqlSetting,
    testing::Values(
        Case{Flavor::mariadb, "log_bin", "log_bin", "OFF", error, restart,
             "in [mysqld] of its option file: log_bin = binlog"},
        Case{Flavor::mysql, "log_replica_updates", "log_replica_updates", "OFF", error, restart,
             "in [mysqld] of its option file: log_replica_updates = ON"},
        Case{Flavor::mariadb, "log_replica_updates", "log_slave_updates", "OFF", error, restart,
             "in [mysqld] of its option file: log_slave_updates = ON"},
        Case{Flavor::mysql, "server_id", "server_id", "0", error, restart,
             "in [mysqld] of its option file: server_id = ..."},
        Case{Flavor::mysql, "enforce_gtid_consistency", "enforce_gtid_consistency", "WARN", error,
             by_hand_only,
             "SET PERSIST enforce_gtid_consistency = WARN; and when its log warns of nothing: SET "
             "PERSIST enforce_gtid_consistency = ON"},
        Case{Flavor::mariadb, "gtid_strict_mode", "gtid_strict_mode", "OFF", warning, at_once,
             "SET GLOBAL gtid_strict_mode = ON"},
        Case{Flavor::mariadb, "binlog_format", "binlog_format", "MIXED", warning, at_once,
             "SET GLOBAL binlog_format = 'ROW'"},
        Case{Flavor::mysql, "binlog_format", "binlog_format", "STATEMENT", warning, at_once,
             "SET PERSIST binlog_format = 'ROW'"},
        Case{Flavor::mysql, "binlog_expire_logs_seconds", "binlog_expire_logs_seconds", "3600",
             warning, at_once, "SET PERSIST binlog_expire_logs_seconds = 86400"},
        Case{Flavor::mariadb, "read_only", "read_only", "OFF", warning, by_hand_only,
             "SET GLOBAL read_only = 1"},
        Case{Flavor::mysql, "read_only", "super_read_only", "OFF", warning, by_hand_only,
             "SET GLOBAL read_only = 1, GLOBAL super_read_only = 1"},
        Case{Flavor::mysql, "replica_net_timeout", "replica_net_timeout", "60", warning, at_once,
             "SET PERSIST replica_net_timeout = 4"},
        Case{Flavor::mariadb, "replica_net_timeout", "slave_net_timeout", "60", warning, at_once,
             "SET GLOBAL slave_net_timeout = 4"},
        Case{Flavor::mariadb, "parallel_appliers", "slave_parallel_threads", "0", warning,
             by_hand_only,
             "STOP SLAVE SQL_THREAD; SET GLOBAL slave_parallel_threads = 4; START SLAVE "
             "SQL_THREAD"},
        Case{Flavor::mysql, "parallel_appliers", "replica_parallel_workers", "1", warning,
             by_hand_only,
             "STOP REPLICA SQL_THREAD; SET PERSIST replica_parallel_workers = 4; START REPLICA "
             "SQL_THREAD"},
        Case{Flavor::mysql, "replica_preserve_commit_order", "replica_preserve_commit_order", "OFF",
             warning, by_hand_only,
             "STOP REPLICA SQL_THREAD; SET PERSIST replica_preserve_commit_order = ON; START "
             "REPLICA SQL_THREAD"},
        Case{Flavor::mariadb, "max_connect_errors", "max_connect_errors", "100", warning, at_once,
             "SET GLOBAL max_connect_errors = 1000000"},
        Case{Flavor::mysql, "sync_binlog", "sync_binlog", "0", warning, at_once,
             "SET PERSIST sync_binlog = 1"},
        Case{Flavor::mariadb, "innodb_flush_log_at_trx_commit", "innodb_flush_log_at_trx_commit",
             "2", warning, at_once, "SET GLOBAL innodb_flush_log_at_trx_commit = 1"},
        Case{Flavor::mariadb, "relay_log_recovery", "relay_log_recovery", "OFF", warning, restart,
             "in [mysqld] of its option file: relay_log_recovery = ON"},
        Case{Flavor::mariadb, "max_connections", "max_connections", "20", warning, by_hand_only,
             "max_connections = 30 in its configuration and a restart, or a smaller pool.size"},
        // Quorum mode
        Case{Flavor::mariadb, "semi_sync_timeout", "rpl_semi_sync_master_timeout", "10000", error,
             at_once, "SET GLOBAL rpl_semi_sync_master_timeout = 86400000", true},
        Case{Flavor::mysql, "semi_sync_timeout", "rpl_semi_sync_source_timeout", "10000", error,
             at_once, "SET PERSIST rpl_semi_sync_source_timeout = 86400000", true},
        Case{Flavor::mariadb, "semi_sync_wait_point", "rpl_semi_sync_master_wait_point",
             "AFTER_COMMIT", warning, at_once,
             "SET GLOBAL rpl_semi_sync_master_wait_point = 'AFTER_SYNC'", true},
        Case{Flavor::mysql, "semi_sync_wait_no_replica", "rpl_semi_sync_source_wait_no_replica",
             "OFF", error, at_once, "SET PERSIST rpl_semi_sync_source_wait_no_replica = ON", true},
        Case{Flavor::mysql, "semi_sync_acks", "rpl_semi_sync_source_wait_for_replica_count", "2",
             warning, at_once, "SET PERSIST rpl_semi_sync_source_wait_for_replica_count = 1", true},
        Case{Flavor::mysql, "sync_relay_log", "sync_relay_log", "10000", warning, at_once,
             "SET PERSIST sync_relay_log = 1", true},
        Case{Flavor::mariadb, "semi_sync_enabled", "rpl_semi_sync_slave_enabled", "OFF", error,
             by_hand_only,
             "SET GLOBAL rpl_semi_sync_slave_enabled = 1; and let its receiver connect anew (STOP "
             "and START its IO_THREAD)",
             true},
        Case{Flavor::mysql, "semi_sync_enabled", "rpl_semi_sync_source_enabled", "ON", error,
             by_hand_only, "SET GLOBAL rpl_semi_sync_source_enabled = 0"}),
    [](const auto& one) { return one.param.setting + "_" + std::to_string(one.index); });

class BothServers : public testing::TestWithParam<Flavor> {};

INSTANTIATE_TEST_SUITE_P(Flavors, BothServers, testing::Values(Flavor::mysql, Flavor::mariadb),
                         [](const auto& one) {
                           return one.param == Flavor::mysql ? "mysql" : "mariadb";
                         });

TEST_P(BothServers, NothingIsFoundWhereAllIsWell) {
  for (const bool quorum : {false, true}) {
    const auto facts = cluster_of(GetParam(), quorum);
    for (std::size_t node = 0; node < 3; ++node) EXPECT_THAT(findings_of(facts, node), IsEmpty());
  }
}

TEST_P(BothServers, NothingIsJudgedThatWasNotTold) {
  auto facts = cluster_of(GetParam(), true);
  untell(facts);
  for (std::size_t node = 0; node < 3; ++node) EXPECT_THAT(findings_of(facts, node), IsEmpty());
}

TEST_P(BothServers, IdentitiesDiffer) {
  auto facts = cluster_of(GetParam());
  tell(facts.nodes[1], "server_id", "1");
  EXPECT_THAT(only_finding(facts, 1, "server_id").found, HasSubstr("as on db1"));
  EXPECT_THAT(only_finding(facts, 0, "server_id").found, HasSubstr("as on db2"));
}

TEST_P(BothServers, HeartbeatsBoundTheSilence) {
  auto facts = cluster_of(GetParam());
  facts.nodes[1].heartbeat_s = 30;
  EXPECT_THAT(only_finding(facts, 1, "heartbeat_period").found, HasSubstr("after 30.5 s"));
  facts.nodes[1].heartbeat_s = 2.5;
  EXPECT_THAT(findings_of(facts, 1), IsEmpty());
  facts.nodes[1].heartbeat_s = 0;
  EXPECT_EQ(only_finding(facts, 1, "heartbeat_period").gravity, Gravity::error);
  facts.nodes[1].heartbeat_s.reset();
  EXPECT_THAT(findings_of(facts, 1), IsEmpty());
}

TEST_P(BothServers, AReplicaFollowsByGtid) {
  auto facts = cluster_of(GetParam());
  facts.nodes[1].auto_position = false;
  EXPECT_EQ(only_finding(facts, 1, "auto_position").gravity, Gravity::error);
}

TEST_P(BothServers, ReadOnlyHoldsAfterARestart) {
  const bool mariadb = GetParam() == Flavor::mariadb;
  auto facts = cluster_of(GetParam());
  facts.nodes[0].read_only_origin = mariadb ? "COMPILE-TIME" : "COMPILED";
  EXPECT_EQ(only_finding(facts, 0, "read_only_at_restart").takes_effect, TakesEffect::by_hand);
  facts.nodes[0].read_only_origin = mariadb ? "COMMAND-LINE" : "COMMAND_LINE";
  EXPECT_THAT(findings_of(facts, 0), IsEmpty());
  // What a statement hides is not silently taken for well.
  auto not_checked = diagnose(facts).not_checked;
  ASSERT_EQ(not_checked.size(), 1U);
  EXPECT_THAT(not_checked[0], HasSubstr("option file of db1, db2, db3:"));
  for (auto& node : facts.nodes) node.read_only_origin = mariadb ? "CONFIG" : "PERSISTED";
  tell(facts.nodes[0], "read_only", "ON");
  EXPECT_THAT(diagnose(facts).not_checked, IsEmpty());
}

TEST_P(BothServers, EachPrivilegeIsMissed) {
  const auto complete = cluster_of(GetParam(), true);
  for (std::size_t line = 0; line < complete.nodes[0].grants->size(); ++line) {
    const std::string whole = complete.nodes[0].grants->at(line);
    const auto on = whole.find(" ON *.*");
    if (on == std::string::npos) {
      auto facts = complete;
      for (auto& node : facts.nodes)
        node.grants->erase(node.grants->begin() + static_cast<long>(line));
      // What routing alone needs costs a way to the primary.
      const bool of_routing =
          whole.find("proc") != std::string::npos || whole.find("app") != std::string::npos;
      EXPECT_EQ(only_finding(facts, 0, "privileges").gravity,
                of_routing ? Gravity::note : Gravity::error)
          << whole;
      continue;
    }
    std::string list = whole.substr(6, on - 6);
    std::size_t at = 0;
    while (at < list.size()) {
      const auto end = std::min(list.find(',', at), list.size());
      const std::string privilege = list.substr(at, end - at);
      auto facts = complete;
      for (auto& node : facts.nodes) {
        std::string& held = node.grants->at(line);
        held.replace(held.find(privilege), privilege.size(), "USAGE");
      }
      EXPECT_EQ(only_finding(facts, 0, "privileges").gravity,
                privilege == "SHOW_ROUTINE" ? Gravity::note : Gravity::error)
          << privilege;
      // Accounts replicate: mended once, on the primary.
      EXPECT_EQ(only_finding(facts, 1, "privileges").on, "db1") << privilege;
      at = end + 1;
      while (at < list.size() && list[at] == ' ') ++at;
    }
  }
}

TEST_P(BothServers, WhatAReplicaAloneLacksIsMendedThere) {
  auto facts = cluster_of(GetParam());
  facts.nodes[1].grants = {"GRANT USAGE ON *.* TO `relevo`@`%`"};
  for (const auto& finding : findings_of(facts, 1)) {
    EXPECT_EQ(finding.on, "db2");
    EXPECT_THAT(finding.statements.front(), HasSubstr("SET SESSION sql_log_bin = 0; GRANT "));
  }
}

TEST_P(BothServers, AllPrivilegesAreEnough) {
  auto facts = cluster_of(GetParam(), true);
  for (auto& node : facts.nodes) {
    node.grants = {"GRANT ALL PRIVILEGES ON *.* TO `relevo`@`%` WITH GRANT OPTION"};
  }
  EXPECT_THAT(findings_of(facts, 0), IsEmpty());
}

TEST_P(BothServers, ThePrimaryWaitsInQuorumMode) {
  auto facts = cluster_of(GetParam(), true);
  const std::string name = GetParam() == Flavor::mariadb ? "rpl_semi_sync_master_enabled"
                                                         : "rpl_semi_sync_source_enabled";
  tell(facts.nodes[0], name, "OFF");
  const auto found = only_finding(facts, 0, "semi_sync_enabled");
  EXPECT_EQ(found.gravity, Gravity::error);
  EXPECT_FALSE(found.mended_by_fix());  // a part of its role
  facts.quorum = false;
  EXPECT_THAT(findings_of(facts, 0), IsEmpty());
}

TEST(DoctorMysql, QuorumNeedsThePlugins) {
  auto facts = cluster_of(Flavor::mysql, true);
  auto& settings = facts.nodes[1].settings;
  std::erase_if(settings, [](const auto& one) { return one.first.starts_with("rpl_semi_sync"); });
  EXPECT_EQ(only_finding(facts, 1, "semi_sync_plugin").gravity, Gravity::error);
  facts.quorum = false;
  EXPECT_THAT(findings_of(facts, 1), IsEmpty());
}

TEST(DoctorMysql, FewerAcknowledgementsThanPromisedIsAnError) {
  auto facts = cluster_of(Flavor::mysql, true);
  facts.acks = 2;
  EXPECT_EQ(only_finding(facts, 0, "semi_sync_acks").gravity, Gravity::error);
}

TEST(DoctorMysql, GtidModeIsSwitchedInSteps) {
  auto facts = cluster_of(Flavor::mysql);
  tell(facts.nodes[1], "gtid_mode", "ON_PERMISSIVE");
  const auto found = only_finding(facts, 1, "gtid_mode");
  EXPECT_EQ(found.gravity, Gravity::error);
  EXPECT_FALSE(found.mended_by_fix());
}

TEST(DoctorMysql, ServersAreNotClonesOfEachOther) {
  auto facts = cluster_of(Flavor::mysql);
  tell(facts.nodes[1], "server_uuid", "uuid-of-db1");
  EXPECT_EQ(only_finding(facts, 1, "server_uuid").gravity, Gravity::error);
}

TEST(DoctorMysql, RemovedWordsAreNeverTold) {
  auto facts = cluster_of(Flavor::mysql, true);
  auto& node = facts.nodes[1];
  node.auto_position = false;
  node.heartbeat_s = 30;
  tell(node, "replica_parallel_workers", "1");
  tell(node, "replica_preserve_commit_order", "OFF");
  tell(node, "rpl_semi_sync_replica_enabled", "OFF");
  const auto found = findings_of(facts, 1);
  EXPECT_EQ(found.size(), 5U);
  for (const auto& finding : found) {
    EXPECT_EQ(finding.statements.front().find("SLAVE"), std::string::npos);
    EXPECT_EQ(finding.statements.front().find("MASTER"), std::string::npos);
  }
}

TEST(DoctorMysql, BeforeTheRenamingTheOldWordsAreTold) {
  auto facts = cluster_of(Flavor::mysql);
  for (auto& node : facts.nodes) node.version_number = 80019;
  facts.nodes[1].heartbeat_s = 30;
  EXPECT_EQ(only_finding(facts, 1, "heartbeat_period").statements.front(),
            "STOP SLAVE IO_THREAD; CHANGE MASTER TO MASTER_HEARTBEAT_PERIOD = 1; START SLAVE "
            "IO_THREAD");
}

TEST(DoctorMysql, HostsAreNotBlockedWithoutNames) {
  auto facts = cluster_of(Flavor::mysql);
  tell(facts.nodes[1], "max_connect_errors", "100");
  tell(facts.nodes[1], "skip_name_resolve", "ON");
  EXPECT_THAT(findings_of(facts, 1), IsEmpty());
}

TEST(DoctorMariadb, WaitsForOneReplicaOnly) {
  auto facts = cluster_of(Flavor::mariadb, true);
  facts.acks = 2;
  EXPECT_EQ(only_finding(facts, 0, "semi_sync_acks").gravity, Gravity::error);
  EXPECT_THAT(findings_of(facts, 1), IsEmpty());
}

TEST(DoctorMariadb, ACrashedPrimaryTakesBackWhatNobodyHas) {
  auto facts = cluster_of(Flavor::mariadb, true);
  facts.nodes[1].counters["Rpl_status"] = "AUTH_MASTER";
  EXPECT_THAT(only_finding(facts, 1, "init_rpl_role").statements.front(),
              HasSubstr("init_rpl_role = SLAVE"));
  facts.quorum = false;
  EXPECT_THAT(findings_of(facts, 1), IsEmpty());
}

TEST(DoctorMysql, VersionsDiffer) {
  auto facts = cluster_of(Flavor::mysql);
  facts.nodes[1].version_number = 80406;
  EXPECT_EQ(only_finding(facts, 1, "version").gravity, Gravity::note);
  facts.nodes[1].version_number = 80036;
  EXPECT_EQ(only_finding(facts, 1, "version").gravity, Gravity::warning);
}

TEST(DoctorMysql, AReplicationUserMayBeBoundToHosts) {
  auto facts = cluster_of(Flavor::mysql);
  facts.nodes[1].replication_refusal = "Access denied for user 'repl'@'10.0.0.9'";
  EXPECT_EQ(only_finding(facts, 1, "replication_user").gravity, Gravity::warning);
}

// ---- SHOW GRANTS ---------------------------------------------------------------------------

TEST(Grants, CountOnWhatTheyWereGrantedOn) {
  const Grants grants({"GRANT SELECT (a, b), INSERT ON `mysql`.`user` TO `x`@`%`",
                       "GRANT SELECT ON `performance_schema`.* TO `x`@`%`",
                       "GRANT READ_ONLY ADMIN, SLAVE MONITOR ON *.* TO `x`@`%` IDENTIFIED BY 'q'",
                       "GRANT `a role ON *.* TO`@`%` TO `x`@`%`", "nonsense", ""});
  EXPECT_FALSE(grants.has("SELECT", "mysql.user"));  // of some columns only
  EXPECT_TRUE(grants.has("INSERT", "mysql.user"));
  EXPECT_FALSE(grants.has("INSERT", "*.*"));
  EXPECT_TRUE(grants.has("SELECT", "performance_schema.*"));
  EXPECT_TRUE(grants.has("SELECT", "performance_schema.threads"));
  EXPECT_TRUE(grants.has("READ ONLY ADMIN", "*.*"));
  EXPECT_TRUE(grants.has("read_only_admin", "*.*"));
  EXPECT_FALSE(grants.has("SLAVE", "*.*"));
  EXPECT_FALSE(grants.has("PROCESS", "*.*"));
}

TEST(Grants, SuperStoodForMoreThanItDoes) {
  auto facts = cluster_of(Flavor::mariadb);
  for (auto& node : facts.nodes) {
    node.grants = {"GRANT SUPER, RELOAD, PROCESS ON *.* TO `relevo`@`%`",
                   "GRANT SELECT ON `mysql`.`global_priv` TO `relevo`@`%`",
                   "GRANT SELECT ON `mysql`.`proc` TO `relevo`@`%`",
                   "GRANT SELECT, SHOW VIEW ON `app`.* TO `relevo`@`%`"};
    node.version_number = 100609;
  }
  EXPECT_THAT(findings_of(facts, 0), IsEmpty());
  for (auto& node : facts.nodes) node.version_number = 101106;
  EXPECT_FALSE(findings_of(facts, 0).empty());
}

}  // namespace
}  // namespace relevo::doctor

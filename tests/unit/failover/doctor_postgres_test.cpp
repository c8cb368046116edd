// PostgreSQL's rows of the table of checks: each silent where all is well, each found
// where one thing is not.
#include <gmock/gmock.h>

#include "tests/unit/failover/doctor_stage.hpp"

namespace relevo::doctor {
namespace {

using model::Flavor;
using model::Gravity;
using model::TakesEffect;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Case {
  std::string check, setting, value;
  Gravity gravity;
  TakesEffect takes_effect;
  std::string statement;  // the first
};

class PostgresSetting : public testing::TestWithParam<Case> {};

// On a replica: for every setting the role that matters.
TEST_P(PostgresSetting, IsFoundAndMended) {
  const Case& one = GetParam();
  auto facts = cluster_of(Flavor::postgres);
  auto& node = facts.nodes[1];
  const auto good = node.settings[one.setting];
  tell(node, one.setting, one.value);
  const auto found = only_finding(facts, 1, one.check);
  EXPECT_EQ(found.gravity, one.gravity) << found.found;
  EXPECT_EQ(found.takes_effect, one.takes_effect);
  ASSERT_FALSE(found.statements.empty());
  EXPECT_EQ(found.statements.front(), one.statement);
  EXPECT_EQ(found.on, "db2");
  if (found.takes_effect == TakesEffect::reload) {
    EXPECT_EQ(found.statements.back(), "SELECT pg_reload_conf()");
  }
  EXPECT_THAT(findings_of(facts, 0), IsEmpty());
  node.settings[one.setting] = good;
  EXPECT_THAT(findings_of(facts, 1), IsEmpty());
}

constexpr auto error = Gravity::error;
constexpr auto warning = Gravity::warning;
constexpr auto note = Gravity::note;
constexpr auto reload = TakesEffect::reload;
constexpr auto restart = TakesEffect::restart;
constexpr auto by_hand_only = TakesEffect::by_hand;

INSTANTIATE_TEST_SUITE_P(
    Rows, PostgresSetting,
    testing::Values(
        Case{"wal_level", "wal_level", "minimal", error, restart,
             "ALTER SYSTEM SET wal_level = 'replica'"},
        Case{"hot_standby", "hot_standby", "off", error, restart,
             "ALTER SYSTEM SET hot_standby = 'on'"},
        Case{"max_replication_slots", "max_replication_slots", "1", warning, restart,
             "ALTER SYSTEM SET max_replication_slots = '10'"},
        Case{"max_replication_slots", "max_replication_slots", "2", note, restart,
             "ALTER SYSTEM SET max_replication_slots = '10'"},
        Case{"wal_log_hints", "wal_log_hints", "off", warning, restart,
             "ALTER SYSTEM SET wal_log_hints = 'on'"},
        Case{"wal_keep_size", "wal_keep_size", "0", warning, reload,
             "ALTER SYSTEM SET wal_keep_size = '512MB'"},
        Case{"max_slot_wal_keep_size", "max_slot_wal_keep_size", "-1", warning, by_hand_only,
             "ALTER SYSTEM SET max_slot_wal_keep_size = '...'; SELECT pg_reload_conf()  -- below "
             "the size of the disk that has pg_wal"},
        Case{"recovery_target", "recovery_target", "immediate", error, restart,
             "ALTER SYSTEM SET recovery_target = ''"},
        Case{"recovery_target", "recovery_target_timeline", "current", error, restart,
             "ALTER SYSTEM SET recovery_target_timeline = 'latest'"},
        Case{"recovery_min_apply_delay", "recovery_min_apply_delay", "3600000", warning,
             by_hand_only,
             "give db2 \"never_promote\": true in Relevo's configuration, or ALTER SYSTEM SET "
             "recovery_min_apply_delay = 0; SELECT pg_reload_conf()"},
        Case{"allow_alter_system", "allow_alter_system", "off", error, by_hand_only,
             "allow_alter_system = on in postgresql.conf, and reload"},
        Case{"wal_receiver_timeout", "wal_receiver_timeout", "60000", warning, reload,
             "ALTER SYSTEM SET wal_receiver_timeout = '4s'"},
        Case{"wal_receiver_timeout", "wal_receiver_timeout", "0", error, reload,
             "ALTER SYSTEM SET wal_receiver_timeout = '4s'"},
        Case{"wal_receiver_status_interval", "wal_receiver_status_interval", "10", note, reload,
             "ALTER SYSTEM SET wal_receiver_status_interval = '1s'"},
        Case{"wal_sender_timeout", "wal_sender_timeout", "60000", note, reload,
             "ALTER SYSTEM SET wal_sender_timeout = '4s'"},
        Case{"wal_sender_timeout", "wal_sender_timeout", "0", warning, reload,
             "ALTER SYSTEM SET wal_sender_timeout = '4s'"},
        Case{"wal_retrieve_retry_interval", "wal_retrieve_retry_interval", "5000", warning, reload,
             "ALTER SYSTEM SET wal_retrieve_retry_interval = '100ms'"},
        Case{"max_standby_streaming_delay", "max_standby_streaming_delay", "-1", warning, reload,
             "ALTER SYSTEM SET max_standby_streaming_delay = '30s'"},
        Case{"hot_standby_feedback", "hot_standby_feedback", "off", note, reload,
             "ALTER SYSTEM SET hot_standby_feedback = 'on'"},
        Case{"restart_after_crash", "restart_after_crash", "off", note, reload,
             "ALTER SYSTEM SET restart_after_crash = 'on'"},
        Case{"fsync", "fsync", "off", warning, reload, "ALTER SYSTEM SET fsync = 'on'"},
        Case{"full_page_writes", "full_page_writes", "off", warning, reload,
             "ALTER SYSTEM SET full_page_writes = 'on'"},
        Case{"synchronous_commit", "synchronous_commit", "off", warning, reload,
             "ALTER SYSTEM SET synchronous_commit = 'on'"},
        Case{"not_below_primary", "max_worker_processes", "4", error, restart,
             "ALTER SYSTEM SET max_worker_processes = '8'"},
        Case{"reserved_connections", "superuser_reserved_connections", "0", warning, restart,
             "ALTER SYSTEM SET superuser_reserved_connections = '3'"},
        Case{"synchronous_standby_names", "synchronous_standby_names", "ANY 2 (db1, db2)", note,
             by_hand_only,
             "\"failover\": {\"durability\": \"quorum\", \"acks\": 2} in Relevo's configuration"}),
    [](const auto& one) { return one.param.setting + "_" + std::to_string(one.index); });

TEST(DoctorPostgres, FindsNothingWhereAllIsWell) {
  for (const bool quorum : {false, true}) {
    const auto facts = cluster_of(Flavor::postgres, quorum);
    for (std::size_t node = 0; node < 3; ++node) EXPECT_THAT(findings_of(facts, node), IsEmpty());
    EXPECT_THAT(diagnose(facts).not_checked, IsEmpty());
  }
}

TEST(DoctorPostgres, JudgesNothingThatWasNotTold) {
  auto facts = cluster_of(Flavor::postgres, true);
  untell(facts);
  for (std::size_t node = 0; node < 3; ++node) EXPECT_THAT(findings_of(facts, node), IsEmpty());
}

TEST(DoctorPostgres, MaxWalSendersBelowThePrimarysIsAlsoTooFew) {
  auto facts = cluster_of(Flavor::postgres);
  for (auto& node : facts.nodes) tell(node, "max_wal_senders", "1");
  EXPECT_EQ(only_finding(facts, 1, "max_wal_senders").gravity, Gravity::error);
}

TEST(DoctorPostgres, ChecksumsDoForPgRewind) {
  auto facts = cluster_of(Flavor::postgres);
  tell(facts.nodes[1], "wal_log_hints", "off");
  tell(facts.nodes[1], "data_checksums", "on");
  EXPECT_THAT(findings_of(facts, 1), IsEmpty());
}

TEST(DoctorPostgres, SaysWhenAHungPrimaryIsConfirmed) {
  auto facts = cluster_of(Flavor::postgres);
  tell(facts.nodes[1], "wal_receiver_timeout", "60000");
  EXPECT_THAT(only_finding(facts, 1, "wal_receiver_timeout").found, HasSubstr("after 30.5 s"));
  tell(facts.nodes[1], "wal_receiver_timeout", "5000");  // still 3 s, which is the least
  EXPECT_THAT(findings_of(facts, 1), IsEmpty());
}

TEST(DoctorPostgres, ADelayedReplicaThatIsNeverPromotedIsFine) {
  auto facts = cluster_of(Flavor::postgres);
  tell(facts.nodes[1], "recovery_min_apply_delay", "3600000");
  facts.nodes[1].never_promote = true;
  EXPECT_THAT(findings_of(facts, 1), IsEmpty());
}

TEST(DoctorPostgres, ACommandLineWinsOverAlterSystem) {
  auto facts = cluster_of(Flavor::postgres);
  facts.nodes[1].settings["primary_conninfo"].source = "command line";
  EXPECT_EQ(only_finding(facts, 1, "command_line").gravity, Gravity::error);
  facts.nodes[1].settings["primary_conninfo"].source = "configuration file";
  facts.nodes[1].settings["wal_receiver_timeout"] = {"60000", "ms", "command line", false};
  const auto found = only_finding(facts, 1, "wal_receiver_timeout");
  EXPECT_EQ(found.takes_effect, TakesEffect::by_hand);
  EXPECT_THAT(found.statements.front(), HasSubstr("command line"));
}

TEST(DoctorPostgres, TellsWhatWaitsForARestart) {
  auto facts = cluster_of(Flavor::postgres);
  tell(facts.nodes[0], "hot_standby", "off");
  facts.nodes[0].settings["hot_standby"].pending_restart = true;
  EXPECT_THAT(only_finding(facts, 0, "hot_standby").found, HasSubstr("waits for a restart"));
}

// ---- Quorum mode ----------------------------------------------------------------------

TEST(DoctorPostgres, QuorumNeedsCommitsThatWait) {
  auto facts = cluster_of(Flavor::postgres, true);
  tell(facts.nodes[0], "synchronous_standby_names", "");
  auto found = only_finding(facts, 0, "synchronous_standby_names");
  EXPECT_EQ(found.gravity, Gravity::error);
  EXPECT_THAT(found.statements,
              ElementsAre("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (\"db1\", \"db2\", "
                          "\"db3\")'",
                          "SELECT pg_reload_conf()"));
  EXPECT_EQ(found.takes_effect, TakesEffect::reload);
  // With no replica of these names there, every commit would hang.
  facts.nodes[0].downstreams = {"walreceiver"};
  found = only_finding(facts, 0, "synchronous_standby_names");
  EXPECT_EQ(found.takes_effect, TakesEffect::by_hand);
}

TEST(DoctorPostgres, QuorumComparesAcksAndNodes) {
  const auto gravity_with = [](const std::string& names) {
    auto facts = cluster_of(Flavor::postgres, true);
    facts.acks = 2;
    for (auto& node : facts.nodes) tell(node, "synchronous_standby_names", "ANY 2 (db1, db2, db3)");
    tell(facts.nodes[0], "synchronous_standby_names", names);
    return gravity_of(facts, 0);
  };
  EXPECT_EQ(gravity_with("ANY 2 (db2, db3)"), std::nullopt);
  EXPECT_EQ(gravity_with("any 2 (\"db2\", DB3)"), std::nullopt);
  EXPECT_EQ(gravity_with("FIRST 2 (db2, db3)"), std::nullopt);
  EXPECT_EQ(gravity_with("2 (db2, db3)"), std::nullopt);
  EXPECT_EQ(gravity_with("ANY 1 (db2, db3)"), Gravity::error);
  EXPECT_EQ(gravity_with("db2, db3"), Gravity::error);
  EXPECT_EQ(gravity_with("ANY 3 (db1, db2, db3)"), Gravity::warning);
  EXPECT_EQ(gravity_with("ANY 2 (db2, backup)"), Gravity::error);
  EXPECT_EQ(gravity_with("ANY 2 (*)"), Gravity::warning);
  EXPECT_EQ(gravity_with("ANY 2 (db1, db2)"), Gravity::warning);
  EXPECT_EQ(gravity_with("ANY 2 (db2"), Gravity::error);
}

TEST(DoctorPostgres, QuorumKnowsReplicasByTheirNames) {
  auto facts = cluster_of(Flavor::postgres, true);
  tell(facts.nodes[1], "primary_conninfo", "host=db1 application_name='wal\\'receiver' port = 5");
  EXPECT_THAT(only_finding(facts, 1, "application_name").found, HasSubstr("wal'receiver"));
  tell(facts.nodes[1], "primary_conninfo", "host=db1 password=application_name=no");
  EXPECT_THAT(only_finding(facts, 1, "application_name").found, HasSubstr("walreceiver"));
  tell(facts.nodes[1], "cluster_name", "db2");
  EXPECT_THAT(findings_of(facts, 1), IsEmpty());
  tell(facts.nodes[1], "primary_conninfo", "postgresql://repl@db1/x?application_name=db9&a=b");
  EXPECT_THAT(only_finding(facts, 1, "application_name").found, HasSubstr("db9"));
}

TEST(DoctorPostgres, NoPasswordIsTold) {
  auto facts = cluster_of(Flavor::postgres, true);
  tell(facts.nodes[1], "primary_conninfo", "host=db1 password=hush application_name=x");
  facts.nodes[1].settings["primary_conninfo"].source = "command line";
  for (const auto& finding : findings_of(facts, 1)) {
    EXPECT_EQ((finding.found + finding.why + finding.statements.front()).find("hush"),
              std::string::npos);
  }
}

TEST(DoctorPostgres, QuorumNeedsAReplicasDisk) {
  const auto gravity_with = [](const std::string& value) {
    auto facts = cluster_of(Flavor::postgres, true);
    tell(facts.nodes[0], "synchronous_commit", value);
    return gravity_of(facts, 0);
  };
  EXPECT_EQ(gravity_with("remote_apply"), std::nullopt);
  EXPECT_EQ(gravity_with("remote_write"), Gravity::warning);
  EXPECT_EQ(gravity_with("local"), Gravity::error);
  EXPECT_EQ(gravity_with("off"), Gravity::error);
}

// ---- Accounts and versions ---------------------------------------------------------------

ClusterFacts with_a_monitor_that_has(std::map<std::string, bool, std::less<>> privileges) {
  auto facts = cluster_of(Flavor::postgres);
  std::map<std::string, bool, std::less<>> all{{"superuser", false}};
  for (const char* name :
       {"replication", "pg_read_all_stats", "pg_read_all_settings", "pg_signal_backend",
        "pg_write_server_files", "pg_promote", "pg_reload_conf", "pg_control_system",
        "pg_control_checkpoint", "pg_authid", "ALTER SYSTEM primary_conninfo",
        "ALTER SYSTEM primary_slot_name", "ALTER SYSTEM wal_retrieve_retry_interval",
        "ALTER SYSTEM default_transaction_read_only"}) {
    all[name] = true;
  }
  for (const auto& [name, held] : privileges) all[name] = held;
  for (auto& node : facts.nodes) node.privileges = all;
  return facts;
}

TEST(DoctorPostgres, TellsEachPrivilegeOnceAndOnThePrimary) {
  EXPECT_THAT(findings_of(with_a_monitor_that_has({}), 0), IsEmpty());
  for (const char* name :
       {"replication", "pg_read_all_stats", "pg_read_all_settings", "pg_signal_backend",
        "pg_write_server_files", "pg_promote", "pg_reload_conf", "pg_control_system",
        "pg_control_checkpoint", "pg_authid", "ALTER SYSTEM primary_conninfo",
        "ALTER SYSTEM primary_slot_name", "ALTER SYSTEM wal_retrieve_retry_interval",
        "ALTER SYSTEM default_transaction_read_only"}) {
    const auto facts = with_a_monitor_that_has({{name, false}});
    const auto found = only_finding(facts, 0, "privileges");
    EXPECT_EQ(found.takes_effect, TakesEffect::by_hand) << name;
    EXPECT_THAT(found.statements.front(), HasSubstr("relevo")) << name;
    EXPECT_THAT(findings_of(facts, 1), IsEmpty()) << name;
  }
}

TEST(DoctorPostgres, TellsThemElsewhereWhenThereIsNoPrimary) {
  auto facts = with_a_monitor_that_has({{"pg_promote", false}});
  facts.nodes[0].reachable = false;
  EXPECT_THAT(findings_of(facts, 0), IsEmpty());
  EXPECT_EQ(only_finding(facts, 1, "privileges").gravity, Gravity::error);
}

TEST(DoctorPostgres, NeedsNoVerifiersWithUsersOfItsOwn) {
  auto facts = with_a_monitor_that_has({{"pg_authid", false}});
  facts.passthrough = false;
  EXPECT_THAT(findings_of(facts, 0), IsEmpty());
}

TEST(DoctorPostgres, BeforeVersion15OnlyASuperuserDoes) {
  auto facts = with_a_monitor_that_has({});
  for (auto& node : facts.nodes) node.version_number = 140010;
  EXPECT_THAT(only_finding(facts, 0, "privileges").statements,
              ElementsAre("ALTER ROLE relevo SUPERUSER"));
}

TEST(DoctorPostgres, ReservesAConnectionForTheMonitor) {
  auto facts = with_a_monitor_that_has({{"pg_use_reserved_connections", false}});
  EXPECT_EQ(only_finding(facts, 0, "reserved_connections").gravity, Gravity::note);
  facts = with_a_monitor_that_has({{"pg_use_reserved_connections", true}});
  for (auto& node : facts.nodes) tell(node, "reserved_connections", "4");
  EXPECT_THAT(findings_of(facts, 0), IsEmpty());
}

TEST(DoctorPostgres, WantsAReplicationUserThatWorks) {
  auto facts = cluster_of(Flavor::postgres);
  facts.nodes[1].replication_refusal = "password authentication failed for user \"repl\"";
  EXPECT_EQ(only_finding(facts, 1, "replication_user").gravity, Gravity::error);
  facts.nodes[1].replication_user_allowed = false;
  EXPECT_THAT(only_finding(facts, 1, "replication_user").statements.front(),
              HasSubstr("LOGIN REPLICATION"));
  facts.nodes[1].replication_user_exists = false;
  const auto found = only_finding(facts, 1, "replication_user");
  EXPECT_THAT(found.statements.front(), HasSubstr("CREATE ROLE repl"));
  EXPECT_EQ(found.on, "db1");
}

TEST(DoctorPostgres, WantsOneConfigured) {
  auto facts = cluster_of(Flavor::postgres);
  facts.replication_user.clear();
  EXPECT_EQ(only_finding(facts, 0, "replication_user").gravity, Gravity::error);
  EXPECT_THAT(findings_of(facts, 1), IsEmpty());
  facts.acts = false;
  EXPECT_THAT(findings_of(facts, 0), IsEmpty());
}

TEST(DoctorPostgres, CountsConnections) {
  auto facts = cluster_of(Flavor::postgres);
  facts.pool_size = 50;
  facts.pools = 3;
  EXPECT_THAT(findings_of(facts, 0), IsEmpty());  // 150 of 197
  facts.pools = 4;
  EXPECT_THAT(only_finding(facts, 0, "max_connections").found, HasSubstr("197 for clients"));
}

TEST(DoctorPostgres, ComparesVersions) {
  auto facts = cluster_of(Flavor::postgres);
  facts.nodes[1].version_number = 170003;
  EXPECT_EQ(only_finding(facts, 1, "version").gravity, Gravity::note);
  facts.nodes[1].version_number = 160002;
  EXPECT_EQ(only_finding(facts, 1, "version").gravity, Gravity::error);
}

// ---- The whole ------------------------------------------------------------------------------

TEST(Doctor, TellsOfANodeThatCannotBeAskedOnlyThat) {
  auto facts = cluster_of(Flavor::postgres);
  facts.nodes[1] = {};
  facts.nodes[1].name = "db2";
  facts.nodes[1].error = "no answer within the deadline";
  const auto told = diagnose(facts).nodes[1];
  EXPECT_FALSE(told.reachable);
  EXPECT_EQ(told.error, "no answer within the deadline");
  EXPECT_THAT(told.findings, IsEmpty());
}

TEST(Doctor, LooksAtOneNodeIfAsked) {
  const auto told = diagnose(cluster_of(Flavor::postgres), "db2").nodes;
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].name, "db2");
}

TEST(Doctor, TellsTheWorstFirst) {
  auto facts = cluster_of(Flavor::postgres);
  tell(facts.nodes[1], "fsync", "off");
  tell(facts.nodes[1], "hot_standby_feedback", "off");
  tell(facts.nodes[1], "wal_receiver_timeout", "0");
  const auto found = findings_of(facts, 1);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].gravity, Gravity::error);
  EXPECT_EQ(found[1].gravity, Gravity::warning);
  EXPECT_EQ(found[2].gravity, Gravity::note);
}

TEST(Doctor, PrescribesWhatNeedsNoRestartAndReloadsOnce) {
  auto facts = cluster_of(Flavor::postgres);
  tell(facts.nodes[1], "fsync", "off");
  tell(facts.nodes[1], "wal_receiver_timeout", "60000");
  tell(facts.nodes[1], "hot_standby", "off");            // a restart
  tell(facts.nodes[1], "max_slot_wal_keep_size", "-1");  // by hand
  tell(facts.nodes[2], "fsync", "off");
  const auto diagnosis = diagnose(facts);
  std::vector<std::string> run;
  for (const auto& one : prescribe(diagnosis)) run.push_back(one.node + ": " + one.statement);
  EXPECT_THAT(run,
              ElementsAre("db2: ALTER SYSTEM SET wal_receiver_timeout = '4s'",
                          "db2: ALTER SYSTEM SET fsync = 'on'", "db2: SELECT pg_reload_conf()",
                          "db3: ALTER SYSTEM SET fsync = 'on'", "db3: SELECT pg_reload_conf()"));
  EXPECT_TRUE(still_ill(diagnosis, prescribe(diagnosis)));
  EXPECT_FALSE(still_ill(diagnose(cluster_of(Flavor::postgres)), prescribe(diagnosis)));
  EXPECT_THAT(prescribe(diagnose(cluster_of(Flavor::postgres))), IsEmpty());
}

}  // namespace
}  // namespace relevo::doctor

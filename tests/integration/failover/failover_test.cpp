// The controller against real PostgreSQL servers: crash, return, switchover, undo.
#include <chrono>
#include <filesystem>
#include <iostream>

#include "failover/journal/journal.hpp"
#include "tests/integration/failover/control.hpp"

namespace relevo::testing {
namespace {

using namespace std::chrono_literals;

struct StateDir {
  StateDir() {
    char name[] = "/tmp/relevo-state-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~StateDir() { std::filesystem::remove_all(path); }
  std::string path;
};

Milliseconds since(Clock::time_point start) {
  return std::chrono::duration_cast<Milliseconds>(Clock::now() - start);
}

std::string streams_from(PostgresCluster& cluster, std::size_t replica) {
  return cluster.value(replica,
                       "SELECT sender_port FROM pg_stat_wal_receiver WHERE status = 'streaming'");
}

TEST(Failover, KilledPrimaryIsReplacedAndQuarantinedWhenItReturns) {
  PostgresCluster cluster(cluster_options());
  StateDir state;
  Control control(cluster, state.path);
  ASSERT_TRUE(control.await([&] { return control.all_online(); }, 10s));
  ASSERT_EQ(control.primary(), 0U);
  cluster.sql(0, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS id");
  const auto end = cluster.value(0, "SELECT pg_current_wal_lsn()");
  ASSERT_TRUE(control.await(
      [&] {
        return cluster.value(1, "SELECT pg_last_wal_receive_lsn() >= '" + end + "'") == "t" &&
               cluster.value(2, "SELECT pg_last_wal_receive_lsn() >= '" + end + "'") == "t";
      },
      5s));

  const auto killed_at = Clock::now();
  cluster.kill(0);
  // What a worker sees of it: its connections are reset.
  control.controller->on_traffic_signal(0, model::TrafficSignal::connection_reset);
  ASSERT_TRUE(control.await([&] { return control.primary() && *control.primary() != 0; }, 5s));
  const auto took = since(killed_at);
  std::cout << "new primary published " << took.count() << " ms after SIGKILL\n";
  EXPECT_LT(took, 1500ms);
  const auto promoted = *control.primary();
  const auto other = promoted == 1 ? 2U : 1U;
  EXPECT_EQ(control.view->gate, model::PrimaryGate::open);
  EXPECT_EQ(cluster.value(promoted, "SELECT count(*) FROM kept"), "1000");

  // None was published in between, under the epoch of the new one.
  ASSERT_GE(control.history.size(), 3U);
  const auto& barrier = control.history[control.history.size() - 2];
  EXPECT_EQ(barrier.second, std::nullopt);
  EXPECT_EQ(barrier.first, control.view->epoch);

  ASSERT_TRUE(control.await(
      [&] { return streams_from(cluster, other) == std::to_string(cluster.port(promoted)); }, 10s));
  cluster.sql(promoted, "INSERT INTO kept VALUES (1001)");

  // The old one comes back and still believes that it is the primary.
  cluster.start(0);
  ASSERT_TRUE(
      control.await([&] { return control.view->nodes[0].state == model::NodeState::fenced; }, 10s));
  ASSERT_TRUE(control.await([&] { return control.told("was fenced"); }, 10s));
  EXPECT_EQ(control.primary(), promoted);
  EXPECT_FALSE(control.view->nodes[0].eligible_for_reads);
  EXPECT_EQ(cluster.value(0, "SHOW default_transaction_read_only"), "on");

  // A Relevo that starts anew still knows whom to believe.
  const auto epoch = control.view->epoch;
  control.controller->shutdown();
  {
    Control second(cluster, state.path);
    ASSERT_TRUE(second.await([&] { return second.primary().has_value(); }, 10s));
    EXPECT_EQ(second.primary(), promoted);
    EXPECT_EQ(second.view->epoch, epoch);
    ASSERT_TRUE(
        second.await([&] { return second.view->nodes[0].state == model::NodeState::fenced; }, 5s));
  }
  // What happened replays to the same decisions.
  const auto replayed = journal::replay(state.path + "/test.journal.jsonl");
  ASSERT_TRUE(replayed) << replayed.error().message;
  EXPECT_EQ(replayed->mismatch, "");
  EXPECT_GT(replayed->decisions, 8U);
}

TEST(Failover, QuorumModeRefusesWithoutProofAndOperatorMayForceIt) {
  PostgresCluster cluster(cluster_options());
  Control control(cluster, "", [](act::ControllerSettings& settings) {
    settings.policy.durability = decide::Durability::quorum;
    settings.policy.acks = 1;  // of two replicas: both must be frozen
  });
  ASSERT_TRUE(control.await([&] { return control.all_online(); }, 10s));
  cluster.kill(2);
  ASSERT_TRUE(
      control.await([&] { return control.view->nodes[2].state == model::NodeState::down; }, 5s));
  cluster.kill(0);
  ASSERT_TRUE(control.await([&] { return control.told("cannot prove"); }, 5s));
  EXPECT_EQ(control.primary(), std::nullopt);
  EXPECT_EQ(cluster.value(1, "SELECT pg_is_in_recovery()"), "t");

  std::optional<Result<std::string>> answer;
  control.controller->failover("", true, [&](Result<std::string> said) { answer = said; });
  ASSERT_TRUE(control.await([&] { return answer.has_value(); }, 10s));
  ASSERT_TRUE(*answer) << answer->error().message;
  EXPECT_EQ(control.primary(), 1U);
}

TEST(Failover, QuorumModeCountsOnlyOnSettingsThatWereMade) {
  PostgresCluster cluster(cluster_options());
  Control control(cluster, "", [](act::ControllerSettings& settings) {
    settings.policy.durability = decide::Durability::quorum;
    settings.policy.acks = 1;
  });
  ASSERT_TRUE(control.await([&] { return control.all_online(); }, 10s));
  ASSERT_TRUE(control.await([&] { return control.told("a failover now would be refused"); }, 5s));
  ASSERT_TRUE(control.await(
      [&] {
        return control.view->nodes[0].reason.find("synchronous_standby_names is empty") !=
               std::string::npos;
      },
      5s));
  cluster.kill(0);
  ASSERT_TRUE(control.await([&] { return control.told("cannot prove that every"); }, 10s));
  EXPECT_EQ(control.primary(), std::nullopt) << "both replicas stand still, and neither had to";
  EXPECT_EQ(cluster.value(1, "SELECT pg_is_in_recovery()"), "t");
  EXPECT_EQ(cluster.value(2, "SELECT pg_is_in_recovery()"), "t");
}

TEST(Failover, SilentPrimaryIsHungOnlyWhenNoReplicaHearsIt) {
  PostgresCluster cluster(cluster_options());
  Control control(cluster);
  ASSERT_TRUE(control.await([&] { return control.all_online(); }, 10s));
  const auto frozen_at = Clock::now();
  cluster.freeze(0);
  ASSERT_TRUE(control.await([&] { return control.primary() && *control.primary() != 0; }, 15s));
  std::cout << "new primary published " << since(frozen_at).count() << " ms after SIGSTOP\n";
  const auto promoted = *control.primary();
  // Thawed, it takes writes at once: it is fenced at its own end.
  cluster.thaw(0);
  ASSERT_TRUE(control.await([&] { return control.told("was fenced"); }, 10s));
  EXPECT_EQ(control.primary(), promoted);
}

TEST(Switchover, MovesThePrimaryWithoutLossAndNamesWhatIsLeftToDo) {
  PostgresCluster cluster(cluster_options());
  Control control(cluster);
  ASSERT_TRUE(control.await([&] { return control.all_online(); }, 10s));
  cluster.sql(0, "CREATE TABLE kept AS SELECT generate_series(1, 5000) AS id");
  const auto begun_at = Clock::now();
  const auto answer = control.switchover("db3");
  ASSERT_TRUE(answer);
  const auto took = since(begun_at);
  std::cout << "switchover took " << took.count() << " ms\n";
  ASSERT_TRUE(*answer) << answer->error().message;
  EXPECT_LT(took, 1500ms);
  EXPECT_EQ(control.primary(), 2U);
  EXPECT_EQ(cluster.value(2, "SELECT count(*) FROM kept"), "5000");
  EXPECT_EQ(cluster.value(2, "SHOW default_transaction_read_only"), "off");
  cluster.sql(2, "INSERT INTO kept VALUES (5001)");
  ASSERT_TRUE(control.await(
      [&] { return streams_from(cluster, 1) == std::to_string(cluster.port(2)); }, 10s));

  EXPECT_THROW(cluster.sql(0, "INSERT INTO kept VALUES (0)"), std::runtime_error);
  ASSERT_TRUE(control.await([&] { return control.told("restart db1 to rejoin"); }, 10s));
  EXPECT_EQ(control.view->nodes[0].state, model::NodeState::fenced);
}

TEST(Switchover, IsUndoneWhenWorkersDoNotLetGo) {
  PostgresCluster cluster(cluster_options());
  Control control(cluster, "", [](act::ControllerSettings& settings) {
    settings.policy.drain = 100ms;
    settings.policy.barrier_timeout = 300ms;
  });
  ASSERT_TRUE(control.await([&] { return control.all_online(); }, 10s));
  control.acknowledge_views = false;
  std::optional<Result<std::string>> answer;
  control.controller->switchover("db2", [&](Result<std::string> said) { answer = said; });
  ASSERT_TRUE(control.await([&] { return answer.has_value(); }, 10s));
  EXPECT_FALSE(*answer);
  EXPECT_EQ(control.primary(), 0U);
  EXPECT_EQ(control.view->gate, model::PrimaryGate::open);
  cluster.sql(0, "CREATE TABLE writable_again (id int)");
}

TEST(Switchover, IsUndoneWhenTheCandidateCannotCatchUp) {
  PostgresCluster cluster(cluster_options());
  Control control(cluster, "", [](act::ControllerSettings& settings) {
    settings.policy.catch_up_timeout = 500ms;
  });
  ASSERT_TRUE(control.await([&] { return control.all_online(); }, 10s));
  cluster.sql(1, "SELECT pg_wal_replay_pause()");
  cluster.sql(0, "CREATE TABLE not_replayed AS SELECT generate_series(1, 1000) AS id");
  const auto answer = control.switchover("db2");
  ASSERT_TRUE(answer);
  ASSERT_FALSE(*answer);
  EXPECT_NE(answer->error().message.find("did not catch up"), std::string::npos)
      << answer->error().message;
  EXPECT_EQ(control.primary(), 0U);
  EXPECT_EQ(cluster.value(0, "SHOW default_transaction_read_only"), "off");
  cluster.sql(0, "INSERT INTO not_replayed VALUES (0)");
  cluster.sql(1, "SELECT pg_wal_replay_resume()");
  // The replica that was frozen beside it follows again.
  ASSERT_TRUE(control.await(
      [&] { return streams_from(cluster, 2) == std::to_string(cluster.port(0)); }, 10s));
}

TEST(Catalogue, TellsARolesSecretAndThatThereIsNone) {
  PostgresCluster cluster(cluster_options(1));
  Control control(cluster);
  ASSERT_TRUE(control.await([&] { return control.primary().has_value(); }, 10s));
  std::optional<client::Outcome<std::optional<act::RoleSecret>>> known, unknown;
  control.controller->lookup_role("relevo", [&](auto said) { known = std::move(said); });
  control.controller->lookup_role("it's \\ nobody", [&](auto said) { unknown = std::move(said); });
  ASSERT_TRUE(control.await([&] { return known && unknown; }, 5s));
  ASSERT_TRUE(*known && **known);
  EXPECT_EQ((**known)->rolpassword->substr(0, 14), "SCRAM-SHA-256$");
  EXPECT_TRUE((**known)->can_login);
  EXPECT_FALSE((**known)->is_superuser);
  ASSERT_TRUE(*unknown);
  EXPECT_FALSE(**unknown);

  // The primary is gone: the replica answers.
  cluster.kill(0);
  known.reset();
  control.controller->lookup_role("relevo", [&](auto said) { known = std::move(said); });
  ASSERT_TRUE(control.await([&] { return known.has_value(); }, 5s));
  EXPECT_TRUE(*known && **known);
}

}  // namespace
}  // namespace relevo::testing

// What must never happen with MariaDB's histories: errant transactions promoted,
// diverged primaries rejoined, acknowledged rows lost with a relay log.
#include <chrono>

#include "tests/integration/failover/mariadb_control.hpp"

namespace relevo::testing {
namespace {

using namespace std::chrono_literals;

TEST(MariadbHistory, ReplicaThatThrewItsRelayLogAwayIsNotChosen) {
  MariadbCluster cluster;
  MariadbControl control(cluster, "", [](act::ControllerSettings& settings) {
    settings.policy.mode = decide::Mode::manual;  // the restart comes first
    settings.nodes[1].priority = 200;             // it would be preferred
  });
  ASSERT_TRUE(control.await([&] { return control.all_online(); }, 15s));
  control.run(0, "CREATE TABLE app.kept (id INT PRIMARY KEY)");
  ASSERT_TRUE(control.await([&] { return control.same_history(0, 1); }, 10s));
  // Received by both, applied by one only.
  control.run(1, "STOP SLAVE SQL_THREAD");
  control.run(0, "INSERT INTO app.kept SELECT seq FROM seq_1_to_100");
  const auto written = control.value(0, "SELECT @@gtid_binlog_pos");
  for (const std::size_t node : {1U, 2U}) {
    ASSERT_TRUE(
        control.await([&] { return control.replica(node, "Gtid_IO_Pos") == written; }, 10s));
  }
  const auto views = control.view->sequence;
  ASSERT_TRUE(control.await([&] { return control.view->sequence > views + 5; }, 5s));
  cluster.kill(0);
  ASSERT_TRUE(control.await([&] { return !control.primary(); }, 10s));

  cluster.kill(1);
  cluster.start(1);
  ASSERT_TRUE(control.await([&] { return control.told("db2 was restarted"); }, 15s));
  ASSERT_EQ(control.value(1, "SELECT COUNT(*) FROM app.kept"), "0") << "the trap is not there";

  const auto refused = control.failover("db2", false);
  ASSERT_TRUE(refused && !*refused);
  EXPECT_NE(refused->error().message.find("threw away"), std::string::npos)
      << refused->error().message;
  ASSERT_TRUE(control.await(
      [&] { return control.failover("", false).value_or(fail("", "")).has_value(); }, 15s));
  EXPECT_EQ(control.primary(), 2U);
  EXPECT_EQ(control.value(2, "SELECT COUNT(*) FROM app.kept"), "100");
  ASSERT_TRUE(control.await([&] { return control.follows(1, 2); }, 15s));
  EXPECT_TRUE(control.await(
      [&] { return control.value(1, "SELECT COUNT(*) FROM app.kept") == "100"; }, 10s));
}

TEST(MariadbHistory, ErrantReplicaIsNamedAndPassedOver) {
  MariadbCluster cluster;
  MariadbControl control(
      cluster, "", [](act::ControllerSettings& settings) { settings.nodes[1].priority = 200; });
  ASSERT_TRUE(control.await([&] { return control.all_online(); }, 15s));
  control.run(0, "CREATE TABLE app.kept (id INT PRIMARY KEY)");
  ASSERT_TRUE(control.await([&] { return control.same_history(0, 1); }, 10s));
  control.run(1, "CREATE TABLE app.errant (id INT PRIMARY KEY)");  // root may
  const auto errant = control.value(1, "SELECT @@gtid_binlog_pos");
  ASSERT_TRUE(control.await(
      [&] { return control.view->nodes[1].state == model::NodeState::diverged; }, 15s));
  EXPECT_NE(control.view->nodes[1].reason.find(errant), std::string::npos)
      << control.view->nodes[1].reason << " " << errant;
  EXPECT_FALSE(control.view->nodes[1].eligible_for_reads);
  cluster.kill(0);
  ASSERT_TRUE(control.await([&] { return control.primary() && *control.primary() != 0; }, 10s));
  EXPECT_EQ(control.primary(), 2U);
}

TEST(MariadbHistory, FormerPrimaryWithWritesThatNobodyReceivedStaysOut) {
  MariadbCluster cluster;
  MariadbControl control(cluster);
  ASSERT_TRUE(control.await([&] { return control.all_online(); }, 15s));
  control.run(0, "CREATE TABLE app.kept (id INT PRIMARY KEY)");
  ASSERT_TRUE(
      control.await([&] { return control.same_history(0, 1) && control.same_history(0, 2); }, 10s));
  for (const std::size_t node : {1U, 2U}) control.run(node, "STOP SLAVE IO_THREAD");
  control.run(0, "INSERT INTO app.kept VALUES (7)");
  const auto lost = control.value(0, "SELECT @@gtid_binlog_pos");
  const auto views = control.view->sequence;
  ASSERT_TRUE(control.await([&] { return control.view->sequence > views + 5; }, 5s));
  cluster.kill(0);
  ASSERT_TRUE(control.await([&] { return control.primary() && *control.primary() != 0; }, 10s));
  EXPECT_TRUE(control.told("1 transaction of the history last seen"));
  const auto promoted = *control.primary();
  // The new history grows past the old one's number: a greater one proves nothing.
  for (int id = 100; id < 105; ++id) {
    control.run(promoted, "INSERT INTO app.kept VALUES (" + std::to_string(id) + ")");
  }
  cluster.start(0);
  ASSERT_TRUE(control.await(
      [&] { return control.view->nodes[0].state == model::NodeState::diverged; }, 20s));
  EXPECT_NE(control.view->nodes[0].reason.find(lost), std::string::npos)
      << control.view->nodes[0].reason;
  EXPECT_EQ(control.replica(0, "Master_Port"), "") << "it was led to the primary";
  EXPECT_EQ(control.value(0, "SELECT @@read_only"), "1");
  EXPECT_EQ(control.primary(), promoted);
}

}  // namespace
}  // namespace relevo::testing

// What the prober tells of a real MariaDB cluster: roles, positions, receivers,
// settings, and what a user without privileges can see.
#include <gtest/gtest.h>

#include "tests/integration/topology/mariadb_fixture.hpp"
#include "tests/integration/topology/monitor.hpp"

namespace relevo::testing {
namespace {

using model::Flavor;
using model::NodeStatus;
using model::ReceiverState;
using model::Role;
using std::chrono::milliseconds;
using std::chrono::seconds;

class MariadbProbeTest : public SharedMariadb {
 protected:
  void SetUp() override {
    monitor_.emplace(mariadb_targets(cluster()));
    ASSERT_TRUE(monitor_->await([&] { return all_known() && monitor_->all_healthy(); }));
  }
  bool all_known() const {
    for (std::size_t node = 0; node < cluster().size(); ++node) {
      if (!monitor_->latest(node)) return false;
    }
    return true;
  }
  const NodeStatus& status(std::size_t node) const { return monitor_->latest(node)->status; }
  bool await(const std::function<bool()>& condition) { return monitor_->await(condition); }
  void write() {
    cluster().sql(0, "CREATE OR REPLACE TABLE app.probe (n int); INSERT INTO app.probe VALUES (1)");
  }

  std::optional<Monitor> monitor_;
};

TEST_F(MariadbProbeTest, TellsPrimaryAndReplicas) {
  const NodeStatus& primary = status(0);
  EXPECT_EQ(primary.flavor, Flavor::mariadb);
  EXPECT_EQ(primary.role, Role::primary);
  EXPECT_EQ(primary.server_id, 1U);
  EXPECT_FALSE(primary.read_only);
  EXPECT_TRUE(primary.log_bin);
  EXPECT_EQ(primary.receiver, ReceiverState::none);
  EXPECT_EQ(primary.warning, "");
  EXPECT_EQ(primary.version, cluster().sql(0, "SELECT SUBSTRING_INDEX(VERSION(), '-', 1)"));
  EXPECT_TRUE(await([&] { return status(0).downstreams.size() == 2; }));
  EXPECT_EQ(status(0).downstreams[0].client_address, "127.0.0.1");

  for (std::size_t node = 1; node < 3; ++node) {
    const NodeStatus& replica = status(node);
    EXPECT_EQ(replica.role, Role::replica);
    EXPECT_EQ(replica.server_id, node + 1);
    EXPECT_TRUE(replica.read_only);
    EXPECT_TRUE(replica.applier_running);
    EXPECT_TRUE(replica.auto_position);
    EXPECT_TRUE(replica.log_replica_updates);
    EXPECT_EQ(replica.receiver, ReceiverState::streaming);
    EXPECT_EQ(replica.upstream_host, "127.0.0.1");
    EXPECT_EQ(replica.upstream_port, cluster().port(0));
    EXPECT_EQ(replica.receiver_timeout, milliseconds(2000)) << "twice the heartbeat period";
    EXPECT_EQ(replica.warning, "");
  }
}

TEST_F(MariadbProbeTest, FollowsPositionsAndMeasuresLag) {
  const model::Position before = status(0).position;
  const auto written_at = std::chrono::steady_clock::now();
  write();
  const auto acknowledged_at = std::chrono::steady_clock::now();
  ASSERT_TRUE(await([&] {
    return status(0).position.transactions_behind(before) == 0U &&
           before.transactions_behind(status(0).position) >= 2U;
  }));
  for (std::size_t node = 1; node < 3; ++node) {
    // Caught up to an instant after the write: a session may read its own write here.
    EXPECT_TRUE(await([&] { return monitor_->lag(node).caught_up_to >= acknowledged_at; }));
    EXPECT_TRUE(status(node).position.covers(status(0).position));
    EXPECT_EQ(monitor_->lag(node).lag, model::Duration::zero());
    EXPECT_EQ(cluster().sql(node, "SELECT n FROM app.probe"), "1");
  }
  EXPECT_LT(written_at, acknowledged_at);
}

TEST_F(MariadbProbeTest, TellsReceivedFromApplied) {
  cluster().sql(1, "STOP SLAVE SQL_THREAD");
  ASSERT_TRUE(await([&] { return !status(1).applier_running; }));
  EXPECT_TRUE(status(1).replay_paused);
  EXPECT_EQ(status(1).receiver, ReceiverState::streaming);
  write();
  ASSERT_TRUE(await([&] {
    return status(1).received.covers(status(0).position) &&
           !status(1).position.covers(status(0).position);
  }));
  EXPECT_EQ(status(1).position.excess_over(status(1).received), "");
  EXPECT_TRUE(status(1).logged->covers(*status(0).logged)) << "what was received counts";
  EXPECT_TRUE(await([&] {
    const auto lag = monitor_->lag(1).lag;
    return lag && *lag > milliseconds(300);
  }));
  cluster().sql(1, "START SLAVE SQL_THREAD");
  EXPECT_TRUE(await(
      [&] { return status(1).position.covers(status(0).position) && status(1).applier_running; }));
}

TEST_F(MariadbProbeTest, TellsAFrozenReceiver) {
  cluster().sql(1, "STOP SLAVE IO_THREAD");
  ASSERT_TRUE(await([&] { return status(1).receiver == ReceiverState::none; }));
  EXPECT_EQ(status(1).role, Role::replica);
  EXPECT_TRUE(status(1).applier_running);
  cluster().sql(1, "START SLAVE IO_THREAD");
  EXPECT_TRUE(await([&] { return status(1).receiver == ReceiverState::streaming; }));
}

TEST_F(MariadbProbeTest, TellsAFencedPrimary) {
  cluster().sql(0, "SET GLOBAL read_only = ON");
  ASSERT_TRUE(await([&] { return status(0).read_only; }));
  EXPECT_EQ(status(0).role, Role::primary);
  cluster().sql(0, "SET GLOBAL read_only = OFF");
  EXPECT_TRUE(await([&] { return !status(0).read_only; }));
}

TEST_F(MariadbProbeTest, TellsSemiSync) {
  EXPECT_FALSE(status(0).semi_sync.primary_enabled);
  cluster().sql(0,
                "SET GLOBAL rpl_semi_sync_master_wait_point = AFTER_SYNC;"
                "SET GLOBAL rpl_semi_sync_master_timeout = 7000;"
                "SET GLOBAL rpl_semi_sync_master_enabled = ON");
  cluster().sql(1,
                "SET GLOBAL rpl_semi_sync_slave_enabled = ON; STOP SLAVE IO_THREAD;"
                "START SLAVE IO_THREAD");
  ASSERT_TRUE(await(
      [&] { return status(0).semi_sync.clients == 1 && status(1).semi_sync.replica_active; }));
  EXPECT_TRUE(status(0).semi_sync.primary_enabled);
  EXPECT_TRUE(status(0).semi_sync.primary_active);
  EXPECT_TRUE(status(0).semi_sync.waits_before_commit);
  EXPECT_EQ(status(0).semi_sync.timeout, milliseconds(7000));
  EXPECT_TRUE(status(1).semi_sync.replica_enabled);
  cluster().sql(0, "SET GLOBAL rpl_semi_sync_master_enabled = OFF");
  cluster().sql(1,
                "SET GLOBAL rpl_semi_sync_slave_enabled = OFF; STOP SLAVE IO_THREAD;"
                "START SLAVE IO_THREAD");
  EXPECT_TRUE(await([&] { return status(0).semi_sync.clients == 0; }));
}

TEST_F(MariadbProbeTest, TellsErrantTransactionsByOrigin) {
  ASSERT_TRUE(await([&] { return status(2).position.covers(status(0).position); }));
  EXPECT_EQ(status(2).logged->excess_over(*status(0).logged), "");
  cluster().sql(2, "SET gtid_domain_id = 9; CREATE OR REPLACE TABLE app.errant (n int)");
  EXPECT_TRUE(await([&] { return status(2).logged->excess_over(*status(0).logged) == "9-3-1"; }));
  EXPECT_TRUE(status(0).position.covers(status(2).position)) << "it was not replicated";
  cluster().sql(2,
                "SET sql_log_bin = 0; DROP TABLE app.errant;"
                "STOP SLAVE; SET @pos = @@gtid_slave_pos; RESET MASTER;"
                "SET GLOBAL gtid_slave_pos = @pos; START SLAVE");
  EXPECT_TRUE(await([&] {
    return status(2).receiver == ReceiverState::streaming &&
           status(2).logged->excess_over(*status(0).logged).empty();
  }));
}

TEST_F(MariadbProbeTest, KnowsTheSameStartAndTellsARestart) {
  const auto started = status(2).start_time_us;
  EXPECT_NE(started, 0);
  monitor_->run_for(milliseconds(2500));
  EXPECT_EQ(status(2).start_time_us, started);
  cluster().kill(2);
  cluster().start(2);
  EXPECT_TRUE(await([&] {
    return status(2).start_time_us > started && status(2).receiver == ReceiverState::streaming;
  }));
}

TEST_F(MariadbProbeTest, NamesTheGrantThatIsMissing) {
  cluster().sql(0, "CREATE OR REPLACE USER nobody@'%' IDENTIFIED BY 'secret'");
  auto targets = mariadb_targets(cluster());
  for (auto& target : targets) {
    target.endpoint.user = "nobody";
    target.endpoint.password = "secret";
  }
  Monitor poor(targets);
  ASSERT_TRUE(poor.await([&] { return poor.latest(0) && poor.latest(1); }));
  const NodeStatus& told = poor.latest(1)->status;
  EXPECT_EQ(told.role, Role::unknown);
  EXPECT_TRUE(told.position.known());
  EXPECT_NE(told.warning.find("GRANT SLAVE MONITOR"), std::string::npos) << told.warning;
  // Granted while it is watched: a session keeps what it began with, and the next fresh
  // connection shows that a new one has more.
  cluster().sql(0, "GRANT SLAVE MONITOR, PROCESS ON *.* TO nobody@'%'; FLUSH PRIVILEGES");
  ASSERT_TRUE(await([&] { return status(1).position.covers(status(0).position); }));
  EXPECT_TRUE(poor.await([&] { return poor.latest(1)->status.role == Role::replica; }));
  cluster().sql(0, "DROP USER nobody@'%'");
}

}  // namespace
}  // namespace relevo::testing

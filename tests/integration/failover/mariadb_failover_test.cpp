// The controller against real MariaDB servers: crash and return, switchover, fence,
// and read_only kept right.
#include <chrono>
#include <filesystem>
#include <iostream>

#include "failover/journal/journal.hpp"
#include "tests/integration/failover/mariadb_control.hpp"

namespace relevo::testing {
namespace {

using namespace std::chrono_literals;

TEST(MariadbFailover, KilledPrimaryIsReplacedAndRejoinsByItself) {
  MariadbCluster cluster;
  char name[] = "/tmp/relevo-state-XXXXXX";
  const std::string state = ::mkdtemp(name);
  {
    MariadbControl control(cluster, state);
    ASSERT_TRUE(control.await([&] { return control.all_online(); }, 15s));
    ASSERT_EQ(control.primary(), 0U);
    control.run(0, "CREATE TABLE app.kept (id INT PRIMARY KEY)");
    control.run(0, "INSERT INTO app.kept SELECT seq FROM seq_1_to_1000");
    ASSERT_TRUE(control.await(
        [&] { return control.same_history(0, 1) && control.same_history(0, 2); }, 10s));

    cluster.kill(0);
    const auto killed_at = Clock::now();
    control.controller->on_traffic_signal(0, model::TrafficSignal::connection_reset);
    ASSERT_TRUE(control.await([&] { return control.primary() && *control.primary() != 0; }, 10s));
    std::cout << "new primary published "
              << std::chrono::duration_cast<Milliseconds>(Clock::now() - killed_at).count()
              << " ms after SIGKILL\n";
    const auto promoted = *control.primary();
    const auto other = promoted == 1 ? 2U : 1U;
    EXPECT_EQ(control.value(promoted, "SELECT COUNT(*) FROM app.kept"), "1000");
    EXPECT_EQ(control.value(promoted, "SELECT @@read_only"), "0");
    ASSERT_TRUE(control.await([&] { return control.follows(other, promoted); }, 15s));
    EXPECT_EQ(control.value(other, "SELECT @@read_only"), "1");
    control.run(promoted, "INSERT INTO app.kept VALUES (1001)");

    // It comes back, was nobody's replica, and is one again without anyone's hand.
    cluster.start(0);
    ASSERT_TRUE(control.await([&] { return control.all_online(); }, 20s));
    EXPECT_TRUE(control.follows(0, promoted));
    EXPECT_EQ(control.value(0, "SELECT @@read_only"), "1");
    EXPECT_EQ(control.primary(), promoted);
    ASSERT_TRUE(control.await([&] { return control.same_history(0, promoted); }, 10s));
    EXPECT_EQ(control.value(0, "SELECT COUNT(*) FROM app.kept"), "1001");
  }
  const auto replayed = journal::replay(state + "/test.journal.jsonl");
  ASSERT_TRUE(replayed) << replayed.error().message;
  EXPECT_EQ(replayed->mismatch, "");
  EXPECT_GT(replayed->decisions, 8U);
  std::filesystem::remove_all(state);
}

TEST(MariadbFailover, SwitchoverLosesNothingAndTheOldPrimaryFollows) {
  MariadbCluster cluster;
  MariadbControl control(cluster);
  ASSERT_TRUE(control.await([&] { return control.all_online(); }, 15s));
  control.run(0, "CREATE TABLE app.kept (id INT PRIMARY KEY)");
  control.run(0, "INSERT INTO app.kept SELECT seq FROM seq_1_to_5000");
  // A client that holds the lock that read_only needs, and does not let go.
  const auto stubborn = control.open(0, "app");
  ASSERT_TRUE(control.ask(*stubborn, "LOCK TABLES app.kept WRITE"));

  for (const auto& to : {std::pair<std::string, std::size_t>{"db3", 2}, {"db1", 0}}) {
    const auto old = *control.primary();
    const auto begun_at = Clock::now();
    const auto answer = control.switchover(to.first);
    ASSERT_TRUE(answer);
    ASSERT_TRUE(*answer) << answer->error().message;
    std::cout << "switchover to " << to.first << " took "
              << std::chrono::duration_cast<Milliseconds>(Clock::now() - begun_at).count()
              << " ms\n";
    EXPECT_EQ(control.primary(), to.second);
    EXPECT_EQ(control.value(to.second, "SELECT COUNT(*) FROM app.kept"), "5000");
    EXPECT_EQ(control.value(to.second, "SELECT @@read_only"), "0");
    EXPECT_EQ(control.value(old, "SELECT @@read_only"), "1");
    ASSERT_TRUE(control.await([&] { return control.all_online(); }, 15s));
    for (std::size_t node = 0; node < cluster.size(); ++node) {
      if (node == to.second) continue;
      EXPECT_TRUE(control.follows(node, to.second)) << node;
    }
  }
  EXPECT_FALSE(control.ask(*stubborn, "SELECT 1")) << "its session was ended";
  control.run(0, "INSERT INTO app.kept VALUES (5001)");
}

TEST(MariadbFailover, SwitchoverIsUndoneWhenTheCandidateCannotCatchUp) {
  MariadbCluster cluster;
  MariadbControl control(cluster, "", [](act::ControllerSettings& settings) {
    settings.policy.catch_up_timeout = 700ms;
  });
  ASSERT_TRUE(control.await([&] { return control.all_online(); }, 15s));
  control.run(0, "CREATE TABLE app.not_applied (id INT PRIMARY KEY)");
  ASSERT_TRUE(control.await([&] { return control.same_history(0, 1); }, 10s));
  const auto blocker = control.open(1);
  ASSERT_TRUE(control.ask(*blocker, "LOCK TABLES app.not_applied WRITE"));
  control.run(0, "INSERT INTO app.not_applied VALUES (0)");
  const auto answer = control.switchover("db2");
  ASSERT_TRUE(answer && !*answer);
  EXPECT_NE(answer->error().message.find("did not catch up"), std::string::npos)
      << answer->error().message;
  EXPECT_EQ(control.primary(), 0U);
  EXPECT_EQ(control.value(0, "SELECT @@read_only"), "0");
  control.run(0, "INSERT INTO app.not_applied VALUES (1)");
  ASSERT_TRUE(control.ask(*blocker, "UNLOCK TABLES"));
  ASSERT_TRUE(control.await([&] { return control.follows(1, 0) && control.follows(2, 0); }, 15s));
}

TEST(MariadbFailover, ReadOnlyIsKeptRightOnEveryNode) {
  MariadbCluster cluster(1);
  MariadbControl control(cluster);
  ASSERT_TRUE(control.await([&] { return control.all_online(); }, 15s));
  control.run(1, "SET GLOBAL read_only = 0");
  EXPECT_TRUE(control.await([&] { return control.value(1, "SELECT @@read_only") == "1"; }, 10s));
  control.run(0, "SET GLOBAL read_only = 1");
  EXPECT_TRUE(control.await([&] { return control.value(0, "SELECT @@read_only") == "0"; }, 10s));
  EXPECT_EQ(control.primary(), 0U);
}

// As after a restart: read-only, and on the replica's side of semi-synchronous
// replication, both as the option file has them.
TEST(MariadbFailover, NoWriteIsLetInBeforeTheRestartedPrimaryAwaitsAcknowledgements) {
  MariadbCluster cluster(1, {"--semi-sync"});
  MariadbControl control(cluster);
  ASSERT_TRUE(control.await([&] { return control.all_online(); }, 15s));
  control.run(0, "SET GLOBAL rpl_semi_sync_master_enabled = 0");
  control.run(0, "SET GLOBAL rpl_semi_sync_slave_enabled = 1");
  control.run(0, "SET GLOBAL read_only = 1");
  ASSERT_TRUE(control.await([&] { return control.value(0, "SELECT @@read_only") == "0"; }, 10s));
  EXPECT_EQ(control.value(0, "SELECT @@rpl_semi_sync_master_enabled"), "1");
  EXPECT_EQ(control.value(0, "SELECT @@rpl_semi_sync_slave_enabled"), "0");
}

TEST(MariadbFailover, SemiSyncMovesWithThePrimary) {
  MariadbCluster cluster(2, {"--semi-sync"});
  MariadbControl control(cluster);
  ASSERT_TRUE(control.await([&] { return control.all_online(); }, 15s));
  control.run(0, "CREATE TABLE app.kept (id INT PRIMARY KEY)");
  cluster.kill(0);
  ASSERT_TRUE(control.await([&] { return control.primary() && *control.primary() != 0; }, 10s));
  const auto promoted = *control.primary();
  const auto other = promoted == 1 ? 2U : 1U;
  EXPECT_EQ(control.value(promoted, "SELECT @@rpl_semi_sync_master_enabled"), "1");
  ASSERT_TRUE(control.await([&] { return control.follows(other, promoted); }, 15s));
  EXPECT_EQ(control.value(other, "SELECT @@rpl_semi_sync_slave_enabled"), "1");
  EXPECT_EQ(control.value(other, "SELECT @@rpl_semi_sync_master_enabled"), "0");
  control.run(promoted, "INSERT INTO app.kept VALUES (1)");
  cluster.start(0);
  ASSERT_TRUE(control.await([&] { return control.all_online(); }, 20s));
  EXPECT_EQ(control.value(0, "SELECT @@rpl_semi_sync_slave_enabled"), "1");
}

// One write after the other; what the server acknowledged is remembered.
class Ledger {
 public:
  Ledger(MariadbControl& control, std::size_t node) : session_(control.open(node, "app")) {}
  void write() {
    const auto id = ++last_;
    session_->query("INSERT INTO app.kept VALUES (" + std::to_string(id) + ")", Milliseconds(5000),
                    [this, id](const client::Outcome<client::Rows>& outcome) {
                      if (!outcome) return;
                      acknowledged_ = id;
                      write();
                    });
  }
  int acknowledged() const { return acknowledged_; }

 private:
  std::unique_ptr<client::Connection> session_;
  int last_ = 0, acknowledged_ = 0;
};

TEST(MariadbFailover, KilledUnderWritesLosesNoAcknowledgedOneInQuorumMode) {
  MariadbCluster cluster(2, {"--semi-sync"});
  MariadbControl control(cluster, "", [](act::ControllerSettings& settings) {
    settings.policy.durability = decide::Durability::quorum;
    settings.policy.acks = 1;
  });
  ASSERT_TRUE(control.await([&] { return control.all_online(); }, 15s));
  control.run(0, "CREATE TABLE app.kept (id INT PRIMARY KEY)");
  Ledger ledger(control, 0);
  ledger.write();
  ASSERT_TRUE(control.await([&] { return ledger.acknowledged() >= 200; }, 15s));
  cluster.kill(0);
  ASSERT_TRUE(control.await([&] { return control.primary() && *control.primary() != 0; }, 15s));
  const auto promoted = *control.primary();
  const auto kept = std::stoi(control.value(promoted, "SELECT COUNT(*) FROM app.kept"));
  EXPECT_GE(kept, ledger.acknowledged());
  EXPECT_LE(kept, ledger.acknowledged() + 1) << "one at most was in doubt";
  EXPECT_TRUE(control.told("no acknowledged write was lost"));
  ASSERT_TRUE(control.await([&] { return control.follows(promoted == 1 ? 2 : 1, promoted); }, 15s));
  control.run(promoted, "INSERT INTO app.kept VALUES (1000000)");
  // What the old primary wrote and no replica acknowledged, its restart takes back.
  cluster.start(0);
  ASSERT_TRUE(control.await([&] { return control.all_online(); }, 20s));
  EXPECT_TRUE(control.await([&] { return control.same_history(0, promoted); }, 10s));
}

TEST(MariadbFailover, CatalogueTellsEachAccountOfAUser) {
  MariadbCluster cluster(1);
  MariadbControl control(cluster);
  ASSERT_TRUE(control.await([&] { return control.all_online(); }, 15s));
  control.run(0, "INSTALL SONAME 'auth_ed25519'");
  control.run(0,
              "CREATE USER two@'10.%' IDENTIFIED VIA ed25519 USING PASSWORD('x') OR "
              "mysql_native_password USING '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19' "
              "ACCOUNT LOCK");
  const auto look_up = [&](const std::string& user) {
    std::optional<client::Outcome<std::vector<act::AccountSecret>>> said;
    control.controller->lookup_accounts(user, [&](auto told) { said = std::move(told); });
    EXPECT_TRUE(control.await([&] { return said.has_value(); }, 10s));
    EXPECT_TRUE(said && *said) << (said && !*said ? said->error().message : "");
    return said && *said ? **said : std::vector<act::AccountSecret>{};
  };
  const auto app = look_up("app");
  ASSERT_EQ(app.size(), 1U);
  EXPECT_EQ(app[0].host, "%");
  EXPECT_EQ(app[0].plugin, "mysql_native_password");
  EXPECT_EQ(app[0].authentication_string.size(), 41U);
  EXPECT_FALSE(app[0].locked);
  const auto two = look_up("two");
  ASSERT_EQ(two.size(), 2U);
  EXPECT_TRUE(two[0].locked && two[1].locked);
  EXPECT_EQ(two[0].plugin + two[1].plugin == "ed25519mysql_native_password" ||
                two[0].plugin + two[1].plugin == "mysql_native_passworded25519",
            true);
  EXPECT_TRUE(look_up("it's \\ nobody").empty());
}

}  // namespace
}  // namespace relevo::testing

// Which changes a reload takes: one change of each setting of the full example.
#include "proxy/config/reload.hpp"

#include <set>

#include "proxy/config/settings.hpp"
#include "tests/unit/config/support.hpp"

namespace relevo::config::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string cluster = "$.clusters[orders]";

struct Changed {
  Edit edit;
  std::vector<std::string> restart;  // empty: a reload takes it
};

// Listed as it was decided, not read from the table: the table is what is tested.
const std::vector<Changed> changes{
    {{"/admin/socket", R"("/run/other.sock")"}, {"$.admin.socket"}},
    {{"/admin/http", "null"}, {"$.admin.http"}},
    {{"/admin/token", R"("other")"}, {"$.admin.token"}},
    {{"/workers", "2"}, {"$.workers"}},
    {{"/log/level", R"("debug")"}, {}},
    {{"/log/format", R"("json")"}, {"$.log.format"}},
    {{"/state_dir", R"("/var/lib/other")"}, {"$.state_dir"}},
    {{"/drain_timeout", R"("5s")"}, {}},
    {{"/clusters/0/name", R"("bills")"}, {cluster + " (removed)", "$.clusters[bills] (added)"}},
    {{"/clusters/0/engine", R"("mysql")"}, {cluster + ".engine"}},
    {{"/clusters/0/listen", R"(["0.0.0.0:6432"])"}, {cluster + ".listen"}},
    {{"/clusters/0/tls/mode", R"("require")"}, {cluster + ".tls.mode"}},
    {{"/clusters/0/tls/cert", R"("databases.ca.crt")"}, {}},
    {{"/clusters/0/tls/key", R"("databases.ca.crt")"}, {}},
    {{"/clusters/0/tls/client_ca", R"("databases.ca.crt")"}, {}},
    {{"/clusters/0/nodes/1/name", R"("db9")"},
     {cluster + ".nodes[db2] (removed)", cluster + ".nodes[db9] (added)"}},
    {{"/clusters/0/nodes/1/address", R"("10.0.0.9:5432")"}, {cluster + ".nodes[db2].address"}},
    {{"/clusters/0/nodes/1/zone", R"("c")"}, {}},
    {{"/clusters/0/nodes/1/weight", "1"}, {}},
    {{"/clusters/0/nodes/1/priority", "1"}, {}},
    {{"/clusters/0/nodes/1/never_promote", "true"}, {}},
    {{"/clusters/0/server_tls/mode", R"("verify-ca")"}, {cluster + ".server_tls.mode"}},
    {{"/clusters/0/server_tls/ca", R"("server.crt")"}, {}},
    {{"/clusters/0/monitor/user", R"("other")"}, {cluster + ".monitor.user"}},
    {{"/clusters/0/monitor/password", R"("other")"}, {cluster + ".monitor.password"}},
    {{"/clusters/0/monitor/database", R"("other")"}, {cluster + ".monitor.database"}},
    {{"/clusters/0/monitor/interval", R"("200ms")"}, {cluster + ".monitor.interval"}},
    {{"/clusters/0/monitor/timeout", R"("2s")"}, {cluster + ".monitor.timeout"}},
    {{"/clusters/0/replication/user", R"("other")"}, {cluster + ".replication.user"}},
    {{"/clusters/0/replication/password", R"("other")"}, {cluster + ".replication.password"}},
    {{"/clusters/0/auth/users", "null"}, {}},
    {{"/clusters/0/auth/users/0/name", R"("other")"}, {}},
    {{"/clusters/0/auth/users/0/password", R"("other")"}, {}},
    {{"/clusters/0/auth/cleartext_over_tls", "true"}, {}},
    {{"/clusters/0/auth/unix_socket", R"("trust")"}, {cluster + ".auth.unix_socket"}},
    {{"/clusters/0/pool/mode", R"("session")"}, {cluster + ".pool.mode"}},
    {{"/clusters/0/pool/size", "21"}, {}},
    {{"/clusters/0/pool/max_clients", "21"}, {}},
    {{"/clusters/0/pool/queue_timeout", R"("1s")"}, {}},
    {{"/clusters/0/pool/idle_timeout", R"("1s")"}, {}},
    {{"/clusters/0/pool/max_lifetime", R"("1s")"}, {}},
    {{"/clusters/0/pool/connect_timeout", R"("1s")"}, {}},
    {{"/clusters/0/pool/login_timeout", R"("1s")"}, {}},
    {{"/clusters/0/routing/reads", R"("primary")"}, {}},
    {{"/clusters/0/routing/max_lag", R"("2s")"}, {}},
    {{"/clusters/0/routing/consistency", R"("eventual")"}, {}},
    {{"/clusters/0/routing/balance", R"("round_robin")"}, {}},
    {{"/clusters/0/routing/zone", R"("b")"}, {}},
    {{"/clusters/0/routing/without_catalog", R"("text")"}, {}},
    {{"/clusters/0/routing/catalog_refresh", R"("1s")"}, {}},
    {{"/clusters/0/failover/mode", R"("manual")"}, {}},
    {{"/clusters/0/failover/durability", R"("async")"}, {}},  // with acks taken out, below
    {{"/clusters/0/failover/acks", "2"}, {}},
    {{"/clusters/0/failover/quorum_settings", R"("observe")"}, {}},
    {{"/clusters/0/failover/detect", R"("2s")"}, {}},
    {{"/clusters/0/failover/hold", R"("2s")"}, {}},
    {{"/clusters/0/failover/drain", R"("3s")"}, {}},
    {{"/clusters/0/failover/max_loss", R"("0B")"}, {}},
};

Config parsed(const std::vector<Edit>& edits) {
  const auto config = World{}.parse(edited(example("full"), edits));
  EXPECT_TRUE(config) << ::testing::PrintToString(config ? std::vector<Problem>{} : config.error());
  return config.value_or(Config{});
}

TEST(Reload, NamesWhatNeedsARestart) {
  const Config before = parsed({});
  for (const Changed& change : changes) {
    std::vector<Edit> edits{change.edit};
    if (change.edit.pointer.ends_with("/durability"))
      edits.push_back({"/clusters/0/failover/acks", ""});
    const Config after = parsed(edits);
    EXPECT_FALSE(before == after) << change.edit.pointer;
    EXPECT_EQ(restart_needed(before, after), change.restart) << change.edit.pointer;
  }
}

// `/clusters/0/pool/size` -> `clusters[].pool.size`.
std::string flat(const std::string& pointer) {
  std::string path;
  std::istringstream parts(pointer.substr(1));
  for (std::string part; std::getline(parts, part, '/');) {
    const bool index = part.find_first_not_of("0123456789") == std::string::npos;
    path += index ? "[]" : (path.empty() ? "" : ".") + part;
  }
  return path;
}

TEST(Reload, TheTestAboveChangesEverySetting) {
  std::set<std::string> changed;
  for (const Changed& change : changes) changed.insert(flat(change.edit.pointer));
  changed.insert({"clusters", "clusters[].nodes"});  // in the tests below
  std::set<std::string> all;
  for (const SettingGroup& group : catalogue())
    for (const Setting& setting : group.settings) all.insert(setting.path);
  EXPECT_EQ(changed, all);
}

TEST(Reload, TakesNoChangeAndEveryReloadableOneTogether) {
  const Config before = parsed({});
  EXPECT_THAT(restart_needed(before, before), IsEmpty());
  Config after = before;
  after.log.level = LogLevel::debug;
  after.clusters[0].nodes[0].weight = 1;
  after.clusters[0].pool.size = 1;
  EXPECT_THAT(restart_needed(before, after), IsEmpty());
}

TEST(Reload, ListsEveryChangeAndNoSecret) {
  const Config before = parsed({});
  Config after = before;
  after.workers = 7;
  after.clusters[0].monitor.password = Secret("hunter2");
  after.clusters[0].pool.size = 1;
  after.clusters[0].nodes[2].port = 1;
  EXPECT_THAT(
      restart_needed(before, after),
      ElementsAre("$.workers", cluster + ".nodes[db3].address", cluster + ".monitor.password"));
}

TEST(Reload, NodesAreTheSameInTheSamePlaces) {
  const Config before = parsed({});
  const auto with_nodes = [&](const std::vector<std::size_t>& order) {
    Config after = before;
    after.clusters[0].nodes.clear();
    for (const std::size_t i : order)
      after.clusters[0].nodes.push_back(before.clusters[0].nodes[i]);
    return restart_needed(before, after);
  };
  EXPECT_THAT(with_nodes({0, 1, 2}), IsEmpty());
  EXPECT_THAT(with_nodes({0, 1}), ElementsAre(cluster + ".nodes[db3] (removed)"));
  EXPECT_THAT(with_nodes({1, 0, 2}), ElementsAre(cluster + ".nodes (order changed)"));
  EXPECT_THAT(with_nodes({2, 1}),
              ElementsAre(cluster + ".nodes[db1] (removed)", cluster + ".nodes (order changed)"));
}

TEST(Reload, ClustersComeAndGoWithARestart) {
  const Config before = parsed({});
  Config after = before;
  after.clusters.push_back(before.clusters[0]);
  after.clusters[1].name = "bills";
  EXPECT_THAT(restart_needed(before, after), ElementsAre("$.clusters[bills] (added)"));
  EXPECT_THAT(restart_needed(after, before), ElementsAre("$.clusters[bills] (removed)"));
}

}  // namespace
}  // namespace relevo::config::test

// What single settings are read as, their defaults, and what is refused.
#include "proxy/config/settings.hpp"

#include "proxy/config/units.hpp"
#include "tests/unit/config/support.hpp"

namespace relevo::config::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// `clusters[].pool.size` -> `/clusters/0/pool/size`, within the minimal example.
std::string pointer_of(std::string path) {
  for (auto at = path.find("[]"); at != std::string::npos; at = path.find("[]"))
    path.replace(at, 2, "/0");
  for (char& c : path)
    if (c == '.') c = '/';
  return "/" + path;
}

std::string problem_path_of(std::string path) {
  for (auto at = path.find("[]"); at != std::string::npos; at = path.find("[]"))
    path.replace(at, 2, "[0]");
  return "$." + path;
}

// The minimal example with the list of users that the settings of users need.
Json base() {
  Json json = example("minimal");
  json["clusters"][0]["auth"]["users"] = Json::parse(R"([{"name": "app", "password": "x"}])");
  return json;
}

TEST(Settings, TheMinimalExampleGetsTheDefaults) {
  const auto config = World{}.parse(example_text("minimal"));
  ASSERT_TRUE(config) << ::testing::PrintToString(config.error());

  Config expected;
  Cluster cluster;
  cluster.name = "orders";
  cluster.listen = {Listen{false, "127.0.0.1", 6432}};
  Node node;
  node.port = 5432;
  node.name = "db1";
  node.host = "10.0.0.1";
  cluster.nodes.push_back(node);
  node.name = "db2";
  node.host = "10.0.0.2";
  cluster.nodes.push_back(node);
  cluster.monitor.user = "relevo";
  cluster.monitor.password = Secret("monitor secret");
  cluster.replication = {"repl", Secret("repl secret")};
  expected.clusters = {cluster};
  EXPECT_TRUE(*config == expected);
}

TEST(Settings, ReadsEachKindOfValue) {
  const auto config = World{}.parse(edited(
      example("minimal"),
      {{"/workers", "3"},
       {"/drain_timeout", R"("90s")"},
       {"/log", R"({"level": "warning", "format": "json"})"},
       {"/admin", R"({"socket": "a.sock", "http": "[::1]:8008", "token": "t"})"},
       {"/clusters/0/engine", R"("mysql")"},
       {"/clusters/0/listen", R"(["unix:orders.sock", "0.0.0.0:1"])"},
       {"/clusters/0/nodes/0",
        R"({"name": "n.1", "address": "db.example:1", "zone": "z-1", "weight": 0,
         "priority": 7, "never_promote": true})"},
       {"/clusters/0/server_tls", R"({"mode": "verify-ca", "ca": "databases.ca.crt"})"},
       {"/clusters/0/auth",
        R"({"users": [{"name": "Zo\u00eb", "password": "x"}], "unix_socket": "trust",
            "cleartext_over_tls": true})"},
       {"/clusters/0/pool/mode", R"("session")"},
       {"/clusters/0/routing", R"({"reads": "primary", "max_lag": "0ms", "consistency": "eventual",
         "balance": "round_robin"})"},
       {"/clusters/0/failover", R"({"mode": "manual", "max_loss": "0B", "hold": "0s"})"}}));
  ASSERT_TRUE(config) << ::testing::PrintToString(config.error());
  EXPECT_EQ(config->workers, 3u);
  EXPECT_EQ(config->drain_timeout, std::chrono::seconds(90));
  EXPECT_EQ(config->log, (Log{LogLevel::warning, LogFormat::json}));
  EXPECT_EQ(config->admin, (Admin{"/etc/relevo/a.sock", Listen{false, "::1", 8008}, Secret("t")}));
  const Cluster& cluster = config->clusters[0];
  EXPECT_EQ(cluster.engine, Engine::mysql);
  EXPECT_THAT(cluster.listen,
              ElementsAre(Listen{true, "/etc/relevo/orders.sock", 0}, Listen{false, "0.0.0.0", 1}));
  EXPECT_EQ(cluster.nodes[0], (Node{"n.1", "db.example", 1, "z-1", 0, 7, true}));
  EXPECT_EQ(cluster.server_tls,
            (TlsServerSide{ServerTls::verify_ca, "/etc/relevo/databases.ca.crt"}));
  EXPECT_THAT(*cluster.auth.users, ElementsAre(User{"Zo\xc3\xab", Secret("x")}));
  EXPECT_EQ(cluster.auth.unix_socket, UnixAuth::trust);
  EXPECT_TRUE(cluster.auth.cleartext_over_tls);
  EXPECT_EQ(cluster.pool.mode, PoolMode::session);
  EXPECT_EQ(cluster.routing, (Routing{Reads::primary, Milliseconds(0), Consistency::eventual,
                                      Balance::round_robin, ""}));
  EXPECT_EQ(cluster.failover.mode, FailoverMode::manual);
  EXPECT_EQ(cluster.failover.max_loss, 0u);
}

TEST(Settings, ADefaultThatIsWrittenDownChangesNothing) {
  const World world;
  const auto without = world.parse(base().dump());
  ASSERT_TRUE(without);
  for (const SettingGroup& group : catalogue())
    for (const Setting& setting : group.settings) {
      // "acks" alone has to be absent where it has no effect.
      if (setting.fallback.empty() || setting.path == "clusters[].failover.acks") continue;
      const auto with = world.parse(edited(base(), {{pointer_of(setting.path), setting.fallback}}));
      ASSERT_TRUE(with) << setting.path << ::testing::PrintToString(with.error());
      EXPECT_TRUE(*with == *without) << setting.path;
    }
}

TEST(Settings, NullSaysNoneWhereTheReferenceSaysSo) {
  const World world;
  for (const SettingGroup& group : catalogue())
    for (const Setting& setting : group.settings) {
      const auto problems = world.problems(edited(base(), {{pointer_of(setting.path), "null"}}));
      const bool may_be_null = setting.type.ends_with("or null");
      if (setting.path == "clusters[].replication.user")
        EXPECT_THAT(problems,
                    ElementsAre(is_problem(problem_path_of(setting.path), "needed to repoint")));
      else if (may_be_null)
        EXPECT_THAT(problems, IsEmpty()) << setting.path;
      else
        EXPECT_THAT(problems, ElementsAre(is_problem(problem_path_of(setting.path), "found null")))
            << setting.path;
    }
}

// The bounds as the reference prints them: "duration, 1ms to 24h".
struct Bounds {
  std::string least;
  std::string most;
};
Bounds bounds_of(const std::string& type) {
  std::istringstream words(type.substr(type.find(", ") + 2));
  Bounds bounds;
  std::string to;
  words >> bounds.least >> to >> bounds.most;
  EXPECT_EQ(to, "to") << type;
  return bounds;
}

TEST(Settings, EveryBoundIsWhereTheReferenceSaysThatItIs) {
  const World world;
  int bounded = 0;
  for (const SettingGroup& group : catalogue())
    for (const Setting& setting : group.settings) {
      const bool number = setting.type.starts_with("whole number, ");
      const bool duration = setting.type.starts_with("duration, ");
      if (!number && !duration && !setting.type.starts_with("size, ")) continue;
      ++bounded;
      const auto problems_with = [&](const std::string& value) {
        return world.problems(edited(base(), {{pointer_of(setting.path), value}}));
      };
      const auto refused = is_problem(problem_path_of(setting.path), "out of range");
      const auto raw = [&](const std::string& text) -> std::uint64_t {
        if (number) return std::stoull(text);
        return duration ? static_cast<std::uint64_t>(parse_duration(text)->count())
                        : *parse_size_bytes(text);
      };
      const auto written = [&](std::uint64_t value) {
        const std::string text = std::to_string(value);
        return number ? text : "\"" + text + (duration ? "ms\"" : "B\"");
      };
      const Bounds bounds = bounds_of(setting.type);
      const std::uint64_t least = raw(bounds.least);
      const std::uint64_t most = raw(bounds.most);
      SCOPED_TRACE(setting.path);
      // In range, another setting may still object.
      EXPECT_THAT(problems_with(written(least)), ::testing::Not(::testing::Contains(refused)));
      EXPECT_THAT(problems_with(written(most)), ::testing::Not(::testing::Contains(refused)));
      EXPECT_THAT(problems_with(written(most + 1)), ElementsAre(refused));
      if (least > 0) {
        EXPECT_THAT(problems_with(written(least - 1)), ElementsAre(refused));
      }
    }
  EXPECT_GT(bounded, 15);
}

struct Refusal {
  Edit edit;
  std::string path;
  std::string words;
};

TEST(Settings, RefusesWithThePathAndTheReason) {
  const std::string c = "$.clusters[0]";
  const std::vector<Refusal> refusals{
      {{"/workers", "-1"}, "$.workers", "-1 is out of range: 0 to 1024"},
      {{"/workers", "18446744073709551615"}, "$.workers", "out of range"},
      {{"/workers", "99999999999999999999999"}, "$.workers", "expected a whole number"},
      {{"/workers", "2.0"}, "$.workers", "expected a whole number"},
      {{"/workers", R"("2")"}, "$.workers", "expected a whole number, found a string"},
      {{"/workers", "true"}, "$.workers", "expected a whole number, found true"},
      {{"/drain_timeout", "30"}, "$.drain_timeout", "such as \"250ms\", found a number"},
      {{"/drain_timeout", R"("30")"}, "$.drain_timeout", "one of ms, s, m, h"},
      {{"/drain_timeout", R"("-1s")"}, "$.drain_timeout", "is not a duration"},
      {{"/drain_timeout", R"("0s")"}, "$.drain_timeout", "out of range: 1ms to 24h"},
      {{"/drain_timeout", R"("99999999999999999h")"}, "$.drain_timeout", "is not a duration"},
      {{"/clusters/0/failover/max_loss", R"("16MB")"},
       c + ".failover.max_loss",
       "B, KiB, MiB, GiB"},
      {{"/clusters/0/failover/max_loss", "16"}, c + ".failover.max_loss", "such as \"16MiB\""},
      {{"/log/level", R"("warn")"}, "$.log.level", "the nearest is \"warning\""},
      {{"/log/level", "3"}, "$.log.level", "\"warning\" or \"error\", found a number"},
      {{"/state_dir", R"("")"}, "$.state_dir", "must not be empty"},
      {{"/state_dir", R"("a\u0007b")"}, "$.state_dir", "control character"},
      {{"/admin/http", R"("unix:/a")"}, "$.admin.http", "expected listen address"},
      {{"/admin/http", R"("localhost:1")"}, "$.admin.http", "numeric"},
      {{"/clusters", "[]"}, "$.clusters", "at least 1"},
      {{"/clusters", "{}"}, "$.clusters", "expected an array, found an object"},
      {{"/clusters/0", "7"}, c, "expected an object, found a number"},
      {{"/clusters/0/listen", "[]"}, c + ".listen", "at least 1"},
      {{"/clusters/0/listen", R"("127.0.0.1:1")"},
       c + ".listen",
       "expected an array, found a string"},
      {{"/clusters/0/nodes", "[]"}, c + ".nodes", "at least 1"},
      {{"/clusters/0/nodes", ""}, c + ".nodes", "required"},
      {{"/clusters/0/name", R"("")"}, c + ".name", "is not a name"},
      {{"/clusters/0/name", R"("a/b")"}, c + ".name", "is not a name"},
      {{"/clusters/0/name", R"("-a")"}, c + ".name", "is not a name"},
      {{"/clusters/0/name", R"("caf\u00e9")"}, c + ".name", "is not a name"},
      {{"/clusters/0/name", "\"" + std::string(64, 'a') + "\""}, c + ".name", "is not a name"},
      {{"/clusters/0/nodes/1/name", R"("db 2")"}, c + ".nodes[1].name", "is not a name"},
      {{"/clusters/0/nodes/1/address", R"("10.0.0.2")"}, c + ".nodes[1].address", "host:port"},
      {{"/clusters/0/nodes/1/never_promote", R"("yes")"},
       c + ".nodes[1].never_promote",
       "true or false"},
      {{"/clusters/0/monitor/user", ""}, c + ".monitor.user", "required"},
      {{"/clusters/0/monitor", ""}, c + ".monitor.user", "required"},
      {{"/clusters/0/monitor/user", R"("")"}, c + ".monitor.user", "must not be empty"},
      {{"/clusters/0/monitor/user", R"("a\nb")"}, c + ".monitor.user", "control characters"},
      {{"/clusters/0/tls", "null"}, c + ".tls", "expected an object, found null"},
      {{"/clusters/0/auth/users", "[]"}, c + ".auth.users", "at least 1"},
      {{"/clusters/0/auth/users", R"([{"name": "a"}])"}, c + ".auth.users[0].password", "required"},
  };
  const World world;
  for (const Refusal& refusal : refusals)
    EXPECT_THAT(world.problems(edited(example("minimal"), {refusal.edit})),
                ElementsAre(is_problem(refusal.path, refusal.words)))
        << refusal.edit.pointer << " = " << refusal.edit.value;
}

TEST(Settings, UnknownKeysAreNamedWithTheNearestKnownOne) {
  const auto problems =
      World{}.problems(edited(example("minimal"), {{"/worker", "1"},
                                                   {"/clusters/0/pool/siez", "1"},
                                                   {"/clusters/0/routing/max-lag", "1"},
                                                   {"/clusters/0/nodes/0/adress", "1"}}));
  EXPECT_THAT(problems,
              UnorderedElementsAre(is_problem("$.worker", "\"workers\""),
                                   is_problem("$.clusters[0].pool.siez", "\"size\""),
                                   is_problem("$.clusters[0].routing[\"max-lag\"]", "\"max_lag\""),
                                   is_problem("$.clusters[0].nodes[0].adress", "\"address\"")));
}

TEST(Settings, AllProblemsAreReportedAtOnce) {
  const auto problems = World{}.problems(R"({
    "workers": 1, "workers": 2, "colour": "red", "drain_timeout": 5,
    "clusters": [7, { "name": "a b", "listen": ["x", "127.0.0.1:1"], "nodes": [{}], "monitor": { "user": "m" },
                      "replication": { "user": "r" }, "tls": { "mode": "require" } }]})");
  EXPECT_THAT(problems,
              UnorderedElementsAre(
                  is_problem("$.workers", "twice"), is_problem("$.colour", "unknown"),
                  is_problem("$.drain_timeout"), is_problem("$.clusters[0]", "object"),
                  is_problem("$.clusters[1].name"), is_problem("$.clusters[1].listen[0]"),
                  is_problem("$.clusters[1].nodes[0].name", "required"),
                  is_problem("$.clusters[1].nodes[0].address", "required"),
                  is_problem("$.clusters[1].tls.cert"), is_problem("$.clusters[1].tls.key")));
}

TEST(Settings, TheRootIsAnObject) {
  for (const char* text : {"[]", "7", "null", "\"text\"", "true"})
    EXPECT_THAT(World{}.problems(text), ElementsAre(is_problem("$", "expected an object"))) << text;
  EXPECT_THAT(World{}.problems("{}"), ElementsAre(is_problem("$.clusters", "required")));
}

}  // namespace
}  // namespace relevo::config::test

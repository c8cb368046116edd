// What settings ask of each other.
#include "tests/unit/config/support.hpp"

namespace relevo::config::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Rule {
  std::vector<Edit> edits;  // of the minimal example
  std::string path;         // "": no problem
  std::string words;
};

void expect(const std::vector<Rule>& rules) {
  const World world;
  for (const Rule& rule : rules) {
    std::string shown;
    for (const Edit& edit : rule.edits) shown += edit.pointer + " = " + edit.value + "; ";
    const auto problems = world.problems(edited(example("minimal"), rule.edits));
    if (rule.path.empty())
      EXPECT_THAT(problems, IsEmpty()) << shown;
    else
      EXPECT_THAT(problems, ElementsAre(is_problem(rule.path, rule.words))) << shown;
  }
}

const std::string c0 = "$.clusters[0]";
const std::string c1 = "$.clusters[1]";

// A second cluster that is in order beside the minimal example's.
const std::string second = R"({"name": "bills", "listen": ["127.0.0.1:6433"],
  "nodes": [{"name": "db1", "address": "10.0.1.1:5432"}], "monitor": {"user": "m"},
  "replication": {"user": "r"}})";

TEST(Checks, NamesAndAddressesAreUnique) {
  const Edit two{"/clusters/1", second};
  expect({
      {{two}, "", ""},
      {{two, {"/clusters/1/name", R"("orders")"}},
       c1 + ".name",
       "\"orders\" is taken: $.clusters[0].name"},
      {{{"/clusters/0/nodes/1/name", R"("db1")"}},
       c0 + ".nodes[1].name",
       "taken: $.clusters[0].nodes[0].name"},
      {{{"/clusters/0/nodes/1/address", R"("10.0.0.1:5432")"}},
       c0 + ".nodes[1].address",
       "is taken"},
      {{{"/clusters/0/nodes/1/address", R"("10.0.0.1:5433")"}}, "", ""},
      {{{"/clusters/0/auth/users",
         R"([{"name": "a", "password": "x"}, {"name": "a", "password": "y"}])"}},
       c0 + ".auth.users[1].name",
       "user name \"a\" is taken"},
  });
}

TEST(Checks, NoTwoListenersTakeTheSameAddress) {
  const auto two = [](const std::string& listen) {
    return std::vector<Edit>{{"/clusters/1", second}, {"/clusters/1/listen", listen}};
  };
  const auto one = [](const std::string& listen) {
    return std::vector<Edit>{{"/clusters/0/listen", listen}};
  };
  expect({
      {two(R"(["127.0.0.1:6432"])"), c1 + ".listen[0]", "same address as $.clusters[0].listen[0]"},
      {two(R"(["0.0.0.0:6432"])"), c1 + ".listen[0]", "127.0.0.1:6432"},
      {two(R"(["[::1]:1", "127.0.0.1:6432"])"), c1 + ".listen[1]", "same address"},
      {two(R"(["[::]:6432"])"), "", ""},
      {two(R"(["127.0.0.2:6432"])"), "", ""},
      {one(R"(["0.0.0.0:6432", "[::]:6432"])"), "", ""},
      {one(R"(["[::1]:6432", "[0::1]:6432"])"), c0 + ".listen[1]", "[::1]:6432"},
      {one(R"(["unix:a.sock", "unix:/etc/relevo/a.sock"])"), c0 + ".listen[1]",
       "unix:/etc/relevo/a.sock"},
      {one(R"(["unix:/run/relevo/admin.sock"])"), c0 + ".listen[0]", "$.admin.socket"},
      {{{"/admin/http", R"("127.0.0.1:6432")"}}, c0 + ".listen[0]", "$.admin.http"},
  });
}

TEST(Checks, NoNodeIsRelevoItself) {
  const auto node = [](const std::string& address, const std::string& listen) {
    return std::vector<Edit>{{"/clusters/0/nodes/0/address", address},
                             {"/clusters/0/listen", listen}};
  };
  const std::string at = c0 + ".nodes[0].address";
  expect({
      {node(R"("127.0.0.1:6432")", R"(["127.0.0.1:6432"])"), at,
       "Relevo's own address ($.clusters[0].listen[0])"},
      {node(R"("localhost:6432")", R"(["127.0.0.1:6432"])"), at, "own address"},
      {node(R"("localhost:6432")", R"(["0.0.0.0:6432"])"), at, "own address"},
      {node(R"("[0::1]:6432")", R"(["[::1]:6432"])"), at, "own address"},
      {node(R"("10.0.0.9:6432")", R"(["10.0.0.9:6432"])"), at, "own address"},
      {node(R"("10.0.0.1:6432")", R"(["0.0.0.0:6432"])"), "", ""},  // another host's
      {node(R"("127.0.0.1:5432")", R"(["127.0.0.1:6432"])"), "", ""},
  });
}

TEST(Checks, TlsTowardsClientsHasACertificateAndAKey) {
  const auto tls = [](const std::string& value) {
    return std::vector<Edit>{{"/clusters/0/tls", value}};
  };
  const std::string files = R"("cert": "server.crt", "key": "server.key")";
  expect({
      {tls("{}"), "", ""},
      {tls(R"({"mode": "disable"})"), "", ""},
      {tls(R"({"mode": "disable", )" + files + "}"), "", ""},
      {tls(R"({"mode": "allow", )" + files + "}"), "", ""},
      {tls(R"({"mode": "require", "client_ca": "databases.ca.crt", )" + files + "}"), "", ""},
      {tls(R"({"mode": "allow", "key": "server.key"})"), c0 + ".tls.cert",
       "\"allow\" needs a certificate"},
      {tls(R"({"mode": "require", "cert": "server.crt"})"), c0 + ".tls.key",
       "\"require\" needs a private key"},
      {tls(R"({"mode": "allow", "cert": null, "key": "server.key"})"), c0 + ".tls.cert",
       "needs a certificate"},
      {tls("{" + files + "}"), c0 + ".tls.mode", "has to be given"},
      {tls(R"({"mode": "allow", "cert": "gone.crt", "key": "server.key"})"), c0 + ".tls.cert",
       "cannot read /etc/relevo/gone.crt: No such file"},
      {tls(R"({"mode": "allow", "client_ca": "gone.crt", )" + files + "}"), c0 + ".tls.client_ca",
       "cannot read"},
      {tls(R"({"mode": "disable", "cert": "gone.crt"})"), "", ""},
  });
  const auto both = World{}.problems(edited(example("minimal"), tls(R"({"mode": "allow"})")));
  EXPECT_THAT(both, ElementsAre(is_problem(c0 + ".tls.cert"), is_problem(c0 + ".tls.key")));
}

TEST(Checks, ACaIsUsedOrAbsent) {
  const auto tls = [](const std::string& value) {
    return std::vector<Edit>{{"/clusters/0/server_tls", value}};
  };
  const std::string ca = R"("ca": "databases.ca.crt")";
  const std::string at = c0 + ".server_tls.ca";
  expect({
      {tls(R"({"mode": "require"})"), "", ""},
      {tls(R"({"mode": "verify-ca", )" + ca + "}"), "", ""},
      {tls(R"({"mode": "verify-full", )" + ca + "}"), "", ""},
      {tls(R"({"mode": "verify-full"})"), at, "needed by the verifying modes"},
      {tls(R"({"mode": "verify-ca", "ca": null})"), at, "needed"},
      {tls(R"({"mode": "require", )" + ca + "}"), at, "\"verify-ca\" and \"verify-full\" alone"},
      {tls("{" + ca + "}"), at, "alone"},
      {tls(R"({"mode": "verify-ca", "ca": "gone.crt"})"), at, "cannot read"},
  });
}

TEST(Checks, AQuorumCanBeReached) {
  const auto failover = [](const std::string& value) {
    return std::vector<Edit>{{"/clusters/0/failover", value}};
  };
  const std::string at = c0 + ".failover.acks";
  expect({
      {failover(R"({"durability": "quorum", "acks": 1})"), "", ""},
      {failover(R"({"durability": "quorum"})"), at, "has to be given"},
      {failover(R"({"durability": "quorum", "acks": 2})"), at,
       "2 acknowledgements need at least 3 nodes; there are 2"},
      {failover(R"({"durability": "quorum", "acks": 0})"), at, "out of range"},
      {failover(R"({"durability": "async", "acks": 1})"), at, "no effect"},
      {failover(R"({"acks": 1})"), at, "no effect"},
  });
}

TEST(Checks, FailoverHasWhatItNeeds) {
  const Edit no_user{"/clusters/0/replication", ""};
  const auto mode = [](const std::string& value) {
    return Edit{"/clusters/0/failover/mode", value};
  };
  expect({
      {{no_user}, c0 + ".replication.user", "needed to repoint"},
      {{no_user, mode(R"("manual")")}, c0 + ".replication.user", "needed to repoint"},
      {{no_user, mode(R"("off")")}, "", ""},
      {{{"/clusters/0/failover/detect", R"("100ms")"}},
       c0 + ".failover.detect",
       "longer than monitor.interval (100ms)"},
      {{{"/clusters/0/failover/detect", R"("101ms")"}}, "", ""},
      {{{"/clusters/0/monitor/interval", R"("1s")"}}, c0 + ".failover.detect", "(1s)"},
  });
  const Edit db1{"/clusters/0/nodes/0/never_promote", "true"};
  const Edit db2{"/clusters/0/nodes/1/never_promote", "true"};
  expect({
      {{db1}, "", ""},
      {{db1, db2}, c0 + ".nodes", "no failover could ever happen"},
      {{db1, db2, mode(R"("manual")")}, "", ""},
      {{{"/clusters/0/nodes", R"([{"name": "a", "address": "h:1", "never_promote": true}])"}},
       "",
       ""},
  });
}

TEST(Checks, NearestZoneKnowsItsZone) {
  const auto routing = [](const std::string& value) {
    return std::vector<Edit>{{"/clusters/0/routing", value}};
  };
  expect({
      {routing(R"({"balance": "nearest_zone"})"), c0 + ".routing.zone", "needed"},
      {routing(R"({"balance": "nearest_zone", "zone": null})"), c0 + ".routing.zone", "needed"},
      {routing(R"({"balance": "nearest_zone", "zone": "a"})"), "", ""},
      {routing(R"({"balance": "round_robin"})"), "", ""},
  });
}

// A mistake is reported once: what follows from it is not.
TEST(Checks, AreSilentAboutWhatHasAProblemAlready) {
  const Edit no_user{"/clusters/0/replication", ""};
  expect({
      {{no_user, {"/clusters/0/failover/mode", R"("of")"}},
       c0 + ".failover.mode",
       "nearest is \"off\""},
      {{{"/clusters/0/tls", R"({"mode": "allow", "cert": 5, "key": "server.key"})"}},
       c0 + ".tls.cert",
       "expected a string"},
      {{{"/clusters/0/tls", R"({"mode": "on", "cert": "gone", "key": "gone"})"}},
       c0 + ".tls.mode",
       "\"on\""},
      {{{"/clusters/0/failover", R"({"durability": "quorum", "acks": 2})"},
        {"/clusters/0/nodes", "7"}},
       c0 + ".nodes",
       "expected an array"},
      {{{"/clusters/0/failover", R"({"durability": "quorm", "acks": 1})"}},
       c0 + ".failover.durability",
       "quorum"},
      {{{"/clusters/0/monitor/interval", R"("1")"}}, c0 + ".monitor.interval", "is not a duration"},
      {{{"/clusters/0/routing", R"({"balance": "nearest_zone", "zone": 5})"}},
       c0 + ".routing.zone",
       "expected"},
  });
}

// A node that is wrong inside still counts as a node.
TEST(Checks, GoOnBesideAProblemDeeperInside) {
  const auto problems = World{}.problems(edited(
      example("minimal"), {{"/clusters/0/failover", R"({"durability": "quorum", "acks": 2})"},
                           {"/clusters/0/nodes/1/address", R"("nowhere")"}}));
  EXPECT_THAT(problems, ElementsAre(is_problem(c0 + ".nodes[1].address", "host:port"),
                                    is_problem(c0 + ".failover.acks", "there are 2")));
}

}  // namespace
}  // namespace relevo::config::test

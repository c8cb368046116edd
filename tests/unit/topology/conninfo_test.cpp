// What libpq is given: addresses in place of names, and nothing left to the environment.
#include "topology/client/conninfo.hpp"

#include <gtest/gtest.h>

#include <map>

namespace relevo::client {
namespace {

std::map<std::string, std::string> built(const Endpoint& endpoint,
                                         const std::vector<std::string>& addresses) {
  const auto list = conninfo(endpoint, addresses);
  return {list.begin(), list.end()};
}

TEST(Conninfo, GivesTheNameForTheCertificateAndTheAddressForTheConnection) {
  Endpoint endpoint;
  endpoint.host = "db1.example";
  endpoint.port = 5433;
  endpoint.user = "relevo";
  const auto parameters = built(endpoint, {"10.0.0.1"});
  EXPECT_EQ(parameters.at("host"), "db1.example");
  EXPECT_EQ(parameters.at("hostaddr"), "10.0.0.1");
  EXPECT_EQ(parameters.at("port"), "5433");
  EXPECT_EQ(parameters.at("dbname"), "postgres");
  EXPECT_EQ(parameters.count("replication"), 0U);
}

TEST(Conninfo, RepeatsNameAndPortForEachAddress) {
  Endpoint endpoint;
  endpoint.host = "db1";
  const auto parameters = built(endpoint, {"::1", "127.0.0.1"});
  EXPECT_EQ(parameters.at("hostaddr"), "::1,127.0.0.1");
  EXPECT_EQ(parameters.at("host"), "db1,db1");
  EXPECT_EQ(parameters.at("port"), "5432,5432");
}

TEST(Conninfo, OfAUnixSocketHasNoAddress) {
  Endpoint endpoint;
  endpoint.host = "/run/postgresql";
  const auto parameters = built(endpoint, {});
  EXPECT_EQ(parameters.at("host"), "/run/postgresql");
  EXPECT_EQ(parameters.count("hostaddr"), 0U);
}

TEST(Conninfo, LeavesNothingThatMattersToTheEnvironment) {
  const auto parameters = built({}, {"127.0.0.1"});
  for (const char* keyword : {"options", "target_session_attrs", "sslmode", "passfile",
                              "gssencmode", "application_name", "dbname"}) {
    ASSERT_EQ(parameters.count(keyword), 1U) << keyword;
    EXPECT_FALSE(parameters.at(keyword).empty()) << keyword;  // empty would mean: not given
  }
}

TEST(Conninfo, AsksForReplicationWhereWanted) {
  Endpoint endpoint;
  endpoint.replication = true;
  EXPECT_EQ(built(endpoint, {"127.0.0.1"}).at("replication"), "true");
}

}  // namespace
}  // namespace relevo::client

#include <gmock/gmock.h>

#include "tests/unit/admin/ask.hpp"

namespace relevo::admin {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* cluster = "/v1/clusters/orders/";

Response post(FakeBackend& backend, const std::string& what, const std::string& body = "") {
  return ask(backend, "POST", cluster + what, body);
}

TEST(Commands, ReachTheBackendWithWhatWasSaid) {
  FakeBackend backend;
  EXPECT_EQ(post(backend, "switchover").body, "{\"message\":\"It is done.\"}\n");
  EXPECT_EQ(post(backend, "switchover", R"({"to":"db2"})").status, 200);
  EXPECT_EQ(post(backend, "failover", " \n").status, 200);
  EXPECT_EQ(post(backend, "failover", R"({"to":"db2","allow_data_loss":true})").status, 200);
  EXPECT_EQ(post(backend, "failover", R"({"allow_data_loss":false})").status, 200);
  EXPECT_EQ(post(backend, "pause").status, 200);
  EXPECT_EQ(post(backend, "resume", "{}").status, 200);
  EXPECT_EQ(post(backend, "ack").status, 200);
  EXPECT_EQ(post(backend, "nodes/db2/maintenance", R"({"on":true})").status, 200);
  EXPECT_EQ(post(backend, "nodes/db2/maintenance", R"({"on":false})").status, 200);
  EXPECT_EQ(ask(backend, "POST", "/v1/reload").status, 200);
  EXPECT_THAT(backend.commands(),
              ElementsAre("switchover orders ", "switchover orders db2", "failover orders ",
                          "failover orders db2 allow_data_loss", "failover orders ", "pause orders",
                          "resume orders", "ack orders", "maintenance orders db2 on",
                          "maintenance orders db2 off", "reload"));
}

TEST(Commands, AreRefusedWhenTheBodyIsNotUnderstoodWhole) {
  FakeBackend backend;
  EXPECT_EQ(post(backend, "switchover", "{").status, 400);
  EXPECT_EQ(post(backend, "switchover", "[]").status, 400);
  EXPECT_EQ(post(backend, "switchover", "\"db2\"").status, 400);
  EXPECT_EQ(post(backend, "switchover", R"({"to":2})").status, 400);
  EXPECT_EQ(post(backend, "failover", R"({"allow_data_loss":"yes"})").status, 400);
  EXPECT_EQ(post(backend, "failover", R"({"allow_dataloss":true})").status, 400);
  EXPECT_EQ(post(backend, "pause", R"({"to":"db2"})").status, 400);
  EXPECT_EQ(post(backend, "nodes/db2/maintenance").status, 400);
  EXPECT_EQ(post(backend, "nodes/db2/maintenance", R"({"on":1})").status, 400);
  EXPECT_EQ(ask(backend, "POST", "/v1/reload", R"({"x":1})").status, 400);
  // A switchover never loses data, so allowing it must be a mistake.
  const Response response = post(backend, "switchover", R"({"allow_data_loss":true})");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(error_message(response), HasSubstr("takes no \"allow_data_loss\""));
  EXPECT_THAT(backend.commands(), IsEmpty());
}

TEST(Commands, WantNamesThatExist) {
  FakeBackend backend;
  const Response node = post(backend, "switchover", R"({"to":"db9"})");
  EXPECT_EQ(node.status, 404);
  EXPECT_EQ(error_code(node), "unknown_node");
  EXPECT_THAT(error_message(node), HasSubstr("Its nodes are: db1, db2."));
  EXPECT_EQ(post(backend, "nodes/db9/maintenance", R"({"on":true})").status, 404);
  const Response other = ask(backend, "POST", "/v1/clusters/nope/pause");
  EXPECT_EQ(other.status, 404);
  EXPECT_EQ(error_code(other), "unknown_cluster");
  EXPECT_THAT(backend.commands(), IsEmpty());
}

TEST(Commands, PassARefusalOn) {
  FakeBackend backend;
  backend.answer = fail("no_quorum", "Only 1 of 2 needed replicas is frozen.");
  const Response response = post(backend, "failover");
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(error_code(response), "no_quorum");
  EXPECT_EQ(error_message(response), "Only 1 of 2 needed replicas is frozen.");
}

}  // namespace
}  // namespace relevo::admin

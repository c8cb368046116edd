#include <gmock/gmock.h>

#include "tests/unit/admin/ask.hpp"

namespace relevo::admin {
namespace {

// Byte for byte: users' scripts read this.
TEST(Topology, HasTheDocumentedShape) {
  FakeBackend backend;
  backend.traffic_now.nodes.resize(2);
  backend.traffic_now.nodes[0].clients = 12;
  backend.traffic_now.nodes[0].servers = 4;
  const Response response = ask(backend, "GET", "/v1/topology");
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.body,
            R"({"clusters":[{"name":"orders","engine":"postgres","epoch":3,"primary":"db1",)"
            R"("state":"healthy","nodes":[)"
            R"({"name":"db1","address":"10.0.0.1:5432","role":"primary","state":"online",)"
            R"("verdict":"Healthy","version":"15.20","position":"0/5000148","timeline":2,)"
            R"("lag_ms":0.0,"lag_bytes":0,"eligible_for_reads":true,"reason":"","clients":12,)"
            R"("servers":4,"zone":"a"},)"
            R"({"name":"db2","address":"10.0.0.2:5432","role":"replica","state":"online",)"
            R"("verdict":"Healthy","version":"15.20","position":"0/5000100","timeline":2,)"
            R"("lag_ms":12.5,"lag_bytes":72,"eligible_for_reads":true,"reason":"","clients":0,)"
            R"("servers":0,"zone":"b"}]}]})"
            "\n");
}

TEST(Topology, SaysNullForWhatIsNotKnown) {
  FakeBackend backend;
  auto view = orders_view();
  view.primary.reset();
  view.state = model::ClusterState::no_primary;
  view.nodes[1].lag.reset();
  view.nodes[1].lag_bytes.reset();
  view.nodes[1].role = model::Role::unknown;
  view.nodes[1].state = model::NodeState::down;
  view.nodes[1].verdict = model::Verdict::half_hung;
  view.nodes[1].eligible_for_reads = false;
  backend.set_views({view});
  const auto cluster = json_of(ask(backend, "GET", "/v1/topology"))["clusters"][0];
  EXPECT_TRUE(cluster["primary"].is_null());
  EXPECT_EQ(cluster["state"], "no_primary");
  const auto& node = cluster["nodes"][1];
  EXPECT_TRUE(node["lag_ms"].is_null());
  EXPECT_TRUE(node["lag_bytes"].is_null());
  EXPECT_EQ(node["role"], "unknown");
  EXPECT_EQ(node["state"], "down");
  EXPECT_EQ(node["verdict"], "HalfHung");
}

TEST(Topology, IsEmptyBeforeAnythingWasObserved) {
  FakeBackend backend;
  backend.set_views({});
  EXPECT_EQ(ask(backend, "GET", "/v1/topology").body, "{\"clusters\":[]}\n");
}

TEST(Pools, ShowEachRow) {
  FakeBackend backend;
  backend.pool_rows = {{"db1", "app", "shop", 3, 1, 2, 7, 20, 12.34567}};
  EXPECT_EQ(
      ask(backend, "GET", "/v1/clusters/orders/pools").body,
      R"({"cluster":"orders","pools":[{"node":"db1","user":"app","database":"shop",)"
      R"("active":3,"idle":1,"connecting":2,"waiting":7,"size":20,"longest_wait_ms":12.346}]})"
      "\n");
}

TEST(Clients, ShowEachRowWhateverItsBytes) {
  FakeBackend backend;
  session::ClientRow row;
  row.id = "0.5.1";
  row.user = "app";
  row.application_name = "caf\xE9 \x1b[2J";  // Latin-1 and an escape: a client may send both
  row.state = "idle";
  row.pinned = "LISTEN orders";
  row.age_s = 1.5;
  backend.client_rows = {row};
  EXPECT_EQ(
      ask(backend, "GET", "/v1/clusters/orders/clients").body,
      "{\"cluster\":\"orders\",\"clients\":[{\"id\":\"0.5.1\",\"user\":\"app\",\"database\":\"\","
      "\"application_name\":\"caf\xEF\xBF\xBD \\u001b[2J\",\"address\":\"\",\"state\":\"idle\","
      "\"node\":\"\",\"pinned\":\"LISTEN orders\",\"last_route\":\"\",\"age_s\":1.5,"
      "\"wait_ms\":0.0,\"tls\":false}]}\n");
}

TEST(Servers, ShowEachRow) {
  FakeBackend backend;
  backend.server_rows = {{"db2", "app", "shop", "active", "0.5.1", 4242, 60, 3, true}};
  EXPECT_EQ(ask(backend, "GET", "/v1/clusters/orders/servers").body,
            R"({"cluster":"orders","servers":[{"node":"db2","user":"app","database":"shop",)"
            R"("state":"active","client":"0.5.1","backend_pid":4242,"age_s":60.0,)"
            R"("prepared_statements":3,"tls":true}]})"
            "\n");
}

TEST(Rows, NameTheClustersThatThereAre) {
  FakeBackend backend;
  for (const char* what : {"pools", "clients", "servers"}) {
    const Response response = ask(backend, "GET", std::string("/v1/clusters/nope/") + what);
    EXPECT_EQ(response.status, 404);
    EXPECT_EQ(error_code(response), "unknown_cluster");
    EXPECT_THAT(error_message(response), testing::HasSubstr("\"nope\". The clusters are: orders."));
  }
}

}  // namespace
}  // namespace relevo::admin

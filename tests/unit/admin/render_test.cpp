// Golden texts: what operators see.
#include "proxy/admin/relevoctl/render.hpp"

#include <gtest/gtest.h>

namespace relevo::admin {
namespace {

using Json = nlohmann::json;

Json topology() {
  return Json::parse(R"({"clusters": [{"name": "orders", "engine": "postgres", "epoch": 3,
    "primary": "db1", "state": "degraded", "nodes": [
      {"name": "db1", "role": "primary", "state": "online", "verdict": "Healthy",
       "address": "10.0.0.1:5432", "position": "0/5000148", "lag_ms": 0.0, "reason": "",
       "clients": 12, "servers": 4},
      {"name": "db2", "role": "replica", "state": "online", "verdict": "Healthy",
       "address": "10.0.0.22:5432", "position": "0/5000148", "lag_ms": 12.4, "reason": "",
       "clients": 1, "servers": 1},
      {"name": "db3", "role": "unknown", "state": "down", "verdict": "Unreachable",
       "address": "10.0.0.3:5432", "position": "", "lag_ms": null,
       "reason": "no answer for 3 s", "clients": 0, "servers": 0}]}]})");
}

TEST(RenderTopology, DrawsATree) {
  EXPECT_EQ(render_topology(topology(), {}),
            "orders  postgres  degraded  epoch 3\n"
            "├─ db1  primary  online  Healthy      10.0.0.1:5432   0/5000148               "
            "12 clients  4 servers\n"
            "├─ db2  replica  online  Healthy      10.0.0.22:5432  0/5000148  lag 12 ms    "
            "1 client    1 server\n"
            "└─ db3  unknown  down    Unreachable  10.0.0.3:5432   -          lag unknown  "
            "0 clients   0 servers  no answer for 3 s\n");
}

TEST(RenderTopology, ColorsWhatMatters) {
  const std::string text = render_topology(topology(), {true});
  EXPECT_NE(text.find("\x1b[33mdegraded\x1b[0m"), std::string::npos);
  EXPECT_NE(text.find("\x1b[32monline\x1b[0m"), std::string::npos);
  EXPECT_NE(text.find("\x1b[31mdown\x1b[0m"), std::string::npos);
  EXPECT_NE(text.find("\x1b[33mUnreachable\x1b[0m"), std::string::npos);
}

TEST(RenderTopology, ParsesWhateverComes) {
  EXPECT_EQ(render_topology(Json(), {}), "No cluster has been observed yet.\n");
  EXPECT_EQ(render_topology(Json{{"clusters", 5}}, {}), "No cluster has been observed yet.\n");
  EXPECT_EQ(render_topology(Json::parse(R"({"clusters":[{"name":7,"nodes":{}},null]})"), {}),
            "7  -  -  epoch -\n\n-  -  -  epoch -\n");
  const Json discarded = Json::parse("{", nullptr, false);
  EXPECT_EQ(render_topology(discarded, {}), "No cluster has been observed yet.\n");
}

TEST(RenderTopology, WritesLagInFittingUnits) {
  Json answer = topology();
  const auto shown = [&](const Json& ms) {
    answer["clusters"][0]["nodes"][1]["lag_ms"] = ms;
    const std::string text = render_topology(answer, {});
    const auto at = text.find("lag ");
    return text.substr(at, text.find("  ", at) - at);
  };
  EXPECT_EQ(shown(0), "lag 0 ms");
  EXPECT_EQ(shown(0.42), "lag 0.4 ms");
  EXPECT_EQ(shown(999.4), "lag 999 ms");
  EXPECT_EQ(shown(2400), "lag 2.4 s");
  EXPECT_EQ(shown(600'000), "lag 10 min");
  EXPECT_EQ(shown(36'000'000), "lag 10.0 h");
  EXPECT_EQ(shown(nullptr), "lag unknown");
}

TEST(RenderPools, AlignsNumbersToTheRight) {
  const Json answer = Json::parse(R"({"cluster":"orders","pools":[
    {"node":"db1","user":"app","database":"shop","active":12,"idle":3,"connecting":0,"waiting":140,
     "size":20,"longest_wait_ms":31.5},
    {"node":"db2","user":"reporting","database":"shop","active":0,"idle":1,"connecting":0,
     "waiting":0,"size":20,"longest_wait_ms":0.0}]})");
  EXPECT_EQ(render_pools(answer, {}),
            "NODE  USER       DATABASE  ACTIVE  IDLE  OPENING  WAITING  SIZE  LONGEST WAIT\n"
            "db1   app        shop          12     3        0      140    20         32 ms\n"
            "db2   reporting  shop           0     1        0        0    20          0 ms\n");
  EXPECT_EQ(render_pools(Json::object(), {}), "No server connections.\n");
}

TEST(RenderClients, SaysWhyASessionIsPinned) {
  const Json answer = Json::parse(R"({"clients":[{"id":"0.5.1","user":"app","database":"shop",
    "application_name":"","address":"10.1.0.9:51000","state":"in transaction","node":"db1",
    "pinned":"temporary table","last_route":"db1: a write","age_s":61.2,"wait_ms":0.0,
    "tls":true}]})");
  EXPECT_EQ(render_clients(answer, {}),
            "ID     USER  DATABASE  APPLICATION  ADDRESS         STATE           NODE     AGE  "
            "WAIT  TLS  PINNED           LAST ROUTE\n"
            "0.5.1  app   shop      -            10.1.0.9:51000  in transaction  db1   61.2 s  "
            "0 ms  yes  temporary table  db1: a write\n");
}

TEST(RenderServers, ShowsWhoHoldsThem) {
  const Json answer = Json::parse(R"({"servers":[{"node":"db2","user":"app","database":"shop",
    "state":"idle","client":"","backend_pid":4242,"age_s":0.5,"prepared_statements":3,
    "tls":false}]})");
  EXPECT_EQ(render_servers(answer, {}),
            "NODE  USER  DATABASE  STATE  CLIENT  BACKEND     AGE  PREPARED  TLS\n"
            "db2   app   shop      idle   -          4242  500 ms         3  no\n");
}

TEST(RenderEvents, WritesOneLineEach) {
  const Json answer = Json::parse(R"({"events":[
    {"id":1,"at":"2025-03-01T12:00:00.123Z","cluster":"orders","epoch":3,"rule":0,
     "severity":"info","node":"","text":"started"},
    {"id":2,"at":"2025-03-01T12:00:01.000Z","cluster":"orders","epoch":4,"rule":12,
     "severity":"critical","node":"db1","text":"is dead\u001b[2J"}]})");
  EXPECT_EQ(render_events(answer, {}),
            "2025-03-01T12:00:00.123Z  orders  epoch 3  info  started\n"
            "2025-03-01T12:00:01.000Z  orders  epoch 4  rule 12  critical  db1: is dead?[2J\n");
  EXPECT_EQ(render_events(Json::parse(R"({"events":[]})"), {}), "No events.\n");
}

TEST(RenderExplanation, ListsItsParts) {
  const Json answer =
      Json::parse(R"({"target":"replica","node":"","reason":"calls no function","class":"read"})");
  EXPECT_EQ(render_explanation(answer, {}),
            "class   read\n"
            "target  replica\n"
            "node    none qualifies now\n"
            "reason  calls no function\n");
}

}  // namespace
}  // namespace relevo::admin

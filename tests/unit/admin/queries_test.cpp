#include <gmock/gmock.h>

#include "tests/unit/admin/ask.hpp"

namespace relevo::admin {
namespace {

using testing::ElementsAre;

TEST(Events, AreListedOldestFirstAfterAnId) {
  FakeBackend backend;
  backend.add_event("db1 is suspected");
  backend.add_event("promoted db2", 12);
  EXPECT_EQ(ask(backend, "GET", "/v1/events?since=1").body,
            R"({"events":[{"id":2,"at":"2025-03-01T12:00:00.123Z","cluster":"orders","epoch":3,)"
            R"("rule":12,"severity":"warning","node":"db1","text":"promoted db2"}]})"
            "\n");
  EXPECT_EQ(json_of(ask(backend, "GET", "/v1/events"))["events"].size(), 2U);
  EXPECT_EQ(json_of(ask(backend, "GET", "/v1/events?since="))["events"].size(), 2U);
  EXPECT_EQ(json_of(ask(backend, "GET", "/v1/events?since=2"))["events"].size(), 0U);
}

TEST(Events, BecomeAStreamWhenFollowed) {
  FakeBackend backend;
  const Response response = ask(backend, "GET", "/v1/events?since=7&follow=true");
  EXPECT_EQ(response.content_type, "application/x-ndjson");
  ASSERT_TRUE(response.follow);
  EXPECT_EQ(response.follow->since, 7U);
  EXPECT_TRUE(ask(backend, "GET", "/v1/events?follow").follow);
  EXPECT_FALSE(ask(backend, "GET", "/v1/events?follow=false").follow);
}

TEST(Events, RefuseWhatIsNoIdOrFlag) {
  FakeBackend backend;
  for (const char* query :
       {"since=-1", "since=x", "since=1x", "since=18446744073709551616", "follow=maybe"}) {
    EXPECT_EQ(ask(backend, "GET", std::string("/v1/events?") + query).status, 400) << query;
  }
}

TEST(Explain, AnswersInTheDocumentedShape) {
  FakeBackend backend;
  EXPECT_EQ(ask(backend, "GET", "/v1/explain?cluster=orders&sql=SELECT%201").body,
            R"({"target":"replica","node":"db2","reason":"a read","class":"read"})"
            "\n");
  EXPECT_THAT(backend.commands(), ElementsAre("explain orders SELECT 1"));
}

TEST(Explain, TakesTheOnlyClusterUnasked) {
  FakeBackend backend;
  EXPECT_EQ(ask(backend, "GET", "/v1/explain?sql=x").status, 200);
  EXPECT_THAT(backend.commands(), ElementsAre("explain orders x"));
}

TEST(Explain, WantsTheClusterWhereThereAreSeveral) {
  FakeBackend backend;
  auto other = orders_view();
  other.cluster = "users";
  backend.set_views({orders_view(), other});
  const Response response = ask(backend, "GET", "/v1/explain?sql=x");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(error_code(response), "cluster_needed");
  EXPECT_THAT(error_message(response), testing::HasSubstr("orders, users"));
  EXPECT_EQ(ask(backend, "GET", "/v1/explain?sql=x&cluster=users").status, 200);
}

TEST(Explain, PassesARefusalOn) {
  FakeBackend backend;
  EXPECT_EQ(ask(backend, "GET", "/v1/explain").status, 400);
  EXPECT_EQ(ask(backend, "GET", "/v1/explain?sql=x&cluster=nope").status, 404);
  backend.explanation = fail("unavailable", "Not yet.");
  const Response response = ask(backend, "GET", "/v1/explain?sql=x");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(error_message(response), "Not yet.");
}

}  // namespace
}  // namespace relevo::admin

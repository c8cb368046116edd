#include <gmock/gmock.h>

#include "tests/unit/admin/ask.hpp"

namespace relevo::admin {
namespace {

int status(FakeBackend& backend, const std::string& target) {
  return ask(backend, "GET", target).status;
}

TEST(Health, IsAliveEvenWhenNotReady) {
  FakeBackend backend;
  backend.is_ready = false;
  EXPECT_EQ(status(backend, "/livez"), 200);
  EXPECT_EQ(status(backend, "/readyz"), 503);
  backend.is_ready = true;
  EXPECT_EQ(status(backend, "/readyz"), 200);
}

TEST(Primary, IsUpOnlyWhileWritesGoThrough) {
  FakeBackend backend;
  EXPECT_EQ(ask(backend, "GET", "/primary").body, "{\"cluster\":\"orders\",\"primary\":\"db1\"}\n");

  auto view = orders_view();
  view.gate = model::PrimaryGate::draining;
  backend.set_views({view});
  EXPECT_EQ(error_code(ask(backend, "GET", "/primary")), "held");
  EXPECT_EQ(status(backend, "/primary"), 503);

  view = orders_view();
  view.paused = true;
  backend.set_views({view});
  EXPECT_EQ(error_code(ask(backend, "GET", "/primary")), "paused");

  view = orders_view();
  view.primary.reset();
  backend.set_views({view});
  EXPECT_EQ(error_code(ask(backend, "GET", "/primary")), "no_primary");

  backend.set_views({});
  EXPECT_EQ(status(backend, "/primary"), 503);
}

TEST(Replica, IsUpWithinTheLagThatIsAskedFor) {
  FakeBackend backend;  // db2 lags 12.5 ms
  EXPECT_EQ(ask(backend, "GET", "/replica").body,
            "{\"cluster\":\"orders\",\"replicas\":[\"db2\"]}\n");
  EXPECT_EQ(status(backend, "/replica?lag=1s"), 200);
  EXPECT_EQ(status(backend, "/replica?lag=13ms"), 200);
  EXPECT_EQ(status(backend, "/replica?lag=12ms"), 503);
  EXPECT_EQ(error_code(ask(backend, "GET", "/replica?lag=0ms")), "no_replica");
}

TEST(Replica, IsDownWhenNoneIsEligibleOrItsLagIsUnknown) {
  FakeBackend backend;
  auto view = orders_view();
  view.nodes[1].lag.reset();
  backend.set_views({view});
  EXPECT_EQ(status(backend, "/replica?lag=1h"), 400);
  EXPECT_EQ(status(backend, "/replica?lag=60m"), 503);
  view.nodes[1].eligible_for_reads = false;
  backend.set_views({view});
  EXPECT_EQ(status(backend, "/replica"), 503);
  view = orders_view();
  view.paused = true;
  backend.set_views({view});
  EXPECT_EQ(status(backend, "/replica"), 503);
}

TEST(Replica, StaysUpWithoutAPrimary) {
  FakeBackend backend;
  auto view = orders_view();
  view.primary.reset();
  view.gate = model::PrimaryGate::closed;
  backend.set_views({view});
  EXPECT_EQ(status(backend, "/replica"), 200);
}

TEST(Replica, WantsADurationWithItsUnit) {
  FakeBackend backend;
  for (const char* lag : {"", "1", "s", "-1s", "1.5s", "1s ", "99999999999ms"}) {
    EXPECT_EQ(ask(backend, "GET", "/replica?lag=" + percent_encode(lag)).status, 400) << lag;
  }
}

TEST(Health, WantsTheClusterWhereThereAreSeveral) {
  FakeBackend backend;
  auto other = orders_view();
  other.cluster = "users";
  other.primary.reset();
  backend.set_views({orders_view(), other});
  EXPECT_EQ(status(backend, "/primary"), 400);
  EXPECT_EQ(status(backend, "/primary?cluster=orders"), 200);
  EXPECT_EQ(status(backend, "/primary?cluster=users"), 503);
  EXPECT_EQ(status(backend, "/primary?cluster=nope"), 404);
  EXPECT_EQ(status(backend, "/replica?cluster=users&lag=1s"), 200);
}

}  // namespace
}  // namespace relevo::admin

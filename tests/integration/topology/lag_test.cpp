// Lag and causality measured on a real cluster.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/integration/topology/monitor.hpp"
#include "tests/integration/topology/shared_cluster.hpp"
#include "topology/client/postgres_connection.hpp"

namespace relevo::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Commits a row every 20 ms for as long as it lives.
class Writer {
 public:
  explicit Writer(const PostgresCluster& cluster) {
    cluster.sql(0, "CREATE TABLE IF NOT EXISTS ticks (at timestamptz)");
    thread_ = std::thread([this, &cluster] {
      while (!stop_) {
        cluster.sql(0, "INSERT INTO ticks VALUES (clock_timestamp())");
        std::this_thread::sleep_for(milliseconds(20));
      }
    });
  }
  ~Writer() {
    stop_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

class LagTest : public SharedCluster {};

TEST_F(LagTest, OfAnIdleClusterIsZero) {
  Monitor monitor(cluster());
  const auto idle = [&] {
    return monitor.lag(1).lag == model::Duration::zero() &&
           monitor.lag(2).lag == model::Duration::zero();
  };
  ASSERT_TRUE(monitor.await(idle));
  monitor.run_for(seconds(2));
  EXPECT_TRUE(monitor.await(idle, seconds(1)));
  EXPECT_EQ(monitor.lag(1).bytes, 0U);
}

TEST_F(LagTest, OfADelayedReplicaIsTheDelay) {
  cluster().set(1, "recovery_min_apply_delay", "600ms");
  {
    const Writer writer(cluster());
    Monitor monitor(cluster());
    const auto delayed = [&] {
      const auto lag = monitor.lag(1).lag;
      return lag && *lag > milliseconds(400) && *lag < milliseconds(1000);
    };
    ASSERT_TRUE(monitor.await(delayed));
    // It stays there, sample by sample, while the other replica keeps up.
    std::vector<double> delayed_ms;
    std::vector<double> prompt_ms;
    monitor.on_observation = [&](const model::Observation& observation) {
      const auto lag = monitor.lag(observation.node).lag;
      if (observation.node == 0 || !lag) return;
      (observation.node == 1 ? delayed_ms : prompt_ms)
          .push_back(std::chrono::duration<double, std::milli>(*lag).count());
    };
    monitor.run_for(seconds(3));
    ASSERT_GT(delayed_ms.size(), 10U);
    ASSERT_GT(prompt_ms.size(), 10U);
    std::sort(delayed_ms.begin(), delayed_ms.end());
    std::sort(prompt_ms.begin(), prompt_ms.end());
    const double delayed_median = delayed_ms[delayed_ms.size() / 2];
    const double prompt_median = prompt_ms[prompt_ms.size() / 2];
    RecordProperty("delayed_median_ms", std::to_string(delayed_median));
    RecordProperty("prompt_median_ms", std::to_string(prompt_median));
    EXPECT_GT(delayed_median, 500);
    EXPECT_LT(delayed_median, 900);
    EXPECT_LT(prompt_median, 250);
  }
  cluster().reset(1, "recovery_min_apply_delay");
}

TEST_F(LagTest, GrowsWhileReplayIsPausedAndGoesWhenItResumes) {
  Monitor monitor(cluster());
  ASSERT_TRUE(monitor.await([&] { return monitor.lag(1).lag == model::Duration::zero(); }));
  cluster().sql(1, "SELECT pg_wal_replay_pause()");
  cluster().sql(0, "CREATE TABLE IF NOT EXISTS ticks (at timestamptz)");
  cluster().sql(0, "INSERT INTO ticks VALUES (now())");
  EXPECT_TRUE(monitor.await([&] { return monitor.lag(1).lag > milliseconds(1500); }));
  EXPECT_TRUE(monitor.latest(1)->status.replay_paused);
  EXPECT_GT(monitor.lag(1).bytes, 0U);
  cluster().sql(1, "SELECT pg_wal_replay_resume()");
  EXPECT_TRUE(monitor.await([&] { return monitor.lag(1).lag == model::Duration::zero(); }));
}

TEST_F(LagTest, OpenTransactionsDoNotMakeReplicasLookBehind) {
  cluster().sql(0, "CREATE TABLE IF NOT EXISTS ticks (at timestamptz)");
  Monitor monitor(cluster());
  // An open transaction whose log nobody flushes: less than a page of it.
  asio::io_context io;
  client::PostgresConnection session(io);
  auto endpoint = endpoint_of(cluster().port(0), "postgres");
  bool inserted = false;
  session.connect(endpoint, seconds(20), [&](const client::Outcome<void>& outcome) {
    ASSERT_TRUE(outcome);
    session.query("BEGIN; INSERT INTO ticks VALUES (now())", seconds(20),
                  [&](const client::Outcome<client::Rows>& rows) { inserted = rows.has_value(); });
  });
  while (!inserted) ASSERT_GT(io.run_one_for(seconds(20)), 0U);
  const auto unflushed = [&] {
    const auto& latest = monitor.latest(0);
    return latest && latest->status.position.covers(latest->status.received) &&
           latest->status.position != latest->status.received;
  };
  ASSERT_TRUE(monitor.await(unflushed));
  monitor.run_for(seconds(2));
  ASSERT_TRUE(unflushed()) << "the log was flushed: the test shows nothing";
  EXPECT_EQ(monitor.lag(1).lag, model::Duration::zero());
  EXPECT_EQ(monitor.lag(2).lag, model::Duration::zero());
}

TEST_F(LagTest, WhatIsCaughtUpToIsThere) {
  cluster().sql(0, "CREATE TABLE IF NOT EXISTS writes (id int)");
  cluster().sql(0, "TRUNCATE writes");
  cluster().set(1, "recovery_min_apply_delay", "150ms");
  Monitor monitor(cluster());
  for (int id = 0; id < 20; ++id) {
    cluster().sql(0, "INSERT INTO writes VALUES (" + std::to_string(id) + ")");
    const model::Instant acknowledged = std::chrono::steady_clock::now();
    for (const std::size_t replica : {1U, 2U}) {
      ASSERT_TRUE(monitor.await([&] { return monitor.lag(replica).caught_up_to >= acknowledged; }));
      ASSERT_EQ(cluster().value(replica, "SELECT count(*) FROM writes"), std::to_string(id + 1))
          << "replica " << replica;
    }
  }
  cluster().reset(1, "recovery_min_apply_delay");
}

}  // namespace
}  // namespace relevo::testing

// Verdicts on a real cluster to which real things happen.
#include <gtest/gtest.h>

#include <atomic>
#include <iostream>
#include <thread>

#include "tests/integration/topology/monitor.hpp"
#include "tests/integration/topology/shared_cluster.hpp"
#include "tests/support/tcp_gate.hpp"
#include "topology/client/postgres_connection.hpp"

namespace relevo::testing {
namespace {

using Clock = std::chrono::steady_clock;
using model::Verdict;
using std::chrono::milliseconds;
using std::chrono::seconds;

double milliseconds_since(Clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

class VerdictTest : public SharedCluster {
 protected:
  // Watches for `duration`: true if `wrong` was never seen.
  static bool never(Monitor& monitor, seconds duration, const std::function<bool()>& wrong) {
    return !monitor.await(wrong, duration);
  }
};

TEST_F(VerdictTest, AKilledPrimaryIsDeadWithinAFractionOfASecond) {
  Monitor monitor(cluster());
  ASSERT_TRUE(monitor.await([&] { return monitor.all_healthy(); }));
  cluster().kill(0);
  const auto killed = Clock::now();
  ASSERT_TRUE(monitor.await([&] { return monitor.assess(0).conclusive; }));
  const double took_ms = milliseconds_since(killed);
  const detect::Assessment dead = monitor.assess(0);
  std::cout << "Dead and conclusive after " << took_ms << " ms: " << dead.reason << '\n';
  RecordProperty("dead_after_ms", std::to_string(took_ms));
  EXPECT_EQ(dead.verdict, Verdict::dead);
  EXPECT_GE(took_ms, 200);   // the grace was kept
  EXPECT_LT(took_ms, 1000);  // 250 ms of it, and a probe or two on a busy machine

  cluster().start(0);
  EXPECT_TRUE(monitor.await([&] { return monitor.all_healthy(); }));
}

TEST_F(VerdictTest, AFrozenPrimaryIsHungOnceTheReceiversFellSilent) {
  Monitor monitor(cluster());
  ASSERT_TRUE(monitor.await([&] { return monitor.all_healthy(); }));
  cluster().freeze(0);
  const auto frozen = Clock::now();
  ASSERT_TRUE(monitor.await([&] { return monitor.assess(0).verdict != Verdict::healthy; }));
  ASSERT_TRUE(monitor.await([&] { return monitor.assess(0).conclusive; }));
  std::cout << "Hung and conclusive after " << milliseconds_since(frozen)
            << " ms: " << monitor.assess(0).reason << '\n';
  EXPECT_EQ(monitor.assess(0).verdict, Verdict::hung);
  EXPECT_LT(milliseconds_since(frozen), 8000);
  cluster().thaw(0);
  EXPECT_TRUE(monitor.await([&] { return monitor.all_healthy(); }));
}

TEST_F(VerdictTest, AFrozenListenerIsHalfHung) {
  Monitor monitor(cluster());
  ASSERT_TRUE(monitor.await([&] { return monitor.all_healthy(); }));
  cluster().freeze_postmaster(0);
  monitor.hurry(0, true);
  EXPECT_TRUE(monitor.await([&] { return monitor.assess(0).verdict == Verdict::half_hung; }));
  EXPECT_TRUE(never(monitor, seconds(2), [&] { return monitor.assess(0).conclusive; }));
  cluster().thaw(0);
  EXPECT_TRUE(monitor.await([&] { return monitor.all_healthy(); }));
}

TEST_F(VerdictTest, APrimaryWithoutSlotsIsSaturatedAndNotDead) {
  Monitor monitor(cluster());
  ASSERT_TRUE(monitor.await([&] { return monitor.all_healthy(); }));
  {
    asio::io_context io;
    std::vector<std::unique_ptr<client::PostgresConnection>> crowd;
    bool full = false;
    while (!full && crowd.size() < 30) {
      crowd.push_back(std::make_unique<client::PostgresConnection>(io));
      bool done = false;
      crowd.back()->connect(endpoint_of(cluster().port(0)), seconds(20),
                            [&](const client::Outcome<void>& outcome) {
                              done = true;
                              full = !outcome && outcome.error().sqlstate == "53300";
                            });
      while (!done) ASSERT_GT(io.run_one_for(seconds(20)), 0U);
    }
    ASSERT_TRUE(full);
    monitor.hurry(0, true);
    EXPECT_TRUE(monitor.await([&] { return monitor.assess(0).verdict == Verdict::saturated; }));
    EXPECT_TRUE(never(monitor, seconds(2), [&] {
      return monitor.assess(0).verdict != Verdict::saturated || monitor.assess(0).conclusive;
    }));
  }
  EXPECT_TRUE(monitor.await([&] { return monitor.all_healthy(); }));
}

TEST_F(VerdictTest, APrimaryInCrashRecoveryIsRestarting) {
  Monitor monitor(cluster());
  ASSERT_TRUE(monitor.await([&] { return monitor.all_healthy(); }));
  bool restarting = false;
  bool condemned = false;
  monitor.on_observation = [&](const model::Observation&) {
    restarting = restarting || monitor.assess(0).verdict == Verdict::restarting;
    condemned = condemned || monitor.assess(0).conclusive;
  };
  cluster().crash_one_backend(0);
  EXPECT_TRUE(monitor.await([&] { return restarting; }));
  EXPECT_TRUE(monitor.await([&] { return monitor.all_healthy(); }));
  EXPECT_FALSE(condemned);
}

TEST_F(VerdictTest, AnOrderlyRestartIsNotDeath) {
  MonitorOptions options;
  options.detector.shutdown_grace = seconds(20);  // however busy this machine is
  Monitor monitor(cluster(), options);
  ASSERT_TRUE(monitor.await([&] { return monitor.all_healthy(); }));
  bool restarting = false;
  bool condemned = false;
  monitor.on_observation = [&](const model::Observation&) {
    restarting = restarting || monitor.assess(0).verdict == Verdict::restarting;
    condemned = condemned || monitor.assess(0).conclusive;
  };
  // Beside the monitor: while it stops, the server waits for those who log in.
  std::atomic<bool> stopped{false};
  std::thread stop([&] {
    cluster().stop(0);
    stopped = true;
  });
  EXPECT_TRUE(monitor.await([&] { return stopped.load(); }));
  stop.join();
  EXPECT_TRUE(restarting);
  cluster().start(0);
  EXPECT_TRUE(monitor.await([&] { return monitor.all_healthy(); }));
  EXPECT_FALSE(condemned);
}

TEST_F(VerdictTest, APrimaryThatWasStoppedForGoodIsDead) {
  Monitor monitor(cluster());
  ASSERT_TRUE(monitor.await([&] { return monitor.all_healthy(); }));
  cluster().stop(0);
  const auto stopped = Clock::now();
  ASSERT_TRUE(monitor.await([&] { return monitor.assess(0).conclusive; }));
  EXPECT_EQ(monitor.assess(0).verdict, Verdict::dead);
  EXPECT_LT(milliseconds_since(stopped), 3000);
}

TEST_F(VerdictTest, APrimaryCutOffFromUsAloneIsUnreachable) {
  TcpGate gate(cluster().port(0));
  MonitorOptions options;
  options.ports = {gate.port()};
  Monitor monitor(cluster(), options);
  ASSERT_TRUE(monitor.await([&] { return monitor.all_healthy(); }));

  gate.set(TcpGate::Mode::silent);  // packets vanish
  EXPECT_TRUE(monitor.await([&] { return monitor.assess(0).verdict == Verdict::unreachable; }));
  EXPECT_TRUE(never(monitor, seconds(6), [&] { return monitor.assess(0).conclusive; }));
  EXPECT_EQ(monitor.assess(0).verdict, Verdict::unreachable);
  EXPECT_NE(monitor.assess(0).reason.find("2 of 2 replicas hear it"), std::string::npos)
      << monitor.assess(0).reason;
  gate.set(TcpGate::Mode::open);
  EXPECT_TRUE(monitor.await([&] { return monitor.all_healthy(); }));

  gate.set(TcpGate::Mode::closed);  // a firewall that rejects
  gate.reset_all();
  EXPECT_TRUE(monitor.await([&] { return monitor.assess(0).verdict == Verdict::unreachable; }));
  EXPECT_TRUE(never(monitor, seconds(6), [&] { return monitor.assess(0).conclusive; }));
  gate.set(TcpGate::Mode::open);
  EXPECT_TRUE(monitor.await([&] { return monitor.all_healthy(); }));
}

TEST_F(VerdictTest, WithoutAReplicaToAskNothingIsConclusive) {
  Monitor monitor(cluster());
  ASSERT_TRUE(monitor.await([&] { return monitor.all_healthy(); }));
  for (const std::size_t node : {0U, 1U, 2U}) cluster().kill(node);
  EXPECT_TRUE(monitor.await([&] { return monitor.assess(0).verdict == Verdict::dead; }));
  EXPECT_TRUE(never(monitor, seconds(2), [&] { return monitor.assess(0).conclusive; }));
}

TEST_F(VerdictTest, ADeadReplicaIsDeadForDisplay) {
  Monitor monitor(cluster());
  ASSERT_TRUE(monitor.await([&] { return monitor.all_healthy(); }));
  cluster().kill(2);
  EXPECT_TRUE(monitor.await([&] { return monitor.assess(2).verdict == Verdict::dead; }));
  EXPECT_FALSE(monitor.assess(2).conclusive);
  EXPECT_EQ(monitor.assess(0).verdict, Verdict::healthy);
}

}  // namespace
}  // namespace relevo::testing

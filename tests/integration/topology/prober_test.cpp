// What probes bring back, from whom, and when.
#include "topology/probe/prober.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/integration/topology/monitor.hpp"
#include "tests/integration/topology/shared_cluster.hpp"
#include "tests/support/tcp_gate.hpp"

namespace relevo::testing {
namespace {

using model::ProbeOutcome;
using model::ReceiverState;
using model::Role;
using std::chrono::milliseconds;
using std::chrono::seconds;

class ProberTest : public SharedCluster {};

TEST_F(ProberTest, TellsTheWholeStatusOfEachNode) {
  Monitor monitor(cluster());
  ASSERT_TRUE(monitor.await([&] {
    return monitor.latest(0) && monitor.latest(1) && monitor.latest(2) &&
           monitor.latest(1)->status.receiver == ReceiverState::streaming;
  }));
  const model::NodeStatus& primary = monitor.latest(0)->status;
  EXPECT_EQ(primary.role, Role::primary);
  EXPECT_EQ(primary.timeline, 1U);
  EXPECT_EQ(primary.version,
            cluster().value(0, "SHOW server_version").substr(0, primary.version.size()));
  EXPECT_EQ(std::to_string(primary.system_identifier),
            cluster().value(0, "SELECT system_identifier FROM pg_control_system()"));
  EXPECT_TRUE(primary.position.known());
  EXPECT_TRUE(primary.received.known());
  EXPECT_FALSE(primary.read_only);
  EXPECT_GT(primary.start_time_us, 0);
  EXPECT_EQ(primary.warning, "");
  ASSERT_EQ(primary.downstreams.size(), 2U);
  EXPECT_EQ(primary.downstreams[0].state, "streaming");
  EXPECT_EQ(primary.downstreams[0].sync_state, "async");
  EXPECT_EQ(primary.downstreams[0].client_address, "127.0.0.1");

  const model::NodeStatus& replica = monitor.latest(1)->status;
  EXPECT_EQ(replica.role, Role::replica);
  EXPECT_EQ(replica.timeline, 1U);
  EXPECT_EQ(replica.system_identifier, primary.system_identifier);
  EXPECT_EQ(replica.upstream_host, "127.0.0.1");
  EXPECT_EQ(replica.upstream_port, cluster().port(0));
  EXPECT_EQ(replica.receiver_timeout, seconds(4));
  ASSERT_TRUE(replica.receiver_silence.has_value());
  EXPECT_LT(*replica.receiver_silence, seconds(10));
  EXPECT_TRUE(replica.received.covers(replica.position));
  EXPECT_FALSE(replica.replay_paused);
}

TEST_F(ProberTest, SeesReadOnlyPrimariesAndSynchronousReplicas) {
  Monitor monitor(cluster());
  cluster().set(0, "default_transaction_read_only", "on");
  EXPECT_TRUE(
      monitor.await([&] { return monitor.latest(0) && monitor.latest(0)->status.read_only; }));
  cluster().sql(0, "BEGIN READ WRITE; COMMIT");
  cluster().reset(0, "default_transaction_read_only");
  EXPECT_TRUE(monitor.await([&] { return !monitor.latest(0)->status.read_only; }));

  cluster().set(0, "synchronous_standby_names", "ANY 1 (db2, db3)");
  EXPECT_TRUE(monitor.await([&] {
    const auto& downstreams = monitor.latest(0)->status.downstreams;
    return downstreams.size() == 2 && downstreams[0].sync_state == "quorum";
  }));
  EXPECT_EQ(monitor.latest(0)->status.synchronous_standbys, "ANY 1 (db2, db3)");
  EXPECT_EQ(monitor.assess(0).verdict, model::Verdict::healthy);
  cluster().stop(1);
  cluster().stop(2);
  EXPECT_TRUE(
      monitor.await([&] { return monitor.assess(0).verdict == model::Verdict::sync_blocked; }));
  cluster().reset(0, "synchronous_standby_names");
}

TEST_F(ProberTest, WithoutPrivilegesGoesOnAndSaysWhatToGrant) {
  MonitorOptions options;
  options.user = "nobody";
  Monitor monitor(cluster(), options);
  ASSERT_TRUE(monitor.await([&] { return monitor.latest(0) && monitor.latest(1); }));
  EXPECT_EQ(monitor.latest(0)->status.role, Role::primary);
  EXPECT_TRUE(monitor.latest(0)->status.position.known());
  EXPECT_NE(monitor.latest(0)->status.warning.find("GRANT pg_monitor"), std::string::npos);
  EXPECT_EQ(monitor.latest(1)->status.receiver, ReceiverState::streaming);
  EXPECT_EQ(monitor.latest(1)->status.receiver_silence, std::nullopt);
  EXPECT_NE(monitor.latest(1)->status.warning.find("GRANT pg_monitor"), std::string::npos);
  EXPECT_EQ(monitor.assess(0).verdict, model::Verdict::healthy);
}

TEST_F(ProberTest, WithoutTheControlFileGoesOnToo) {
  cluster().sql(0, "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC");
  {
    Monitor monitor(cluster());
    ASSERT_TRUE(monitor.await([&] { return monitor.latest(0).has_value(); }));
    EXPECT_EQ(monitor.latest(0)->status.system_identifier, 0U);
    EXPECT_EQ(monitor.latest(0)->status.timeline, 1U);
    EXPECT_NE(monitor.latest(0)->status.warning.find("pg_control_system"), std::string::npos);
    EXPECT_EQ(monitor.assess(0).verdict, model::Verdict::healthy);
  }
  cluster().sql(0, "GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC");
}

TEST_F(ProberTest, IsNotHeldUpByAnotherNodesSilence) {
  TcpGate gate(cluster().port(0));
  MonitorOptions options;
  options.ports = {gate.port()};
  Monitor monitor(cluster(), options);
  ASSERT_TRUE(monitor.await([&] { return monitor.all_healthy(); }));
  gate.set(TcpGate::Mode::silent);
  monitor.forget();
  std::vector<model::Instant> sent;
  monitor.on_observation = [&](const model::Observation& observation) {
    if (observation.node == 1 && !observation.fresh_connection) sent.push_back(observation.sent);
  };
  monitor.run_for(seconds(3));
  // The beat goes on, 100 ms by 100 ms, from one fixed start.
  ASSERT_GT(sent.size(), 20U);
  std::vector<double> off_beat_ms;
  for (const model::Instant instant : sent) {
    const double since = std::chrono::duration<double, std::milli>(instant - sent.front()).count();
    off_beat_ms.push_back(std::abs(since - 100.0 * std::round(since / 100.0)));
  }
  std::sort(off_beat_ms.begin(), off_beat_ms.end());
  EXPECT_LT(off_beat_ms[off_beat_ms.size() / 2], 20);
}

TEST_F(ProberTest, TellsSlowFromHungByAFreshConnection) {
  TcpGate gate(cluster().port(0));
  MonitorOptions options;
  options.ports = {gate.port()};
  Monitor monitor(cluster(), options);
  ASSERT_TRUE(monitor.await([&] { return monitor.all_healthy(); }));
  gate.set(TcpGate::Mode::silent);
  monitor.forget();
  // Both give up within about a second and a quarter of the silence.
  const auto timed_out = [&](bool fresh) {
    return std::any_of(monitor.seen().begin(), monitor.seen().end(), [&](const auto& seen) {
      return seen.node == 0 && seen.outcome == ProbeOutcome::timeout &&
             seen.fresh_connection == fresh;
    });
  };
  ASSERT_TRUE(monitor.await([&] { return timed_out(false) && timed_out(true); }));
  gate.set(TcpGate::Mode::open);
  ASSERT_TRUE(monitor.await([&] { return monitor.all_healthy(); }));
}

TEST_F(ProberTest, NoticesACutConnectionAtOnce) {
  TcpGate gate(cluster().port(0));
  MonitorOptions options;
  options.ports = {gate.port()};
  options.prober.interval = options.detector.interval = seconds(5);  // no tick helps
  Monitor monitor(cluster(), options);
  ASSERT_TRUE(monitor.await([&] { return monitor.all_healthy(); }));
  monitor.forget();
  const auto cut = std::chrono::steady_clock::now();
  gate.reset_all();
  ASSERT_TRUE(monitor.await([&] { return monitor.seen_of(0) >= 2; }, seconds(4)));
  EXPECT_EQ(monitor.seen()[0].outcome, ProbeOutcome::reset);
  EXPECT_FALSE(monitor.seen()[0].fresh_connection);
  EXPECT_EQ(monitor.seen()[1].outcome, ProbeOutcome::ok);  // and connects anew
  EXPECT_TRUE(monitor.seen()[1].fresh_connection);
  EXPECT_LT(std::chrono::steady_clock::now() - cut, seconds(2));
}

TEST_F(ProberTest, HurriesWhenAskedButNotWithoutBound) {
  MonitorOptions options;
  options.prober.interval = options.detector.interval = seconds(5);
  options.prober.fresh_every = seconds(60);
  Monitor monitor(cluster(), options);
  ASSERT_TRUE(monitor.await([&] { return monitor.all_healthy(); }));
  monitor.run_for(milliseconds(1500));  // a quarter of the interval
  monitor.forget();
  for (int i = 0; i < 1000; ++i) monitor.hurry(0, false);
  ASSERT_TRUE(monitor.await([&] { return monitor.seen_of(0) > 0; }, seconds(3)));
  for (int i = 0; i < 1000; ++i) monitor.hurry(0, false);
  monitor.run_for(milliseconds(300));
  EXPECT_EQ(monitor.seen_of(0), 1U);
  EXPECT_EQ(monitor.seen_of(1), 0U);
}

TEST_F(ProberTest, SeesAPromotionAndItsNewTimeline) {
  // In a cluster of its own, which it spoils.
  ClusterOptions small;
  small.replicas = 1;
  PostgresCluster other(small);
  Monitor monitor(other);
  ASSERT_TRUE(monitor.await([&] { return monitor.all_healthy(); }));
  other.promote(1);
  EXPECT_TRUE(monitor.await([&] {
    return monitor.latest(1)->status.role == Role::primary &&
           monitor.latest(1)->status.timeline == 2;
  }));
  EXPECT_EQ(monitor.assess(1).verdict, model::Verdict::role_changed);
}

TEST_F(ProberTest, MayBeDestroyedFromWithinItsReport) {
  asio::io_context io;
  std::unique_ptr<probe::Prober> prober;
  int reports = 0;
  prober =
      std::make_unique<probe::Prober>(io, probe::ProbeTarget{0, endpoint_of(cluster().port(0))},
                                      probe::ProbeSettings{}, [&](const model::Observation&) {
                                        ++reports;
                                        prober.reset();
                                      });
  prober->start();
  io.run_for(seconds(20));  // ends as soon as nothing is left to wait for
  EXPECT_EQ(reports, 1);
}

}  // namespace
}  // namespace relevo::testing

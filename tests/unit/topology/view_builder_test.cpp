// From evidence, lag and decisions to what workers and operators see.
#include "topology/detect/view_builder.hpp"

#include <gtest/gtest.h>

#include "tests/unit/topology/evidence_script.hpp"

namespace relevo::detect {
namespace {

using namespace testing;
using model::ClusterState;
using model::NodeState;
using model::NodeView;
using model::Position;

struct Cluster {
  Cluster() {
    settings.cluster = "orders";
    settings.nodes = {{"db1", "10.0.0.1:5432", "a", 100},
                      {"db2", "10.0.0.2:5432", "b", 50},
                      {"db3", "10.0.0.3:5432", "b", 0}};
    authority.epoch = 3;
    authority.primary = 0;
    authority.gate = model::PrimaryGate::open;
    authority.nodes.resize(3);
    script.healthy_until(1000);
    lags.resize(3);
    for (NodeId id : {1U, 2U}) lags[id] = {milliseconds(0), 0, at(1000)};
  }

  model::View view(int ms = 1010) const {
    std::vector<Assessment> assessments;
    for (NodeId id = 0; id < 3; ++id) {
      assessments.push_back(script.detector.assess(id, authority.primary, at(ms)));
    }
    return build_view(settings, authority, script.detector, assessments, lags, 7, at(ms));
  }
  NodeView node(NodeId id, int ms = 1010) const { return view(ms).nodes[id]; }

  ViewSettings settings;
  Authority authority;
  Script script;
  std::vector<ReplicaLag> lags;
};

TEST(ViewBuilder, OfAHealthyCluster) {
  const Cluster cluster;
  const model::View view = cluster.view();
  EXPECT_EQ(view.cluster, "orders");
  EXPECT_EQ(view.epoch, 3U);
  EXPECT_EQ(view.sequence, 7U);
  EXPECT_EQ(view.primary, 0U);
  EXPECT_EQ(view.gate, model::PrimaryGate::open);
  EXPECT_EQ(view.state, ClusterState::healthy);
  ASSERT_EQ(view.nodes.size(), 3U);
  for (const NodeView& node : view.nodes) {
    EXPECT_EQ(node.state, NodeState::online) << node.name;
    EXPECT_TRUE(node.eligible_for_reads) << node.name;
    EXPECT_EQ(node.reason, "") << node.name;
    EXPECT_EQ(node.verdict, Verdict::healthy);
    EXPECT_EQ(node.lag, milliseconds(0));
  }
  EXPECT_EQ(view.nodes[0].role, Role::primary);
  EXPECT_EQ(view.nodes[0].caught_up_to, model::Instant::max());
  EXPECT_EQ(view.nodes[1].role, Role::replica);
  EXPECT_EQ(view.nodes[1].caught_up_to, at(1000));
  EXPECT_EQ(view.nodes[1].address, "10.0.0.2:5432");
  EXPECT_EQ(view.nodes[1].zone, "b");
  EXPECT_EQ(view.nodes[2].weight, 0U);
}

TEST(ViewBuilder, LagDecidesUpToItsBoundary) {
  Cluster cluster;
  cluster.lags[1].lag = milliseconds(1000);
  EXPECT_TRUE(cluster.node(1).eligible_for_reads);
  cluster.lags[1].lag = milliseconds(1200);
  const NodeView node = cluster.node(1);
  EXPECT_FALSE(node.eligible_for_reads);
  EXPECT_EQ(node.state, NodeState::lagging);
  EXPECT_EQ(node.reason, "lag 1.2 s is over 1.0 s");
  EXPECT_EQ(cluster.view().state, ClusterState::degraded);
}

TEST(ViewBuilder, UnknownLagIsNotEligibleAndSaysWhy) {
  Cluster cluster;
  cluster.lags[1].lag.reset();
  model::NodeStatus status = replica_status();
  status.position = Position(model::Lsn{5000});
  cluster.script.ok(1, 1000, status);
  cluster.script.ok(0, 2300, primary_status());
  EXPECT_EQ(cluster.node(1, 2300).reason, "lag unknown: last sample is 1.3 s old");
  cluster.script.ok(1, 2300, status);
  EXPECT_EQ(cluster.node(1, 2300).reason,
            "lag unknown: it is behind all that is remembered of the primary");
  cluster.script.ok(1, 3900, status);
  cluster.script.fails(0, 3890, 3890, ProbeOutcome::too_many_connections, false, "53300");
  EXPECT_EQ(cluster.node(1, 3900).reason, "lag unknown: the primary's last sample is 1.6 s old");
  status.position = {};
  cluster.script.ok(1, 3910, status);
  EXPECT_EQ(cluster.node(1, 3920).reason, "lag unknown: it tells no replayed position");
  EXPECT_EQ(cluster.node(1, 3920).state, NodeState::lagging);
}

TEST(ViewBuilder, ADisconnectedReceiverOutweighsASmallLag) {
  struct Case {
    ReceiverState receiver;
    const char* reason;
  };
  for (const Case& test : {Case{ReceiverState::none, "receiver is disconnected"},
                           Case{ReceiverState::connecting, "receiver is still connecting"},
                           Case{ReceiverState::waiting,
                                "receiver waits: the upstream has nothing that it can follow"}}) {
    Cluster cluster;
    cluster.script.ok(1, 1005, replica_status(test.receiver));
    const NodeView node = cluster.node(1);
    EXPECT_FALSE(node.eligible_for_reads);
    EXPECT_EQ(node.state, NodeState::lagging);
    EXPECT_EQ(node.reason, test.reason);
  }
}

TEST(ViewBuilder, TheServersOwnErrorIsPartOfTheReason) {
  Cluster cluster;
  model::NodeStatus status = replica_status(ReceiverState::none);
  status.receiver_error = "1236: Could not find GTID state";
  cluster.script.ok(1, 1005, status);
  EXPECT_EQ(cluster.node(1).reason, "receiver is disconnected: 1236: Could not find GTID state");

  status = replica_status();
  status.replay_paused = true;
  status.applier_error = "1062: Duplicate entry";
  cluster.script.ok(2, 1005, status);
  cluster.lags[2].lag = milliseconds(1200);
  EXPECT_EQ(cluster.node(2).reason,
            "lag 1.2 s is over 1.0 s; replay stopped: 1062: Duplicate entry");
}

TEST(ViewBuilder, ThePrimaryIsNeverShunnedForLag) {
  Cluster cluster;
  cluster.lags[0] = {};
  EXPECT_TRUE(cluster.node(0).eligible_for_reads);
  EXPECT_EQ(cluster.node(0).lag, milliseconds(0));
  EXPECT_EQ(cluster.node(0).lag_bytes, 0U);
}

TEST(ViewBuilder, FlagsComeBeforeEvidence) {
  struct Case {
    NodeFlags flags;
    NodeState state;
    const char* reason;
  };
  for (const Case& test :
       {Case{{true, false, false, ""}, NodeState::maintenance, "in maintenance"},
        Case{{false, true, false, ""}, NodeState::fenced, "a former primary, quarantined"},
        Case{{false, false, true, ""}, NodeState::diverged, "has history that the primary lacks"},
        Case{{true, true, true, "by rule 12"}, NodeState::fenced, "by rule 12"},
        Case{{true, false, true, ""}, NodeState::diverged, "has history that the primary lacks"}}) {
    for (const bool has_primary : {true, false}) {
      Cluster cluster;
      if (!has_primary) cluster.authority.primary.reset();
      cluster.authority.nodes[1] = test.flags;
      const NodeView node = cluster.node(1);
      EXPECT_EQ(node.state, test.state);
      EXPECT_EQ(node.reason, test.reason);
      EXPECT_FALSE(node.eligible_for_reads);
    }
  }
}

TEST(ViewBuilder, WhatIsDecidedOfAHealthyPrimaryIsItsReason) {
  Cluster cluster;
  cluster.authority.nodes[0].reason = "its commits wait for nobody";
  EXPECT_EQ(cluster.node(0).reason, "its commits wait for nobody");
  EXPECT_EQ(cluster.node(0).state, NodeState::online);
  EXPECT_TRUE(cluster.node(0).eligible_for_reads);
}

TEST(ViewBuilder, WithoutAPrimaryReplicasThatAnswerGoOnServingReads) {
  Cluster cluster;
  cluster.authority.primary.reset();
  cluster.authority.gate = model::PrimaryGate::open;
  cluster.lags[1].lag.reset();
  cluster.script.ok(1, 1005, replica_status(ReceiverState::none));
  cluster.script.fails(2, 1000, 1001, ProbeOutcome::starting_up, true, "57P03");
  const model::View view = cluster.view();
  EXPECT_EQ(view.state, ClusterState::no_primary);
  EXPECT_EQ(view.gate, model::PrimaryGate::closed);
  EXPECT_TRUE(view.nodes[1].eligible_for_reads);
  EXPECT_EQ(view.nodes[1].state, NodeState::online);
  EXPECT_EQ(view.nodes[1].reason, "no primary: lag unknown");
  EXPECT_EQ(view.nodes[1].caught_up_to, at(1000));  // by the old primary's history
  EXPECT_EQ(view.nodes[2].state, NodeState::down);
  EXPECT_FALSE(view.nodes[2].eligible_for_reads);
  EXPECT_FALSE(view.nodes[0].eligible_for_reads) << "it answers as a primary, but is none";
}

TEST(ViewBuilder, WithoutAPrimaryAReplicaThatWasFarBehindStaysOut) {
  Cluster cluster;
  cluster.authority.primary.reset();
  cluster.lags[1] = {std::nullopt, std::nullopt, at(0)};
  EXPECT_TRUE(cluster.node(1).eligible_for_reads) << "1.0 s behind";
  cluster.lags[1].caught_up_to = at(-1);
  EXPECT_FALSE(cluster.node(1).eligible_for_reads);
  EXPECT_EQ(cluster.node(1).reason, "no primary: 1.0 s behind the most advanced replica");
  cluster.lags[1].caught_up_to = model::Instant::min();
  EXPECT_FALSE(cluster.node(1).eligible_for_reads);
  cluster.lags[2].caught_up_to = model::Instant::min();  // nothing is known of any
  EXPECT_TRUE(cluster.node(1).eligible_for_reads);
}

TEST(ViewBuilder, WhileThePrimaryIsSuspectedReadsGoOnFromTheReplicas) {
  Cluster cluster;
  cluster.script.refused(1010, 1110);
  NodeView node = cluster.node(1, 1120);
  EXPECT_TRUE(node.eligible_for_reads);
  EXPECT_EQ(node.reason, "the primary does not answer: lag unknown");
  EXPECT_TRUE(cluster.node(0, 1120).eligible_for_reads) << "no verdict yet";

  cluster.script.refused(1210, 1310);
  EXPECT_TRUE(cluster.node(1, 1320).eligible_for_reads);
  const model::View dead = cluster.view(1320);
  EXPECT_EQ(dead.nodes[0].state, NodeState::down);
  EXPECT_EQ(dead.nodes[0].verdict, Verdict::dead);
  EXPECT_FALSE(dead.nodes[0].eligible_for_reads);
  EXPECT_EQ(dead.state, ClusterState::no_primary);
}

// Nothing says that it is gone yet: the probe that will is still waiting for its answer.
TEST(ViewBuilder, WhileThePrimaryIsSilentReadsGoOnFromTheReplicas) {
  Cluster cluster;
  for (int ms = 1100; ms <= 2000; ms += 100) cluster.script.replicas(ms);
  EXPECT_TRUE(cluster.node(1, 2000).eligible_for_reads) << "its lag is known still";
  for (NodeId id : {1U, 2U}) cluster.lags[id] = {std::nullopt, std::nullopt, at(1000)};
  EXPECT_EQ(cluster.view(2050).nodes[0].verdict, Verdict::healthy);
  for (NodeId id : {1U, 2U}) {
    EXPECT_TRUE(cluster.node(id, 2050).eligible_for_reads);
    EXPECT_EQ(cluster.node(id, 2050).reason, "the primary does not answer: lag unknown");
  }
  cluster.lags[2].caught_up_to = at(-1);
  EXPECT_FALSE(cluster.node(2, 2050).eligible_for_reads) << "it was behind before";
}

// After a pause of our own nobody has answered for long: nothing is known of any lag.
TEST(ViewBuilder, WhenNobodyWasAskedThePrimaryIsNotSilent) {
  Cluster cluster;
  cluster.lags[1] = {std::nullopt, std::nullopt, at(1000)};
  EXPECT_FALSE(cluster.node(1, 2500).eligible_for_reads);
}

// An answer that took long was an answer: the lag is unknown, and the primary is there.
TEST(ViewBuilder, ASlowPrimaryHasNotFallenSilent) {
  Cluster cluster;
  Observation late;
  late.node = 0;
  late.sent = at(1000);
  late.received = at(1900);
  late.outcome = ProbeOutcome::ok;
  late.status = primary_status();
  cluster.script.detector.observe(late);
  for (int ms = 1100; ms <= 2000; ms += 100) cluster.script.replicas(ms);
  cluster.lags[1] = {std::nullopt, std::nullopt, at(1000)};
  EXPECT_FALSE(cluster.node(1, 2050).eligible_for_reads);
}

TEST(ViewBuilder, AfterRepointingAReplicaWaitsUntilItStreams) {
  Cluster cluster;
  cluster.authority.primary = 1;
  cluster.script.ok(1, 1001, primary_status());
  cluster.script.ok(2, 1002, replica_status(ReceiverState::connecting));
  cluster.authority.nodes[0].fenced = true;
  EXPECT_FALSE(cluster.node(2).eligible_for_reads);
  cluster.script.ok(2, 1003, replica_status());
  cluster.lags[2] = {};  // nothing is remembered of the new primary yet
  EXPECT_FALSE(cluster.node(2).eligible_for_reads);
  cluster.lags[2] = {milliseconds(0), 0, at(1002)};
  EXPECT_TRUE(cluster.node(2).eligible_for_reads);
  EXPECT_EQ(cluster.view().state, ClusterState::degraded);
}

TEST(ViewBuilder, ASecondPrimaryGetsNoTraffic) {
  Cluster cluster;
  cluster.script.ok(1, 1005, primary_status());
  const NodeView node = cluster.node(1);
  EXPECT_EQ(node.state, NodeState::fenced);
  EXPECT_FALSE(node.eligible_for_reads);
  EXPECT_EQ(node.reason, "answers as a primary, but the primary is db1");
}

TEST(ViewBuilder, AHalfHungReplicaIsOutAndASaturatedOneIsNot) {
  Cluster cluster;
  cluster.script.fails(1, 1000, 1001, ProbeOutcome::timeout, true);
  cluster.script.ok(1, 1005, replica_status());
  EXPECT_EQ(cluster.node(1).verdict, Verdict::half_hung);
  EXPECT_EQ(cluster.node(1).state, NodeState::down);

  cluster.script.fails(2, 1000, 1001, ProbeOutcome::too_many_connections, true, "53300");
  cluster.script.ok(2, 1005, replica_status());
  EXPECT_EQ(cluster.node(2).verdict, Verdict::saturated);
  EXPECT_TRUE(cluster.node(2).eligible_for_reads);
}

TEST(ViewBuilder, OfNodesNeverSeen) {
  Cluster cluster;
  const Detector blank({}, 3);
  std::vector<Assessment> assessments;
  for (NodeId id = 0; id < 3; ++id) assessments.push_back(blank.assess(id, std::nullopt, at(0)));
  cluster.authority.primary.reset();
  const model::View view = build_view(cluster.settings, cluster.authority, blank, assessments,
                                      std::vector<ReplicaLag>(3), 1);
  for (const NodeView& node : view.nodes) {
    EXPECT_EQ(node.state, NodeState::down);
    EXPECT_EQ(node.role, Role::unknown);
    EXPECT_FALSE(node.eligible_for_reads);
    EXPECT_EQ(node.reason, "not probed yet");
  }
}

TEST(ViewBuilder, ClusterStateByPrecedence) {
  Cluster cluster;
  cluster.authority.paused = true;
  EXPECT_EQ(cluster.view().state, ClusterState::paused);
  EXPECT_TRUE(cluster.view().paused);
  cluster.authority.primary.reset();
  EXPECT_EQ(cluster.view().state, ClusterState::no_primary);
  cluster.authority.failing_over = true;
  EXPECT_EQ(cluster.view().state, ClusterState::failing_over);
}

}  // namespace
}  // namespace relevo::detect

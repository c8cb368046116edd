// What balancing is told of a replica that comes back, or that is slow.
#include "topology/detect/readiness.hpp"

#include <gtest/gtest.h>

#include "tests/unit/topology/evidence_script.hpp"

namespace relevo::detect {
namespace {

using namespace testing;
using model::NodeState;

struct Fixture {
  Fixture() {
    view.nodes.resize(3);
    view.primary = 0;
    for (auto& node : view.nodes) set(node, NodeState::online, true);
  }
  static void set(model::NodeView& node, NodeState state, bool eligible) {
    node.state = state;
    node.eligible_for_reads = eligible;
  }
  unsigned warmth(int ms, NodeId node = 1) {
    readiness.apply(view, script.detector, at(ms));
    return view.nodes[node].warmth_percent;
  }
  model::Duration response_time(int ms, NodeId node = 1) {
    readiness.apply(view, script.detector, at(ms));
    return view.nodes[node].response_time;
  }
  void probe(NodeId node, int ms, int takes_ms) {
    Observation observation;
    observation.node = node;
    observation.sent = at(ms);
    observation.received = at(ms + takes_ms);
    observation.outcome = ProbeOutcome::ok;
    observation.status = replica_status();
    script.detector.observe(observation);
  }

  model::View view;
  Script script;
  Readiness readiness{std::chrono::seconds(10)};
};

TEST(Readiness, WhoIsThereAtTheStartIsWarm) {
  Fixture f;
  f.set(f.view.nodes[1], NodeState::down, false);
  EXPECT_EQ(f.warmth(0), 100U);
  f.set(f.view.nodes[1], NodeState::online, true);
  EXPECT_EQ(f.warmth(500), 100U);
}

TEST(Readiness, WhoComesBackWarmsUp) {
  Fixture f;
  EXPECT_EQ(f.warmth(0), 100U);
  f.set(f.view.nodes[1], NodeState::down, false);
  f.warmth(5000);
  f.set(f.view.nodes[1], NodeState::lagging, false);
  f.warmth(6000);
  f.set(f.view.nodes[1], NodeState::online, true);
  EXPECT_EQ(f.warmth(7000), 10U);
  EXPECT_EQ(f.warmth(9500), 20U);
  EXPECT_EQ(f.warmth(16900), 90U);
  EXPECT_EQ(f.warmth(17000), 100U);
  EXPECT_EQ(f.warmth(17100), 100U);
  EXPECT_EQ(f.view.nodes[2].warmth_percent, 100U);
}

TEST(Readiness, WhoComesLateIsCold) {
  Fixture f;
  f.set(f.view.nodes[1], NodeState::down, false);
  f.warmth(0);
  f.warmth(5000);
  f.set(f.view.nodes[1], NodeState::online, true);
  EXPECT_EQ(f.warmth(5100), 10U);
}

TEST(Readiness, ToLagIsNotToBeAway) {
  Fixture f;
  f.warmth(0);
  f.set(f.view.nodes[1], NodeState::lagging, false);
  EXPECT_EQ(f.warmth(5000), 100U);
  f.set(f.view.nodes[1], NodeState::online, true);
  EXPECT_EQ(f.warmth(6000), 100U);
}

TEST(Readiness, APrimaryIsWarm) {
  Fixture f;
  f.warmth(0);
  f.set(f.view.nodes[1], NodeState::down, false);
  f.warmth(5000);
  f.set(f.view.nodes[1], NodeState::online, true);
  f.view.primary = 1;
  EXPECT_EQ(f.warmth(6000), 100U);
  f.view.primary = 0;  // and its caches are warm when it is one no more
  EXPECT_EQ(f.warmth(7000), 100U);
}

TEST(Readiness, ResponseTimeIsTheLeastOfTheLast) {
  Fixture f;
  EXPECT_EQ(f.response_time(0), milliseconds(0));
  f.probe(1, 0, 1);
  EXPECT_EQ(f.response_time(10), milliseconds(1));
  f.probe(1, 100, 30);  // once is nothing
  EXPECT_EQ(f.response_time(200), milliseconds(1));
  for (int i = 0; i < 7; ++i) {
    f.probe(1, 300 + i * 100, 20);
    f.response_time(350 + i * 100);
  }
  EXPECT_EQ(f.response_time(1000), milliseconds(20));
  f.probe(1, 1100, 2);  // and it is well again at once
  EXPECT_EQ(f.response_time(1200), milliseconds(2));
}

}  // namespace
}  // namespace relevo::detect

// The routing choice, case by case.
#include "proxy/route/policy.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace relevo::route {
namespace {

using namespace std::chrono_literals;
using model::NodeState;
using model::NodeView;
using model::PrimaryGate;
using model::Role;

model::Instant at(std::chrono::milliseconds t) { return model::Instant{} + t; }

NodeView node(std::string_view name, Role role) {
  NodeView view;
  view.name = name;
  view.role = role;
  view.state = NodeState::online;
  view.lag = 0ms;
  view.eligible_for_reads = true;
  view.caught_up_to = at(1000ms);
  return view;
}

// db0 is the primary, db1 and db2 replicas that had replayed all as of t=1000.
struct Fixture {
  model::View view;
  RoutingSettings settings;
  SessionRouting session;
  std::vector<std::uint32_t> outstanding{0, 0, 0};
  std::uint32_t round_robin = 0;

  Fixture() {
    view.primary = 0;
    view.gate = PrimaryGate::open;
    view.nodes = {node("db0", Role::primary), node("db1", Role::replica),
                  node("db2", Role::replica)};
  }

  Choice choose_for(std::string_view sql) {
    return choose(view, settings, session, demand_of(analyze_postgres(sql, {})), outstanding,
                  round_robin);
  }

  // As a failover leaves it: nobody may write, no lag is known.
  void lose_primary() {
    view.primary.reset();
    view.gate = PrimaryGate::closed;
    view.nodes[0].state = NodeState::down;
    for (NodeView& n : view.nodes) {
      n.lag.reset();
      n.eligible_for_reads = false;
    }
  }
};

TEST(Policy, WritesGoToThePrimaryAndReadsToAReplica) {
  Fixture f;
  const Choice write = f.choose_for("INSERT INTO t VALUES (1)");
  EXPECT_EQ(write.target, Target::primary);
  EXPECT_EQ(write.node, 0U);
  EXPECT_EQ(write.reason, "writes, or may write");
  const Choice read = f.choose_for("SELECT 1");
  EXPECT_EQ(read.target, Target::replica);
  EXPECT_NE(read.node, 0U);
}

TEST(Policy, ReadsTurnToThePrimaryWhenNoReplicaIsEligible) {
  Fixture f;
  f.view.nodes[1].eligible_for_reads = false;
  f.view.nodes[2].state = NodeState::maintenance;
  const Choice choice = f.choose_for("SELECT 1");
  EXPECT_EQ(choice.target, Target::primary);
  EXPECT_EQ(choice.reason, "no replica is eligible for reads");
}

TEST(Policy, NodesOutOfRotationGetNothing) {
  for (const NodeState state :
       {NodeState::down, NodeState::fenced, NodeState::diverged, NodeState::maintenance}) {
    Fixture f;
    f.view.nodes[1].state = state;
    for (int i = 0; i < 4; ++i) EXPECT_EQ(f.choose_for("SELECT 1").node, 2U);
  }
  Fixture f;
  f.view.nodes[1].role = Role::primary;  // claims to be one, and is not ours
  for (int i = 0; i < 4; ++i) EXPECT_EQ(f.choose_for("SELECT 1").node, 2U);
}

TEST(Policy, UnavailableReplicasAreLeftOut) {
  Fixture f;
  f.outstanding[1] = load_unavailable;
  for (int i = 0; i < 4; ++i) EXPECT_EQ(f.choose_for("SELECT 1").node, 2U);
  f.outstanding[2] = load_unavailable;
  EXPECT_EQ(f.choose_for("SELECT 1").target, Target::primary);
}

TEST(Policy, ASessionReadsItsOwnWrites) {
  Fixture f;
  f.view.nodes[1].caught_up_to = at(500ms);
  f.session.last_write = at(700ms);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(f.choose_for("SELECT 1").node, 2U);
  // Not at the same instant: the sample may have been sent before the commit.
  f.session.last_write = at(1000ms);
  const Choice choice = f.choose_for("SELECT 1");
  EXPECT_EQ(choice.target, Target::primary);
  EXPECT_EQ(choice.reason, "this session's own write is not replayed there yet");
  f.settings.consistency = Consistency::eventual;
  EXPECT_EQ(f.choose_for("SELECT 1").target, Target::replica);
}

TEST(Policy, ADefinitionHasToBeReplayedWhileThereIsAPrimary) {
  Fixture f;
  f.view.nodes[1].caught_up_to = at(500ms);
  f.session.names_since = at(700ms);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(f.choose_for("SELECT 1").node, 2U);
  f.session.names_since = at(1000ms);
  const Choice choice = f.choose_for("SELECT 1");
  EXPECT_EQ(choice.target, Target::primary);
  EXPECT_EQ(choice.reason, "a definition that this may depend on is not replayed there yet");
  f.view.gate = model::PrimaryGate::closed;
  EXPECT_EQ(f.choose_for("SELECT 1").target, Target::replica);
  f.view.primary.reset();
  EXPECT_EQ(f.choose_for("SELECT 1").target, Target::replica);
  f.session.last_write = at(1000ms);
  EXPECT_EQ(f.choose_for("SELECT 1").target, Target::hold);
}

TEST(Policy, NothingProvenIsNotCaughtUp) {
  Fixture f;
  f.session.last_write = at(0ms);
  f.view.nodes[1].caught_up_to = model::Instant::min();
  f.view.nodes[2].caught_up_to = model::Instant::min();
  EXPECT_EQ(f.choose_for("SELECT 1").target, Target::primary);
}

TEST(Policy, TheConfigurationOrASessionMayKeepReadsOnThePrimary) {
  Fixture f;
  f.settings.reads = Reads::primary;
  EXPECT_EQ(f.choose_for("SELECT 1").reason, "routing.reads is primary");
  EXPECT_EQ(f.choose_for("/* relevo: replica */ SELECT 1").target, Target::replica);
  f.session.target = HintTarget::replica;
  EXPECT_EQ(f.choose_for("SELECT 1").reason, "the session's target is a replica");
  f.session.target = HintTarget::primary;
  EXPECT_EQ(f.choose_for("SELECT 1").reason, "the session's target is the primary");
}

TEST(Policy, AHintPrevailsOverTheSessionsTarget) {
  Fixture f;
  f.session.target = HintTarget::primary;
  EXPECT_EQ(f.choose_for("/* relevo: replica */ SELECT 1").reason, "the hint names a replica");
  f.session.target = HintTarget::replica;
  EXPECT_EQ(f.choose_for("/* relevo: primary */ SELECT 1").reason, "the hint names the primary");
}

TEST(Policy, AHintWaivesNothing) {
  Fixture f;
  f.session.last_write = at(2000ms);
  EXPECT_EQ(f.choose_for("/* relevo: replica */ SELECT 1").target, Target::primary);
  EXPECT_EQ(f.choose_for("/* relevo: replica */ DELETE FROM t").target, Target::primary);
  EXPECT_EQ(f.choose_for("/* relevo: replica */ SELECT nextval('s')").target, Target::primary);
}

TEST(Policy, AHintIsBelievedOverWantOfProof) {
  Fixture f;
  EXPECT_EQ(f.choose_for("SELECT report(1)").target, Target::primary);
  EXPECT_EQ(f.choose_for("/* relevo: replica */ SELECT report(1)").target, Target::replica);
  f.session.target = HintTarget::replica;
  EXPECT_EQ(f.choose_for("SELECT report(1)").target, Target::replica);
  EXPECT_EQ(f.choose_for("BEGIN").target, Target::replica);
  EXPECT_EQ(f.choose_for("INSERT INTO t VALUES (1)").target, Target::primary);
}

TEST(Policy, MaxLagHintReplacesTheBoundBothWays) {
  Fixture f;
  f.view.nodes[1].lag = 300ms;
  f.view.nodes[2].lag = 100ms;
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(f.choose_for("/* relevo: max_lag=200ms */ SELECT 1").node, 2U);
  }
  const Choice choice = f.choose_for("/* relevo: max_lag=50ms */ SELECT 1");
  EXPECT_EQ(choice.target, Target::primary);
  EXPECT_EQ(choice.reason, "no replica is within the hint's max_lag");
  f.view.nodes[1].state = f.view.nodes[2].state = NodeState::lagging;
  f.view.nodes[1].eligible_for_reads = f.view.nodes[2].eligible_for_reads = false;
  EXPECT_EQ(f.choose_for("SELECT 1").target, Target::primary);
  EXPECT_EQ(f.choose_for("/* relevo: max_lag=1h */ SELECT 1").target, Target::replica);
  f.view.nodes[1].lag.reset();
  f.view.nodes[2].lag.reset();
  EXPECT_EQ(f.choose_for("/* relevo: max_lag=1h */ SELECT 1").target, Target::primary);
}

TEST(Policy, WithoutAPrimaryReadsGoOnAndWritesWait) {
  Fixture f;
  f.lose_primary();
  EXPECT_EQ(f.choose_for("INSERT INTO t VALUES (1)").target, Target::hold);
  EXPECT_EQ(f.choose_for("BEGIN").target, Target::hold);
  const Choice read = f.choose_for("SELECT 1");
  EXPECT_EQ(read.target, Target::replica);
  EXPECT_EQ(read.reason, "no primary: reads go on from the replicas");
  f.session.last_write = at(500ms);
  EXPECT_EQ(f.choose_for("SELECT 1").target, Target::replica);
  // What the session wrote last may not be on any replica.
  f.session.last_write = at(1500ms);
  const Choice unknown = f.choose_for("SELECT 1");
  EXPECT_EQ(unknown.target, Target::hold);
  EXPECT_EQ(unknown.reason,
            "no primary, and this session's own write is not known to be on a replica: held");
  f.session.last_write.reset();
  // A bound that the application names can't be proven now.
  EXPECT_EQ(f.choose_for("/* relevo: max_lag=1s */ SELECT 1").target, Target::hold);
  EXPECT_EQ(f.choose_for("/* relevo: primary */ SELECT 1").target, Target::hold);
  f.settings.reads = Reads::primary;
  EXPECT_EQ(f.choose_for("SELECT 1").target, Target::hold);
}

TEST(Policy, AGateThatIsNotOpenHoldsWritesAndNotReads) {
  for (const PrimaryGate gate : {PrimaryGate::draining, PrimaryGate::closed}) {
    Fixture f;
    f.view.gate = gate;
    EXPECT_EQ(f.choose_for("DELETE FROM t").target, Target::hold);
    EXPECT_EQ(f.choose_for("SELECT 1").target, Target::replica);
    f.session.last_write = at(1500ms);
    EXPECT_EQ(f.choose_for("SELECT 1").target, Target::hold);
  }
  Fixture f;
  f.view.gate = PrimaryGate::draining;
  f.view.nodes[1].eligible_for_reads = f.view.nodes[2].eligible_for_reads = false;
  EXPECT_EQ(f.choose_for("SELECT 1").target, Target::hold);
}

TEST(Policy, APauseHoldsEverything) {
  Fixture f;
  f.view.paused = true;
  for (const std::string_view sql : {"SELECT 1", "DELETE FROM t", "SET x = 1", "BEGIN READ ONLY"}) {
    EXPECT_EQ(f.choose_for(sql).target, Target::hold) << sql;
  }
}

TEST(Policy, SessionStatementsGoAnywhere) {
  Fixture f;
  EXPECT_EQ(f.choose_for("SET x = 1").target, Target::primary);
  EXPECT_EQ(f.choose_for("").target, Target::primary);
  f.lose_primary();
  EXPECT_EQ(f.choose_for("SET x = 1").target, Target::replica);
  EXPECT_EQ(f.choose_for("").target, Target::replica);
  EXPECT_EQ(f.choose_for("LISTEN a").target, Target::hold);
  f.view.nodes[1].state = f.view.nodes[2].state = NodeState::down;
  EXPECT_EQ(f.choose_for("SET x = 1").target, Target::hold);
}

TEST(Policy, TransactionsGoWhereTheirStatementsMay) {
  Fixture f;
  EXPECT_EQ(f.choose_for("BEGIN").target, Target::primary);
  EXPECT_EQ(f.choose_for("BEGIN READ ONLY").target, Target::replica);
  EXPECT_EQ(f.choose_for("BEGIN READ ONLY ISOLATION LEVEL SERIALIZABLE").target, Target::primary);
  EXPECT_EQ(f.choose_for("BEGIN; SELECT 1").target, Target::primary);
  f.session.serializable = true;
  EXPECT_EQ(f.choose_for("BEGIN READ ONLY").target, Target::primary);
  EXPECT_EQ(f.choose_for("SELECT 1").target, Target::primary);
  EXPECT_EQ(f.choose_for("/* relevo: replica */ SELECT 1").target, Target::primary);
}

TEST(Policy, ThePrimaryIsNeverChosenAsAReplica) {
  Fixture f;
  f.view.nodes[0].role = Role::replica;  // before its first probe as a primary
  for (int i = 0; i < 6; ++i) EXPECT_NE(f.choose_for("SELECT 1").node, 0U);
}

TEST(Policy, AClusterOfOne) {
  Fixture f;
  f.view.nodes.resize(1);
  f.outstanding.resize(1);
  EXPECT_EQ(f.choose_for("SELECT 1").target, Target::primary);
  f.view.primary.reset();
  EXPECT_EQ(f.choose_for("SELECT 1").target, Target::hold);
}

}  // namespace
}  // namespace relevo::route

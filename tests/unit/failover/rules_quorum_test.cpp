// 54x: what quorum mode needs of the servers' settings is set, in an order that never
// makes commits wait for replicas that are not there.
#include "tests/unit/failover/stage.hpp"

namespace relevo::decide {
namespace {

const SetQuorum* asked(const Stage& stage) {
  for (const auto& action : stage.last.actions) {
    if (const auto* task = std::get_if<SetQuorum>(&action.task)) return task;
  }
  for (const auto& pending : stage.state.pending) {
    if (const auto* task = std::get_if<SetQuorum>(&pending.action.task)) return task;
  }
  return nullptr;
}

void connected(Stage& stage, std::initializer_list<const char*> names) {
  stage.status(0).downstreams.clear();
  for (const char* name : names) {
    stage.status(0).downstreams.push_back({name, "", "streaming", "async"});
  }
}

// PostgreSQL without any synchronous setting, and a policy that wants one.
Stage bare(unsigned acks = 1) {
  Stage stage;
  stage.policy.durability = Durability::quorum;
  stage.policy.acks = acks;
  stage.policy.manages_quorum = true;
  connected(stage, {"db2", "db3"});
  return stage;
}

TEST(QuorumSettings, AreMadeOnThePrimaryAndOnWhoeverMayBecomeIt) {
  Stage stage = bare();
  stage.steady();
  for (const NodeId node : {0U, 1U, 2U}) {
    const auto* task = asked(stage);
    ASSERT_NE(task, nullptr) << node;
    EXPECT_EQ(task->node, node);
    EXPECT_EQ(task->acks, 1U);
    stage.status(node).synchronous_standbys = "ANY 1 (\"db1\", \"db2\", \"db3\")";
    EXPECT_TRUE(has(stage.ok("SetQuorum"), 542));
    EXPECT_TRUE(asked(stage) == nullptr || asked(stage)->node != node) << "its account is older";
    stage.later(1100ms);
  }
  EXPECT_EQ(asked(stage), nullptr);
  EXPECT_EQ(stage.state.coverage.acks, 1U);
}

TEST(QuorumSettings, AreLeftAloneWhereTheyKeepThePromise) {
  for (const char* rule : {"*", "ANY 1 (*)", "FIRST 2 (db3, db2)", "db2"}) {
    Stage stage = bare();
    for (NodeId node = 0; node < 3; ++node) stage.status(node).synchronous_standbys = rule;
    stage.steady();
    EXPECT_EQ(asked(stage), nullptr) << rule;
  }
}

TEST(QuorumSettings, AreMadeOnlyWhereAndWhenRelevoIsToDoIt) {
  const auto asks = [](auto change) {
    Stage stage = bare();
    change(stage);
    stage.steady();
    return asked(stage) != nullptr;
  };
  EXPECT_TRUE(asks([](Stage&) {}));
  EXPECT_FALSE(asks([](Stage& it) { it.policy.manages_quorum = false; }));
  EXPECT_FALSE(asks([](Stage& it) { it.policy.durability = Durability::async; }));
  EXPECT_FALSE(asks([](Stage& it) { it.policy.mode = Mode::off; }));
  EXPECT_FALSE(asks([](Stage& it) { it.seen[0].assessment.suspect = true; }));
}

TEST(QuorumSettings, MakeNoCommitWaitForReplicasThatAreNotThere) {
  Stage stage = bare(2);
  connected(stage, {"db2"});
  for (const NodeId node : {1U, 2U}) stage.status(node).synchronous_standbys = "ANY 2 (*)";
  stage.steady();
  EXPECT_EQ(asked(stage), nullptr);
  connected(stage, {"db2", "DB3"});
  stage.later(100ms);
  ASSERT_NE(asked(stage), nullptr);
  EXPECT_EQ(asked(stage)->acks, 2U);
}

TEST(QuorumSettings, LowSynchronousCommitIsRaised) {
  Stage stage = bare();
  for (NodeId node = 0; node < 3; ++node) stage.status(node).synchronous_standbys = "ANY 1 (*)";
  stage.status(0).synchronous_commit = "local";
  stage.steady();
  ASSERT_NE(asked(stage), nullptr);
  EXPECT_EQ(asked(stage)->node, 0U);
}

TEST(QuorumSettings, StrangersAcknowledgementsAreNoPromise) {
  Stage stage = bare();
  for (NodeId node = 0; node < 3; ++node) stage.status(node).synchronous_standbys = "ANY 1 (*)";
  connected(stage, {"db2", "db3", "pg_receivewal"});
  for (auto& downstream : stage.status(0).downstreams) downstream.sync_state = "quorum";
  stage.steady();
  EXPECT_EQ(stage.state.coverage.acks, 0U);
  ASSERT_NE(asked(stage), nullptr) << "only nodes are to be listed";
}

TEST(QuorumSettings, FailureIsSaidOnceAndTriedAgain) {
  Stage stage = bare();
  stage.steady();
  ASSERT_NE(asked(stage), nullptr);
  EXPECT_TRUE(has(stage.fails("SetQuorum"), 543));
  const auto said = stage.notes.size();
  EXPECT_EQ(
      stage.notes.back(),
      "db1 could not be given quorum mode's settings, will be tried again: failed: as staged");
  // Meanwhile the others are seen to.
  ASSERT_NE(asked(stage), nullptr);
  EXPECT_EQ(asked(stage)->node, 1U);
  for (const NodeId node : {1U, 2U}) stage.status(node).synchronous_standbys = "ANY 1 (*)";
  for (const NodeId node : {1U, 2U}) {
    ASSERT_EQ(asked(stage)->node, node);
    stage.ok("SetQuorum");
  }
  stage.later(1100ms);
  ASSERT_NE(asked(stage), nullptr);
  EXPECT_EQ(asked(stage)->node, 0U);
  stage.fails("SetQuorum");
  EXPECT_EQ(stage.notes.size(), said + 2) << "the successes";
  EXPECT_FALSE(has(stage.later(1100ms), 541)) << "twice as late";
  EXPECT_TRUE(has(stage.later(1s), 541));
}

// "walreceiver", as a replica calls itself that was set up without a name.
TEST(QuorumSettings, ReplicasAreNamedBeforeCommitsWaitForNames) {
  Stage stage = bare();
  connected(stage, {"walreceiver", "walreceiver"});
  for (const NodeId node : {1U, 2U}) stage.status(node).synchronous_standbys = "ANY 1 (*)";
  stage.steady();
  EXPECT_EQ(asked(stage), nullptr);
  EXPECT_TRUE(stage.asked_for("Repoint", 1));
  connected(stage, {"db2", "walreceiver"});
  stage.ok("Repoint", 1);
  EXPECT_TRUE(has(stage.later(100ms), 541)) << "one is enough for one acknowledgement";
  ASSERT_NE(asked(stage), nullptr);
  EXPECT_EQ(asked(stage)->node, 0U);

  Stage unnamed = bare();
  connected(unnamed, {"walreceiver", "walreceiver"});
  for (const NodeId node : {1U, 2U}) unnamed.status(node).synchronous_standbys = "ANY 1 (*)";
  unnamed.steady();
  unnamed.ok("Repoint", 1);
  unnamed.ok("Repoint", 2);
  unnamed.actions.clear();
  unnamed.later(5s);
  EXPECT_FALSE(unnamed.asked_for("Repoint", 1)) << "once in an epoch";
}

// --- MySQL and MariaDB

class SemiSyncStage : public Stage {
 public:
  explicit SemiSyncStage(model::Flavor flavor = model::Flavor::mysql) {
    policy.engine = model::Engine::mysql;
    policy.durability = Durability::quorum;
    policy.acks = 1;
    policy.manages_quorum = true;
    for (NodeId node = 0; node < 3; ++node) {
      auto& told = status(node);
      told.flavor = flavor;
      told.timeline = 0;
      told.position = told.received = *model::Position::parse(
          flavor == model::Flavor::mysql ? "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-9" : "0-1-9");
      told.read_only = node != 0;
      told.semi_sync = {};
    }
  }
  model::SemiSync& semi(NodeId node) { return status(node).semi_sync; }
  void values(NodeId node) {
    semi(node).timeout = 24h;
    semi(node).waits_before_commit = true;
    semi(node).acks_wanted = 1;
  }
  void expect(NodeId node, SyncSide side) {
    const auto* task = asked(*this);
    ASSERT_NE(task, nullptr) << node;
    EXPECT_EQ(task->node, node);
    EXPECT_EQ(task->side, side);
  }
};

TEST(QuorumSettings, SemiSyncFirstTakesThenAcknowledgesThenWaits) {
  SemiSyncStage stage;
  stage.steady();
  stage.expect(0, SyncSide::neither);
  stage.values(0);
  stage.ok("SetQuorum");
  stage.later(1100ms);
  for (const NodeId node : {1U, 2U}) {
    stage.expect(node, SyncSide::replica);
    stage.values(node);
    stage.semi(node).replica_enabled = stage.semi(node).replica_active = true;
    stage.ok("SetQuorum");
    stage.later(1100ms);
  }
  stage.expect(0, SyncSide::primary);
  stage.semi(0).primary_enabled = stage.semi(0).primary_active = true;
  stage.ok("SetQuorum");
  stage.later(1100ms);
  EXPECT_EQ(asked(stage), nullptr);
  EXPECT_EQ(stage.state.promise->acks, 1U);

  stage.semi(2).primary_enabled = true;
  stage.later(100ms);
  stage.expect(2, SyncSide::replica);
}

TEST(QuorumSettings, AReplicaThatDoesNotAcknowledgeIsNotWaitedFor) {
  SemiSyncStage stage;
  for (NodeId node = 0; node < 3; ++node) {
    stage.values(node);
    stage.semi(node).replica_enabled = node != 0;
  }
  stage.status(2).receiver = model::ReceiverState::connecting;
  stage.steady();
  stage.expect(1, SyncSide::replica);  // its receiver has to connect anew
  stage.fails("SetQuorum");
  EXPECT_EQ(asked(stage), nullptr) << "no replica is there that acknowledges";
}

TEST(QuorumSettings, MariadbIsNotToldToWaitForTwo) {
  SemiSyncStage stage(model::Flavor::mariadb);
  stage.policy.acks = 2;
  stage.steady();
  EXPECT_EQ(asked(stage), nullptr);
}

// A commit that went on after its timeout is on no replica, whatever is set since.
TEST(QuorumSettings, WhatLapsedIsNotCoveredByALongerTimeout) {
  SemiSyncStage stage;
  for (NodeId node = 0; node < 3; ++node) {
    stage.values(node);
    stage.semi(node).replica_enabled = stage.semi(node).replica_active = node != 0;
  }
  stage.semi(0).primary_enabled = stage.semi(0).primary_active = true;
  stage.semi(0).timeout = 10s;
  stage.steady();
  stage.later(100ms);
  EXPECT_EQ(stage.state.coverage.acks, 1U);
  stage.semi(0).timeout = 24h;
  stage.status(0).position = stage.status(0).received =
      *model::Position::parse("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-10");
  stage.later(100ms);
  stage.later(100ms);
  EXPECT_EQ(stage.state.coverage.acks, 0U);
  for (const NodeId node : {1U, 2U}) {
    stage.status(node).position = stage.status(node).received = stage.status(0).position;
  }
  EXPECT_TRUE(has(stage.later(100ms), 908));
}

}  // namespace
}  // namespace relevo::decide

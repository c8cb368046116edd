// MySQL and MariaDB: roles made by statements, histories compared as sets, replicas
// that may throw away what they received.
#include <functional>

#include "tests/unit/failover/stage.hpp"

namespace relevo::decide {
namespace {

constexpr const char* origin = "3e11fa47-71ca-11e1-9e33-c80aa9429562:";
constexpr const char* other_origin = "4b11fa47-71ca-11e1-9e33-c80aa9429562:";

model::Position gtids(std::string_view text) { return *model::Position::parse(text); }

// The stage of stage.hpp with another engine on it: positions 1-1000 of one origin.
class GtidStage : public Stage {
 public:
  explicit GtidStage(unsigned count = 3, const Hint& hint = {}) : Stage(count, hint) {
    policy.engine = model::Engine::mysql;
    for (NodeId node = 0; node < count; ++node) {
      node == 0 ? primary(node) : replica_of(node, 0);
    }
  }
  void has(NodeId node, std::string_view set) {
    status(node).position = status(node).received = gtids(set);
  }
  void up_to(NodeId node, unsigned end) { has(node, origin + ("1-" + std::to_string(end))); }
  void primary(NodeId node) {
    Stage::primary(node, 0);
    of_engine(node);
  }
  void replica_of(NodeId node, NodeId upstream) {
    Stage::replica_of(node, upstream);
    of_engine(node);
    status(node).read_only = true;
  }
  void detached(NodeId node) {
    Stage::detached(node);
    of_engine(node);
    status(node).read_only = true;
  }
  void fenced_primary(NodeId node) {
    primary(node);
    status(node).read_only = true;
  }
  void failover_to_freezing() {
    steady();
    dead(0);
    later(100ms);
    applied();
    ASSERT_EQ(state.phase, Phase::freezing);
  }
  void failed_over() {
    failover_to_freezing();
    for (NodeId node = 1; node < policy.nodes.size(); ++node) {
      detached(node);
      ok("FreezeReceiver", node);
    }
    ASSERT_EQ(state.candidate, 1U);
    primary(1);
    ok("Promote");
    ASSERT_EQ(state.primary, 1U);
    replica_of(2, 1);
    later(100ms);
    ok("Repoint", 2);
  }

 private:
  void of_engine(NodeId node) {
    status(node).flavor = model::Flavor::mysql;
    status(node).timeline = 0;
    status(node).system_identifier = 0;
    status(node).version = "8.4.3";
    status(node).server_uuid = std::string(node == 0 ? origin : other_origin).substr(0, 36);
    status(node).start_time_us = 1'000'000'000;
    up_to(node, 1000);
  }
};

TEST(Gtid, LossIsCountedInTransactionsAndWeighedInBytes) {
  GtidStage stage;
  stage.policy.loss_bytes_max = 100 * 1024;
  stage.failover_to_freezing();
  for (const NodeId node : {1U, 2U}) {
    stage.detached(node);
    stage.up_to(node, 899);
    stage.ok("FreezeReceiver", node);
  }
  EXPECT_EQ(stage.state.phase, Phase::held);
  EXPECT_NE(stage.state.reason.find("101 transactions"), std::string::npos) << stage.state.reason;

  GtidStage within;
  within.policy.loss_bytes_max = 100 * 1024;
  within.failover_to_freezing();
  for (const NodeId node : {1U, 2U}) {
    within.detached(node);
    within.up_to(node, 900);
    within.ok("FreezeReceiver", node);
  }
  EXPECT_EQ(within.state.phase, Phase::promoting);
}

TEST(Gtid, WeightNeverWraps) {
  const Distance far{~0ULL / 2, Unit::transactions};
  EXPECT_EQ(far.weight_bytes(1024), ~0ULL);
  EXPECT_EQ((Distance{7, Unit::bytes}.weight_bytes(1024)), 7U);
  EXPECT_EQ((Distance{1, Unit::transactions}.in_words()), "1 transaction");
}

TEST(Gtid, WriteOfNoPrimaryExcludesEvenBeforeItIsNamed) {
  GtidStage stage;
  stage.failover_to_freezing();
  stage.detached(1);
  stage.has(1, std::string(origin) + "1-1001," + other_origin + "1");
  stage.look();
  stage.ok("FreezeReceiver", 1);
  stage.detached(2);
  stage.up_to(2, 1000);
  stage.ok("FreezeReceiver", 2);
  EXPECT_EQ(stage.state.candidate, 2U)
      << "the dead primary's own 1001 is welcome, the other is not";
}

TEST(Gtid, IncomparableReplicasAreNotChosenFrom) {
  auto hint = Hint{};
  hint.epoch = 4;
  hint.primary = 0;
  GtidStage stage(3, hint);  // started after the death: nobody knows what the primary had
  stage.dead(0);
  stage.seen[0].latest.reset();
  stage.look();
  stage.feed(LeaseGranted{});
  stage.applied();
  stage.detached(1);
  stage.has(1, std::string(origin) + "1-1001," + other_origin + "1");
  stage.ok("FreezeReceiver", 1);
  stage.detached(2);
  stage.has(2, std::string(origin) + "1-1002");
  stage.ok("FreezeReceiver", 2);
  EXPECT_EQ(stage.state.phase, Phase::held);
  EXPECT_NE(stage.state.reason.find("cannot be compared"), std::string::npos);
}

TEST(Gtid, ErrantReplicaIsNamedExcludedAndMended) {
  GtidStage stage;
  stage.steady();
  stage.has(1, std::string(origin) + "1-1000," + other_origin + "1-2");
  stage.look();
  EXPECT_FALSE(has(stage.look(), 519)) << "it may be a moment ahead";
  EXPECT_FALSE(stage.state.nodes[1].diverged);
  EXPECT_TRUE(has(stage.later(3s), 519));
  EXPECT_TRUE(stage.state.nodes[1].diverged);
  EXPECT_NE(stage.state.nodes[1].reason.find(std::string(other_origin) + "1-2"), std::string::npos)
      << stage.state.nodes[1].reason;

  // It is never chosen, however far it is.
  stage.dead(0);
  stage.later(100ms);
  stage.applied();
  stage.detached(2);
  stage.up_to(2, 990);
  EXPECT_FALSE(stage.asked_for("FreezeReceiver", 1));
  stage.ok("FreezeReceiver", 2);
  EXPECT_EQ(stage.state.candidate, 2U);

  // The missing transactions were written on the primary: it counts again.
  GtidStage mended;
  mended.steady();
  mended.has(1, std::string(origin) + "1-1000," + other_origin + "1-2");
  mended.look();
  mended.later(3s);
  ASSERT_TRUE(mended.state.nodes[1].diverged);
  mended.has(0, std::string(origin) + "1-1000," + other_origin + "1-2");
  EXPECT_TRUE(has(mended.later(100ms), 516));
  EXPECT_FALSE(mended.state.nodes[1].diverged);
}

TEST(Gtid, ReplicaThatTellsOfAWriteFirstIsNotErrant) {
  GtidStage stage;
  stage.steady();
  stage.up_to(1, 1001);
  stage.look();
  stage.later(5s);  // its primary still waits for acknowledgements
  EXPECT_FALSE(stage.state.nodes[1].errant_since) << "the primary wrote it";

  // Not while it streams from there: then it may have it from an older primary.
  stage.detached(1);
  stage.up_to(1, 1001);
  EXPECT_TRUE(has(stage.later(100ms), 517));
  stage.up_to(0, 1001);
  EXPECT_TRUE(has(stage.later(100ms), 518));
  stage.up_to(1, 1002);
  stage.later(5s);
  EXPECT_FALSE(stage.state.nodes[1].diverged) << "counted from when it was first seen";
}

TEST(Gtid, NodeIsComparedOnlyWithAYoungerAccountOfThePrimary) {
  GtidStage stage;
  stage.steady();
  stage.now += 100ms;
  for (auto& node : stage.seen) node.latest->sent = node.latest->received = stage.now;
  stage.seen[0].latest->sent = stage.now - 1ms;
  stage.has(1, std::string(origin) + "1-1000," + other_origin + "1");
  stage.feed(Observed{stage.seen});
  EXPECT_FALSE(stage.state.nodes[1].errant_since);
}

// Probes that keep step: the node's answer is always in by the time the primary's is,
// and was always still out when the primary was asked.
TEST(Gtid, NodeThatAlwaysAnswersFirstIsComparedAllTheSame) {
  GtidStage stage;
  stage.steady();
  const std::string own = std::string(origin) + "1-1000," + other_origin + "1";
  stage.has(1, own);
  const auto first_received = stage.now + 101ms;
  for (int probe = 0; probe < 2; ++probe) {
    EXPECT_FALSE(stage.state.nodes[1].errant_since);
    stage.now += 100ms;
    for (auto& node : stage.seen) {
      node.latest->sent = stage.now;
      node.latest->received = stage.now + 1ms;
    }
    stage.seen[1].latest->history_since = first_received;
    stage.feed(Observed{stage.seen});
  }
  EXPECT_TRUE(stage.state.nodes[1].errant_since);
}

TEST(Gtid, FormerPrimaryIsFencedComparedAndMadeAReplica) {
  GtidStage stage;
  stage.failed_over();
  stage.primary(0);  // it returns, and takes writes
  EXPECT_TRUE(has(stage.later(100ms), 522));
  stage.fenced_primary(0);
  EXPECT_TRUE(has(stage.ok("Fence", 0), 503));
  EXPECT_TRUE(has(stage.later(2s), 526));
  EXPECT_TRUE(stage.asked_for("Repoint", 0));
  EXPECT_NE(stage.state.nodes[0].former_primary, 0U) << "quarantined until it streams";
  stage.replica_of(0, 1);
  stage.ok("Repoint", 0);
  EXPECT_TRUE(has(stage.later(100ms), 520));
  EXPECT_EQ(stage.state.nodes[0].former_primary, 0U);
  EXPECT_TRUE(stage.asked_for("Unfence", 0));
}

TEST(Gtid, FormerPrimaryWithItsOwnWritesStaysOutAndSaysWhich) {
  GtidStage stage;
  stage.failed_over();
  stage.fenced_primary(0);
  stage.up_to(0, 1003);
  stage.look();
  EXPECT_FALSE(has(stage.later(100ms), 526));
  EXPECT_TRUE(has(stage.later(3s), 519));
  EXPECT_FALSE(stage.asked_for("Repoint", 0));
  EXPECT_NE(stage.state.nodes[0].reason.find("1001-1003"), std::string::npos);
}

TEST(Gtid, SecondPrimaryIsLedBackLikeAFormerOne) {
  GtidStage stage;
  stage.steady();
  stage.primary(2);
  EXPECT_TRUE(has(stage.later(100ms), 524));
  EXPECT_TRUE(has(stage.later(100ms), 522) || stage.asked_for("Fence", 2));
  stage.fenced_primary(2);
  stage.ok("Fence", 2);
  EXPECT_TRUE(has(stage.later(2s), 526));
}

TEST(Gtid, WritableReplicaIsSetReadOnly) {
  GtidStage stage;
  stage.steady();
  stage.status(2).read_only = false;
  EXPECT_TRUE(has(stage.later(100ms), 531));
  EXPECT_TRUE(has(stage.fails("SetReadOnly", 2), 533));
  EXPECT_FALSE(has(stage.look(), 531)) << "not at once again";
  EXPECT_TRUE(has(stage.later(2s), 531));
  stage.status(2).read_only = true;
  EXPECT_TRUE(has(stage.ok("SetReadOnly", 2), 532));
}

TEST(Gtid, PrimaryStartedReadOnlyIsOpened) {
  GtidStage stage;
  stage.fenced_primary(0);
  stage.look();
  ASSERT_EQ(stage.state.primary, 0U) << "nothing else can be it";
  EXPECT_TRUE(has(stage.feed(LeaseGranted{}), 407));
  EXPECT_TRUE(stage.asked_for("Unfence", 0));
  stage.primary(0);
  EXPECT_TRUE(has(stage.ok("Unfence", 0), 507));
}

TEST(Gtid, NoSwitchoverWhileThePrimaryIsBeingOpened) {
  GtidStage stage;
  stage.fenced_primary(0);
  stage.steady();
  ASSERT_TRUE(stage.asked_for("Unfence", 0));
  EXPECT_TRUE(has(stage.command(CommandKind::switchover, 1), 609));
  EXPECT_NE(stage.reply()->text.find("being worked on"), std::string::npos);
  stage.primary(0);
  stage.ok("Unfence");
  stage.later(2s);
  EXPECT_TRUE(has(stage.command(CommandKind::switchover, 1), 610));
}

TEST(Gtid, SwitchoverRejoinsTheOldPrimaryWithoutARestart) {
  GtidStage stage;
  stage.steady();
  stage.command(CommandKind::switchover, 1);
  stage.applied();
  stage.applied();
  stage.status(0).read_only = true;
  stage.ok("FreezeReceiver", 2);
  stage.ok("Fence");
  stage.ok("AwaitPosition");
  stage.primary(1);
  EXPECT_TRUE(has(stage.ok("Promote"), 230));
  EXPECT_FALSE(stage.asked_for("PrepareRejoin", 0));
  stage.look();
  stage.later(100ms);
  EXPECT_TRUE(stage.asked_for("Repoint", 0));
}

// --- a primary that its crash recovery has made shorter ---

// MariaDB, in a replica's role (init_rpl_role): all that the replicas have of db1 is there,
// and db1 itself came back with `left` transactions, refusing writes.
class ShortenedStage : public GtidStage {
 public:
  explicit ShortenedStage(unsigned left) : left_(left) {
    for (NodeId node = 0; node < 3; ++node) of_mariadb(node, 1000);
  }
  void of_mariadb(NodeId node, unsigned end) {
    status(node).flavor = model::Flavor::mariadb;
    status(node).server_id = node + 1;
    has(node, "0-1-" + std::to_string(end));
  }
  void crash_and_return() {
    fenced_primary(0);
    of_mariadb(0, left_);
    for (NodeId node : {1U, 2U}) {
      detached(node);
      of_mariadb(node, 1000);
    }
    later(100ms);
  }

 private:
  unsigned left_;
};

TEST(Shortened, PrimaryIsNotLetWriteButFailedOver) {
  ShortenedStage stage(998);
  stage.steady();
  stage.crash_and_return();
  EXPECT_FALSE(stage.asked_for("Unfence", 0));
  EXPECT_EQ(stage.state.phase, Phase::barrier) << stage.state.reason;
  EXPECT_TRUE(stage.noted(
      "failover begins under epoch 2: db1 was started anew and lacks 0-1-999..1000, which db2 has: "
      "it must not go on as the primary"));
  stage.applied();
  ASSERT_EQ(stage.state.phase, Phase::freezing);
  stage.later(100ms);
  EXPECT_EQ(stage.state.phase, Phase::freezing) << "it answers, and does not keep its place";
  stage.ok("FreezeReceiver", 1);
  stage.ok("FreezeReceiver", 2);
  stage.ok("Fence", 0);
  EXPECT_EQ(stage.state.candidate, 1U);
  stage.primary(1);
  stage.of_mariadb(1, 1000);
  EXPECT_TRUE(has(stage.ok("Promote"), 230));
  EXPECT_NE(stage.state.nodes[0].former_primary, 0U);
}

TEST(Shortened, PrimaryOnRecordIsNotAdopted) {
  ShortenedStage stage(998);
  stage.policy.mode = Mode::manual;
  stage.steady();
  stage.dead(0);
  ASSERT_TRUE(has(stage.later(100ms), 201));
  stage.crash_and_return();
  EXPECT_EQ(stage.state.phase, Phase::held);
  EXPECT_NE(stage.state.reason.find("it must not go on as the primary"), std::string::npos)
      << stage.state.reason;
  // A replica that has it no more, by whoever's hand, speaks against it no longer.
  stage.applied();
  for (NodeId node : {1U, 2U}) stage.of_mariadb(node, 998);
  EXPECT_TRUE(has(stage.later(100ms), 101));
}

TEST(Shortened, PrimaryThatHasAllGoesOn) {
  ShortenedStage stage(1000);
  stage.steady();
  stage.crash_and_return();
  EXPECT_TRUE(stage.asked_for("Unfence", 0));
}

TEST(Shortened, WhatOthersWroteSpeaksAgainstTheReplica) {
  ShortenedStage stage(1000);
  stage.steady();
  stage.crash_and_return();
  stage.has(1, "0-2-1001");
  stage.later(100ms);
  EXPECT_EQ(stage.state.primary, 0U);
}

TEST(Shortened, WritablePrimaryIsNotMeasured) {
  ShortenedStage stage(998);
  stage.steady();
  stage.primary(0);
  stage.of_mariadb(0, 998);
  stage.later(100ms);
  EXPECT_EQ(stage.state.primary, 0U) << "a replica may tell of a write first";
}

// --- the relay log ---

void restarted_with(GtidStage& stage, unsigned left) {
  stage.later(100ms);
  stage.status(1).start_time_us += 60'000'000;
  stage.up_to(1, left);
  EXPECT_TRUE(has(stage.later(100ms), 902));
}

TEST(RelayLog, ReplicaThatThrewItAwayIsPassedOverUnlessForced) {
  GtidStage stage(2);
  stage.steady();
  stage.dead(0);
  restarted_with(stage, 900);
  EXPECT_TRUE(stage.state.nodes[1].lost_received);
  stage.applied();
  stage.detached(1);
  stage.up_to(1, 900);
  stage.status(1).start_time_us += 60'000'000;
  stage.ok("FreezeReceiver", 1);
  EXPECT_EQ(stage.state.phase, Phase::held);
  EXPECT_NE(stage.state.reason.find("no replica may be promoted"), std::string::npos)
      << stage.state.reason;
  EXPECT_TRUE(has(stage.command(CommandKind::failover, 1, true), 614));
  stage.applied();
  stage.ok("FreezeReceiver", 1);
  EXPECT_EQ(stage.state.phase, Phase::promoting);
}

TEST(RelayLog, RestartedReplicaProvesNothingThoughItShowsNoLoss) {
  GtidStage stage(3);
  stage.quorum_of(1);
  stage.steady();
  stage.dead(0);
  restarted_with(stage, 1000);
  EXPECT_FALSE(stage.state.nodes[1].lost_received);
  stage.applied();
  for (const NodeId node : {1U, 2U}) stage.ok("FreezeReceiver", node);
  EXPECT_EQ(stage.state.phase, Phase::held) << "it may have acknowledged what nobody saw it have";
  EXPECT_NE(stage.state.reason.find("1 of 2 ackers frozen"), std::string::npos)
      << stage.state.reason;
}

// Led to another primary it fetches again what it had not applied. Until then it has
// not what it acknowledged, and if that primary dies, too, it proves nothing.
TEST(RelayLog, RepointedReplicaProvesNothingUntilItHasFetchedItAgain) {
  GtidStage stage(3);
  stage.quorum_of(2);
  stage.failover_to_freezing();
  for (const NodeId node : {1U, 2U}) stage.detached(node);
  stage.status(2).position = gtids(origin + std::string("1-900"));  // received, not applied
  for (const NodeId node : {1U, 2U}) stage.ok("FreezeReceiver", node);
  stage.primary(1);
  stage.ok("Promote");
  ASSERT_EQ(stage.state.primary, 1U);
  stage.later(100ms);
  ASSERT_TRUE(stage.asked_for("Repoint", 2));
  EXPECT_TRUE(stage.state.nodes[2].restarted_at);
  EXPECT_EQ(hint_of(stage.state).restarted, std::vector<NodeId>{2});
  stage.replica_of(2, 1);
  stage.up_to(2, 900);
  stage.ok("Repoint", 2);
  stage.later(100ms);
  EXPECT_TRUE(stage.state.nodes[2].restarted_at);

  auto caught_up = stage;
  caught_up.up_to(2, 1000);
  caught_up.later(2s);
  EXPECT_FALSE(caught_up.state.nodes[2].restarted_at);

  stage.dead(1);
  stage.later(100ms);
  stage.applied();
  stage.ok("FreezeReceiver", 2);
  EXPECT_EQ(stage.state.phase, Phase::held);
  EXPECT_NE(stage.state.reason.find("0 of 2 ackers frozen"), std::string::npos)
      << stage.state.reason;
}

TEST(RelayLog, RestartedReplicaCountsAgainOnceItCaughtUp) {
  GtidStage stage;
  stage.steady();
  restarted_with(stage, 900);
  EXPECT_TRUE(stage.state.nodes[1].lost_received);
  stage.up_to(1, 1000);
  EXPECT_TRUE(has(stage.later(100ms), 903));
  EXPECT_FALSE(stage.state.nodes[1].lost_received);
  EXPECT_FALSE(stage.state.nodes[1].restarted_at);
}

// Semi-synchronous commits go on without a replica once they have waited long enough.
TEST(SemiSync, PromiseLapsesWithItsTimeout) {
  struct Case {
    model::Duration timeout, silence;
    bool waits_alone, proven;
  };
  for (const auto& test : {Case{10s, 1s, true, true}, Case{10s, 11s, true, false},
                           Case{24h, 3600s, true, true}, Case{24h, 1s, false, false}}) {
    GtidStage stage;
    stage.quorum_of(1);
    stage.status(0).semi_sync.timeout = test.timeout;
    stage.status(0).semi_sync.waits_alone = test.waits_alone;
    stage.steady();
    stage.dead(0);
    stage.later(100ms);
    stage.applied();
    for (const NodeId node : {1U, 2U}) stage.detached(node);
    // What is asked of nobody meanwhile: only the clock goes on.
    for (auto& pending : stage.state.pending) pending.action.deadline += test.silence;
    stage.now += test.silence;
    for (const NodeId node : {1U, 2U}) {
      stage.status(node).receiver = model::ReceiverState::none;
    }
    for (const NodeId node : {1U, 2U}) {
      if (stage.state.phase == Phase::freezing) stage.ok("FreezeReceiver", node);
    }
    EXPECT_EQ(stage.state.phase, test.proven ? Phase::promoting : Phase::held)
        << test.timeout.count() << " " << test.silence.count() << " " << stage.state.reason;
  }
}

// A restarted primary comes up with semi-synchronous replication off, and read-only.
TEST(SemiSync, PromiseOutlivesARestartThatLetsNobodyWrite) {
  GtidStage stage;
  stage.quorum_of(1);
  stage.steady();
  stage.fenced_primary(0);
  stage.waits_for(0, 0);
  EXPECT_FALSE(has(stage.later(100ms), 904));
  ASSERT_TRUE(stage.state.promise);
  EXPECT_EQ(stage.state.promise->acks, 1U);
  stage.primary(0);
  stage.waits_for(0, 0);
  stage.later(100ms);
  EXPECT_EQ(stage.state.promise->acks, 0U) << "now it takes writes, and nothing waits";
}

TEST(SemiSync, PromiseCoversASetOnceItsTransactionsAreThere) {
  GtidStage stage;
  stage.quorum_of(1);
  stage.steady();
  stage.waits_for(0, 0);
  stage.up_to(0, 2000);
  stage.later(100ms);
  stage.waits_for(0, 1);
  stage.later(100ms);
  stage.has(1, std::string(origin) + "1-10:12-2000");
  EXPECT_TRUE(has(stage.later(100ms), 907));
  EXPECT_TRUE(Facts({stage.state, stage.policy, stage.now}).promise_settling()) << "11 is missing";
  stage.up_to(1, 2000);
  EXPECT_TRUE(has(stage.later(100ms), 908));
}

// Relevo was down while somebody else promoted db2, which is to be let write yet.
TEST(SemiSync, PromiseOfAFormerPrimaryIsNotItsSuccessors) {
  GtidStage before;
  before.quorum_of(1);
  before.steady();
  GtidStage stage(3, hint_of(before.state));
  stage.quorum_of(1);
  stage.fenced_primary(1);
  stage.waits_for(1, 0);
  for (const NodeId node : {0U, 2U}) stage.replica_of(node, 1);
  stage.look();
  stage.feed(LeaseGranted{});
  ASSERT_EQ(stage.state.primary, 1U);
  EXPECT_FALSE(stage.state.promise) << "that was db1's";
}

// Relevo was down, too, when the replica restarted.
TEST(RelayLog, RestartIsNoticedAcrossOurOwn) {
  GtidStage before;
  before.steady();
  auto hint = hint_of(before.state);
  ASSERT_EQ(hint.started_us.size(), 3U);
  GtidStage after(3, hint);
  after.quorum_of(1);
  after.dead(0);
  after.status(1).start_time_us += 60'000'000;
  EXPECT_TRUE(has(after.look(), 902));
  EXPECT_EQ(hint_of(after.state).restarted, std::vector<NodeId>{1});
  after.feed(LeaseGranted{});
  after.applied();
  for (const NodeId node : {1U, 2U}) after.ok("FreezeReceiver", node);
  EXPECT_EQ(after.state.phase, Phase::held);
}

// Accounts of one start, by another session or before our own restart.
TEST(RelayLog, UptimeRoundedToSecondsIsNoRestart) {
  GtidStage before;
  before.steady();
  GtidStage after(3, hint_of(before.state));
  after.status(1).start_time_us += 1'000'000;
  EXPECT_FALSE(has(after.look(), 902));
  EXPECT_FALSE(has(after.later(100ms), 902));
  after.status(1).start_time_us += 1'000'000;
  EXPECT_TRUE(has(after.later(100ms), 902)) << "our own probes tell a start exactly";
}

// Between the last probe and the freeze: the freeze's own answer tells of it.
TEST(RelayLog, RestartThatOnlyTheFreezeSaw) {
  GtidStage stage(2);
  stage.failover_to_freezing();
  stage.detached(1);
  stage.up_to(1, 900);
  stage.status(1).start_time_us += 60'000'000;
  EXPECT_TRUE(has(stage.ok("FreezeReceiver", 1), 220));
  EXPECT_EQ(stage.state.phase, Phase::held);
  EXPECT_TRUE(stage.state.nodes[1].lost_received);
}

TEST(RelayLog, PostgresReplicaLosesNothingByARestart) {
  Stage stage;
  stage.status(1).start_time_us = 1'000'000'000;
  stage.steady();
  stage.status(1).start_time_us += 60'000'000;
  stage.at(1, 500);
  EXPECT_TRUE(has(stage.later(100ms), 902));
  EXPECT_FALSE(stage.state.nodes[1].lost_received);
  EXPECT_FALSE(stage.state.nodes[1].restarted_at);
}

// --- whom to believe, without timelines ---

Hint recorded(NodeId primary) {
  Hint hint;
  hint.epoch = 4;
  hint.primary = primary;
  return hint;
}

TEST(GtidAdoption, CandidateOfAnUnfinishedFailoverIsBelievedAfterARestart) {
  auto hint = recorded(0);
  hint.candidate = 1;
  GtidStage stage(3, hint);
  stage.dead(0);
  stage.primary(1);
  stage.detached(2);
  EXPECT_TRUE(has(stage.look(), 101));
  EXPECT_EQ(stage.state.primary, 1U);

  GtidStage unknown(3, recorded(0));
  unknown.dead(0);
  unknown.primary(1);
  unknown.detached(2);
  unknown.look();
  EXPECT_EQ(unknown.state.primary, std::nullopt) << "nothing shows that it goes on";
  EXPECT_NE(unknown.state.reason.find("goes on where"), std::string::npos);
}

TEST(GtidAdoption, HintRemembersTheCandidateWhileItIsInDoubt) {
  GtidStage stage;
  stage.failover_to_freezing();
  for (const NodeId node : {1U, 2U}) stage.ok("FreezeReceiver", node);
  ASSERT_EQ(stage.state.phase, Phase::promoting);
  EXPECT_EQ(hint_of(stage.state).candidate, 1U);
  stage.primary(1);
  stage.ok("Promote");
  EXPECT_EQ(hint_of(stage.state).candidate, std::nullopt);
}

TEST(GtidAdoption, SomebodyElsesPromotionIsFollowedWhenAReplicaFollowsIt) {
  GtidStage stage;
  stage.policy.mode = Mode::off;
  stage.look();
  ASSERT_EQ(stage.state.primary, 0U);
  stage.verdict(0, Verdict::unreachable);
  stage.primary(1);
  stage.up_to(1, 950);
  stage.later(100ms);
  EXPECT_EQ(stage.state.primary, 0U) << "it lacks what the primary had";
  stage.replica_of(2, 1);
  EXPECT_TRUE(has(stage.later(100ms), 102));
  EXPECT_TRUE(has(stage.applied(), 101));
  EXPECT_EQ(stage.state.primary, 1U);
}

TEST(GtidAdoption, OfTwoStrangersTheOneThatTakesWrites) {
  GtidStage stage;
  stage.fenced_primary(0);
  stage.primary(1);
  stage.look();
  EXPECT_EQ(stage.state.primary, 1U);

  GtidStage both;
  both.primary(1);
  EXPECT_TRUE(has(both.look(), 103));
}

TEST(GtidPromotion, NodeThatNobodyCouldFollowIsPassedOver) {
  const std::vector<std::function<void(model::NodeStatus&)>> flaws{
      [](auto& s) { s.log_bin = false; }, [](auto& s) { s.log_replica_updates = false; },
      [](auto& s) { s.gtid_mode = false; }, [](auto& s) { s.auto_position = false; }};
  for (const auto& flaw : flaws) {
    GtidStage stage;
    flaw(stage.status(1));
    stage.failover_to_freezing();
    for (const NodeId node : {1U, 2U}) stage.ok("FreezeReceiver", node);
    EXPECT_EQ(stage.state.candidate, 2U);
  }
}

TEST(GtidPromotion, SwitchoverToAStoppedApplierIsRefusedWithItsError) {
  GtidStage stage;
  stage.steady();
  stage.status(1).applier_running = false;
  stage.status(1).applier_error = "1062: Duplicate entry";
  stage.look();
  EXPECT_TRUE(has(stage.command(CommandKind::switchover, 1), 609));
  EXPECT_NE(stage.reply()->text.find("1062"), std::string::npos) << stage.reply()->text;
}

TEST(GtidPromotion, HalfwayPromotedCandidateIsPromotedAgain) {
  GtidStage stage;
  stage.failover_to_freezing();
  for (const NodeId node : {1U, 2U}) stage.ok("FreezeReceiver", node);
  stage.end("Promote", ActionOutcome::unknown);
  stage.fenced_primary(1);
  EXPECT_TRUE(has(stage.ok("ReadRole"), 241)) << "its upstream is gone, it takes no writes yet";
  stage.primary(1);
  EXPECT_TRUE(has(stage.ok("Promote"), 230));
}

TEST(GtidPromotion, OfEquallyFreshOnesTheOneThatOthersCanFollow) {
  GtidStage stage;
  stage.status(1).version = "9.1.0";
  stage.failover_to_freezing();
  for (const NodeId node : {1U, 2U}) stage.ok("FreezeReceiver", node);
  EXPECT_EQ(stage.state.candidate, 2U);

  // But no write is given up for it.
  GtidStage fresher;
  fresher.status(1).version = "9.1.0";
  fresher.status(2).received = fresher.status(2).position = gtids(std::string(origin) + "1-999");
  fresher.failover_to_freezing();
  for (const NodeId node : {1U, 2U}) fresher.ok("FreezeReceiver", node);
  EXPECT_EQ(fresher.state.candidate, 1U);
}

}  // namespace
}  // namespace relevo::decide

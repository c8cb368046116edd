// Switchover, operator commands and upkeep: each rule of 3xx, 5xx, 6xx.
#include "tests/unit/failover/stage.hpp"

namespace relevo::decide {
namespace {

TEST(Switchover, WholeWay) {
  Stage stage;
  stage.steady();
  const auto epoch = stage.state.epoch;
  EXPECT_TRUE(has(stage.command(CommandKind::switchover, 2), 610));
  EXPECT_EQ(stage.state.gate, model::PrimaryGate::draining);
  EXPECT_EQ(stage.state.primary, 0U);
  EXPECT_TRUE(stage.applied(3).empty()) << "three transactions are open";
  EXPECT_TRUE(has(stage.applied(0), 310));
  EXPECT_EQ(stage.state.epoch, epoch + 1);
  EXPECT_TRUE(has(stage.applied(), 311));
  EXPECT_TRUE(stage.asked_for("Fence", 0));
  EXPECT_TRUE(stage.asked_for("FreezeReceiver", 1));
  EXPECT_FALSE(stage.asked_for("FreezeReceiver", 2)) << "the candidate has to catch up";
  stage.at(0, 1500);
  stage.ok("Fence");
  stage.at(1, 1600);
  EXPECT_TRUE(has(stage.ok("FreezeReceiver"), 321));
  EXPECT_EQ(stage.state.final_position, model::Position(model::Lsn{1600}));
  EXPECT_TRUE(has(stage.ok("AwaitPosition"), 330));
  stage.primary(2, 2);
  EXPECT_TRUE(has(stage.ok("Promote"), 230));
  EXPECT_EQ(stage.state.primary, 2U);
  EXPECT_TRUE(stage.reply()->ok);
  EXPECT_TRUE(stage.asked_for("PrepareRejoin", 0));
  EXPECT_TRUE(has(stage.ok("PrepareRejoin"), 505));
  EXPECT_TRUE(stage.state.failovers.empty()) << "planned ones do not count against the brake";
}

TEST(Switchover, DrainHasAnEnd) {
  Stage stage;
  stage.steady();
  stage.command(CommandKind::switchover);
  stage.applied(1);
  EXPECT_TRUE(has(stage.later(stage.policy.drain), 310));
}

TEST(Switchover, DeathOnTheWayMakesItAFailover) {
  Stage stage;
  stage.switchover_to_fencing();
  stage.dead(0);
  EXPECT_TRUE(has(stage.later(100ms), 301));
  EXPECT_EQ(stage.state.phase, Phase::barrier);
}

TEST(Switchover, UndoneAtEveryStepBeforePromotion) {
  {
    Stage stage;
    stage.steady();
    stage.command(CommandKind::switchover, 1);
    stage.verdict(1, Verdict::unreachable);
    EXPECT_TRUE(has(stage.later(10ms), 302));
    EXPECT_EQ(stage.state.gate, model::PrimaryGate::open);
    EXPECT_FALSE(stage.reply()->ok);
  }
  {
    Stage stage;
    stage.steady();
    stage.command(CommandKind::switchover, 1);
    EXPECT_TRUE(has(stage.feed(LeaseLost{}), 303));
    EXPECT_EQ(stage.state.primary, 0U);
  }
  {
    Stage stage;
    stage.steady();
    stage.command(CommandKind::switchover, 1);
    stage.applied();
    EXPECT_TRUE(has(stage.later(6s), 312));
    EXPECT_EQ(stage.state.primary, 0U);
  }
  {
    Stage stage;
    stage.switchover_to_fencing();
    EXPECT_TRUE(has(stage.end("Fence", ActionOutcome::unknown), 320));
    EXPECT_EQ(stage.state.phase, Phase::undoing);
    EXPECT_TRUE(has(stage.fails("Unfence"), 341));
    EXPECT_TRUE(has(stage.ok("Unfence"), 340));
    EXPECT_EQ(stage.state.primary, 0U);
    EXPECT_EQ(stage.state.gate, model::PrimaryGate::open);
  }
  {
    Stage stage;
    stage.switchover_to_catching_up();
    EXPECT_TRUE(has(stage.fails("AwaitPosition"), 331));
    EXPECT_EQ(stage.state.phase, Phase::undoing);
    EXPECT_TRUE(stage.state.nodes[2].needs_repoint) << "it was frozen";
  }
}

TEST(Switchover, PromotionThatFailsForGoodIsUndone) {
  Stage stage;
  stage.policy.promote_attempts_max = 1;
  stage.switchover_to_verifying();
  stage.look();
  EXPECT_TRUE(has(stage.ok("ReadRole"), 242));
  EXPECT_EQ(stage.state.phase, Phase::undoing);
  EXPECT_TRUE(has(stage.ok("Unfence"), 340));
  EXPECT_TRUE(stage.state.nodes[1].needs_repoint) << "its replication may have been stopped";
}

TEST(Switchover, LostCandidateIsQuarantinedAndTheOldPrimaryGoesOn) {
  Stage stage;
  stage.switchover_to_verifying();
  stage.verdict(1, Verdict::dead);
  stage.look();
  EXPECT_TRUE(has(stage.fails("ReadRole"), 244));
  EXPECT_TRUE(stage.state.nodes[1].quarantined);
  stage.ok("Unfence");
  EXPECT_EQ(stage.state.primary, 0U);
}

TEST(Switchover, RestartInTheMiddleLiftsTheFence) {
  Stage stage;
  stage.switchover_to_catching_up();
  const auto hint = hint_of(stage.state);
  Stage second(3, hint);
  second.status(0).read_only = true;
  second.look();
  EXPECT_EQ(second.state.primary, 0U);
  EXPECT_TRUE(has(second.feed(LeaseGranted{}), 401));
  EXPECT_TRUE(has(second.ok("Unfence"), 507));
  EXPECT_EQ(second.state.soft_fenced, std::nullopt);
  EXPECT_TRUE(second.asked_for("Repoint", 2) || !second.state.nodes[2].needs_repoint);
}

TEST(Commands, AreAnsweredWithAReason) {
  Stage stage;
  stage.steady();
  EXPECT_TRUE(has(stage.command(CommandKind::pause), 601));
  EXPECT_EQ(authority_of(stage.state).gate, model::PrimaryGate::draining);
  EXPECT_TRUE(has(stage.command(CommandKind::resume), 602));
  EXPECT_TRUE(has(stage.command(CommandKind::maintenance_on, 0), 603));
  EXPECT_FALSE(stage.reply()->ok);
  EXPECT_TRUE(has(stage.command(CommandKind::maintenance_on, 1), 604));
  EXPECT_TRUE(has(stage.command(CommandKind::switchover, 1), 609));
  EXPECT_NE(stage.reply()->text.find("maintenance"), std::string::npos);
  EXPECT_TRUE(has(stage.command(CommandKind::maintenance_off, 1), 605));
  EXPECT_TRUE(has(stage.command(CommandKind::failover), 612));
  EXPECT_TRUE(has(stage.command(CommandKind::failover, 0, true), 613));
  EXPECT_TRUE(has(stage.command(CommandKind::switchover), 610));
  EXPECT_TRUE(has(stage.command(CommandKind::failover), 607));
}

TEST(Commands, NothingIsPromotedWithoutTheRightToAct) {
  Stage stage;
  stage.steady();
  stage.feed(LeaseLost{});
  EXPECT_TRUE(has(stage.command(CommandKind::switchover), 608));
  EXPECT_FALSE(stage.reply()->ok);
}

TEST(Commands, OperatorMayNameTheFormerPrimary) {
  Stage stage;
  stage.failed_over();
  stage.state.failovers = {stage.now, stage.now};
  stage.dead(1);
  stage.primary(0);
  stage.status(0).read_only = true;
  stage.later(100ms);
  ASSERT_EQ(stage.state.phase, Phase::held);
  const auto rules = stage.command(CommandKind::failover, 0, true);
  EXPECT_TRUE(has(rules, 611));
  EXPECT_TRUE(has(rules, 401)) << "and lifts the fence that it was put under";
  EXPECT_EQ(stage.state.primary, 0U);
  EXPECT_TRUE(stage.reply()->ok);
}

TEST(Upkeep, OneReplicaThatCannotBeRepointedIsRetriedAlone) {
  Stage stage(4);
  stage.failed_over();
  stage.later(10ms);
  EXPECT_TRUE(has(stage.fails("Repoint", 2), 502));
  stage.replica_of(3, 1);
  EXPECT_TRUE(has(stage.ok("Repoint", 3), 501));
  EXPECT_EQ(stage.state.phase, Phase::steady);
  stage.actions.clear();
  stage.later(2s);
  EXPECT_TRUE(stage.asked_for("Repoint", 2));
  EXPECT_FALSE(stage.asked_for("Repoint", 3));
}

TEST(Upkeep, ReplicaThatFollowsAlreadyIsLeftAlone) {
  Stage stage(4);
  stage.steady();
  stage.dead(0);
  stage.verdict(3, Verdict::unreachable);
  stage.later(100ms);
  stage.applied();
  for (const NodeId node : {1U, 2U}) {
    stage.detached(node);
    stage.ok("FreezeReceiver", node);
  }
  stage.primary(1, 2);
  stage.ok("Promote");
  ASSERT_EQ(stage.state.primary, 1U);
  // One that was never frozen comes back and follows by somebody else's hand. One
  // that was frozen is believed only once it was repointed: the freeze may be late.
  stage.replica_of(2, 1);
  stage.replica_of(3, 1);
  EXPECT_TRUE(has(stage.later(10ms), 510));
  EXPECT_FALSE(stage.asked_for("Repoint", 3));
  EXPECT_TRUE(stage.asked_for("Repoint", 2));
}

// The disk of db3 was slow: its freeze ends long after it was led to the new primary.
TEST(Upkeep, ReplicaThatAFreezeStopsLateIsLedOnceMore) {
  Stage stage;
  stage.failover_to_freezing();
  stage.detached(1);
  stage.ok("FreezeReceiver", 1);
  EXPECT_TRUE(has(stage.later(2s), 221));
  stage.primary(1, 2);
  stage.ok("Promote");
  stage.replica_of(2, 1);
  stage.later(10ms);
  EXPECT_TRUE(has(stage.ok("Repoint", 2), 501));
  stage.later(2s);
  EXPECT_EQ(hint_of(stage.state).in_doubt, std::vector<NodeId>{2});
  stage.detached(2);
  stage.actions.clear();
  EXPECT_TRUE(has(stage.later(100ms), 534));
  EXPECT_TRUE(stage.asked_for("Repoint", 2));
}

TEST(Upkeep, ReceiverThatWasNotStoppedByUsIsLeftAlone) {
  Stage stage;
  stage.steady();
  stage.detached(2);
  EXPECT_FALSE(has(stage.later(5s), 534));
}

TEST(Upkeep, ReplicaThatARepointLeadsAstrayLateIsLedBack) {
  Stage stage;
  stage.failed_over();
  stage.replica_of(2, 1);
  stage.later(10ms);
  stage.ok("Repoint", 2);
  stage.replica_of(2, 0);  // a former primary
  stage.status(2).receiver = model::ReceiverState::connecting;
  stage.actions.clear();
  EXPECT_TRUE(has(stage.later(2s), 534));
  EXPECT_TRUE(stage.asked_for("Repoint", 2));
}

// The fence of a switchover that was undone: the undo was there first.
TEST(Upkeep, FenceThatComesLateIsLifted) {
  Stage stage;
  stage.switchover_to_fencing();
  stage.end("Fence", ActionOutcome::unknown);
  ASSERT_EQ(stage.state.phase, Phase::undoing);
  stage.ok("Unfence");
  ASSERT_EQ(stage.state.primary, 0U);
  stage.later(2s);
  stage.status(0).read_only = true;
  stage.actions.clear();
  EXPECT_TRUE(has(stage.later(100ms), 408));
  EXPECT_TRUE(stage.asked_for("Unfence", 0));
}

TEST(Upkeep, PrimaryThatSomebodyMadeReadOnlyIsLeftAlone) {
  Stage stage;
  stage.steady();
  stage.status(0).read_only = true;
  EXPECT_FALSE(has(stage.later(5s), 408));
}

TEST(Upkeep, FormerPrimaryIsFencedNamedAndTakenBack) {
  Stage stage;
  stage.failed_over();
  stage.primary(0, 1);
  const auto rules = stage.later(100ms);
  EXPECT_TRUE(has(rules, 522));
  EXPECT_TRUE(has(rules, 523));
  EXPECT_TRUE(stage.asked_for("Fence", 0));
  EXPECT_TRUE(authority_of(stage.state).nodes[0].fenced);
  EXPECT_TRUE(has(stage.fails("Fence"), 504));
  stage.later(2s);
  stage.status(0).read_only = true;
  EXPECT_TRUE(has(stage.ok("Fence"), 503));
  stage.later(5s);
  EXPECT_EQ(stage.state.primary, 1U);

  stage.detached(0);
  EXPECT_TRUE(has(stage.later(100ms), 521));
  EXPECT_TRUE(stage.asked_for("Repoint", 0));
  stage.fails("Repoint", 0);
  stage.replica_of(0, 1);
  EXPECT_TRUE(has(stage.later(100ms), 520));
  EXPECT_FALSE(authority_of(stage.state).nodes[0].fenced);
  EXPECT_TRUE(stage.asked_for("Unfence", 0)) << "it must be writable should it be promoted again";
  EXPECT_TRUE(has(stage.fails("Unfence", 0), 508));
}

TEST(Upkeep, RejoinThatCannotBePreparedIsLeftToTheOperator) {
  Stage stage;
  stage.switchover_to_catching_up();
  stage.ok("AwaitPosition");
  stage.primary(1, 2);
  stage.ok("Promote");
  EXPECT_TRUE(has(stage.fails("PrepareRejoin"), 506));
}

TEST(Upkeep, DivergedNodesAreNamedNotRepointed) {
  {
    Stage stage;
    stage.failed_over();
    stage.detached(2);
    stage.at(2, 5000);
    EXPECT_TRUE(has(stage.later(10ms), 512));
    EXPECT_FALSE(stage.asked_for("Repoint", 2));
  }
  {
    Stage stage;
    stage.steady();
    stage.status(2).receiver = model::ReceiverState::waiting;
    EXPECT_TRUE(has(stage.later(100ms), 513));
    stage.replica_of(2, 0);
    EXPECT_TRUE(has(stage.later(100ms), 514));
    stage.status(2).receiver = model::ReceiverState::waiting;
    stage.later(100ms);
    EXPECT_TRUE(has(stage.later(6s), 515));
    EXPECT_TRUE(stage.state.nodes[2].diverged);
    stage.replica_of(2, 0);
    EXPECT_TRUE(has(stage.later(100ms), 516));
    EXPECT_FALSE(stage.state.nodes[2].diverged);
  }
  {
    // Waiting before it went down and after it came back is not waiting all the time.
    Stage stage;
    stage.steady();
    stage.status(2).receiver = model::ReceiverState::waiting;
    EXPECT_TRUE(has(stage.later(100ms), 513));
    stage.dead(2);
    EXPECT_TRUE(has(stage.later(100ms), 514));
    stage.later(6s);
    stage.verdict(2, Verdict::healthy);
    stage.replica_of(2, 0);
    stage.status(2).receiver = model::ReceiverState::waiting;
    stage.later(100ms);
    EXPECT_FALSE(stage.state.nodes[2].diverged);
    EXPECT_TRUE(has(stage.later(6s), 515));
  }
  {
    Stage stage;
    stage.steady();
    stage.status(2).system_identifier = 8;
    EXPECT_TRUE(has(stage.later(100ms), 511));
    stage.later(100ms);
    EXPECT_TRUE(stage.state.nodes[2].diverged) << "streaming does not make it ours";
  }
}

TEST(Upkeep, IntruderIsQuarantinedUntilItIsAReplica) {
  Stage stage;
  stage.steady();
  stage.primary(2, 2);
  EXPECT_TRUE(has(stage.later(100ms), 524));
  EXPECT_EQ(stage.state.primary, 0U);
  EXPECT_FALSE(stage.asked_for("Fence", 2)) << "it was never ours to write to";
  stage.detached(2);
  EXPECT_TRUE(has(stage.later(100ms), 525));
}

}  // namespace
}  // namespace relevo::decide

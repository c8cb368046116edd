// Failover and who is believed: each rule of 1xx, 2xx and 4xx.
#include "tests/unit/failover/stage.hpp"

namespace relevo::decide {
namespace {

TEST(Adoption, SolePrimaryIsAdoptedOnceEveryoneWasProbed) {
  Stage stage;
  stage.seen[2].probed = false;
  stage.look();
  EXPECT_EQ(stage.state.phase, Phase::starting);
  stage.seen[2].probed = true;
  EXPECT_TRUE(has(stage.look(), 101));
  EXPECT_EQ(stage.state.epoch, 1U);
}

TEST(Adoption, TwoStrangersAreRefusedByName) {
  Stage stage;
  stage.primary(1);
  EXPECT_TRUE(has(stage.look(), 103));
  EXPECT_EQ(stage.state.phase, Phase::held);
  EXPECT_NE(stage.state.reason.find("db1, db2"), std::string::npos);
}

TEST(Adoption, RecordDecidesBetweenTwoAndKeepsTheEpoch) {
  Hint hint;
  hint.epoch = 4;
  hint.primary = 1;
  hint.former_primaries = {0};
  Stage stage(3, hint);
  stage.primary(1, 2);
  stage.look();
  EXPECT_EQ(stage.state.primary, 1U);
  EXPECT_EQ(stage.state.epoch, 4U);
}

TEST(Adoption, RecordedPrimaryWithAnOlderTimelineIsRefused) {
  Hint hint;
  hint.epoch = 4;
  hint.primary = 0;
  Stage stage(3, hint);
  stage.primary(1, 2);
  EXPECT_TRUE(has(stage.look(), 103));
  EXPECT_EQ(stage.state.primary, std::nullopt);
}

TEST(Adoption, NobodyIsPrimary) {
  Stage stage;
  stage.detached(0);
  stage.look();
  EXPECT_EQ(stage.state.phase, Phase::starting);
  EXPECT_TRUE(has(stage.later(4s), 104));
  // An operator may start one.
  stage.feed(LeaseGranted{});
  EXPECT_TRUE(has(stage.command(CommandKind::failover, 2), 614));
  stage.applied();
  EXPECT_EQ(stage.state.phase, Phase::freezing);
}

TEST(Adoption, DeadPrimaryOnRecordIsFailedOverFrom) {
  Hint hint;
  hint.epoch = 4;
  hint.primary = 0;
  Stage stage(3, hint);
  stage.dead(0);
  stage.look();
  stage.feed(LeaseGranted{});
  EXPECT_EQ(stage.state.phase, Phase::barrier);
  EXPECT_EQ(stage.state.epoch, 5U);
}

TEST(Adoption, SomebodyElsesPromotionIsFollowedWhenUnambiguous) {
  Stage stage;
  stage.policy.mode = Mode::off;
  stage.look();
  ASSERT_EQ(stage.state.primary, 0U);
  const auto epoch = stage.state.epoch;
  stage.verdict(0, Verdict::unreachable);
  stage.primary(1, 2);
  EXPECT_TRUE(has(stage.later(100ms), 102));
  EXPECT_EQ(stage.state.primary, std::nullopt) << "a worker may still write to the old one";
  // What was decided stands, though the old one is back by then.
  stage.primary(0);
  EXPECT_TRUE(has(stage.applied(), 101));
  EXPECT_EQ(stage.state.primary, 1U);
  EXPECT_EQ(stage.state.epoch, epoch + 1);
  EXPECT_NE(stage.state.nodes[0].former_primary, 0U);
  EXPECT_TRUE(stage.actions.empty()) << "mode off acts on nobody";
}

TEST(Adoption, OlderTimelineIsNotFollowed) {
  Stage stage;
  stage.primary(0, 3);
  stage.steady();
  stage.verdict(0, Verdict::unreachable);
  stage.primary(1, 3);
  stage.later(100ms);
  EXPECT_EQ(stage.state.primary, 0U);
}

TEST(Failover, WholeWay) {
  Stage stage;
  stage.steady();
  const auto epoch = stage.state.epoch;
  stage.dead(0);
  EXPECT_TRUE(has(stage.later(100ms), 203));
  EXPECT_EQ(stage.state.epoch, epoch + 1);
  EXPECT_EQ(stage.state.primary, std::nullopt);
  EXPECT_EQ(stage.state.gate, model::PrimaryGate::closed);
  EXPECT_TRUE(has(stage.applied(), 210));
  stage.detached(1);
  stage.detached(2);
  stage.at(2, 1000 - 10);
  stage.ok("FreezeReceiver", 1);
  EXPECT_FALSE(stage.asked_for("Promote", 1)) << "one replica still moves";
  EXPECT_TRUE(has(stage.ok("FreezeReceiver", 2), 220));
  EXPECT_TRUE(stage.asked_for("Promote", 1));
  stage.primary(1, 2);
  EXPECT_TRUE(has(stage.ok("Promote"), 230));
  EXPECT_EQ(stage.state.primary, 1U);
  EXPECT_EQ(stage.state.epoch, epoch + 1);
  EXPECT_NE(stage.state.nodes[0].former_primary, 0U);
  EXPECT_TRUE(has(stage.later(10ms), 530));
  EXPECT_TRUE(stage.asked_for("Repoint", 2));
}

TEST(Failover, AViewOfBeforeTheBarrierDoesNotPassIt) {
  Stage stage;
  stage.steady();
  const auto old_sequence = stage.sequence;
  stage.dead(0);
  stage.later(100ms);
  stage.feed(ViewApplied{{old_sequence, stage.state.epoch - 1, 0}});
  EXPECT_EQ(stage.state.phase, Phase::barrier);
}

TEST(Failover, OnlyConclusiveDeathCounts) {
  for (const auto verdict : {Verdict::unreachable, Verdict::saturated, Verdict::restarting,
                             Verdict::disk_full, Verdict::sync_blocked, Verdict::half_hung}) {
    Stage stage;
    stage.steady();
    stage.verdict(0, verdict);
    stage.later(10s);
    EXPECT_EQ(stage.state.phase, Phase::steady) << model::to_string(verdict);
  }
  Stage stage;
  stage.steady();
  stage.verdict(0, Verdict::dead, false);
  stage.later(10s);
  EXPECT_EQ(stage.state.phase, Phase::steady);
}

TEST(Failover, ManualAndOffOnlyHold) {
  for (const auto mode : {Mode::manual, Mode::off}) {
    Stage stage;
    stage.steady();
    stage.policy.mode = mode;
    stage.dead(0);
    EXPECT_TRUE(has(stage.later(100ms), 201));
    EXPECT_EQ(stage.state.phase, Phase::held);
    EXPECT_EQ(stage.state.primary, std::nullopt);
    stage.later(60s);
    EXPECT_EQ(stage.state.phase, Phase::held);
  }
}

TEST(Failover, ThirdWithinTheWindowNeedsAnOperator) {
  Stage stage;
  stage.steady();
  stage.state.failovers = {stage.now - 60s, stage.now - 30s};
  stage.dead(0);
  EXPECT_TRUE(has(stage.later(100ms), 202));
  stage.later(60s);
  EXPECT_EQ(stage.state.phase, Phase::held);
  EXPECT_TRUE(has(stage.command(CommandKind::acknowledge), 606));
  EXPECT_EQ(stage.state.phase, Phase::barrier);

  // The same when the death is seen while none is published.
  Stage held;
  held.steady();
  held.state.failovers = {held.now, held.now};
  held.detached(0);
  held.later(100ms);
  ASSERT_EQ(held.state.phase, Phase::held);
  held.dead(0);
  EXPECT_TRUE(has(held.later(100ms), 405));
}

TEST(Failover, PrimaryThatSteppedDownIsNotPublished) {
  Stage stage;
  stage.steady();
  stage.detached(0);
  EXPECT_TRUE(has(stage.later(100ms), 204));
  EXPECT_EQ(stage.state.primary, std::nullopt);
}

TEST(Failover, LeaseLostOnTheWayStopsIt) {
  Stage stage;
  stage.failover_to_freezing();
  EXPECT_TRUE(has(stage.feed(LeaseLost{}), 205));
  EXPECT_EQ(stage.state.phase, Phase::held);
  EXPECT_TRUE(has(stage.later(2s), 701));
  stage.feed(LeaseGranted{});
  EXPECT_TRUE(has(stage.later(2s), 406) || stage.state.phase == Phase::barrier);
}

TEST(Failover, PrimaryThatReturnsInTimeKeepsItsPlace) {
  Stage stage;
  stage.failover_to_freezing();
  stage.primary(0);
  EXPECT_TRUE(has(stage.later(50ms), 206));
  EXPECT_EQ(stage.state.primary, 0U);
  EXPECT_TRUE(stage.state.nodes[1].needs_repoint) << "it was being frozen";
}

TEST(Failover, WorkersThatDoNotAnswerForbidPromotion) {
  Stage stage;
  stage.steady();
  stage.dead(0);
  stage.later(100ms);
  EXPECT_TRUE(has(stage.later(6s), 211));
  EXPECT_EQ(stage.state.phase, Phase::held);
  EXPECT_FALSE(stage.asked_for("Promote", 1));
}

TEST(Failover, QuorumMustBeProven) {
  Stage stage(4);
  stage.quorum_of(2);  // of 3: two must be frozen
  stage.steady();
  stage.dead(0);
  stage.later(100ms);
  stage.applied();
  for (NodeId node = 1; node < 4; ++node) stage.detached(node);
  stage.ok("FreezeReceiver", 1);
  stage.fails("FreezeReceiver", 2);
  stage.fails("FreezeReceiver", 3);
  EXPECT_EQ(stage.state.phase, Phase::held);
  EXPECT_NE(stage.state.reason.find("1 of 3 ackers frozen, 2 needed"), std::string::npos);

  // Tried again: the frozen receivers can testify no more, the death stands.
  stage.verdict(0, Verdict::dead, false);
  stage.later(5s);
  ASSERT_EQ(stage.state.phase, Phase::barrier);
  stage.applied();
  stage.ok("FreezeReceiver", 1);
  stage.ok("FreezeReceiver", 2);
  stage.fails("FreezeReceiver", 3);
  EXPECT_EQ(stage.state.phase, Phase::promoting);
}

TEST(Failover, ASlowReplicaIsNotWaitedForWhereTheOthersSuffice) {
  Stage stage;
  stage.failover_to_freezing();
  stage.detached(1);
  stage.ok("FreezeReceiver", 1);
  stage.later(stage.policy.freeze_patience - 1ms);
  EXPECT_EQ(stage.state.phase, Phase::freezing);
  EXPECT_TRUE(has(stage.later(1ms), 221));
  EXPECT_TRUE(stage.asked_for("Promote", 1));
  EXPECT_TRUE(stage.noted("db3 could not be frozen yet: going on without it"));
  stage.primary(1, 2);
  stage.ok("Promote");
  EXPECT_TRUE(has(stage.later(10ms), 530)) << "the slow one follows like any other";
  EXPECT_TRUE(stage.asked_for("Repoint", 2));
}

TEST(Failover, TheFirstReplicaToStandStillIsWaitedFor) {
  Stage stage;
  stage.failover_to_freezing();
  stage.later(stage.policy.freeze_patience + 1s);
  EXPECT_EQ(stage.state.phase, Phase::freezing);
  stage.detached(2);
  EXPECT_TRUE(has(stage.ok("FreezeReceiver", 2), 221));
  EXPECT_EQ(stage.state.candidate, 2U);
}

// Two of two stand still, and the proof would hold; but nobody had to acknowledge.
TEST(Failover, QuorumIsNotProvenBySettingsThatWereNeverMade) {
  Stage stage;
  stage.quorum_of(1);
  stage.steady();
  stage.waits_for(0, 0);
  EXPECT_TRUE(has(stage.later(100ms), 904));
  EXPECT_EQ(authority_of(stage.state).nodes[0].reason,
            "db1's commits did not have to wait for 1 replica: synchronous_standby_names is empty");
  EXPECT_FALSE(has(stage.later(100ms), 904)) << "said once";
  auto mended = stage;
  mended.waits_for(0, 1);
  mended.later(100ms);
  EXPECT_TRUE(has(mended.later(1001ms), 905));
  EXPECT_EQ(authority_of(mended.state).nodes[0].reason, "");

  stage.dead(0);
  stage.later(100ms);
  stage.applied();
  for (const NodeId node : {1U, 2U}) stage.detached(node);
  for (const NodeId node : {1U, 2U}) stage.ok("FreezeReceiver", node);
  EXPECT_EQ(stage.state.phase, Phase::held);
  EXPECT_NE(stage.state.reason.find("cannot prove that every acknowledged write survives: db1's "
                                    "commits did not have to wait"),
            std::string::npos)
      << stage.state.reason;
  EXPECT_NE(stage.state.reason.find("--allow-data-loss"), std::string::npos);
}

// Its commits wait again, but one from before is on no replica yet.
TEST(Failover, APromiseDoesNotCoverWhatWasWrittenBeforeIt) {
  Stage stage;
  stage.quorum_of(1);
  stage.steady();
  stage.waits_for(0, 0);
  stage.at(0, 5000);
  EXPECT_TRUE(has(stage.later(100ms), 906));
  stage.waits_for(0, 1);
  EXPECT_TRUE(has(stage.later(100ms), 906));
  EXPECT_EQ(stage.state.coverage.acks, 0U);
  EXPECT_EQ(stage.state.coverage.rising_to, 1U);
  EXPECT_FALSE(has(stage.later(900ms), 907)) << "not every session may have acted on it yet";
  EXPECT_TRUE(has(stage.later(101ms), 907));
  EXPECT_EQ(stage.state.coverage.end.to_string(), "0/1388");
  EXPECT_EQ(authority_of(stage.state).nodes[0].reason,
            "db1's commits wait for 1 replica only since a moment ago, and what was written before "
            "is not known to be with as many");
  const auto fails = [](Stage it) {
    it.dead(0);
    it.later(100ms);
    it.applied();
    for (const NodeId node : {1U, 2U}) it.status(node).receiver = model::ReceiverState::none;
    for (const NodeId node : {1U, 2U}) it.ok("FreezeReceiver", node);
    return it.state.phase == Phase::promoting ? "" : it.state.reason;
  };
  EXPECT_NE(fails(stage).find("only since a moment ago"), std::string::npos) << fails(stage);
  stage.at(2, 4999);
  EXPECT_FALSE(has(stage.later(100ms), 908));
  stage.at(2, 5000);
  const auto settled = stage.later(100ms);
  EXPECT_TRUE(has(settled, 908) && has(settled, 905));
  EXPECT_EQ(fails(stage), "");
}

// A longer list by hand, then a configuration that counts on it.
TEST(Failover, APromiseThatGrowsCoversWhatCameBeforeAsItDid) {
  Stage stage(4);
  stage.quorum_of(1);
  stage.steady();
  stage.waits_for(0, 2);
  stage.at(0, 5000);
  stage.at(1, 5000);
  stage.later(100ms);
  EXPECT_TRUE(has(stage.later(1001ms), 907));
  EXPECT_EQ(stage.state.coverage.acks, 1U);
  EXPECT_EQ(Facts({stage.state, stage.policy, stage.now}).why_not_promised(), "");
  stage.policy.acks = 2;
  EXPECT_EQ(Facts({stage.state, stage.policy, stage.now}).why_not_promised(),
            "db1's commits wait for 2 replicas only since a moment ago, and 1 replica of those has "
            "yet to receive what was written before");
  stage.at(3, 5000);
  EXPECT_TRUE(has(stage.later(100ms), 908));
  EXPECT_EQ(Facts({stage.state, stage.policy, stage.now}).why_not_promised(), "");
}

// What db1 had acknowledged, only db2 may have had: db3 counts once it has it from there.
TEST(Failover, APromotedPrimarysPromiseBeginsAnew) {
  Stage stage;
  stage.quorum_of(1);
  stage.failover_to_promoting();
  stage.primary(1, 2);
  stage.at(1, 2000);
  stage.ok("Promote");
  ASSERT_EQ(stage.state.primary, 1U);
  stage.later(100ms);
  EXPECT_EQ(stage.state.coverage.end.to_string(), "0/7D0");
  EXPECT_TRUE(Facts({stage.state, stage.policy, stage.now}).promise_settling());
  stage.replica_of(2, 1);
  EXPECT_FALSE(has(stage.later(100ms), 908)) << "it has 1000 yet";
  EXPECT_TRUE(has(stage.later(stage.policy.settling_max), 904)) << "said after a while";
  stage.at(2, 2000);
  EXPECT_TRUE(has(stage.later(100ms), 905));
}

TEST(Failover, WhoMayHaveLostOrWritesElsewhereHoldsNothingForAPromise) {
  Stage stage;
  stage.quorum_of(1);
  stage.steady();
  const auto holders = [&](auto change) {
    Stage it = stage;
    change(it);
    return Facts({it.state, it.policy, it.now}).holders(model::Position(model::Lsn{1000}));
  };
  EXPECT_EQ(holders([](Stage&) {}), 2U);
  EXPECT_EQ(holders([](Stage& it) { it.state.nodes[1].restarted_at = it.now; }), 1U);
  EXPECT_EQ(holders([](Stage& it) { it.state.nodes[1].diverged = true; }), 1U);
  EXPECT_EQ(holders([](Stage& it) { it.state.nodes[1].former_primary = 1; }), 1U);
  EXPECT_EQ(holders([](Stage& it) { it.state.evidence[1].latest->status.upstream_host = "db3"; }),
            1U);
  EXPECT_EQ(holders([](Stage& it) { it.state.primary_since = it.now; }), 0U);
  EXPECT_EQ(holders([](Stage& it) { it.state.primary.reset(); }), 0U);
}

TEST(Failover, WhatThePrimaryPromisedIsKnownAfterARestart) {
  Stage before;
  before.quorum_of(1);
  before.steady();
  Hint hint = hint_of(before.state);
  ASSERT_TRUE(hint.promise);
  EXPECT_EQ(hint.covered_acks, 1U);
  for (const bool known : {true, false}) {
    if (!known) hint.promise.reset();
    Stage after(3, hint);
    after.quorum_of(1);
    after.dead(0);
    after.seen[0].latest.reset();
    after.look();
    after.feed(LeaseGranted{});
    after.applied();
    for (const NodeId node : {1U, 2U}) after.detached(node);
    for (const NodeId node : {1U, 2U}) after.ok("FreezeReceiver", node);
    EXPECT_EQ(after.state.phase, known ? Phase::promoting : Phase::held);
    if (!known) {
      EXPECT_NE(after.state.reason.find("what db1's commits waited for is not known"),
                std::string::npos)
          << after.state.reason;
    }
  }
}

TEST(Failover, PatienceIsNoProof) {
  Stage stage(4);
  stage.quorum_of(2);
  stage.failover_to_freezing();
  stage.detached(1);
  stage.ok("FreezeReceiver", 1);
  stage.later(stage.policy.freeze_patience + 1s);
  EXPECT_EQ(stage.state.phase, Phase::freezing) << "one frozen of three proves nothing";
  stage.detached(2);
  EXPECT_TRUE(has(stage.ok("FreezeReceiver", 2), 221));
}

TEST(Failover, LossBeyondTheLimitIsRefusedUnlessForced) {
  Stage stage;
  stage.policy.loss_bytes_max = 100;
  stage.failover_to_freezing();
  for (const NodeId node : {1U, 2U}) {
    stage.detached(node);
    stage.at(node, 800);
    stage.ok("FreezeReceiver", node);
  }
  EXPECT_EQ(stage.state.phase, Phase::held);
  EXPECT_NE(stage.state.reason.find("200 bytes"), std::string::npos);
  EXPECT_TRUE(has(stage.command(CommandKind::failover, 2, true), 614));
  stage.applied();
  stage.ok("FreezeReceiver", 1);
  stage.ok("FreezeReceiver", 2);
  EXPECT_EQ(stage.state.candidate, 2U);
  stage.primary(2, 2);
  stage.ok("Promote");
  ASSERT_NE(stage.reply(), nullptr);
  EXPECT_TRUE(stage.reply()->ok);
  EXPECT_NE(stage.reply()->text.find("200 bytes"), std::string::npos);
}

TEST(Promotion, UnknownOutcomeIsReadBeforeAnythingElse) {
  Stage stage;
  stage.failover_to_promoting();
  EXPECT_TRUE(has(stage.end("Promote", ActionOutcome::unknown), 231));
  stage.primary(1, 2);
  EXPECT_TRUE(has(stage.ok("ReadRole"), 240));
  EXPECT_EQ(stage.state.primary, 1U);
}

TEST(Promotion, ReplicaStillIsPromotedAgainThenAnother) {
  Stage stage;
  stage.failover_to_promoting();
  const auto epoch = stage.state.epoch;
  stage.fails("Promote");
  EXPECT_TRUE(has(stage.ok("ReadRole"), 241));
  stage.fails("Promote");
  stage.ok("ReadRole");
  stage.fails("Promote");
  EXPECT_TRUE(has(stage.ok("ReadRole"), 243));
  EXPECT_EQ(stage.state.epoch, epoch + 1) << "another node, another epoch";
  stage.applied();
  stage.ok("FreezeReceiver", 1);
  stage.ok("FreezeReceiver", 2);
  EXPECT_EQ(stage.state.candidate, 2U);
}

TEST(Promotion, DeadCandidateIsQuarantinedAndTheProofTakenWithoutIt) {
  Stage stage;
  stage.failover_to_promoting();
  const auto epoch = stage.state.epoch;
  stage.dead(1);
  stage.look();
  stage.end("Promote", ActionOutcome::unknown);
  EXPECT_TRUE(has(stage.fails("ReadRole"), 245));
  EXPECT_TRUE(stage.state.nodes[1].quarantined);
  EXPECT_EQ(stage.state.epoch, epoch + 1);
  stage.applied();
  stage.ok("FreezeReceiver", 2);
  EXPECT_EQ(stage.state.candidate, 2U);
}

void in_doubt(Stage& stage) {
  stage.failover_to_promoting();
  stage.verdict(1, Verdict::unreachable);
  stage.look();
  stage.end("Promote", ActionOutcome::unknown);
  EXPECT_TRUE(has(stage.fails("ReadRole"), 246));
  EXPECT_EQ(stage.state.phase, Phase::verifying);
  stage.now += 11s;
  EXPECT_TRUE(has(stage.fails("ReadRole"), 247));
  EXPECT_EQ(stage.state.phase, Phase::held);
  stage.later(60s);
  EXPECT_EQ(stage.state.phase, Phase::held) << "no second node is promoted blindly";
}

TEST(Promotion, InDoubtIsHeldUntilTheCandidateSpeaks) {
  {
    Stage stage;
    in_doubt(stage);
    stage.primary(1, 2);
    EXPECT_TRUE(has(stage.later(100ms), 402));
    EXPECT_EQ(stage.state.primary, 1U);
  }
  {
    Stage stage;
    in_doubt(stage);
    stage.detached(1);
    EXPECT_TRUE(has(stage.later(100ms), 403));
    EXPECT_EQ(stage.state.phase, Phase::barrier);
  }
  {
    Stage stage;
    in_doubt(stage);
    stage.verdict(1, Verdict::dead);
    const auto rules = stage.later(100ms);
    EXPECT_TRUE(has(rules, 404));
    EXPECT_TRUE(has(rules, 406));
    EXPECT_TRUE(stage.state.nodes[1].quarantined);
  }
  {
    // The old primary, which has every routed write, goes before the candidate.
    Stage stage;
    in_doubt(stage);
    stage.primary(0);
    stage.primary(1, 2);
    stage.later(100ms);
    EXPECT_TRUE(has(stage.applied(), 101));
    EXPECT_EQ(stage.state.primary, 0U);
    EXPECT_TRUE(stage.state.nodes[1].quarantined);
  }
}

TEST(Promotion, LostCandidateThatIsAReplicaAfterAllMayBeTriedAgain) {
  Stage stage;
  in_doubt(stage);
  stage.verdict(1, Verdict::dead);
  stage.dead(2);
  EXPECT_TRUE(has(stage.later(100ms), 404));
  stage.applied();  // and nobody is left: refused
  ASSERT_EQ(stage.state.phase, Phase::held);
  ASSERT_TRUE(stage.state.nodes[1].quarantined);
  stage.detached(1);
  EXPECT_TRUE(has(stage.later(100ms), 409));
  EXPECT_FALSE(stage.state.nodes[1].quarantined);
  stage.applied();
  stage.ok("FreezeReceiver", 1);
  EXPECT_EQ(stage.state.candidate, 1U);
}

TEST(Promotion, NodeThatFailedIsTriedAgainWhenNobodyElseIsLeft) {
  Stage stage(2);
  stage.failover_to_promoting();
  for (unsigned attempt = 1; attempt <= stage.policy.promote_attempts_max; ++attempt) {
    stage.fails("Promote");
    stage.ok("ReadRole");
  }
  stage.applied();
  stage.ok("FreezeReceiver", 1);
  ASSERT_EQ(stage.state.phase, Phase::held) << "at once it would fail again";
  EXPECT_TRUE(has(stage.later(5s), 406));
  stage.applied();
  stage.ok("FreezeReceiver", 1);
  EXPECT_EQ(stage.state.phase, Phase::promoting);
}

TEST(Failover, LossAgainstAnotherReplicaCountsThoughThePrimaryIsNotKnown) {
  Hint hint;
  hint.epoch = 3;
  hint.primary = 0;
  hint.timeline = 1;
  Stage stage(3, hint);
  stage.policy.loss_bytes_max = 100;
  stage.policy.nodes[1].never_promote = true;
  stage.dead(0);
  for (const NodeId node : {1U, 2U}) stage.detached(node);
  stage.at(1, 1500);
  stage.look();
  stage.feed(LeaseGranted{});
  stage.applied();
  for (const NodeId node : {1U, 2U}) stage.ok("FreezeReceiver", node);
  EXPECT_EQ(stage.state.phase, Phase::held);
  EXPECT_NE(stage.state.reason.find("500 bytes at least"), std::string::npos) << stage.state.reason;
}

TEST(Promotion, ExecutorThatIsSilentCountsAsUnknown) {
  Stage stage;
  stage.failover_to_promoting();
  stage.now += stage.policy.promote_timeout + stage.policy.overdue_grace;
  const auto rules = stage.look();
  EXPECT_TRUE(has(rules, 901));
  EXPECT_TRUE(has(rules, 231));
}

}  // namespace
}  // namespace relevo::decide

// Who may testify that a primary is gone: the replicas' receivers, asked after the
// trouble began, about this primary and no other.
#include <gtest/gtest.h>

#include "tests/unit/topology/evidence_script.hpp"

namespace relevo::detect {
namespace {

using namespace testing;

TEST(Witness, APrimaryThatReplicasStillHearIsUnreachable) {
  Script script;
  script.healthy_until(1000);
  script.refused(1010, 1410, ReceiverState::streaming);
  const Assessment refused = script.primary(1420);
  EXPECT_EQ(refused.verdict, Verdict::unreachable);
  EXPECT_FALSE(refused.conclusive);
  EXPECT_EQ(refused.since, at(1010));
  EXPECT_EQ(refused.reason, "connection refused for 410 ms; 2 of 2 replicas hear it");

  Script silent;
  silent.healthy_until(1000);
  silent.silent(1100);
  silent.replicas(2350);
  EXPECT_EQ(silent.primary(2360).verdict, Verdict::unreachable);
}

TEST(Witness, OneReplicaThatHearsItIsEnough) {
  Script script;
  script.healthy_until(1000);
  script.refused(1010, 1410);
  script.ok(2, 1420, replica_status());
  EXPECT_EQ(script.primary(1430).verdict, Verdict::unreachable);
}

TEST(Witness, OneReplicaThatLostItIsEnoughWhenTheOtherCannotBeAsked) {
  Script script;
  script.healthy_until(1000);
  for (int ms = 1010; ms <= 1310; ms += 100) {
    script.fails(0, ms, ms, ProbeOutcome::refused, true);
    script.fails(2, ms, ms, ProbeOutcome::refused, true);
    script.ok(1, ms, replica_status(ReceiverState::none));
  }
  EXPECT_TRUE(script.primary(1320).conclusive);
}

TEST(Witness, WithoutAnyReplicaNothingIsConclusive) {
  Script alone(1);
  alone.ok(0, 0, primary_status());
  for (int ms = 100; ms <= 500; ms += 100) alone.fails(0, ms, ms, ProbeOutcome::refused, true);
  const Assessment single = alone.primary(510);
  EXPECT_EQ(single.verdict, Verdict::dead);
  EXPECT_FALSE(single.conclusive);

  Script cut_off;  // we are the ones whose network is gone
  cut_off.healthy_until(1000);
  for (int ms = 1100; ms <= 3000; ms += 100) {
    for (NodeId node : {0U, 1U, 2U}) {
      cut_off.fails(node, ms, ms, ProbeOutcome::unreachable, true);
    }
  }
  const Assessment isolated = cut_off.primary(3000);
  EXPECT_EQ(isolated.verdict, Verdict::hung);
  EXPECT_FALSE(isolated.conclusive);
  EXPECT_NE(isolated.reason.find("none of 2 replicas can be asked"), std::string::npos);
}

TEST(Witness, CountsOnlyWhatWasAskedAfterTheTroubleBegan) {
  Script script;
  script.healthy_until(900);
  script.ok(0, 1000, primary_status());
  script.replicas(1005, ReceiverState::none);  // asked just before
  for (int ms = 1010; ms <= 1310; ms += 100) script.fails(0, ms, ms, ProbeOutcome::refused, true);
  EXPECT_FALSE(script.primary(1320).conclusive);
  script.replicas(1325, ReceiverState::none);
  EXPECT_TRUE(script.primary(1330).conclusive);
}

TEST(Witness, AReceiverIsFreshUpToItsBoundary) {
  struct Case {
    int silence_ms;
    Verdict verdict;
  };
  for (const Case& test : {Case{2989, Verdict::unreachable}, Case{2990, Verdict::hung}}) {
    Script script;
    script.healthy_until(1000);
    script.silent(1100);
    script.replicas(2350, ReceiverState::streaming, test.silence_ms);
    EXPECT_EQ(script.primary(2360).verdict, test.verdict) << test.silence_ms;  // 10 ms later
  }
}

TEST(Witness, AReceiverThatHasNotAskedYetIsNoWitnessOfSilence) {
  // With the default wal_receiver_timeout an idle receiver hears nothing for half
  // a minute, and that means nothing.
  struct Case {
    int timeout_ms, silence_ms;
    Verdict verdict;
  };
  for (const Case& test :
       {Case{60'000, 30'000, Verdict::unreachable}, Case{60'000, 30'500, Verdict::hung},
        Case{4'000, 2'900, Verdict::unreachable},
        Case{4'000, 3'000, Verdict::hung},  // receiver_fresh is the longer
        Case{0, 3'600'000, Verdict::unreachable}}) {
    Script script;
    script.healthy_until(1000);
    script.silent(1100);
    model::NodeStatus status = replica_status(ReceiverState::streaming, test.silence_ms);
    status.receiver_timeout = milliseconds(test.timeout_ms);
    script.ok(1, 2360, status);
    script.ok(2, 2360, status);
    EXPECT_EQ(script.primary(2360).verdict, test.verdict) << test.timeout_ms;
  }
}

TEST(Witness, AReceiverOfUnknownSilenceIsBelievedToHear) {
  Script script;
  script.healthy_until(1000);
  script.silent(1100);
  model::NodeStatus status = replica_status();
  status.receiver_silence.reset();
  script.ok(1, 2350, status);
  EXPECT_EQ(script.primary(2360).verdict, Verdict::unreachable);
}

TEST(Witness, AgainstSilenceAReceiverThatWasDownBeforeIsNoWitness) {
  Script script;
  for (int ms = 0; ms <= 5000; ms += 100) {
    script.ok(0, ms, primary_status());
    script.replicas(ms, ms < 2000 ? ReceiverState::streaming : ReceiverState::none);
  }
  script.silent(5100);
  script.replicas(6350, ReceiverState::none);
  const Assessment hung = script.primary(6360);
  EXPECT_EQ(hung.verdict, Verdict::hung);
  EXPECT_FALSE(hung.conclusive);
  EXPECT_NE(hung.reason.find("down before"), std::string::npos);

  // Against a refusal it is: the host itself says that nobody serves there.
  Script refused;
  for (int ms = 0; ms <= 5000; ms += 100) {
    refused.ok(0, ms, primary_status());
    refused.replicas(ms, ReceiverState::none);
  }
  refused.refused(5100, 5400);
  EXPECT_TRUE(refused.primary(5400).conclusive);
}

TEST(Witness, AgainstSilenceAReceiverThatWasLostWithThePrimaryIs) {
  Script script;
  script.healthy_until(1000);
  script.silent(1100);
  script.replicas(2350, ReceiverState::none);  // it gave up by its own timeout
  EXPECT_TRUE(script.primary(2360).conclusive);
}

TEST(Witness, StartedAfterTheDeathWeBelieveTheReplicas) {
  Script dead;
  dead.refused(0, 300);
  EXPECT_EQ(dead.primary(300).verdict, Verdict::dead);
  EXPECT_TRUE(dead.primary(300).conclusive);

  Script hung;
  hung.fails(0, 0, 1000, ProbeOutcome::timeout, true);
  hung.replicas(1000, ReceiverState::none);
  EXPECT_EQ(hung.primary(1010).verdict, Verdict::hung);
  EXPECT_TRUE(hung.primary(1010).conclusive);
}

TEST(Witness, ACascadingReplicaSpeaksForItsOwnUpstreamOnly) {
  DetectorSettings settings;
  settings.addresses = {"db1:5432", "db2:5432", "db3:5432"};
  model::NodeStatus direct = replica_status();
  direct.upstream_host = "db1";
  direct.upstream_port = 5432;
  model::NodeStatus cascading = direct;
  cascading.upstream_host = "db2";

  Script script(3, settings);
  script.ok(0, 0, primary_status());
  for (int ms = 100; ms <= 400; ms += 100) {
    script.fails(0, ms, ms, ProbeOutcome::refused, true);
    model::NodeStatus lost = direct;
    lost.receiver = ReceiverState::none;
    script.ok(1, ms, lost);
    script.ok(2, ms, cascading);
  }
  EXPECT_TRUE(script.primary(400).conclusive);
  EXPECT_NE(script.primary(400).reason.find("0 of 1 replicas hear it"), std::string::npos);

  // An upstream that is no configured address may well be the primary by another name.
  cascading.upstream_host = "10.0.0.1";
  script.ok(2, 410, cascading);
  EXPECT_EQ(script.primary(420).verdict, Verdict::unreachable);
}

TEST(Witness, AnotherPrimaryIsNoReplica) {
  Script script;
  script.healthy_until(1000);
  for (int ms = 1010; ms <= 1310; ms += 100) {
    script.fails(0, ms, ms, ProbeOutcome::refused, true);
    script.ok(1, ms, primary_status());
    script.ok(2, ms, primary_status());
  }
  EXPECT_EQ(script.primary(1310).verdict, Verdict::dead);
  EXPECT_FALSE(script.primary(1310).conclusive);
}

}  // namespace
}  // namespace relevo::detect

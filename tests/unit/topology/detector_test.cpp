// One test per verdict, with the boundaries on which it turns.
#include "topology/detect/detector.hpp"

#include <gtest/gtest.h>

#include "tests/unit/topology/evidence_script.hpp"

namespace relevo::detect {
namespace {

using namespace testing;

TEST(Detector, KnowsNothingAtFirst) {
  const Script script;
  const Assessment assessment = script.primary(0);
  EXPECT_EQ(assessment.verdict, Verdict::unreachable);
  EXPECT_FALSE(assessment.conclusive);
  EXPECT_TRUE(assessment.suspect);
  EXPECT_FALSE(script.detector.latest(0).has_value());
}

TEST(Detector, ANodeThatAnswersIsHealthy) {
  Script script;
  script.healthy_until(500);
  for (NodeId node : {0U, 1U, 2U}) {
    const Assessment assessment = script.detector.assess(node, 0, at(550));
    EXPECT_EQ(assessment.verdict, Verdict::healthy);
    EXPECT_EQ(assessment.since, at(0));
    EXPECT_FALSE(assessment.suspect);
  }
  EXPECT_EQ(script.detector.latest(0)->sent, at(500));
}

TEST(Detector, KnowsSinceWhenANodeHasItsHistory) {
  Script script;
  const auto says = [&](int ms, const char* lsn) {
    auto status = replica_status();
    status.position = status.received = *model::Position::parse(lsn);
    script.ok(1, ms, status);
  };
  says(0, "0/100");
  says(100, "0/200");
  says(200, "0/200");
  EXPECT_EQ(script.detector.latest(1)->history_since, at(100));
  EXPECT_EQ(script.detector.latest(1)->received, at(200));
  says(300, "0/300");
  EXPECT_EQ(script.detector.latest(1)->history_since, at(300));
}

TEST(Detector, RefusalsMustSpanTheGrace) {
  Script script;
  script.healthy_until(1000);
  script.refused(1010, 1110);
  EXPECT_EQ(script.primary(1200).verdict, Verdict::healthy);
  EXPECT_TRUE(script.primary(1200).suspect);
  script.refused(1210, 1210);
  EXPECT_EQ(script.primary(1259).verdict, Verdict::healthy);
  EXPECT_FALSE(script.primary(1259).conclusive);

  const Assessment dead = script.primary(1260);
  EXPECT_EQ(dead.verdict, Verdict::dead);
  EXPECT_TRUE(dead.conclusive);
  EXPECT_FALSE(dead.suspect);
  EXPECT_EQ(dead.since, at(1010));
  EXPECT_EQ(dead.reason, "connection refused for 250 ms; 0 of 2 replicas hear it");
}

TEST(Detector, OneRefusalIsNotDeathHoweverLongAgo) {
  Script script;
  script.healthy_until(1000);
  script.refused(1010, 1010);
  EXPECT_NE(script.primary(1500).verdict, Verdict::dead);
  // Nor are two in a row, if none was seen towards the grace's end.
  script.refused(1020, 1020);
  EXPECT_NE(script.primary(1500).verdict, Verdict::dead);
}

TEST(Detector, OneRefusalIsNotDeathWhereProbesAreRarerThanTheGrace) {
  DetectorSettings settings;
  settings.interval = milliseconds(1000);
  Script script(3, settings);
  script.healthy_until(1000);
  script.refused(1010, 1010);
  EXPECT_NE(script.primary(1900).verdict, Verdict::dead);
  script.refused(2010, 2010);
  EXPECT_TRUE(script.primary(2010).conclusive);
}

TEST(Detector, ResetsCountAsRefusals) {
  Script script;
  script.healthy_until(1000);
  script.fails(0, 1005, 1005, ProbeOutcome::reset);
  script.refused(1006, 1206);
  EXPECT_TRUE(script.primary(1256).conclusive);
}

TEST(Detector, OneGoodAnswerClears) {
  Script script;
  script.healthy_until(1000);
  script.refused(1010, 1410);
  ASSERT_EQ(script.primary(1450).verdict, Verdict::dead);
  script.ok(0, 1460, primary_status(), true);
  const Assessment back = script.primary(1470);
  EXPECT_EQ(back.verdict, Verdict::healthy);
  EXPECT_EQ(back.since, at(1460));
  // And the count begins anew.
  script.refused(1510, 1610);
  EXPECT_EQ(script.primary(1700).verdict, Verdict::healthy);
}

TEST(Detector, AnAnnouncedShutdownIsGivenLongerToReturn) {
  Script script;
  script.healthy_until(1000);
  script.fails(0, 1010, 1011, ProbeOutcome::starting_up, true, "57P03", "shutting down");
  EXPECT_EQ(script.primary(1020).verdict, Verdict::restarting);
  script.refused(1110, 2010);
  EXPECT_EQ(script.primary(2109).verdict, Verdict::restarting);
  EXPECT_TRUE(script.primary(2109).suspect);
  EXPECT_FALSE(script.primary(2109).conclusive);
  EXPECT_EQ(script.primary(2110).verdict, Verdict::dead);
  EXPECT_TRUE(script.primary(2110).conclusive);
}

TEST(Detector, TheEndOfOurOwnSessionIsNoAnnouncement) {
  // A killed postmaster's sessions end with 57P01, too.
  Script script;
  script.healthy_until(1000);
  script.fails(0, 1005, 1005, ProbeOutcome::starting_up, false, "57P01");
  script.refused(1010, 1210);
  EXPECT_TRUE(script.primary(1260).conclusive);
}

TEST(Detector, StartingUpIsRestartingHoweverLong) {
  Script script;
  script.healthy_until(1000);
  for (int ms = 1100; ms <= 60'000; ms += 100) {
    script.fails(0, ms, ms, ProbeOutcome::starting_up, true, "57P03");
    script.replicas(ms, ReceiverState::none);
  }
  const Assessment assessment = script.primary(60'050);
  EXPECT_EQ(assessment.verdict, Verdict::restarting);
  EXPECT_EQ(assessment.since, at(1100));
  EXPECT_FALSE(assessment.conclusive);
}

TEST(Detector, HungTakesSilenceOnBothConnectionsAndOfTheReceivers) {
  Script script;
  script.healthy_until(1000);
  script.fails(0, 1100, 2100, ProbeOutcome::timeout);
  script.replicas(2100, ReceiverState::streaming, 3500);
  EXPECT_EQ(script.primary(2110).verdict, Verdict::healthy) << "no fresh connection yet";
  EXPECT_TRUE(script.primary(2110).suspect);
  script.fails(0, 1350, 2350, ProbeOutcome::timeout, true);
  const Assessment hung = script.primary(2360);
  EXPECT_EQ(hung.verdict, Verdict::hung);
  EXPECT_TRUE(hung.conclusive);
  EXPECT_EQ(hung.since, at(1100));
  EXPECT_EQ(hung.reason,
            "no answer for 1.4 s, on a fresh connection neither; 0 of 2 replicas hear it");
}

TEST(Detector, SilenceMustLastForDetect) {
  DetectorSettings settings;
  settings.detect = milliseconds(1500);
  Script script(3, settings);
  script.healthy_until(1000);
  script.silent(1100);
  script.replicas(2400, ReceiverState::streaming, 4000);
  EXPECT_EQ(script.primary(2499).verdict, Verdict::healthy);
  EXPECT_EQ(script.primary(2500).verdict, Verdict::hung);
}

TEST(Detector, AnUnreachableHostIsSilentToo) {
  Script script;
  script.healthy_until(1000);
  for (int ms = 1100; ms <= 2000; ms += 100) {
    script.fails(0, ms, ms, ProbeOutcome::unreachable, true, "", "No route to host");
    script.replicas(ms, ReceiverState::none);
  }
  EXPECT_EQ(script.primary(1999).verdict, Verdict::healthy);
  EXPECT_EQ(script.primary(2000).verdict, Verdict::hung);
  EXPECT_TRUE(script.primary(2000).conclusive);
}

TEST(Detector, AnAnswerOnAnyConnectionOvertakesAnOlderFailure) {
  // The old session is stuck, new ones work: alive.
  Script script;
  script.healthy_until(1000);
  script.ok(0, 1350, primary_status(), true);
  script.fails(0, 1100, 2100, ProbeOutcome::timeout);
  EXPECT_EQ(script.primary(2110).verdict, Verdict::healthy);
  EXPECT_FALSE(script.primary(2110).suspect);
}

TEST(Detector, HalfHungWhenOldSessionsWorkAndNewOnesDoNot) {
  for (const ProbeOutcome outcome : {ProbeOutcome::timeout, ProbeOutcome::refused,
                                     ProbeOutcome::reset, ProbeOutcome::unreachable}) {
    Script script;
    script.healthy_until(1000);
    script.fails(0, 1020, 2020, outcome, true);
    for (int ms = 1100; ms <= 2100; ms += 100) script.ok(0, ms, primary_status());
    const Assessment assessment = script.primary(2110);
    EXPECT_EQ(assessment.verdict, Verdict::half_hung);
    EXPECT_EQ(assessment.since, at(1020));
    EXPECT_FALSE(assessment.conclusive);
    script.ok(0, 2200, primary_status(), true);
    EXPECT_EQ(script.primary(2210).verdict, Verdict::healthy);
  }
}

TEST(Detector, TooManyConnectionsIsNotDeath) {
  Script script;
  script.healthy_until(1000);
  script.fails(0, 1020, 1021, ProbeOutcome::too_many_connections, true, "53300", "sorry");
  EXPECT_EQ(script.primary(1030).verdict, Verdict::saturated);
  script.ok(0, 1100, primary_status());  // the old session still works: still no slots
  EXPECT_EQ(script.primary(1110).verdict, Verdict::saturated);
  EXPECT_EQ(script.primary(1110).since, at(1020));
  script.ok(0, 1200, primary_status(), true);
  EXPECT_EQ(script.primary(1210).verdict, Verdict::healthy);

  Script hopeless;  // never got in at all
  for (int ms = 0; ms <= 10'000; ms += 500) {
    hopeless.fails(0, ms, ms, ProbeOutcome::too_many_connections, true, "53300");
  }
  EXPECT_EQ(hopeless.primary(10'050).verdict, Verdict::saturated);
}

TEST(Detector, ASmartShutdownShowsOnFreshConnections) {
  Script script;
  script.healthy_until(1000);
  script.fails(0, 1020, 1021, ProbeOutcome::starting_up, true, "57P03");
  script.ok(0, 1100, primary_status());
  EXPECT_EQ(script.primary(1110).verdict, Verdict::restarting);
}

TEST(Detector, AServerThatComplainsIsNeitherHealthyNorDead) {
  struct Case {
    ProbeOutcome outcome;
    const char* sqlstate;
    Verdict verdict;
  };
  for (const Case& test : {Case{ProbeOutcome::auth_failed, "28P01", Verdict::unreachable},
                           Case{ProbeOutcome::auth_failed, "3D000", Verdict::unreachable},
                           Case{ProbeOutcome::error, "58030", Verdict::unreachable},
                           Case{ProbeOutcome::error, "53100", Verdict::disk_full}}) {
    Script script;
    script.healthy_until(1000);
    for (int ms = 1100; ms <= 5000; ms += 100) {
      script.fails(0, ms, ms, test.outcome, true, test.sqlstate, "its words");
      script.replicas(ms, ReceiverState::none);
    }
    const Assessment assessment = script.primary(5050);
    EXPECT_EQ(assessment.verdict, test.verdict) << test.sqlstate;
    EXPECT_FALSE(assessment.conclusive);
    EXPECT_NE(assessment.reason.find("its words"), std::string::npos);
    EXPECT_EQ(assessment.since, at(1100));
  }
}

TEST(Detector, TellsARoleThatIsNotTheExpectedOne) {
  Script script;
  script.healthy_until(1000);
  script.ok(0, 1100, replica_status());
  EXPECT_EQ(script.primary(1110).verdict, Verdict::role_changed);
  EXPECT_EQ(script.primary(1110).since, at(1100));
  EXPECT_EQ(script.detector.assess(0, std::nullopt, at(1110)).verdict, Verdict::healthy);

  Script other;
  other.healthy_until(1000);
  other.ok(1, 1100, primary_status());
  EXPECT_EQ(other.detector.assess(1, 0, at(1110)).verdict, Verdict::role_changed);
  EXPECT_EQ(other.detector.assess(1, 1, at(1110)).verdict, Verdict::healthy);
  EXPECT_EQ(other.detector.assess(1, std::nullopt, at(1110)).verdict, Verdict::healthy);
}

TEST(Detector, CommitsThatWaitForAbsentReplicasAreSyncBlocked) {
  struct Case {
    const char* names;
    const char* sync_state;  // nullptr: no replica is connected
    Verdict verdict;
  };
  for (const Case& test :
       {Case{"", nullptr, Verdict::healthy}, Case{"ANY 1 (a)", nullptr, Verdict::sync_blocked},
        Case{"ANY 1 (a)", "async", Verdict::sync_blocked},
        Case{"ANY 1 (a)", "potential", Verdict::sync_blocked},
        Case{"ANY 1 (a)", "quorum", Verdict::healthy}, Case{"a", "sync", Verdict::healthy},
        Case{"a", "", Verdict::healthy}}) {  // not allowed to see it: nothing is concluded
    Script script;
    model::NodeStatus status = primary_status();
    status.synchronous_standbys = test.names;
    if (test.sync_state != nullptr) status.downstreams.push_back({"a", "", "", test.sync_state});
    script.ok(0, 0, status);
    EXPECT_EQ(script.primary(10).verdict, test.verdict) << test.names;
  }
}

TEST(Detector, OtherNodesNeedNoWitnessAndAreNeverConclusive) {
  Script script;
  script.healthy_until(1000);
  for (int ms = 1100; ms <= 1400; ms += 100) {
    script.fails(1, ms, ms, ProbeOutcome::refused, true);
    script.ok(0, ms, primary_status());
  }
  Assessment assessment = script.detector.assess(1, 0, at(1400));
  EXPECT_EQ(assessment.verdict, Verdict::dead);
  EXPECT_FALSE(assessment.conclusive);

  script.fails(2, 1100, 2100, ProbeOutcome::timeout);
  script.fails(2, 1350, 2350, ProbeOutcome::timeout, true);
  assessment = script.detector.assess(2, 0, at(2360));
  EXPECT_EQ(assessment.verdict, Verdict::hung);
  EXPECT_FALSE(assessment.conclusive);
}

TEST(Detector, OldEvidenceProvesNothing) {
  // The prober stands still, or this whole process did.
  Script script;
  script.healthy_until(1000);
  script.refused(1010, 1410);
  ASSERT_TRUE(script.primary(1450).conclusive);
  EXPECT_TRUE(script.primary(1410 + 2000).verdict == Verdict::dead);
  EXPECT_FALSE(script.primary(1410 + 2001).conclusive) << "the replicas' word is too old";
  const Assessment later = script.primary(1410 + 2201);
  EXPECT_EQ(later.verdict, Verdict::unreachable);
  EXPECT_TRUE(later.suspect);
  EXPECT_FALSE(later.conclusive);

  Script well;
  well.healthy_until(1000);
  EXPECT_EQ(well.primary(3200).verdict, Verdict::healthy);
  EXPECT_EQ(well.primary(3201).verdict, Verdict::unreachable);
}

TEST(Detector, TrafficSignalsOnlyMakeTheProberHurry) {
  Script script;
  script.healthy_until(1000);
  script.ok(0, 1000, primary_status(), true);
  EXPECT_FALSE(script.detector.wants_fresh_probe(0, at(1010)));
  EXPECT_TRUE(script.detector.signal(0, model::TrafficSignal::connection_reset, at(1010)));
  EXPECT_TRUE(script.detector.wants_fresh_probe(0, at(1011)));
  for (int ms = 1011; ms < 1060; ++ms) {
    EXPECT_FALSE(script.detector.signal(0, model::TrafficSignal::connection_reset, at(ms)));
  }
  EXPECT_TRUE(script.detector.signal(0, model::TrafficSignal::connect_timeout, at(1060)));
  EXPECT_EQ(script.primary(1070).verdict, Verdict::healthy);
  EXPECT_FALSE(script.primary(1070).suspect);
  script.ok(0, 1080, primary_status(), true);
  EXPECT_FALSE(script.detector.wants_fresh_probe(0, at(1081)));
}

TEST(Detector, WantsAFreshConnectionToTellHungFromBusy) {
  Script script;
  EXPECT_FALSE(script.detector.wants_fresh_probe(0, at(0))) << "the first is fresh anyway";
  script.ok(0, 0, primary_status(), true);
  script.ok(0, 100, primary_status());
  EXPECT_FALSE(script.detector.wants_fresh_probe(0, at(150)));
  script.fails(0, 200, 1200, ProbeOutcome::timeout);
  EXPECT_TRUE(script.detector.wants_fresh_probe(0, at(1200)));
  script.fails(0, 1200, 2200, ProbeOutcome::timeout, true);
  EXPECT_FALSE(script.detector.wants_fresh_probe(0, at(2199)));
  EXPECT_TRUE(script.detector.wants_fresh_probe(0, at(2200))) << "the fresh failure is old";

  Script well;
  well.ok(0, 0, primary_status(), true);
  for (int ms = 100; ms < 5000; ms += 100) {
    well.ok(0, ms, primary_status());
    EXPECT_FALSE(well.detector.wants_fresh_probe(0, at(ms)));
  }
  EXPECT_TRUE(well.detector.wants_fresh_probe(0, at(5000)));
}

}  // namespace
}  // namespace relevo::detect

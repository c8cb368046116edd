// Lag and causality, case by case. Times are milliseconds after an arbitrary start.
#include "topology/detect/lag.hpp"

#include <gtest/gtest.h>

namespace relevo::detect {
namespace {

using model::Duration;
using model::Instant;
using model::Lsn;
using model::Position;
using std::chrono::milliseconds;

Instant at(int ms) { return Instant{} + std::chrono::hours(1) + milliseconds(ms); }
Position lsn(std::uint64_t value) { return Position(Lsn{value}); }

constexpr milliseconds stale{1000};

// A primary that writes 100 bytes each 100 ms, sampled with a round trip of 10 ms.
PositionHistory busy(int samples) {
  PositionHistory history;
  for (int i = 0; i < samples; ++i) {
    history.add(at(i * 100), at(i * 100 + 10), lsn(1000 + 100 * static_cast<std::uint64_t>(i)));
  }
  return history;
}

TEST(Lag, OfAReplicaThatEqualsTheNewestSampleIsZero) {
  const ReplicaLag lag = busy(10).measure(lsn(1900), at(905), at(950), stale);
  EXPECT_EQ(lag.lag, Duration::zero());
  EXPECT_EQ(lag.bytes, 0U);
  EXPECT_EQ(lag.caught_up_to, at(900));
}

TEST(Lag, OfAReplicaAheadOfTheNewestSampleIsZero) {
  const ReplicaLag lag = busy(10).measure(lsn(1950), at(950), at(960), stale);
  EXPECT_EQ(lag.lag, Duration::zero());
  EXPECT_EQ(lag.bytes, 0U);
  EXPECT_EQ(lag.caught_up_to, at(900));
}

TEST(Lag, IsHowLongAgoThePrimaryWasWhereTheReplicaIs) {
  const PositionHistory history = busy(10);
  struct Case {
    std::uint64_t position;
    int lag_ms, caught_up_ms;
  };
  for (const Case& test : {Case{1899, 100, 800}, Case{1850, 100, 800}, Case{1800, 100, 800},
                           Case{1799, 200, 700}, Case{1500, 400, 500}, Case{1000, 900, 0}}) {
    const ReplicaLag lag = history.measure(lsn(test.position), at(900), at(950), stale);
    EXPECT_EQ(lag.lag, milliseconds(test.lag_ms)) << test.position;
    EXPECT_EQ(lag.caught_up_to, at(test.caught_up_ms)) << test.position;
    EXPECT_EQ(lag.bytes, 1900 - test.position);
  }
}

TEST(Lag, IsUnknownBehindAllThatIsRemembered) {
  const ReplicaLag lag = busy(10).measure(lsn(999), at(900), at(950), stale);
  EXPECT_EQ(lag.lag, std::nullopt);
  EXPECT_EQ(lag.bytes, 901U);
  EXPECT_EQ(lag.caught_up_to, Instant::min());
}

TEST(Lag, IsZeroHoweverLongTheClusterWasIdle) {
  PositionHistory history;
  for (int ms = 0; ms <= 3'600'000; ms += 100) history.add(at(ms), at(ms + 5), lsn(5000));
  EXPECT_EQ(history.size(), 1U);
  const ReplicaLag lag = history.measure(lsn(5000), at(3'600'000), at(3'600'050), stale);
  EXPECT_EQ(lag.lag, Duration::zero());
  EXPECT_EQ(lag.caught_up_to, at(3'600'000));
}

TEST(Lag, AfterIdlenessCountsFromTheLastMomentAtTheOldPosition) {
  PositionHistory history;
  for (int ms = 0; ms <= 60'000; ms += 100) history.add(at(ms), at(ms + 5), lsn(5000));
  history.add(at(60'100), at(60'105), lsn(6000));
  const ReplicaLag lag = history.measure(lsn(5000), at(60'100), at(60'110), stale);
  EXPECT_EQ(lag.lag, milliseconds(100));  // and not a minute
  EXPECT_EQ(lag.caught_up_to, at(60'000));
}

TEST(Lag, IsUnknownWhenASampleIsTooOldButWhatWasCaughtUpToStaysTrue) {
  const PositionHistory history = busy(10);
  struct Case {
    const char* what;
    int replica_sent, now;
    bool known;
  };
  for (const Case& test :
       {Case{"both fresh", 900, 1900, true}, Case{"primary's too old", 1900, 1901, false},
        Case{"replica's just fresh", 500, 1500, true},
        Case{"replica's too old", 500, 1501, false}}) {
    const ReplicaLag lag = history.measure(lsn(1900), at(test.replica_sent), at(test.now), stale);
    EXPECT_EQ(lag.lag.has_value(), test.known) << test.what;
    EXPECT_EQ(lag.bytes.has_value(), test.known) << test.what;
    EXPECT_EQ(lag.caught_up_to, at(900)) << test.what;
  }
}

TEST(Lag, OfNothingKnownIsUnknown) {
  const PositionHistory empty;
  EXPECT_EQ(empty.measure(lsn(1), at(0), at(0), stale).lag, std::nullopt);
  const ReplicaLag lag = busy(3).measure(Position{}, at(200), at(210), stale);
  EXPECT_EQ(lag.lag, std::nullopt);
  EXPECT_EQ(lag.caught_up_to, Instant::min());
}

TEST(Lag, ForgetsAFormerPrimary) {
  PositionHistory history = busy(10);
  history.clear();
  EXPECT_EQ(history.measure(lsn(9999), at(900), at(910), stale).caught_up_to, Instant::min());
}

TEST(Lag, IsNotCountedForLogThatThePrimaryHasNotFlushed) {
  PositionHistory history;
  for (int ms = 0; ms <= 5000; ms += 100) history.add(at(ms), at(ms + 5), lsn(5400), lsn(5000));
  const ReplicaLag lag = history.measure(lsn(5000), at(5000), at(5010), stale);
  EXPECT_EQ(lag.lag, Duration::zero());
  EXPECT_EQ(lag.bytes, 0U);
  // But a commit may have been acknowledged before its flush: causality waits.
  EXPECT_EQ(lag.caught_up_to, Instant::min());
}

TEST(Lag, IgnoresAFlushedPositionBeyondTheInsertedOne) {
  PositionHistory history;
  history.add(at(0), at(5), lsn(5000), lsn(9000));
  EXPECT_EQ(history.measure(lsn(5000), at(0), at(10), stale).lag, Duration::zero());
}

TEST(Lag, LeavesOutSamplesThatWereOvertaken) {
  PositionHistory history = busy(10);
  history.add(at(850), at(960), lsn(1700));  // an old probe, answered late
  history.add(at(900), at(910), lsn(2500));  // the same instant twice
  EXPECT_EQ(history.measure(lsn(1900), at(900), at(950), stale).caught_up_to, at(900));
}

TEST(Lag, DropsWhatACrashedPrimaryNeverHadOnDisk) {
  PositionHistory history = busy(10);          // up to 1900
  history.add(at(1500), at(1505), lsn(1650));  // back from crash recovery
  // Whoever reaches 1900 again has not covered what was there at 900.
  const ReplicaLag lag = history.measure(lsn(1950), at(1500), at(1510), stale);
  EXPECT_EQ(lag.caught_up_to, at(1500));
  EXPECT_EQ(history.measure(lsn(1640), at(1500), at(1510), stale).caught_up_to, at(600));
}

TEST(Lag, MemoryIsBoundedAndThinningErrsToThePast) {
  PositionHistory full(1'000'000);
  PositionHistory thin(64);
  for (int i = 0; i < 20'000; ++i) {
    const auto position = lsn(1000 + static_cast<std::uint64_t>(i));
    full.add(at(i * 100), at(i * 100 + 5), position);
    thin.add(at(i * 100), at(i * 100 + 5), position);
    ASSERT_LE(thin.size(), 64U);
  }
  const Instant now = at(19'999 * 100);
  for (std::uint64_t i = 0; i < 20'000; i += 7) {
    const ReplicaLag truth = full.measure(lsn(1000 + i), now, now, stale);
    const ReplicaLag thinned = thin.measure(lsn(1000 + i), now, now, stale);
    ASSERT_LE(thinned.caught_up_to, truth.caught_up_to) << i;
    ASSERT_TRUE(thinned.lag.has_value()) << i;  // the oldest sample is kept
    ASSERT_GE(*thinned.lag, *truth.lag) << i;
  }
  // The recent past is not thinned: there lag decides on eligibility.
  for (std::uint64_t i = 19'980; i < 20'000; ++i) {
    EXPECT_EQ(thin.measure(lsn(1000 + i), now, now, stale).lag,
              full.measure(lsn(1000 + i), now, now, stale).lag);
  }
}

}  // namespace
}  // namespace relevo::detect

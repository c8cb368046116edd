// Lag and causality counted in transactions: MySQL's sets, MariaDB's sequences.
#include <gtest/gtest.h>

#include "topology/detect/lag.hpp"

namespace relevo::detect {
namespace {

using model::Duration;
using model::Instant;
using model::Position;
using std::chrono::milliseconds;

constexpr milliseconds stale{1000};
constexpr const char* uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
constexpr const char* other = "4e11fa47-71ca-11e1-9e33-c80aa9429562";

Instant at(int ms) { return Instant{} + std::chrono::hours(1) + milliseconds(ms); }

Position set(int last) { return *Position::parse(uuid + (":1-" + std::to_string(last))); }
Position sequence(int last) { return *Position::parse("0-1-" + std::to_string(last)); }

// A primary that commits ten transactions each 100 ms.
PositionHistory busy(Position (*position)(int)) {
  PositionHistory history;
  for (int i = 0; i < 10; ++i) history.add(at(i * 100), at(i * 100 + 10), position(100 + 10 * i));
  return history;
}

TEST(LagOfGtids, IsHowLongAgoThePrimaryWasThere) {
  for (const auto position : {set, sequence}) {
    const PositionHistory history = busy(position);
    EXPECT_EQ(history.size(), 10U);
    const ReplicaLag level = history.measure(position(190), at(905), at(950), stale);
    EXPECT_EQ(level.lag, Duration::zero());
    EXPECT_EQ(level.caught_up_to, at(900));
    EXPECT_EQ(level.bytes, std::nullopt) << "a GTID says nothing of bytes";
    const ReplicaLag behind = history.measure(position(149), at(900), at(950), stale);
    EXPECT_EQ(behind.lag, milliseconds(500));
    EXPECT_EQ(behind.caught_up_to, at(400));
    EXPECT_EQ(history.measure(position(99), at(900), at(950), stale).lag, std::nullopt);
  }
}

// A gap in the set: a parallel applier that commits out of order has not replayed
// what lies before, however high its newest number is.
TEST(LagOfGtids, AGapCountsAsNotReplayed) {
  const PositionHistory history = busy(set);
  const Position gapped = *Position::parse(uuid + std::string(":1-115:117-190"));
  const ReplicaLag lag = history.measure(gapped, at(900), at(950), stale);
  EXPECT_EQ(lag.caught_up_to, at(100));
  EXPECT_EQ(lag.lag, milliseconds(800));
}

TEST(LagOfGtids, ErrantTransactionsAreNoLead) {
  const PositionHistory history = busy(set);
  Position errant = set(149);
  errant.add(*Position::parse(other + std::string(":1-1000")));
  const ReplicaLag lag = history.measure(errant, at(900), at(950), stale);
  EXPECT_EQ(lag.caught_up_to, at(400));
  // In MariaDB they hide behind a greater number, unless the domain is another.
  const ReplicaLag domain =
      busy(sequence).measure(*Position::parse("0-1-149,9-3-5000"), at(900), at(950), stale);
  EXPECT_EQ(domain.caught_up_to, at(400));
}

TEST(LagOfGtids, AnotherServersHistoryProvesNothing) {
  const PositionHistory history = busy(set);
  const Position foreign = *Position::parse(other + std::string(":1-1000"));
  EXPECT_EQ(history.measure(foreign, at(900), at(950), stale).caught_up_to, Instant::min());
  EXPECT_EQ(history.measure(sequence(1000), at(900), at(950), stale).lag, std::nullopt);
}

// A crashed primary that comes back without its last transactions: what was
// sampled of them never was.
TEST(LagOfGtids, APrimaryThatLostTransactionsForgetsThem) {
  PositionHistory history = busy(set);
  history.add(at(1000), at(1010), set(165));
  EXPECT_EQ(history.size(), 8U);
  EXPECT_EQ(history.measure(set(165), at(1005), at(1010), stale).caught_up_to, at(1000));
}

TEST(LagOfGtids, AnIdlePrimaryTakesOneSample) {
  PositionHistory history;
  for (int i = 0; i < 50; ++i)
    history.add(at(i * 100), at(i * 100 + 5), Position{model::GtidSet{}});
  EXPECT_EQ(history.size(), 1U);
  const ReplicaLag lag = history.measure(Position{model::GtidSet{}}, at(4950), at(4960), stale);
  EXPECT_EQ(lag.lag, Duration::zero()) << "nothing was ever written, so nothing is missing";
}

}  // namespace
}  // namespace relevo::detect

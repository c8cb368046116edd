// A randomized cluster against a reference model that knows the true positions at
// every millisecond. Whatever the delays, pauses and idle spells:
//   (a) what was acknowledged before `caught_up_to` is contained in what the
//       replica had replayed when it answered;
//   (b) the lag is at most the gap between samples too high and at most the
//       replica's round trip too low.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "topology/detect/lag.hpp"

namespace relevo::detect {
namespace {

using model::Instant;
using model::Lsn;
using model::Position;
using std::chrono::milliseconds;

constexpr int length_ms = 20'000;
constexpr int interval_ms = 100;

Instant at(int ms) { return Instant{} + std::chrono::hours(1) + milliseconds(ms); }

// True positions, by the millisecond.
struct Truth {
  std::vector<std::uint64_t> primary, replica;

  explicit Truth(std::mt19937& random) : primary(length_ms), replica(length_ms) {
    std::uniform_int_distribution<int> percent(0, 99);
    std::uniform_int_distribution<int> spell(50, 3000);
    std::uniform_int_distribution<std::uint64_t> write(1, 500);
    bool busy = true;
    int spell_ends = spell(random);
    std::uint64_t position = 10'000;
    int behind_ms = 0;  // how far back the replica replays
    std::uint64_t replayed = position;
    for (int ms = 0; ms < length_ms; ++ms) {
      if (ms == spell_ends) {
        busy = percent(random) < 60;
        // Replay pauses, falls back, or catches up.
        behind_ms = percent(random) < 30 ? spell(random) : percent(random) / 10;
        spell_ends = ms + spell(random);
      }
      if (busy && percent(random) < 40) position += write(random);
      primary[at_index(ms)] = position;
      replayed = std::max(replayed, primary[at_index(std::max(0, ms - behind_ms))]);
      replica[at_index(ms)] = replayed;
    }
  }

  static std::size_t at_index(int ms) { return static_cast<std::size_t>(ms); }

  // The last millisecond up to `ms` at which the primary was not past `position`.
  int last_not_past(std::uint64_t position, int ms) const {
    while (ms > 0 && primary[at_index(ms)] > position) --ms;
    return ms;
  }
};

class LagSimulation : public testing::TestWithParam<unsigned> {};

TEST_P(LagSimulation, ClaimsNothingFalseAndStaysWithinTheSamplingError) {
  std::mt19937 random(GetParam());
  const Truth truth(random);
  std::uniform_int_distribution<int> half_trip(0, 30);
  std::uniform_int_distribution<int> percent(0, 99);

  PositionHistory history(GetParam() % 2 == 0 ? 1200 : 40);
  const bool thins = GetParam() % 2 != 0;
  int previous_sent = -1;
  int largest_gap = 0;
  int checked = 0;
  for (int tick = 0; tick + interval_ms < length_ms; tick += interval_ms) {
    // The primary answers between sending and receiving; some probes are lost.
    const int read = tick + half_trip(random);
    const int received = read + half_trip(random);
    if (percent(random) < 95) {
      history.add(at(tick), at(received), Position(Lsn{truth.primary[Truth::at_index(read)]}));
      largest_gap = previous_sent < 0 ? 0 : std::max(largest_gap, received - previous_sent);
      previous_sent = tick;
    }
    const int asked = tick + half_trip(random);
    const int replied = asked + half_trip(random);
    const std::uint64_t position = truth.replica[Truth::at_index(replied)];
    const int now = std::max(received, replied + half_trip(random));
    const ReplicaLag lag =
        history.measure(Position(Lsn{position}), at(asked), at(now), milliseconds(1000));

    if (lag.caught_up_to != Instant::min()) {
      // Acknowledged before that instant: at most the primary's position then.
      const auto claimed = static_cast<int>((lag.caught_up_to - at(0)) / milliseconds(1));
      ASSERT_GE(position, truth.primary[Truth::at_index(claimed)]) << "at " << tick << " ms";
    }
    if (lag.lag && !thins) {
      const auto measured = static_cast<int>(*lag.lag / milliseconds(1));
      const int actual = replied - truth.last_not_past(position, replied);
      if (*lag.lag == model::Duration::zero()) {
        // Equal to the newest sample: what the primary did since is not seen yet.
        ASSERT_LE(actual, now - previous_sent) << "at " << tick << " ms";
      } else {
        ASSERT_GE(measured, actual - (replied - asked)) << "under-reported at " << tick << " ms";
        ASSERT_LE(measured, actual + largest_gap) << "over-reported at " << tick << " ms";
      }
      ++checked;
    }
  }
  if (!thins) {
    EXPECT_GT(checked, length_ms / interval_ms / 2);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, LagSimulation, testing::Range(1U, 61U));

}  // namespace
}  // namespace relevo::detect

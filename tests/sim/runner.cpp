#include "tests/sim/runner.hpp"

#include <atomic>
#include <mutex>
#include <thread>

namespace relevo::sim {

void Totals::add(std::uint64_t seed, const Outcome& outcome) {
  ++schedules;
  steps += outcome.steps;
  failovers += outcome.failovers;
  switchovers += outcome.switchovers;
  for (const int rule : outcome.rules) ++fired[rule];
  if (!outcome.violation.empty()) failed.emplace(seed, outcome.violation);
}

Totals run_all(std::uint64_t first, std::uint64_t count, unsigned threads,
               std::size_t failures_max) {
  Totals totals;
  std::mutex mutex;
  std::atomic<std::uint64_t> next{first};
  std::atomic<std::size_t> failures{0};
  const auto work = [&] {
    for (;;) {
      const auto seed = next.fetch_add(1);
      if (seed >= first + count || failures >= failures_max) return;
      const auto schedule = draw_schedule(seed);
      const auto outcome = World(schedule, false).run();
      if (!outcome.violation.empty()) ++failures;
      const std::scoped_lock lock(mutex);
      totals.add(seed, outcome);
    }
  };
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < threads; ++i) workers.emplace_back(work);
  for (auto& worker : workers) worker.join();
  return totals;
}

}  // namespace relevo::sim

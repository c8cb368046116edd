// failover_sim [--seeds N] [--first SEED] [--threads N]: runs N schedules, on every core.
// Each that fails is named, and the first is printed, shrunk to the faults that matter.
// failover_sim --seed SEED: that one, with its whole history; shrunk if it fails.
// failover_sim --mutants: the keys of the rules' mutants. --mutant KEY ...: runs one of them.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "tests/sim/mutants.hpp"
#include "tests/sim/runner.hpp"
#include "tests/sim/shrink.hpp"

namespace relevo::sim {
namespace {

// The schedule, then its history.
int show(std::uint64_t seed) {
  const auto whole = draw_schedule(seed);
  const auto schedule = shrink(whole);
  std::printf("seed %llu%s: %s\n", static_cast<unsigned long long>(seed),
              schedule.faults.size() < whole.faults.size() ? ", shrunk" : "",
              describe(schedule).c_str());
  const auto outcome = World(schedule, true).run();
  std::printf("%s\n", outcome.violation.empty() ? "all checks held" : "FAILED");
  return outcome.violation.empty() ? 0 : 1;
}

int report(const Totals& totals) {
  for (const auto& [seed, violation] : totals.failed) {
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), violation.c_str());
  }
  std::printf(
      "%llu schedules, %llu steps, %llu promotions by failover, %llu by switchover, "
      "%zu failed\n",
      static_cast<unsigned long long>(totals.schedules),
      static_cast<unsigned long long>(totals.steps),
      static_cast<unsigned long long>(totals.failovers),
      static_cast<unsigned long long>(totals.switchovers), totals.failed.size());
  std::printf("rules never fired:");
  for (const auto& rule : decide::rule_table()) {
    if (!totals.fired.contains(rule.number)) std::printf(" %d", rule.number);
  }
  std::printf("\n");
  if (totals.failed.empty()) return 0;
  const auto seed = totals.failed.begin()->first;
  std::printf("\nseed %llu without the faults that do not matter (its history: --seed %llu):\n%s",
              static_cast<unsigned long long>(seed), static_cast<unsigned long long>(seed),
              describe(shrink(draw_schedule(seed))).c_str());
  return 1;
}

int main(int argc, char** argv) {
  std::uint64_t seeds = 2000, first = 1, only = 0;
  unsigned threads = std::max(1U, std::thread::hardware_concurrency());
  for (int i = 1; i < argc; i += 2) {
    const auto is = [&](const char* name) { return std::strcmp(argv[i], name) == 0; };
    const auto value = i + 1 < argc ? std::strtoull(argv[i + 1], nullptr, 10) : 0;
    if (value != 0 && is("--seeds")) {
      seeds = value;
    } else if (value != 0 && is("--first")) {
      first = value;
    } else if (value != 0 && is("--seed")) {
      only = value;
#ifdef RELEVO_RULE_MUTATIONS
    } else if (i + 1 < argc && is("--mutant")) {
      if (!become_mutant(argv[i + 1])) return 2;
    } else if (is("--mutants")) {
      for (const auto& key : mutant_keys()) std::printf("%s\n", key.c_str());
      return 0;
#endif
    } else if (value != 0 && is("--threads")) {
      threads = static_cast<unsigned>(value);
    } else {
      std::fprintf(stderr, "usage: %s [--seeds N] [--first SEED] [--threads N] | --seed SEED\n",
                   argv[0]);
      return 2;
    }
  }
  constexpr std::size_t failures_max = 10;  // then it ends
  return only != 0 ? show(only) : report(run_all(first, seeds, threads, failures_max));
}

}  // namespace
}  // namespace relevo::sim

int main(int argc, char** argv) { return relevo::sim::main(argc, argv); }

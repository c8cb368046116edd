// failover_sim [--seeds N] [--first SEED] [--print]: runs N seeds; a failing one is
// named, so that `--first SEED --seeds 1 --print` shows its whole history.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "tests/sim/world.hpp"

int main(int argc, char** argv) {
  std::uint64_t seeds = 2000;
  std::uint64_t first = 1;
  bool print = false;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--print") == 0) {
      print = true;
    } else if (i + 1 < argc && std::strcmp(argv[i], "--seeds") == 0) {
      seeds = std::strtoull(argv[++i], nullptr, 10);
    } else if (i + 1 < argc && std::strcmp(argv[i], "--first") == 0) {
      first = std::strtoull(argv[++i], nullptr, 10);
    } else {
      std::fprintf(stderr, "usage: %s [--seeds N] [--first SEED] [--print]\n", argv[0]);
      return 2;
    }
  }
  std::map<int, unsigned> fired;
  unsigned failovers = 0, switchovers = 0, failed = 0;
  std::uint64_t steps = 0;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    relevo::sim::World world({.seed = seed, .length = std::chrono::seconds(10), .print = print});
    const auto outcome = world.run();
    for (const int rule : outcome.rules) ++fired[rule];
    failovers += outcome.failovers;
    switchovers += outcome.switchovers;
    steps += outcome.steps;
    if (outcome.violation.empty()) continue;
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed),
                outcome.violation.c_str());
    if (++failed == 10) break;
  }
  std::printf("%llu seeds, %llu steps, %u promotions by failover, %u by switchover, %u failed\n",
              static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(steps),
              failovers, switchovers, failed);
  std::printf("rules never fired:");
  for (const auto& rule : relevo::decide::rule_table()) {
    if (!fired.contains(rule.number)) std::printf(" %d", rule.number);
  }
  std::printf("\n");
  return failed == 0 ? 0 : 1;
}

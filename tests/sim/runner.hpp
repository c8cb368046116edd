// Many schedules, on every core.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "tests/sim/world.hpp"

namespace relevo::sim {

struct Totals {
  std::map<int, std::uint64_t> fired;  // by rule: in how many schedules
  std::map<std::uint64_t, std::string> failed;
  std::uint64_t schedules = 0, steps = 0, failovers = 0, switchovers = 0;

  void add(std::uint64_t seed, const Outcome& outcome);
};

// Ends early once so many have failed.
Totals run_all(std::uint64_t first, std::uint64_t count, unsigned threads,
               std::size_t failures_max);

}  // namespace relevo::sim

// Whether the checks would notice: the simulator against tables of rules with a fault.
#pragma once

#include <cstdint>

namespace relevo::sim {

// Runs up to `seeds` schedules against each mutant (one rule dropped, two neighbours
// swapped, one guard left out) and prints by which check it was caught. With `known`
// only those that are known to be caught soon; 1 when one of them is not, else 0.
int try_mutants(std::uint64_t seeds, unsigned threads, bool known);

}  // namespace relevo::sim

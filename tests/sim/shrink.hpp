// A failing schedule without the faults that do not matter.
#pragma once

#include "tests/sim/schedule.hpp"

namespace relevo::sim {

// Fails with the same violation as `schedule` does. Each fault that is left is needed:
// without it nothing, or something else, goes wrong.
Schedule shrink(Schedule schedule);

}  // namespace relevo::sim

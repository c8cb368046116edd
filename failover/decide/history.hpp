// What one node's history holds that another's lacks, where histories have no
// numbers and have to be compared as sets of transactions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "topology/model/observation.hpp"

namespace relevo::decide {

// In the engine's notation, "" when nothing; nullopt: one of them is not known.
std::optional<std::string> history_excess(const model::NodeStatus& mine,
                                          const model::NodeStatus& theirs);

// Whether two start times are of the same start: servers that tell how long they are
// up, and not since when, are off by a second now and then.
bool same_start(std::int64_t a_us, std::int64_t b_us);

}  // namespace relevo::decide

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

// Of that, what the other did not write itself. A replica may have a write of its
// primary before that one tells of it; what others wrote it cannot have from there.
std::optional<std::string> foreign_excess(const model::NodeStatus& mine,
                                          const model::NodeStatus& primary);

// Of that, what the other did write itself: what it gave away and no longer has.
std::optional<std::string> own_excess(const model::NodeStatus& mine,
                                      const model::NodeStatus& primary);

// Whether two accounts that were not made in one go are of the same start: of a server
// that tells how long it is up, in whole seconds, they differ by one at most.
bool same_start(std::int64_t a_us, std::int64_t b_us);

}  // namespace relevo::decide

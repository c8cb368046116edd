// What SIGHUP can take. A configuration that changes anything else is refused
// whole by the caller: half a new file is a state that nobody has written down.
#pragma once

#include <string>
#include <vector>

#include "proxy/config/config.hpp"

namespace relevo::config {

// The settings that differ and that a reload cannot take, by name rather than by
// index, since entries may have moved: `$.clusters[orders].nodes[db1].address`, or
// `$.clusters[orders].nodes[db4] (added)`. Empty: a reload may take `after`.
std::vector<std::string> restart_needed(const Config& before, const Config& after);

}  // namespace relevo::config

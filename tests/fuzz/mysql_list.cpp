// What the MySQL engine's fuzz programs run.
#include "tests/fuzz/targets.hpp"

namespace relevo::fuzz {

std::vector<Target> all_targets() { return mysql_wire_targets(); }

}  // namespace relevo::fuzz

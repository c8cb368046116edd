// What the MySQL engine's fuzz programs run.
#include "tests/fuzz/targets.hpp"

namespace relevo::fuzz {

std::vector<Target> all_targets() {
  std::vector<Target> targets = mysql_wire_targets();
  for (auto* const more : {mysql_login_targets, mysql_session_targets}) {
    for (Target& target : more()) targets.push_back(std::move(target));
  }
  return targets;
}

}  // namespace relevo::fuzz

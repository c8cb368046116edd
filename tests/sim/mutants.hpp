// Mutants of the rules: one dropped, two neighbours swapped, one guard left out. Each is
// named by a key ("drop:203", "swap:203:204", "guard:barrier"); try_mutants.py tries them
// on the unit tests and on the simulator.
#pragma once

#include <string>
#include <vector>

namespace relevo::sim {

std::vector<std::string> mutant_keys();

// Before any thread decides anything. False: there is no such mutant.
bool become_mutant(const std::string& key);

}  // namespace relevo::sim

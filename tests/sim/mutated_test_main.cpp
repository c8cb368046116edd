// The unit tests of the rules, on the mutant that RELEVO_MUTANT names.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/sim/mutants.hpp"

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  const char* key = std::getenv("RELEVO_MUTANT");
  if (key != nullptr && !relevo::sim::become_mutant(key)) return 2;
  return RUN_ALL_TESTS();
}

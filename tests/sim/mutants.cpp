#include "tests/sim/mutants.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "failover/decide/mutation.hpp"
#include "failover/decide/step.hpp"

namespace relevo::decide {
Mutation mutation;
}  // namespace relevo::decide

namespace relevo::sim {
namespace {

constexpr std::array guard_names{"none",         "barrier", "lease",     "everyone_asked",
                                 "confirmation", "brake",   "outsiders", "freshness",
                                 "proof",        "promise", "covered",   "furthest",
                                 "one_at_a_time"};
static_assert(guard_names.size() == decide::guards + 1);

}  // namespace

std::vector<std::string> mutant_keys() {
  std::vector<std::string> keys;
  for (std::size_t i = 1; i < guard_names.size(); ++i) {
    keys.push_back(std::string("guard:") + guard_names[i]);
  }
  const auto& table = decide::rule_table();
  for (const auto& rule : table) keys.push_back("drop:" + std::to_string(rule.number));
  for (std::size_t i = 1; i < table.size(); ++i) {
    keys.push_back("swap:" + std::to_string(table[i - 1].number) + ":" +
                   std::to_string(table[i].number));
  }
  return keys;
}

bool become_mutant(const std::string& key) {
  const auto keys = mutant_keys();
  if (std::find(keys.begin(), keys.end(), key) == keys.end()) return false;
  decide::Mutation mutation;
  std::sscanf(key.c_str(), "drop:%d", &mutation.dropped);
  std::sscanf(key.c_str(), "swap:%d:%d", &mutation.swapped, &mutation.with);
  for (std::size_t i = 1; i < guard_names.size(); ++i) {
    if (key == std::string("guard:") + guard_names[i]) {
      mutation.guard = static_cast<decide::Guard>(i);
    }
  }
  decide::mutation = mutation;
  return true;
}

}  // namespace relevo::sim

// What is fuzzed: functions over arbitrary bytes that abort when a property
// breaks. Each target is built twice: as a libFuzzer program (RELEVO_FUZZ=ON,
// clang), and into the smoke test, which runs it over a fixed series of mutated
// seeds in every ordinary test run.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/wire/postgres/types.hpp"

namespace relevo::fuzz {

using wire::postgres::Bytes;

struct Target {
  std::string_view name;
  void (*run)(Bytes input);
  std::vector<std::string> seeds;  // inputs that get far, to mutate from
};

// One per *_targets.cpp.
std::vector<Target> wire_targets();
std::vector<Target> auth_targets();
std::vector<Target> session_targets();

inline std::vector<Target> all_targets() {
  std::vector<Target> targets = wire_targets();
  for (auto* const more : {auth_targets, session_targets}) {
    for (Target& target : more()) targets.push_back(std::move(target));
  }
  return targets;
}

}  // namespace relevo::fuzz

// What is fuzzed: functions over arbitrary bytes that abort when a property
// breaks. Each target is built twice: as a libFuzzer program (RELEVO_FUZZ=ON,
// clang), and into the smoke test, which runs it over a fixed series of mutated
// seeds in every ordinary test run.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/wire/bytes.hpp"

namespace relevo::fuzz {

using wire::Bytes;

struct Target {
  std::string_view name;
  void (*run)(Bytes input);
  std::vector<std::string> seeds;  // inputs that get far, to mutate from
};

// One per *_targets.cpp.
std::vector<Target> wire_targets();
std::vector<Target> auth_targets();
std::vector<Target> session_targets();
std::vector<Target> mysql_wire_targets();
std::vector<Target> mysql_login_targets();
std::vector<Target> mysql_session_targets();

// Those of one engine: each engine's programs link their own list.
std::vector<Target> all_targets();

}  // namespace relevo::fuzz

// The table of rules, in the order in which they are tried. A rule's number is
// part of the public interface: logs, metrics and the journal carry it. Numbers
// are never reused.
//
// 1xx which primary to believe   2xx failover      3xx switchover
// 4xx while there is no primary  5xx replicas and former primaries
// 6xx operator commands          7xx lease         9xx housekeeping
#pragma once

#include <span>
#include <string_view>

#include "failover/decide/turn.hpp"

namespace relevo::decide {

struct Rule {
  int number;
  std::string_view name;
  bool (*when)(const Facts&);
  void (*then)(Turn&);
  std::string_view because;
};

std::span<const Rule> housekeeping_rules();
std::span<const Rule> command_rules();
std::span<const Rule> adoption_rules();
std::span<const Rule> failover_rules();
std::span<const Rule> switchover_rules();
std::span<const Rule> result_rules();
std::span<const Rule> history_rules();
std::span<const Rule> former_rules();
std::span<const Rule> following_rules();
std::span<const Rule> quorum_rules();
std::span<const Rule> lease_rules();

}  // namespace relevo::decide

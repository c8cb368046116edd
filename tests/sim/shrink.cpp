#include "tests/sim/shrink.hpp"

#include "tests/sim/world.hpp"

namespace relevo::sim {
namespace {

// Figures and names may differ: "n1" or "17" is not what went wrong.
std::string essence(const std::string& violation) {
  std::string words;
  for (const char letter : violation.substr(0, violation.find(':'))) {
    if (letter < '0' || letter > '9') words += letter;
  }
  return words;
}

std::string violation_of(const Schedule& schedule) {
  return essence(World(schedule, false).run().violation);
}

}  // namespace

Schedule shrink(Schedule schedule) {
  const auto wanted = violation_of(schedule);
  if (wanted.empty()) return schedule;
  // Whole stretches first, then smaller ones, until no single fault can be left out.
  for (auto length = std::max<std::size_t>(1, schedule.faults.size() / 2); length > 0;) {
    bool left_out = false;
    for (std::size_t from = 0; from + length <= schedule.faults.size();) {
      auto fewer = schedule;
      const auto begin = fewer.faults.begin() + static_cast<std::ptrdiff_t>(from);
      fewer.faults.erase(begin, begin + static_cast<std::ptrdiff_t>(length));
      if (violation_of(fewer) == wanted) {
        schedule = std::move(fewer);
        left_out = true;
      } else {
        from += length;
      }
    }
    if (!left_out || length > 1) length /= 2;
  }
  // The calmer world, where it shows the same.
  for (const double calmer : {0.0, 0.03}) {
    auto same = schedule;
    same.action_fault = calmer;
    if (calmer < schedule.action_fault && violation_of(same) == wanted) return same;
  }
  return schedule;
}

}  // namespace relevo::sim

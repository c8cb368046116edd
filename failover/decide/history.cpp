#include "failover/decide/history.hpp"

namespace relevo::decide {

std::optional<std::string> history_excess(const model::NodeStatus& mine,
                                          const model::NodeStatus& theirs) {
  if (mine.logged && theirs.logged) return mine.logged->excess_over(*theirs.logged);
  // A replica has, or had, what it received; a primary what it wrote.
  const auto& have = mine.received.known() ? mine.received : mine.position;
  return have.excess_over(theirs.position);
}

bool same_start(std::int64_t a_us, std::int64_t b_us) {
  constexpr std::int64_t tolerance_us = 2'000'000;
  return (a_us > b_us ? a_us - b_us : b_us - a_us) <= tolerance_us;
}

}  // namespace relevo::decide

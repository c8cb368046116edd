#include "failover/decide/history.hpp"

#include <algorithm>
#include <string_view>

namespace relevo::decide {
namespace {

// One origin's part of an excess: "UUID:1-3" (MySQL) or "0-1-101..105" (MariaDB).
bool written_by(const model::NodeStatus& server, std::string_view part) {
  if (server.flavor == model::Flavor::mariadb) {
    const auto domain_end = part.find('-') + 1;
    const auto origin = part.substr(domain_end, part.find('-', domain_end) - domain_end);
    return origin == std::to_string(server.server_id);
  }
  return !server.server_uuid.empty() && part.starts_with(server.server_uuid);
}

// The parts of an excess that the primary wrote itself, or those that it did not.
std::optional<std::string> excess_of_origin(const model::NodeStatus& mine,
                                            const model::NodeStatus& primary, bool own) {
  const auto excess = history_excess(mine, primary);
  if (!excess || excess->empty()) return excess;
  std::string found;
  for (std::size_t at = 0; at < excess->size();) {
    const auto end = std::min(excess->find(',', at), excess->size());
    const auto part = std::string_view(*excess).substr(at, end - at);
    if (written_by(primary, part) == own) found += (found.empty() ? "" : ",") + std::string(part);
    at = end + 1;
  }
  return found;
}

}  // namespace

std::optional<std::string> history_excess(const model::NodeStatus& mine,
                                          const model::NodeStatus& theirs) {
  if (mine.logged && theirs.logged) return mine.logged->excess_over(*theirs.logged);
  // A replica has, or had, what it received; a primary what it wrote.
  const auto& have = mine.received.known() ? mine.received : mine.position;
  return have.excess_over(theirs.position);
}

std::optional<std::string> foreign_excess(const model::NodeStatus& mine,
                                          const model::NodeStatus& primary) {
  return excess_of_origin(mine, primary, false);
}

std::optional<std::string> own_excess(const model::NodeStatus& mine,
                                      const model::NodeStatus& primary) {
  return excess_of_origin(mine, primary, true);
}

bool same_start(std::int64_t a_us, std::int64_t b_us) {
  constexpr std::int64_t tolerance_us = 1'000'000;
  return (a_us > b_us ? a_us - b_us : b_us - a_us) <= tolerance_us;
}

}  // namespace relevo::decide

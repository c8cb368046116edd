#include "topology/model/mariadb_gtid.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace relevo::model {
namespace {

// One number and the character after it ('\0': the end), both taken from `text`.
template <typename Integer>
bool take_number(std::string_view& text, char stop, Integer& value) {
  const auto [next, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(next - text.data()));
  if (stop == '\0') return text.empty();
  if (text.empty() || text.front() != stop) return false;
  text.remove_prefix(1);
  return true;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string written(std::uint32_t domain, std::uint32_t server, std::uint64_t sequence) {
  return std::to_string(domain) + "-" + std::to_string(server) + "-" + std::to_string(sequence);
}

}  // namespace

std::optional<MariadbGtid> MariadbGtid::parse(std::string_view text) {
  MariadbGtid position;
  if (trimmed(text).empty()) return position;
  while (true) {
    const auto comma = text.find(',');
    std::string_view part = trimmed(text.substr(0, comma));
    std::uint32_t domain = 0;
    Last last;
    if (!take_number(part, '-', domain) || !take_number(part, '-', last.server) ||
        !take_number(part, '\0', last.sequence)) {
      return std::nullopt;
    }
    if (!position.last_.emplace(domain, last).second) return std::nullopt;
    if (comma == std::string_view::npos) return position;
    text.remove_prefix(comma + 1);
  }
}

std::string MariadbGtid::to_string() const {
  std::string text;
  for (const auto& [domain, last] : last_) {
    text += (text.empty() ? "" : ",") + written(domain, last.server, last.sequence);
  }
  return text;
}

bool MariadbGtid::covers(const Last& mine, const Last& theirs) {
  if (mine.sequence != theirs.sequence) return mine.sequence > theirs.sequence;
  return mine.server == theirs.server;
}

bool MariadbGtid::covers(const MariadbGtid& other) const {
  return std::all_of(other.last_.begin(), other.last_.end(), [&](const auto& theirs) {
    const auto mine = last_.find(theirs.first);
    return mine != last_.end() && covers(mine->second, theirs.second);
  });
}

void MariadbGtid::add(const MariadbGtid& other) {
  for (const auto& [domain, theirs] : other.last_) {
    Last& mine = last_.emplace(domain, theirs).first->second;
    if (theirs.sequence > mine.sequence) mine = theirs;
  }
}

std::uint64_t MariadbGtid::transactions_behind(const MariadbGtid& ahead) const {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t total = 0;
  for (const auto& [domain, theirs] : ahead.last_) {
    const auto mine = last_.find(domain);
    const std::uint64_t own = mine == last_.end() ? 0 : mine->second.sequence;
    if (theirs.sequence <= own) continue;
    const std::uint64_t missing = theirs.sequence - own;
    if (missing > most - total) return most;
    total += missing;
  }
  return total;
}

std::string MariadbGtid::excess_over(const MariadbGtid& other) const {
  std::string text;
  for (const auto& [domain, mine] : last_) {
    const auto found = other.last_.find(domain);
    if (found != other.last_.end() && covers(found->second, mine)) continue;
    // Not covered: the other is behind, or at the same number of another server.
    const bool behind = found == other.last_.end() || found->second.sequence < mine.sequence;
    const std::uint64_t known =
        found == other.last_.end() ? 0 : found->second.sequence - (behind ? 0 : 1);
    if (!text.empty()) text += ",";
    text += written(domain, mine.server, known + 1);
    if (mine.sequence > known + 1) text += ".." + std::to_string(mine.sequence);
  }
  return text;
}

}  // namespace relevo::model

#include "topology/model/mariadb_log_state.hpp"

#include <algorithm>
#include <charconv>

namespace relevo::model {
namespace {

// One number up to `stop` (or the end); takes it and the stop away from `text`.
template <typename Integer>
bool take_number(std::string_view& text, char stop, Integer& value) {
  const char* const end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || next == text.data()) return false;
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

std::string origin_text(const std::pair<std::uint32_t, std::uint32_t>& origin) {
  return std::to_string(origin.first) + "-" + std::to_string(origin.second) + "-";
}

}  // namespace

std::optional<MariadbLogState> MariadbLogState::parse(std::string_view text) {
  MariadbLogState state;
  if (trimmed(text).empty()) return state;
  while (true) {
    const auto comma = text.find(',');
    auto part = trimmed(text.substr(0, comma));
    std::uint32_t domain = 0, server = 0;
    std::uint64_t sequence = 0;
    if (!take_number(part, '-', domain) || !take_number(part, '-', server) ||
        !take_number(part, '\0', sequence)) {
      return std::nullopt;
    }
    state.add(domain, server, sequence);
    if (comma == std::string_view::npos) return state;
    text.remove_prefix(comma + 1);
  }
}

std::string MariadbLogState::to_string() const {
  std::string text;
  for (const auto& [origin, sequence] : last_) {
    text += (text.empty() ? "" : ",") + origin_text(origin) + std::to_string(sequence);
  }
  return text;
}

void MariadbLogState::add(std::uint32_t domain, std::uint32_t server, std::uint64_t sequence) {
  auto& last = last_[{domain, server}];
  last = std::max(last, sequence);
}

void MariadbLogState::add(const MariadbLogState& other) {
  for (const auto& [origin, sequence] : other.last_) add(origin.first, origin.second, sequence);
}

std::uint64_t MariadbLogState::of(const Origin& origin) const {
  const auto found = last_.find(origin);
  return found == last_.end() ? 0 : found->second;
}

bool MariadbLogState::covers(const MariadbLogState& other) const {
  return other.excess_over(*this).empty();
}

std::string MariadbLogState::excess_over(const MariadbLogState& other) const {
  std::map<std::uint32_t, std::uint64_t> common;  // by domain: how far the two agree
  for (const auto& [origin, sequence] : last_) {
    auto& furthest = common[origin.first];
    furthest = std::max(furthest, std::min(sequence, other.of(origin)));
  }
  std::string text;
  for (const auto& [origin, sequence] : last_) {
    const auto agreed = common[origin.first];
    if (sequence <= agreed) continue;
    if (!text.empty()) text += ",";
    text += origin_text(origin) + std::to_string(agreed + 1);
    if (sequence > agreed + 1) text += ".." + std::to_string(sequence);
  }
  return text;
}

}  // namespace relevo::model

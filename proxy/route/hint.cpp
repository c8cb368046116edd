#include "proxy/route/hint.hpp"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>

namespace relevo::route {
namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view separators = " \t\r\n,";

std::string_view without(std::string_view prefix, std::string_view text) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : std::string_view{};
}

// "200ms", "2s", "1m", "1h", as durations are written in the configuration.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::uint32_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  using std::chrono::milliseconds;
  if (unit == "ms") return milliseconds(count);
  if (unit == "s") return milliseconds(std::int64_t{count} * 1000);
  if (unit == "m") return milliseconds(std::int64_t{count} * 60'000);
  if (unit == "h") return milliseconds(std::int64_t{count} * 3'600'000);
  return std::nullopt;
}

}  // namespace

void parse_hint(std::string_view comment, Hint& hint) {
  const std::size_t start = comment.find_first_not_of(blanks);
  if (start == std::string_view::npos) return;
  std::string_view rest = without("relevo:", comment.substr(start));
  while (!rest.empty()) {
    const std::size_t from = rest.find_first_not_of(separators);
    if (from == std::string_view::npos) return;
    const std::size_t size = rest.substr(from).find_first_of(separators);
    const std::string_view word = rest.substr(from, size);
    rest = size == std::string_view::npos ? std::string_view{} : rest.substr(from + size);
    if (word == "primary") {
      hint.target = HintTarget::primary;
    } else if (word == "replica") {
      hint.target = HintTarget::replica;
    } else if (const auto bound = parse_duration(without("max_lag=", word))) {
      hint.max_lag = bound;
    }
  }
}

}  // namespace relevo::route

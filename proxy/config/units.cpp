#include "proxy/config/units.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace relevo::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Greatest first, so that formatting finds the shortest exact form.
constexpr std::array duration_units{Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1'000},
                                    Unit{"ms", 1}};
constexpr std::array size_units{Unit{"GiB", 1ULL << 30}, Unit{"MiB", 1ULL << 20},
                                Unit{"KiB", 1ULL << 10}, Unit{"B", 1}};

constexpr std::uint64_t greatest = std::numeric_limits<std::int64_t>::max();

std::optional<std::uint64_t> parse(std::string_view text, std::span<const Unit> units) {
  std::uint64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view name(rest, static_cast<std::size_t>(end - rest));
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    if (count > greatest / unit.factor) return std::nullopt;
    return count * unit.factor;
  }
  return std::nullopt;
}

std::string format(std::uint64_t value, std::span<const Unit> units) {
  for (const Unit& unit : units)
    if (value != 0 && value % unit.factor == 0)
      return std::to_string(value / unit.factor) + std::string(unit.name);
  return "0" + std::string(units.back().name);
}

}  // namespace

std::optional<Milliseconds> parse_duration(std::string_view text) {
  const auto value = parse(text, duration_units);
  if (!value) return std::nullopt;
  return Milliseconds(static_cast<Milliseconds::rep>(*value));
}

std::string format_duration(Milliseconds value) {
  return format(static_cast<std::uint64_t>(value.count()), duration_units);
}

std::optional<std::uint64_t> parse_size_bytes(std::string_view text) {
  return parse(text, size_units);
}

std::string format_size_bytes(std::uint64_t value) { return format(value, size_units); }

}  // namespace relevo::config

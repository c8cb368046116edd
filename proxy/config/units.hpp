// Durations and sizes as they are written: a whole number and a unit, nothing
// between them. No default unit and no fractions: "30" seconds that were meant as
// milliseconds are an outage, and "1.5s" has an exact spelling ("1500ms").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/config/config.hpp"

namespace relevo::config {

// ms, s, m, h. nullopt: not a duration, or too great to count in milliseconds.
std::optional<Milliseconds> parse_duration(std::string_view text);
std::string format_duration(Milliseconds value);  // in the greatest unit that is exact

// B, KiB, MiB, GiB. nullopt: not a size, or 2^63 bytes or more.
std::optional<std::uint64_t> parse_size_bytes(std::string_view text);
std::string format_size_bytes(std::uint64_t value);

}  // namespace relevo::config

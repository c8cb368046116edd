#include "topology/model/lsn.hpp"

#include <charconv>
#include <cstdio>

namespace relevo::model {
namespace {

std::optional<std::uint32_t> parse_hex32(std::string_view text) {
  if (text.empty() || text.size() > 8) return std::nullopt;
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<Lsn> Lsn::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto high = parse_hex32(text.substr(0, slash));
  const auto low = parse_hex32(text.substr(slash + 1));
  if (!high || !low) return std::nullopt;
  return Lsn{(std::uint64_t{*high} << 32) | *low};
}

std::string Lsn::to_string() const {
  char buffer[20];
  std::snprintf(buffer, sizeof buffer, "%X/%X", static_cast<unsigned>(value >> 32),
                static_cast<unsigned>(value & 0xFFFFFFFFU));
  return buffer;
}

Lsn Lsn::normalized(std::uint64_t segment_bytes) const {
  // XLogPageHeaderData and XLogLongPageHeaderData, src/include/access/xlog_internal.h
  constexpr std::uint64_t page_bytes = 8192;
  constexpr std::uint64_t header_bytes = 24;
  constexpr std::uint64_t long_header_bytes = 40;
  const std::uint64_t offset = value % page_bytes;
  const bool first_page = segment_bytes != 0 && value % segment_bytes < page_bytes;
  return offset <= (first_page ? long_header_bytes : header_bytes) ? Lsn{value - offset} : *this;
}

}  // namespace relevo::model

// A server's version as MysqlDialect has it.
#include <charconv>

#include "proxy/route/statement.hpp"

namespace relevo::route {

std::uint32_t mysql_version(std::string_view text) {
  if (text.starts_with("5.5.5-")) text.remove_prefix(6);  // MariaDB before 11, for old replicas
  std::uint32_t number = 0;
  for (int part = 0; part < 3; ++part) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || value > 99) return 0;
    number = number * 100 + value;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (part < 2) {
      if (!text.starts_with('.')) return 0;
      text.remove_prefix(1);
    }
  }
  return number;
}

}  // namespace relevo::route

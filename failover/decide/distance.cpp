#include "failover/decide/distance.hpp"

#include <limits>

namespace relevo::decide {

std::uint64_t Distance::weight_bytes(std::uint64_t bytes_per_transaction) const {
  if (unit == Unit::bytes) return count;
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  if (bytes_per_transaction != 0 && count > most / bytes_per_transaction) return most;
  return count * bytes_per_transaction;
}

std::string Distance::in_words() const {
  const char* const word = unit == Unit::bytes ? " byte" : " transaction";
  return std::to_string(count) + word + (count == 1 ? "" : "s");
}

std::optional<Distance> distance(const model::Position& from, const model::Position& ahead) {
  if (const auto bytes = from.bytes_behind(ahead)) return Distance{*bytes, Unit::bytes};
  if (const auto transactions = from.transactions_behind(ahead)) {
    return Distance{*transactions, Unit::transactions};
  }
  return std::nullopt;
}

}  // namespace relevo::decide

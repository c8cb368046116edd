#include "topology/model/position.hpp"

namespace relevo::model {

std::partial_ordering Position::compare(const Position& other) const {
  const Lsn* mine = lsn();
  const Lsn* theirs = other.lsn();
  if (mine == nullptr || theirs == nullptr) return std::partial_ordering::unordered;
  return *mine <=> *theirs;
}

bool Position::covers(const Position& other) const {
  const auto order = compare(other);
  return order == std::partial_ordering::greater || order == std::partial_ordering::equivalent;
}

std::optional<std::uint64_t> Position::bytes_behind(const Position& ahead) const {
  const Lsn* mine = lsn();
  const Lsn* theirs = ahead.lsn();
  if (mine == nullptr || theirs == nullptr) return std::nullopt;
  return *theirs > *mine ? theirs->value - mine->value : 0;
}

std::string Position::to_string() const { return lsn() != nullptr ? lsn()->to_string() : ""; }

}  // namespace relevo::model

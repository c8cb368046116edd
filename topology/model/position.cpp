#include "topology/model/position.hpp"

#include <type_traits>
#include <utility>

namespace relevo::model {
namespace {

constexpr std::string_view empty_gtid_set = "empty set";
constexpr std::string_view empty_mariadb_gtid = "no GTID";

bool covers(const Lsn& mine, const Lsn& theirs) { return mine >= theirs; }
bool covers(const GtidSet& mine, const GtidSet& theirs) { return mine.covers(theirs); }
bool covers(const MariadbGtid& mine, const MariadbGtid& theirs) { return mine.covers(theirs); }

}  // namespace

bool Position::covers(const Position& other) const {
  return std::visit(
      [](const auto& mine, const auto& theirs) {
        using Mine = std::decay_t<decltype(mine)>;
        if constexpr (std::is_same_v<Mine, std::decay_t<decltype(theirs)>> &&
                      !std::is_same_v<Mine, std::monostate>) {
          return relevo::model::covers(mine, theirs);
        } else {
          return false;
        }
      },
      value_, other.value_);
}

std::partial_ordering Position::compare(const Position& other) const {
  const bool mine = covers(other);
  const bool theirs = other.covers(*this);
  if (mine && theirs) return std::partial_ordering::equivalent;
  if (mine) return std::partial_ordering::greater;
  if (theirs) return std::partial_ordering::less;
  return std::partial_ordering::unordered;
}

std::optional<std::uint64_t> Position::bytes_behind(const Position& ahead) const {
  const Lsn* mine = lsn();
  const Lsn* theirs = ahead.lsn();
  if (mine == nullptr || theirs == nullptr) return std::nullopt;
  return *theirs > *mine ? theirs->value - mine->value : 0;
}

std::optional<std::uint64_t> Position::transactions_behind(const Position& ahead) const {
  if (gtid_set() != nullptr && ahead.gtid_set() != nullptr) {
    return ahead.gtid_set()->minus(*gtid_set()).count();
  }
  if (mariadb_gtid() != nullptr && ahead.mariadb_gtid() != nullptr) {
    return mariadb_gtid()->transactions_behind(*ahead.mariadb_gtid());
  }
  return std::nullopt;
}

std::optional<std::string> Position::excess_over(const Position& other) const {
  if (gtid_set() != nullptr && other.gtid_set() != nullptr) {
    return gtid_set()->minus(*other.gtid_set()).to_string();
  }
  if (mariadb_gtid() != nullptr && other.mariadb_gtid() != nullptr) {
    return mariadb_gtid()->excess_over(*other.mariadb_gtid());
  }
  return std::nullopt;
}

void Position::add(const Position& other) {
  if (!known()) {
    *this = other;
  } else if (auto* set = std::get_if<GtidSet>(&value_); set != nullptr && other.gtid_set()) {
    set->add(*other.gtid_set());
  } else if (auto* gtid = std::get_if<MariadbGtid>(&value_);
             gtid != nullptr && other.mariadb_gtid()) {
    gtid->add(*other.mariadb_gtid());
  } else if (lsn() != nullptr && other.lsn() != nullptr && *other.lsn() > *lsn()) {
    *this = other;
  }
}

std::string Position::to_string() const {
  if (lsn() != nullptr) return lsn()->to_string();
  if (const GtidSet* set = gtid_set()) {
    return set->empty() ? std::string(empty_gtid_set) : set->to_string();
  }
  if (const MariadbGtid* gtid = mariadb_gtid()) {
    return gtid->empty() ? std::string(empty_mariadb_gtid) : gtid->to_string();
  }
  return "";
}

std::optional<Position> Position::parse(std::string_view text) {
  if (text.empty()) return Position{};
  if (text == empty_gtid_set) return Position{GtidSet{}};
  if (text == empty_mariadb_gtid) return Position{MariadbGtid{}};
  if (const auto lsn = Lsn::parse(text)) return Position{*lsn};
  if (auto gtid = MariadbGtid::parse(text); gtid && !gtid->empty()) {
    return Position{std::move(*gtid)};
  }
  if (auto set = GtidSet::parse(text); set && !set->empty()) return Position{std::move(*set)};
  return std::nullopt;
}

}  // namespace relevo::model

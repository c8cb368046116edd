// Where a node stands in the replicated history. One type per engine, since
// their arithmetic differs; code outside the engines' own folders asks only
// the questions below.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "topology/model/gtid_set.hpp"
#include "topology/model/lsn.hpp"
#include "topology/model/mariadb_gtid.hpp"

namespace relevo::model {

class Position {
 public:
  Position() = default;  // unknown
  explicit Position(Lsn lsn) : value_(lsn) {}
  explicit Position(GtidSet gtids) : value_(std::move(gtids)) {}
  explicit Position(MariadbGtid gtids) : value_(std::move(gtids)) {}

  bool known() const { return !std::holds_alternative<std::monostate>(value_); }

  // True when everything up to `other` is contained here. False when either
  // side is unknown or the two are of different engines: unknown proves nothing.
  bool covers(const Position& other) const;

  // How the two compare: unordered when unknown or (for GTIDs) when each has
  // something that the other lacks.
  std::partial_ordering compare(const Position& other) const;

  // Bytes that `ahead` is in front of this, where the engine counts in bytes.
  std::optional<std::uint64_t> bytes_behind(const Position& ahead) const;
  // Transactions that `ahead` has and this lacks, where the engine counts those.
  std::optional<std::uint64_t> transactions_behind(const Position& ahead) const;
  // What this has and `other` lacks, in the engine's notation and "" when nothing,
  // where positions name transactions: on a replica against its primary, the
  // errant ones. nullopt: not known, or of an engine whose positions do not say.
  std::optional<std::string> excess_over(const Position& other) const;

  // Both contained; this one where `other` is unknown or of another engine.
  void add(const Position& other);

  const Lsn* lsn() const { return std::get_if<Lsn>(&value_); }
  const GtidSet* gtid_set() const { return std::get_if<GtidSet>(&value_); }
  const MariadbGtid* mariadb_gtid() const { return std::get_if<MariadbGtid>(&value_); }

  // In the engine's own notation; "" when unknown. A server that has written
  // nothing is at "empty set" (MySQL) or "no GTID" (MariaDB), so that text tells
  // it from unknown.
  std::string to_string() const;
  // What to_string() gives; nullopt for anything else.
  static std::optional<Position> parse(std::string_view text);

  bool operator==(const Position&) const = default;

 private:
  std::variant<std::monostate, Lsn, GtidSet, MariadbGtid> value_;
};

}  // namespace relevo::model

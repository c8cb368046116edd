// Where a node stands in the replicated history. One type per engine, since
// their arithmetic differs; code outside the engines' own folders asks only
// the questions below.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "topology/model/lsn.hpp"

namespace relevo::model {

class Position {
 public:
  Position() = default;  // unknown
  explicit Position(Lsn lsn) : value_(lsn) {}

  bool known() const { return !std::holds_alternative<std::monostate>(value_); }

  // True when everything up to `other` is contained here. False when either
  // side is unknown or the two are of different engines: unknown proves nothing.
  bool covers(const Position& other) const;

  // How the two compare: unordered when unknown or (for GTID sets) when each
  // has something that the other lacks.
  std::partial_ordering compare(const Position& other) const;

  // Bytes that `ahead` is in front of this, where the engine counts in bytes.
  std::optional<std::uint64_t> bytes_behind(const Position& ahead) const;

  const Lsn* lsn() const { return std::get_if<Lsn>(&value_); }

  std::string to_string() const;  // in the engine's own notation; "" when unknown

  bool operator==(const Position&) const = default;

 private:
  std::variant<std::monostate, Lsn> value_;
};

}  // namespace relevo::model

// How far one position is behind another, in what its engine counts: bytes of a
// log, or transactions of a GTID set.
//
// Limits are laid down in bytes (max_loss). A GTID says nothing of size, so a
// transaction counts as a fixed number of bytes there: see
// Policy::bytes_per_transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "topology/model/position.hpp"

namespace relevo::decide {

enum class Unit : std::uint8_t { bytes, transactions };

struct Distance {
  std::uint64_t count = 0;
  Unit unit = Unit::bytes;

  // What it weighs against a limit. Never wraps: what is too much stays too much.
  std::uint64_t weight_bytes(std::uint64_t bytes_per_transaction) const;
  std::string in_words() const;  // "200 bytes", "1 transaction"

  bool operator==(const Distance&) const = default;
};

// nullopt: unknown, or the two cannot be compared.
std::optional<Distance> distance(const model::Position& from, const model::Position& ahead);

}  // namespace relevo::decide

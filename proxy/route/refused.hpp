// Shapes of statements that were taken for reads and that a replica refused,
// because they write: the next of such a shape goes straight to the primary.
//
// What only a server can know (a view over a function that writes, an operator) is
// learnt from its refusal, once. It is forgotten after a while, since the function
// may be another one tomorrow; then it is learnt anew, at the price of one retry.
//
// Invariant: at most `count_max` shapes; the oldest goes first. One per worker.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "topology/model/ids.hpp"

namespace relevo::route {

inline constexpr std::string_view refused_reason =
    "a replica refused such a statement before, because it writes";

class RefusedShapes {
 public:
  explicit RefusedShapes(std::size_t count_max = 1000) : count_max_(count_max) {}

  // Mostly it is, and then no shape need be computed.
  bool empty() const { return added_.empty(); }
  bool contains(std::uint64_t shape) const { return added_.contains(shape); }
  // False: it was known, or is no shape (0).
  bool add(std::uint64_t shape, model::Instant now);
  void forget_before(model::Instant instant);
  std::size_t size() const { return added_.size(); }

 private:
  std::size_t count_max_;
  std::unordered_map<std::uint64_t, model::Instant> added_;
};

}  // namespace relevo::route

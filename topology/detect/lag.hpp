// Lag and causality from one measurement: the primary's recent positions and
// when they were sampled.
//
// Intuition: a replica that stands where the primary stood 200 ms ago is 200 ms
// behind. No heartbeat table, no clock of another host, no write.
//
// Invariant: `caught_up_to` errs to the past. A sample counts from the instant
// it was *sent*: the primary's position was read after that, so whatever was
// acknowledged before is contained in it.
#pragma once

#include <deque>
#include <optional>

#include "topology/model/ids.hpp"
#include "topology/model/position.hpp"

namespace relevo::detect {

struct ReplicaLag {
  std::optional<model::Duration> lag;  // nullopt: unknown (no covering sample, or too old)
  std::optional<std::uint64_t> bytes;
  model::Instant caught_up_to = model::Instant::min();
};

class PositionHistory {
 public:
  // Keeps at most `samples_max` samples, thinning older ones, so that memory is
  // bounded while a replica may be far behind.
  explicit PositionHistory(std::size_t samples_max = 1200);

  void add(model::Instant sent, model::Instant received, const model::Position& position);
  void clear();  // a new primary: old positions prove nothing about it

  // Where a replica stands that had replayed `position` when its probe, sent at
  // `sent`, was answered. `stale_after`: a replica's or primary's sample older
  // than this yields an unknown lag.
  ReplicaLag measure(const model::Position& position, model::Instant sent, model::Instant now,
                     model::Duration stale_after) const;

 private:
  struct Sample {
    model::Instant sent, received;
    model::Position position;
  };
  std::size_t samples_max_;
  std::deque<Sample> samples_;
};

}  // namespace relevo::detect

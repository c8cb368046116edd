// Lag and causality from one measurement: the primary's recent positions and
// when they were sampled.
//
// Intuition: a replica that stands where the primary stood 200 ms ago is 200 ms
// behind. No heartbeat table, no clock of another host, no write.
//
// Invariant: `caught_up_to` errs to the past. A sample counts from the instant
// it was *sent*: the primary's position was read after that, so whatever was
// acknowledged before is contained in it.
//
// Accuracy: the lag is at most one gap between samples (plus the primary's
// round trip) too high, and at most the replica's own round trip too low.
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

  // `flushed`: how far the primary's log was on disk at that time, which is all
  // that a replica can have got. An open transaction leaves unflushed log behind
  // the last commit for as long as it idles; replicas do not lag for want of it.
  // So lag is measured against `flushed` (where given) and causality against
  // `position`, which alone contains commits acknowledged before their flush
  // (synchronous_commit = off).
  void add(model::Instant sent, model::Instant received, const model::Position& position,
           const model::Position& flushed = {});
  void clear();  // a new primary: old positions prove nothing about it

  // Where a replica stands that had replayed `position` when its probe, sent at
  // `sent`, was answered. `stale_after`: a replica's or primary's sample older
  // than this yields an unknown lag. What was caught up to stays true.
  ReplicaLag measure(const model::Position& position, model::Instant sent, model::Instant now,
                     model::Duration stale_after) const;

  std::size_t size() const { return samples_.size(); }

 private:
  struct Sample {
    model::Instant sent, received;
    model::Position position;
    model::Position flushed;  // never past `position`
  };
  void thin_older_half();

  std::size_t samples_max_;
  std::deque<Sample> samples_;  // by `sent`, `position` and `flushed`, all growing
};

}  // namespace relevo::detect

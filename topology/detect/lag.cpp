#include "topology/detect/lag.hpp"

#include <algorithm>
#include <iterator>

#include "topology/model/check.hpp"

namespace relevo::detect {
namespace {

// Thinning halves the older half, so a handful of samples is the least that makes sense.
constexpr std::size_t samples_min = 8;

bool is_past(const model::Position& left, const model::Position& right) {
  return left.compare(right) == std::partial_ordering::greater;
}

}  // namespace

PositionHistory::PositionHistory(std::size_t samples_max)
    : samples_max_(std::max(samples_max, samples_min)) {}

void PositionHistory::clear() { samples_.clear(); }

void PositionHistory::add(model::Instant sent, model::Instant received,
                          const model::Position& position, const model::Position& flushed) {
  if (!position.known() || received < sent) return;
  // Probes may overtake one another. Leaving a late one out loses precision only.
  if (!samples_.empty() && sent <= samples_.back().sent) return;

  const bool flushed_usable = flushed.known() && position.covers(flushed);
  Sample sample{sent, received, position, flushed_usable ? flushed : position};

  // A primary that crashed comes back where its disk ends: what it had beyond
  // that never was, and proves nothing about what is written there next.
  while (!samples_.empty() && (!position.covers(samples_.back().position) ||
                               is_past(samples_.back().flushed, sample.flushed))) {
    samples_.pop_back();
  }
  // Of samples with one position the newest says the most, so an idle primary
  // takes up a single one.
  if (!samples_.empty() && samples_.back().position == position &&
      samples_.back().flushed == sample.flushed) {
    samples_.back() = std::move(sample);
    return;
  }
  samples_.push_back(std::move(sample));
  if (samples_.size() > samples_max_) thin_older_half();
}

// Leaves out every second sample of the older half. A replica that covered one
// of them now counts from the sample before: farther in the past, never nearer.
void PositionHistory::thin_older_half() {
  const std::size_t half = samples_.size() / 2;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < samples_.size(); ++i) {
    if (i < half && i % 2 == 1) continue;
    if (kept != i) samples_[kept] = std::move(samples_[i]);
    ++kept;
  }
  samples_.resize(kept);
  RELEVO_CHECK(samples_.size() <= samples_max_);
}

ReplicaLag PositionHistory::measure(const model::Position& position, model::Instant sent,
                                    model::Instant now, model::Duration stale_after) const {
  ReplicaLag result;
  if (samples_.empty() || !position.known()) return result;

  // The samples grow, so those that the replica covers come first.
  const auto covered_end =
      std::partition_point(samples_.begin(), samples_.end(),
                           [&](const Sample& sample) { return position.covers(sample.position); });
  if (covered_end != samples_.begin()) result.caught_up_to = std::prev(covered_end)->sent;

  const Sample& newest = samples_.back();
  if (now - sent > stale_after || now - newest.sent > stale_after) return result;
  result.bytes = position.bytes_behind(newest.flushed);

  const auto flushed_end =
      std::partition_point(samples_.begin(), samples_.end(),
                           [&](const Sample& sample) { return position.covers(sample.flushed); });
  if (flushed_end == samples_.end()) {
    result.lag = model::Duration::zero();
  } else if (flushed_end != samples_.begin()) {
    // The primary left this position after the newest covered sample was sent;
    // the replica was still there when its own probe was answered.
    result.lag = std::max(sent - std::prev(flushed_end)->sent, model::Duration::zero());
  }
  return result;
}

}  // namespace relevo::detect

// The last events in plain words, for operators. Bounded: the oldest go first.
// Ids grow by one and are never reused within a process, so a reader that asks
// for "since" sees each event once or sees that it was too slow.
#pragma once

#include <deque>
#include <vector>

#include "topology/model/event.hpp"

namespace relevo::journal {

class EventRing {
 public:
  explicit EventRing(std::size_t events_max = 1000) : events_max_(events_max) {}

  const model::Event& add(model::Event event) {
    event.id = next_id_++;
    events_.push_back(std::move(event));
    if (events_.size() > events_max_) events_.pop_front();
    return events_.back();
  }

  std::vector<model::Event> since(std::uint64_t id) const {
    std::vector<model::Event> found;
    for (const auto& event : events_) {
      if (event.id > id) found.push_back(event);
    }
    return found;
  }

 private:
  std::size_t events_max_;
  std::uint64_t next_id_ = 1;
  std::deque<model::Event> events_;
};

}  // namespace relevo::journal

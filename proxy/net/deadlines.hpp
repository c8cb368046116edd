// Deadlines of one worker, checked on a coarse tick. Setting and clearing cost a
// tree operation and happen at logins, waits and connects, never per query.
//
// An action runs at most once, on the worker's thread, up to one tick late.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "topology/model/ids.hpp"

namespace relevo::net {

class Deadlines {
 public:
  // 0 is no deadline.
  using Id = std::uint64_t;

  Id set(model::Instant at, std::function<void()> action) {
    const Id id = ++last_id_;
    entries_.emplace(std::pair(at, id), std::move(action));
    times_.emplace(id, at);
    return id;
  }

  void clear(Id& id) {
    if (const auto found = times_.find(id); found != times_.end()) {
      entries_.erase({found->second, id});
      times_.erase(found);
    }
    id = 0;
  }

  void run(model::Instant now) {
    while (!entries_.empty() && entries_.begin()->first.first <= now) {
      auto entry = entries_.extract(entries_.begin());
      times_.erase(entry.key().second);
      entry.mapped()();
    }
  }

  bool empty() const { return entries_.empty(); }

 private:
  Id last_id_ = 0;
  std::map<std::pair<model::Instant, Id>, std::function<void()>> entries_;
  std::map<Id, model::Instant> times_;
};

}  // namespace relevo::net

#include "proxy/route/refused.hpp"

#include <algorithm>

namespace relevo::route {

bool RefusedShapes::add(std::uint64_t shape, model::Instant now) {
  if (shape == 0 || contains(shape)) return false;
  if (added_.size() >= count_max_) {
    added_.erase(std::min_element(added_.begin(), added_.end(), [](const auto& a, const auto& b) {
      return a.second < b.second;
    }));
  }
  added_.emplace(shape, now);
  return true;
}

void RefusedShapes::forget_before(model::Instant instant) {
  std::erase_if(added_, [&](const auto& entry) { return entry.second < instant; });
}

}  // namespace relevo::route

#include "proxy/admin/event_feed.hpp"

#include <algorithm>

#include "proxy/admin/json.hpp"

namespace relevo::admin {

std::string EventFeed::next(std::chrono::milliseconds wait) {
  std::string lines;
  for (const auto& event : backend_.events(since_, wait)) {
    since_ = std::max(since_, event.id);
    lines += dump(to_json(event));
    lines += '\n';
  }
  quiet_ = lines.empty() ? quiet_ + wait : std::chrono::milliseconds(0);
  if (quiet_ >= heartbeat_) {
    quiet_ = std::chrono::milliseconds(0);
    lines = "\n";
  }
  return lines;
}

}  // namespace relevo::admin

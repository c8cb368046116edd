// The journal as a stream of JSON lines for one follower.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "proxy/admin/backend.hpp"

namespace relevo::admin {

class EventFeed {
 public:
  EventFeed(Backend& backend, std::uint64_t since, std::chrono::milliseconds heartbeat)
      : backend_(backend), since_(since), heartbeat_(heartbeat) {}

  // The events that came since the last call, a line each; waits up to `wait`
  // for the first one. After quiet times that add up to the heartbeat, an empty
  // line: it tells both ends whether the other one still lives.
  std::string next(std::chrono::milliseconds wait);

 private:
  Backend& backend_;
  std::uint64_t since_;
  std::chrono::milliseconds heartbeat_;
  std::chrono::milliseconds quiet_{0};
};

}  // namespace relevo::admin

#include "failover/act/reading_jobs.hpp"

namespace relevo::act {

namespace {
constexpr auto poll_interval = std::chrono::milliseconds(5);
}

void ReadRoleJob::start() {
  connect(node_, [this] {
    read_status([this](const model::NodeStatus& status) { succeed("", status); });
  });
}

void AwaitPositionJob::start() {
  connect(node_, [this] { look(); });
}

void AwaitPositionJob::look() {
  read_status([this](const model::NodeStatus& status) {
    if (status.received.covers(position_) && status.position.covers(position_)) {
      return succeed("", status);
    }
    if (time_left() <= poll_interval) {
      return fail_with("replayed only up to " + status.position.to_string() + " of " +
                       position_.to_string());
    }
    pause(poll_interval, [this] { look(); });
  });
}

}  // namespace relevo::act

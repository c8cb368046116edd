// Tells threads that wait in poll() to end: a descriptor that becomes readable
// once and stays so.
#pragma once

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

#include "topology/model/check.hpp"

namespace relevo::admin {

class StopSignal {
 public:
  StopSignal() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { RELEVO_CHECK(fd_ >= 0); }
  ~StopSignal() { close(fd_); }
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  void raise() {
    raised_ = true;
    const std::uint64_t one = 1;
    RELEVO_CHECK(write(fd_, &one, sizeof one) == sizeof one);
  }

  bool raised() const { return raised_; }
  pollfd for_poll() const { return {fd_, POLLIN, 0}; }

 private:
  int fd_;
  std::atomic<bool> raised_ = false;
};

}  // namespace relevo::admin

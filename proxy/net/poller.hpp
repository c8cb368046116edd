// The worker's event loop proper: one epoll set, edge-triggered, each socket
// registered once for its whole life.
//
// Why not Asio's reactor: it re-arms a descriptor with a system call for every
// wait, which made a third of all system calls per query and more CPU than
// PgBouncer (docs/decisions/0010). Here a query costs what a bare relay costs:
// two receives, two sends, and its share of epoll_wait.
//
// Invariant: a handler that was removed is not called any more, not even for an
// event that has already been fetched.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

namespace relevo::net {

class PollHandler {
 public:
  // `events`: EPOLLIN, ...; 0 when called by later().
  virtual void on_poll(std::uint32_t events) = 0;

 protected:
  ~PollHandler() = default;
};

class Poller {
 public:
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // Edges of EPOLLIN, EPOLLOUT and EPOLLRDHUP. False: the system refuses.
  bool add(int fd, PollHandler& handler);
  void remove(int fd, PollHandler& handler);  // before fd is closed
  void later(PollHandler& handler);           // in the next turn, which then doesn't wait

  void turn(std::chrono::milliseconds wait_max);
  void wake();  // ends a wait; from any thread

  // For a handler in the middle of its on_poll(): that it was not removed, nor
  // perhaps destroyed, by what it has called.
  bool still_registered() const { return called_ != nullptr; }

 private:
  static constexpr int events_max = 256;

  void call(PollHandler& handler, std::uint32_t events);

  int epoll_;
  int wake_;  // eventfd
  std::array<epoll_event, events_max> events_;
  int fetched_ = 0, next_ = 0;  // of events_, in this turn
  std::vector<PollHandler*> later_, now_;
  PollHandler* called_ = nullptr;  // whose on_poll() runs, unless it was removed meanwhile
};

}  // namespace relevo::net

// One listening socket with its threads: a thread that accepts, a bounded queue,
// and a fixed number of threads that serve one connection each.
//
// Our own accept loop, because cpp-httplib's ends for ever on the first error
// that it doesn't know (ENFILE, ECONNABORTED) and queues without a bound.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "proxy/admin/server.hpp"
#include "proxy/admin/socket.hpp"
#include "proxy/admin/stop_signal.hpp"

namespace relevo::admin {

class Listener {
 public:
  // Serves one connection to its end. `wanted` tells whether others wait for
  // this thread, so that an idle connection should give it up.
  using Serve =
      std::function<void(int fd, const StopSignal& stop, const std::function<bool()>& wanted)>;

  Listener(Descriptor fd, const Limits& limits, Serve serve);
  ~Listener();  // raises the stop signal and joins
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int fd() const { return fd_.get(); }

 private:
  void accept_until_stopped();
  void accept_all();
  void serve_until_stopped();
  void enqueue(Descriptor connection);
  bool wanted();

  Descriptor fd_;
  Limits limits_;
  Serve serve_;
  StopSignal stop_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::deque<Descriptor> waiting_;  // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace relevo::admin

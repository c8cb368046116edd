// Accepts clients of one address for one worker. TCP addresses are bound by each
// worker with SO_REUSEPORT, and the kernel spreads connections; a Unix socket has
// one listener, which deals them out in turn.
//
// Everything but the constructor belongs to the worker's thread once it runs.
#pragma once

#include <functional>
#include <string>

#include "proxy/config/config.hpp"
#include "proxy/net/deadlines.hpp"
#include "proxy/net/poller.hpp"
#include "topology/model/result.hpp"

namespace relevo::net {

// A bound and listening socket: errors are known before any thread starts.
Result<int> bind_listener(const config::Listen& address);

// An error when somebody listens on a TCP address already: SO_REUSEPORT alone
// would let two processes share it, and split the clients between them.
Result<void> check_address_free(const config::Listen& address);

class Listener final : PollHandler {
 public:
  using Handler = std::function<void(int fd, std::string peer)>;  // fd: the handler's to close

  Listener(Poller& poller, Deadlines& deadlines, int fd, Handler handler);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  bool start();  // false: the system refuses
  void close();

 private:
  void on_poll(std::uint32_t events) override;

  Poller& poller_;
  Deadlines& deadlines_;
  int fd_;
  Handler handler_;
  Deadlines::Id retry_ = 0;
};

}  // namespace relevo::net

// Accepts clients of one address for one worker. TCP addresses are bound by each
// worker with SO_REUSEPORT, and the kernel spreads connections; a Unix socket has
// one listener, which deals them out in turn.
#pragma once

#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <functional>
#include <string>

#include "proxy/config/config.hpp"
#include "topology/model/result.hpp"

namespace relevo::net {

// A bound and listening socket: errors are known before any thread starts.
Result<int> bind_listener(const config::Listen& address);

// An error when somebody listens on a TCP address already: SO_REUSEPORT alone
// would let two processes share it, and split the clients between them.
Result<void> check_address_free(const config::Listen& address);

class Listener {
 public:
  using Handler = std::function<void(int fd, std::string peer)>;  // fd: the handler's to close

  Listener(asio::io_context& io, int fd, Handler handler);
  void start();
  void close();

 private:
  void accept_all();

  asio::posix::stream_descriptor descriptor_;
  asio::steady_timer retry_;
  Handler handler_;
};

}  // namespace relevo::net

// One HTTP connection from its first byte to its last. The only place that knows
// cpp-httplib: it parses requests and writes responses, everything else is ours.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "proxy/admin/backend.hpp"
#include "proxy/admin/http.hpp"
#include "proxy/admin/server.hpp"
#include "proxy/admin/stop_signal.hpp"

namespace relevo::admin {

// What all connections of one listener have in common.
struct Service {
  Backend& backend;
  std::string token;
  Transport transport;
  Limits limits;
  std::atomic<std::size_t> followers = 0;
};

// Answers requests until the client leaves, a limit is reached or `stop` is
// raised. Doesn't close `fd`, which must be non-blocking.
void serve_connection(int fd, Service& service, const StopSignal& stop,
                      const std::function<bool()>& wanted);

}  // namespace relevo::admin

// One log-in to MySQL or MariaDB, on a thread of its own.
//
// Why a thread: both C libraries connect without blocking only until TLS begins.
// MariaDB's then waits for the server's half of the handshake in poll(), and
// checks the certificate against the host that it was given, which therefore has
// to be a name. A server that stops in the middle of a handshake would stop the
// whole control plane. Here it stops a thread that nobody waits for.
//
// The thread ends by the library's own timeouts, at most a second after the time
// that it was given. Until then it may outlive its owner; it touches nothing but
// what it shares with this object. The process waits for such threads at its end.
//
// Invariant: never more than log_ins_max threads wait for one server. A log-in
// beyond that fails at once, as one that timed out: that is what the others did.
#pragma once

#include <mysql.h>

#include <memory>
#include <string>
#include <vector>

#include "topology/client/connection.hpp"

namespace relevo::client {

struct MysqlTarget {
  Endpoint endpoint;
  std::vector<std::string> hosts;  // in place of its own, tried in this order
  model::Duration timeout{};
};

// Of one monitored node there are a few owners, each with at most one that it has
// given up and that has yet to notice.
constexpr unsigned log_ins_max = 16;

class MysqlLogin {
 public:
  explicit MysqlLogin(MysqlTarget target);  // begins
  ~MysqlLogin();                            // gives up: what comes of it is closed
  MysqlLogin(const MysqlLogin&) = delete;
  MysqlLogin& operator=(const MysqlLogin&) = delete;

  // Readable once it has ended; -1 when none can be had, and take() says so.
  int descriptor() const;
  // After that, and once: a connection, which is the caller's, or why there is none.
  Outcome<MYSQL*> take();

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace relevo::client

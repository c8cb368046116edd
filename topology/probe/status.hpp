// Asks a server for its own account of itself, whatever its engine: a talk of a
// few statements over one connection, one status out of it.
//
// Which statements, and how their answers are read, is the engine's affair
// (postgres: status_query.hpp, MySQL and MariaDB: mysql_status.hpp). Statements
// that a version does not know are not sent to it. What the monitor's user may not
// see is left out, and the status says which grant mends that.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "topology/client/connection.hpp"
#include "topology/model/observation.hpp"
#include "topology/model/result.hpp"

namespace relevo::probe {

// What is remembered of one node from talk to talk: what it is, what it denied,
// and what needs two looks to be seen. Outlives the connections that it is used on.
struct StatusMemory {
  model::Flavor flavor = model::Flavor::postgres;
  std::string version;  // as the server writes it; "" until it was asked
  unsigned denied = 0;  // parts that the user may not see, in the engine's own bits

  // When the upstream was last heard: nothing tells but a counter that moved.
  std::string receiver_mark;
  model::Instant receiver_heard{};

  // The start of the server, of which only the uptime is told, in whole seconds.
  std::int64_t start_time_us = 0;
  std::int64_t uptime_s = 0;
  model::Instant uptime_at{};

  // A new session may see more than the one before.
  void reconsider() { denied = 0; }
};

class StatusTalk {
 public:
  virtual ~StatusTalk() = default;
  // The next statement; nullopt when all that is needed was asked.
  virtual std::optional<std::string> next() = 0;
  // Its answer, at `now`. An error that the talk can do without is none.
  virtual client::Outcome<void> take(const client::Outcome<client::Rows>& answer,
                                     model::Instant now) = 0;
  // Fails (code "protocol") when an answer was not one to what was asked.
  virtual Result<model::NodeStatus> finish() = 0;
};

std::unique_ptr<StatusTalk> begin_status(model::Engine engine, StatusMemory& memory);

// Drives a talk over a connection that is idle. `memory` has to outlive the
// connection; `handler` is dropped with it. An answer that makes no sense comes as
// a server_error without SQLSTATE: a node is never taken for what it did not say.
using StatusHandler = std::function<void(client::Outcome<model::NodeStatus>)>;
void ask_status(client::Connection& connection, model::Engine engine, StatusMemory& memory,
                model::Instant deadline, StatusHandler handler);

}  // namespace relevo::probe

// A libpq connection on which nothing waits for ever: a proxy under test may
// hang, and a workload that hangs with it would measure nothing.
#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace relevo::workload {

using Clock = std::chrono::steady_clock;

// How one statement ended.
struct Reply {
  enum class Kind {
    done,      // the server said that it did it
    refused,   // the server said that it didn't: `sqlstate`
    lost,      // the connection broke, or a FATAL error closed it, before an answer
    timed_out  // no answer by the deadline; the connection is given up
  };
  Kind kind = Kind::lost;
  std::string sqlstate;  // "" when no server said one
  std::string message;
  std::string tag;                     // "INSERT 0 1", "COMMIT", "ROLLBACK"
  std::vector<std::string> first_row;  // of a SELECT; NULL as ""
  bool ok() const { return kind == Kind::done; }
};

class Connection {
 public:
  // The error's text, or nothing when connected. `conninfo` as libpq's.
  std::optional<std::string> connect(const std::string& conninfo);
  bool connected() const { return connection_ && PQstatus(connection_.get()) == CONNECTION_OK; }
  void close() { connection_.reset(); }

  // Without parameters the simple protocol is used, with them the extended one.
  Reply run(const std::string& sql, std::chrono::milliseconds timeout);
  Reply run(const std::string& sql, const std::vector<std::string>& parameters,
            std::chrono::milliseconds timeout);

  // What the server said unasked since the last statement: nothing, or why the
  // connection is gone. For sessions that are idle.
  std::optional<std::string> unasked_error();

  PGconn* raw() const { return connection_.get(); }

 private:
  Reply collect(bool sent, std::chrono::milliseconds timeout);
  bool wait_readable(Clock::time_point deadline) const;
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  std::unique_ptr<PGconn, Finish> connection_;
};

}  // namespace relevo::workload

// One connection of the control plane to a database server, whatever its engine:
// driven by Asio without blocking, every operation with a deadline. Used by
// probes and by failover actions alike.
//
// Use on one io_context thread only. Completion handlers run there, exactly
// once, never from within the initiating call. Destroying the object, or
// closing it, drops the connection and the pending handlers without a call; that
// is allowed at any time, from within a handler too.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "topology/model/ids.hpp"
#include "topology/model/result.hpp"
#include "topology/model/verdict.hpp"

namespace relevo::client {

struct Endpoint {
  std::string host;        // name or numeric address; or a Unix socket, see each engine
  std::uint16_t port = 0;  // 0: the engine's own, 5432 or 3306
  std::string user, password, database;
  std::string sslmode = "prefer";  // libpq's words, for every engine
  std::string sslrootcert;
  bool replication = false;  // PostgreSQL: replication=true, for IDENTIFY_SYSTEM
  std::string application_name = "relevo";
};

// One result set; nullopt is SQL NULL.
struct Rows {
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
};

// What the control plane asks is small; whatever is larger is not an answer to it.
constexpr std::size_t result_rows_max = 10'000;
constexpr std::size_t result_bytes_max = 16 << 20;

// How an operation failed, so that the caller can tell a dead server from a busy one.
enum class FailureKind : std::uint8_t {
  refused,       // nothing listens there
  unreachable,   // no route, host down, name not resolved
  timeout,       // the deadline, ours or the kernel's
  reset,         // the connection ended without a word, or is of no more use
  server_error,  // the server (or TLS, or a missing password) said no: it lives
};

struct Failure {
  FailureKind kind = FailureKind::reset;
  std::string sqlstate;  // when the server said one
  std::string message;   // the server's or the system's own words
  std::uint16_t server_errno =
      0;  // MySQL's and MariaDB's number, which says more than its SQLSTATE
};

template <typename T>
using Outcome = tl::expected<T, Failure>;

class Connection {
 public:
  using ConnectHandler = std::function<void(Outcome<void>)>;
  using QueryHandler = std::function<void(Outcome<Rows>)>;  // of the last statement
  using LostHandler = std::function<void(Failure)>;

  Connection() = default;
  virtual ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Drops what was there before.
  virtual void connect(const Endpoint& endpoint, model::Duration timeout,
                       ConnectHandler handler) = 0;
  // One operation at a time. After a failure of any kind but server_error the
  // connection is closed; after that one it may be (57P01): ask connected().
  virtual void query(const std::string& sql, model::Duration timeout, QueryHandler handler) = 0;
  virtual bool connected() const = 0;
  virtual void close() = 0;

  // Called once if the server ends the connection while no query is under way:
  // the kernel tells of a killed server at once, long before the next query would.
  // Holds for the present connection, and must be set after it is made.
  virtual void when_lost(LostHandler handler) = 0;
};

std::unique_ptr<Connection> make_connection(model::Engine engine, asio::io_context& io);

}  // namespace relevo::client

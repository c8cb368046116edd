// One libpq connection driven by Asio without blocking, every operation with a
// deadline. Used by probes and by failover actions alike.
//
// libpq resolves names synchronously, so it is given numeric addresses only: the
// name is resolved by Asio first. Its socket may change between PQconnectPoll
// calls, so it is registered anew each time.
//
// Use on one io_context thread only. Completion handlers run there, exactly
// once, never from within the initiating call. Destroying the object drops the
// connection and the pending handler.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "topology/model/ids.hpp"
#include "topology/model/result.hpp"

namespace relevo::client {

struct PostgresEndpoint {
  std::string host;  // name or numeric address
  std::uint16_t port = 5432;
  std::string user, password, database;
  std::string sslmode = "prefer";  // libpq's words
  std::string sslrootcert;
  bool replication = false;  // replication=true: for IDENTIFY_SYSTEM
  std::string application_name = "relevo";
};

// One result set; nullopt is SQL NULL.
struct Rows {
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
};

// How an operation failed, so that the caller can tell a dead server from a busy one.
enum class FailureKind : std::uint8_t { refused, unreachable, timeout, reset, server_error };

struct Failure {
  FailureKind kind = FailureKind::reset;
  std::string sqlstate;  // when the server said one
  std::string message;   // the server's or the system's own words
};

template <typename T>
using Outcome = tl::expected<T, Failure>;

class PostgresConnection {
 public:
  using ConnectHandler = std::function<void(Outcome<void>)>;
  using QueryHandler = std::function<void(Outcome<Rows>)>;  // of the last statement

  explicit PostgresConnection(asio::io_context& io);
  ~PostgresConnection();
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  void connect(const PostgresEndpoint& endpoint, model::Duration timeout, ConnectHandler handler);
  // One operation at a time. After a failure of any kind but server_error the
  // connection is closed.
  void query(const std::string& sql, model::Duration timeout, QueryHandler handler);
  bool connected() const;
  void close();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace relevo::client

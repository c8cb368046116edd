// A database connection on which nothing waits for ever: a proxy under test may
// hang, and a workload that hangs with it would measure nothing. One shape for
// both engines; what differs in their SQL is in dialect.hpp.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace relevo::workload {

using Clock = std::chrono::steady_clock;

enum class Engine : std::uint8_t { postgres, mysql };

// How one statement ended.
struct Reply {
  enum class Kind {
    done,      // the server said that it did it
    refused,   // the server said that it didn't: `sqlstate`
    lost,      // the connection broke, or an error ended it, before an answer
    timed_out  // no answer by the deadline; the connection is given up
  };
  Kind kind = Kind::lost;
  std::string sqlstate;  // "" when no server said one; of MySQL's HY000: "HY000 (1290)"
  std::string message;
  std::string tag;                     // PostgreSQL's: "INSERT 0 1", "COMMIT", "ROLLBACK"
  std::vector<std::string> first_row;  // of a SELECT; NULL as ""
  bool ok() const { return kind == Kind::done; }
};

class Connection {
 public:
  using Row = std::vector<std::string>;
  virtual ~Connection() = default;

  // The error's text, or nothing when connected. `conninfo` as libpq's, for both
  // engines; the password is in PGPASSWORD or MYSQL_PWD.
  virtual std::optional<std::string> connect(const std::string& conninfo) = 0;
  virtual bool connected() const = 0;
  virtual void close() = 0;

  // Without parameters the simple (text) protocol is used, with them the extended
  // (binary) one.
  virtual Reply run(const std::string& sql, std::chrono::milliseconds timeout) = 0;
  virtual Reply run(const std::string& sql, const std::vector<std::string>& parameters,
                    std::chrono::milliseconds timeout) = 0;

  // Every row of a query, one by one. The error's text, or nothing.
  virtual std::optional<std::string> each_row(const std::string& sql,
                                              const std::function<void(const Row&)>& use) = 0;

  // What the server said unasked since the last statement: nothing, or why the
  // connection is gone. For sessions that are idle.
  virtual std::optional<std::string> unasked_error() = 0;
};

std::unique_ptr<Connection> make_postgres_connection();
std::unique_ptr<Connection> make_mysql_connection();

inline std::unique_ptr<Connection> make_connection(Engine engine) {
  return engine == Engine::postgres ? make_postgres_connection() : make_mysql_connection();
}

}  // namespace relevo::workload

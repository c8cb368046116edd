// A real PostgreSQL cluster for a test: one primary and its streaming replicas, on
// loopback, in a directory of its own.
//
// It ends nothing but what it started: every signal goes to a postmaster that is
// its own child, or to that postmaster's children. Each postmaster has a session
// of its own and dies with the thread that started it, however that ends: start
// nodes from the main thread. As root the
// servers run as user postgres, because PostgreSQL refuses to run as root.
//
// Users: `postgres`, superuser, and `relevo` (pg_monitor) and `nobody` (no
// privilege), both with the password "secret" (SCRAM). Every failure throws
// std::runtime_error with the server's or program's own words.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace relevo::testing {

struct ClusterOptions {
  unsigned replicas = 2;
  std::vector<std::string> settings;  // "name = value" lines for every node
};

class PostgresCluster {
 public:
  using Row = std::vector<std::optional<std::string>>;

  explicit PostgresCluster(const ClusterOptions& options = {});
  ~PostgresCluster();
  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;

  // Node 0 is the first primary; the others follow it.
  std::size_t size() const { return nodes_.size(); }
  std::uint16_t port(std::size_t node) const { return nodes_.at(node).port; }
  bool running(std::size_t node) const { return nodes_.at(node).postmaster != 0; }

  // `wait_ready`: until it lets sessions in. `arguments` go to postgres.
  void start(std::size_t node, bool wait_ready = true,
             const std::vector<std::string>& arguments = {});
  void stop(std::size_t node);               // fast: in order, sessions are ended
  void kill(std::size_t node);               // SIGKILL to all its processes at once
  void freeze(std::size_t node);             // SIGSTOP to all its processes
  void freeze_postmaster(std::size_t node);  // to the listener alone: sessions go on
  void thaw(std::size_t node);
  void crash_one_backend(std::size_t node);  // the postmaster starts over: crash recovery
  void promote(std::size_t node);
  void set(std::size_t node, const std::string& name, const std::string& value);
  void reset(std::size_t node, const std::string& name);

  // As superuser, in a session of its own.
  std::vector<Row> sql(std::size_t node, const std::string& statement) const;
  std::string value(std::size_t node, const std::string& query) const;  // "" for NULL

  // Thaws and starts every node, and waits until all replicas stream.
  void heal();
  std::string log(std::size_t node) const;

 private:
  struct Node {
    std::uint16_t port = 0;
    std::filesystem::path data, log;
    pid_t postmaster = 0;
  };

  void create_primary(const ClusterOptions& options);
  void create_replica(std::size_t node);
  void run(const std::vector<std::string>& command) const;
  pid_t launch(const std::vector<std::string>& command, const std::filesystem::path& log) const;
  std::vector<pid_t> children(std::size_t node) const;
  void signal_all(std::size_t node, int signal) const;
  void reap(std::size_t node, bool forcibly);
  std::filesystem::path program(const char* name) const;
  void clean_up() noexcept;

  std::filesystem::path bin_, dir_;
  std::vector<Node> nodes_;
};

}  // namespace relevo::testing

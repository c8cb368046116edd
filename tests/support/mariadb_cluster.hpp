// A real MariaDB cluster for a test: one primary and its replicas that follow by
// GTID, on loopback, in a directory of its own, made and ended by
// scripts/mycluster, which says what each node is set up with.
//
// Users: `root`, `relevo` (the monitor, with the rights it needs and no others)
// and `app`; passwords by password(). Every failure throws std::runtime_error with
// the script's own words.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace relevo::testing {

class MariadbCluster {
 public:
  // `options`: further arguments of `mycluster create`.
  explicit MariadbCluster(unsigned replicas = 2, const std::vector<std::string>& options = {});
  ~MariadbCluster();
  MariadbCluster(const MariadbCluster&) = delete;
  MariadbCluster& operator=(const MariadbCluster&) = delete;

  // Node 0 is the first primary; the others follow it.
  std::size_t size() const { return ports_.size(); }
  std::uint16_t port(std::size_t node) const { return ports_.at(node); }
  std::string password(const std::string& user) const;
  std::filesystem::path ca_file() const { return dir_ / "tls" / "ca.crt"; }

  void start(std::size_t node) { run({"start", dir_, name(node)}); }
  void stop(std::size_t node) { run({"stop", dir_, name(node)}); }
  void kill(std::size_t node) { run({"kill", dir_, name(node)}); }
  void freeze(std::size_t node) { run({"pause", dir_, name(node)}); }
  void thaw(std::size_t node) { run({"resume", dir_, name(node)}); }
  void promote(std::size_t node) { run({"promote", dir_, name(node)}); }

  // As root, without column names: fields apart by tabs, rows by line breaks.
  std::string sql(std::size_t node, const std::string& statements) const;

 private:
  static std::string name(std::size_t node) { return "db" + std::to_string(node + 1); }
  std::string run(const std::vector<std::string>& arguments) const;

  std::filesystem::path dir_;
  std::vector<std::uint16_t> ports_;
};

}  // namespace relevo::testing

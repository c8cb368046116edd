// What the admin interface needs from the rest of the process. main.cpp
// implements it over the control plane and the workers; tests implement it in
// memory. Calls come from HTTP threads, may block up to their own deadline
// (seconds), and never run on a worker.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proxy/session/report.hpp"
#include "topology/model/diagnosis.hpp"
#include "topology/model/event.hpp"
#include "topology/model/result.hpp"
#include "topology/model/view.hpp"

namespace relevo::admin {

// Where would `sql` go? PostgreSQL: for a session of this user in this database;
// empty: the database that is in use, or the monitor's, and any user.
struct Question {
  std::string sql;
  std::string database, user;
  std::optional<std::string> search_path;  // as set by the session
};

struct Explanation {
  std::string target;  // "primary" or "replica"
  std::string node;    // "" when none qualifies now
  std::string reason;
  std::string cls;  // "read", "write", "session"
};

// What the failover manager has done with a cluster since this process started.
struct FailoverTotals {
  std::uint64_t failovers = 0;    // forced, automatic or by hand, that ended with a new primary
  std::uint64_t switchovers = 0;  // planned, that ended with a new primary
  std::uint64_t refused = 0;      // wanted, but not safe or not possible
  std::map<int, std::uint64_t> decisions;  // by the number of the rule
};

class Backend {
 public:
  virtual ~Backend() = default;

  virtual std::vector<model::ViewPtr> views() = 0;  // one per cluster
  // Unknown cluster: an empty optional.
  virtual std::optional<session::Traffic> traffic(const std::string& cluster) = 0;
  virtual std::optional<std::vector<session::PoolRow>> pools(const std::string& cluster) = 0;
  virtual std::optional<std::vector<session::ClientRow>> clients(const std::string& cluster) = 0;
  virtual std::optional<std::vector<session::ServerRow>> servers(const std::string& cluster) = 0;

  // Nothing: not counted, and the metrics about it are absent.
  virtual std::optional<FailoverTotals> failover_totals(const std::string& /*cluster*/) {
    return std::nullopt;
  }

  // Events with id > since, oldest first. Waits up to `wait` for the first one.
  virtual std::vector<model::Event> events(std::uint64_t since, std::chrono::milliseconds wait) = 0;

  virtual Result<Explanation> explain(const std::string& cluster, const Question& question) = 0;

  // Return once done: a sentence about the outcome, or why it was refused.
  virtual Result<std::string> switchover(const std::string& cluster, const std::string& to) = 0;
  virtual Result<std::string> failover(const std::string& cluster, const std::string& to,
                                       bool allow_data_loss) = 0;
  virtual Result<std::string> pause(const std::string& cluster) = 0;
  virtual Result<std::string> resume(const std::string& cluster) = 0;
  // Forgets earlier failovers, so that automatic ones are allowed again.
  virtual Result<std::string> acknowledge(const std::string& cluster) = 0;
  virtual Result<std::string> maintenance(const std::string& cluster, const std::string& node,
                                          bool on) = 0;
  virtual Result<std::string> reload() = 0;

  // Of one node, or of all with "". mend() runs what needs no restart first.
  virtual Result<model::Diagnosis> diagnose(const std::string& cluster,
                                            const std::string& node) = 0;
  virtual Result<model::Diagnosis> mend(const std::string& cluster, const std::string& node) = 0;

  // Ready: configuration loaded, listeners open, at least one View per cluster.
  virtual bool ready() = 0;
};

}  // namespace relevo::admin

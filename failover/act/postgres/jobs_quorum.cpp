// The script that has a primary's commits wait for its replicas. On a replica the same
// list waits for its promotion.
#include "failover/act/postgres/jobs.hpp"
#include "failover/act/postgres/sql.hpp"
#include "topology/model/sync_rule.hpp"

namespace relevo::act::postgres {

using model::NodeStatus;

namespace {

bool commits_wait(const NodeStatus& status) {
  return status.synchronous_commit != "off" && status.synchronous_commit != "local";
}

}  // namespace

// All nodes, itself among them: who connects is never itself, and the list is the same
// whichever is the primary.
void SetQuorumJob::start() {
  std::vector<std::string> names;
  for (const auto& one : settings_.nodes) names.push_back(one.name);
  list_ = model::sync_rule_text(task_.acks, names);
  connect(task_.node, [this] {
    read_status([this](const NodeStatus& status) {
      if (commits_wait(status)) return set_list();
      change("ALTER SYSTEM SET synchronous_commit = on", [this] { set_list(); });
    });
  });
}

void SetQuorumJob::set_list() {
  change("ALTER SYSTEM SET synchronous_standby_names = " + quote_literal(list_),
         [this] { reload([this] { look(); }); });
}

void SetQuorumJob::look() {
  read_status([this](const NodeStatus& status) {
    const bool listed = status.synchronous_standbys == list_;
    if (listed && commits_wait(status)) {
      return succeed("synchronous_standby_names is '" + list_ + "' now", status);
    }
    if (time_left() <= std::chrono::milliseconds(50)) {
      return fail_with(listed ? "synchronous_commit is " + status.synchronous_commit +
                                    " for the monitor all the same: a setting of its role or "
                                    "database wins"
                              : "synchronous_standby_names stays '" + status.synchronous_standbys +
                                    "': something like its command line wins");
    }
    pause(std::chrono::milliseconds(20), [this] { look(); });
  });
}

}  // namespace relevo::act::postgres

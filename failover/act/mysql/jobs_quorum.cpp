// The script that sets up semi-synchronous replication on one server.
#include "failover/act/mysql/jobs.hpp"

namespace relevo::act::mysql {

using decide::SyncSide;
using model::NodeStatus;
using model::ReceiverState;
using std::chrono::milliseconds;

void SetQuorumJob::start() {
  begin(task_.node, [this](const NodeStatus& status) {
    const bool primary = status.role == model::Role::primary;
    if (task_.side == SyncSide::primary && !primary) return fail_with("it is not a primary");
    if (task_.side == SyncSide::replica && primary) return fail_with("it is not a replica");
    restore_super_read_only_ = status.super_read_only;
    install();
  });
}

// A plugin is a row of a system table: that takes a moment without super_read_only.
// Others are kept from writing by read_only meanwhile.
void SetQuorumJob::install() {
  read_semi_sync([this](const Variables& variables) {
    const auto missing = semi_sync_installation(dialect_, variables);
    if (missing.empty()) return set_values();
    if (restore_super_read_only_) statements_.push_back("SET GLOBAL super_read_only = 0");
    statements_.insert(statements_.end(), missing.begin(), missing.end());
    if (restore_super_read_only_) statements_.push_back("SET GLOBAL super_read_only = 1");
    run_next([this] { set_values(); });
  });
}

void SetQuorumJob::set_values() {
  read_semi_sync([this](const Variables& variables) {
    const auto found = semi_sync_switches(variables);
    if (found.primary.empty() || found.replica.empty()) {
      return fail_with("it has no semi-synchronous replication");
    }
    const auto values = semi_sync_values(dialect_, variables, task_.acks);
    statements_.assign(values.begin(), values.end());
    const bool as_primary = task_.side == SyncSide::primary;
    if (task_.side != SyncSide::neither) {
      // A replica that waits for acknowledgements of its own would stop applying.
      statements_.push_back("SET GLOBAL " + (as_primary ? found.replica : found.primary) + " = 0");
      statements_.push_back("SET GLOBAL " + (as_primary ? found.primary : found.replica) + " = 1");
    }
    run_next([this] { task_.side == SyncSide::replica ? reconnect() : look(); });
  });
}

void SetQuorumJob::run_next(Then then) {
  if (statements_.empty()) return then();
  const std::string statement = statements_.front();
  statements_.pop_front();
  change_or(
      statement, [this, then = std::move(then)] { run_next(then); },
      [this, statement](const client::Failure& failure) {
        if (!restore_super_read_only_) return fail_with(statement + ": " + failure.message);
        // Whatever failed, the replica's fence stands again.
        change("SET GLOBAL super_read_only = 1",
               [this, statement, text = failure.message] { fail_with(statement + ": " + text); });
      });
}

// Only a receiver that connects after its switch was turned acknowledges.
void SetQuorumJob::reconnect() {
  read_status([this](const NodeStatus& status) {
    const bool receives = status.receiver != ReceiverState::none;
    if (!receives || status.semi_sync.replica_active || !status.applier_running) return look();
    change(dialect_.stop_receiver(),
           [this] { change(dialect_.start_receiver(), [this] { look(); }); });
  });
}

// A replica whose upstream cannot be reached acknowledges once it can.
void SetQuorumJob::look() {
  constexpr unsigned looks_max = 100;
  read_status([this](const NodeStatus& status) {
    const bool follows = task_.side == SyncSide::replica && status.receiver != ReceiverState::none;
    if (follows && !status.semi_sync.replica_active) {
      if (++looks_ < looks_max && time_left() > milliseconds(50)) {
        return pause(milliseconds(20), [this] { look(); });
      }
      return fail_with("its receiver does not acknowledge: see its log");
    }
    const char* const done = task_.side == SyncSide::primary ? "commits wait for replicas now"
                             : task_.side == SyncSide::replica
                                 ? "it acknowledges to its primary now"
                                 : "what it takes is set";
    succeed(std::string("semi-synchronous replication: ") + done, status);
  });
}

}  // namespace relevo::act::mysql

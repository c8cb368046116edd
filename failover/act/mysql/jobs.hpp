// The script of each action on MySQL and MariaDB. See decide/action.hpp for what
// each is for.
//
// What holds for all of them:
// - A replica's applier is never stopped while its receiver's log is not drained, and
//   never started together with a receiver whose upstream is dead: MariaDB throws the
//   undrained relay log away, acknowledged rows with it.
// - Statements that take the global lock (read_only) wait a second at most, so that
//   a commit that awaits its acknowledgement cannot hold them, and others behind them.
// - Nothing that is sent is written to a binary log.
#pragma once

#include <deque>

#include "failover/act/job.hpp"
#include "failover/act/mysql/dialect.hpp"

namespace relevo::act::mysql {

class MysqlJob : public Job {
 protected:
  using Job::Job;
  using ThenStatus = std::function<void(const model::NodeStatus&)>;

  // Connects, makes the session predictable, and reads what the node is.
  void begin(model::NodeId id, ThenStatus then);
  // The switches of semi-synchronous replication, if any is on: primary's and replica's.
  // Without the plugin, or with both off, nothing is changed.
  void switch_semi_sync(bool as_primary, Then then);
  void read_semi_sync(std::function<void(const Variables&)> then);

  Dialect dialect_;
};

// What all scripts take first; spelled once.
#define RELEVO_JOB_ARGUMENTS \
  asio::io_context &io, const ControllerSettings &settings, decide::Action action, Done done
#define RELEVO_JOB_BASE MysqlJob(io, settings, std::move(action), std::move(done))

// Stops the receiver alone: what was received stays, and goes on being applied.
class FreezeJob final : public MysqlJob {
 public:
  FreezeJob(RELEVO_JOB_ARGUMENTS, model::NodeId node) : RELEVO_JOB_BASE, node_(node) {}
  void start() override;

 private:
  void look();
  model::NodeId node_;
};

// Applies all that was received, then forgets the upstream and takes writes.
class PromoteJob final : public MysqlJob {
 public:
  PromoteJob(RELEVO_JOB_ARGUMENTS, model::NodeId node) : RELEVO_JOB_BASE, node_(node) {}
  void start() override;

 private:
  void drain();
  void leave_upstream();
  void open();
  model::NodeId node_;
};

// Compares the histories, then follows the primary; of a running former primary too.
class RepointJob final : public MysqlJob {
 public:
  RepointJob(RELEVO_JOB_ARGUMENTS, model::NodeId node, model::NodeId primary)
      : RELEVO_JOB_BASE, node_(node), primary_(primary) {}
  void start() override;

 private:
  void compare(const model::NodeStatus& own);
  void prepare();
  void set_position();
  void follow();
  void look();
  bool follows(const model::NodeStatus& status) const;
  using Job::node;
  model::NodeId node_, primary_;
  bool tls_ = false;
};

// Refuses writes, then ends client sessions; replication, and sessions of the
// monitor's user, go on.
//
// `firm`, of a former primary: MySQL ends no session whose commit waits for its
// acknowledgement, so after the sessions' connections are ended the waiting is, too.
// Those commits then happen, nobody is told so, and the comparison of histories finds
// them. Where the node may have to go on as the primary they must wait.
//
// It closes nothing for good. On MySQL super_read_only binds everybody. On MariaDB
// read_only does not bind users with READ ONLY ADMIN: their sessions are ended like
// all others, but a new one may write. Locking such accounts would close that gap
// and lock the operators out who have to mend things, so it is left to them: give
// applications no account with that privilege.
class FenceJob final : public MysqlJob {
 public:
  FenceJob(RELEVO_JOB_ARGUMENTS, model::NodeId node, bool firm)
      : RELEVO_JOB_BASE, node_(node), release_waiting_(firm) {}
  void start() override;

 private:
  void refuse_writes();
  void end_sessions(Then then);
  void kill_next(Then then);
  model::NodeId node_;
  bool release_waiting_;  // commits that wait for acknowledgements; once
  std::deque<std::uint64_t> sessions_;
};

class UnfenceJob final : public MysqlJob {
 public:
  UnfenceJob(RELEVO_JOB_ARGUMENTS, model::NodeId node) : RELEVO_JOB_BASE, node_(node) {}
  void start() override;

 private:
  void set_writes(bool taken);
  model::NodeId node_;
};

class SetReadOnlyJob final : public MysqlJob {
 public:
  SetReadOnlyJob(RELEVO_JOB_ARGUMENTS, model::NodeId node) : RELEVO_JOB_BASE, node_(node) {}
  void start() override;

 private:
  model::NodeId node_;
};

// The plugins, the values that fit either side, then the switches of one side. A
// replica's receiver connects anew, which makes it acknowledge; its applier goes on.
class SetQuorumJob final : public MysqlJob {
 public:
  SetQuorumJob(RELEVO_JOB_ARGUMENTS, const decide::SetQuorum& task)
      : RELEVO_JOB_BASE, task_(task) {}
  void start() override;

 private:
  void install();
  void set_values();
  void run_next(Then then);
  void reconnect();
  void look();
  const decide::SetQuorum task_;
  bool restore_super_read_only_ = false;
  unsigned looks_ = 0;
  std::deque<std::string> statements_;
};

#undef RELEVO_JOB_ARGUMENTS
#undef RELEVO_JOB_BASE

}  // namespace relevo::act::mysql

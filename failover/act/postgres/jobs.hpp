// The script of each action on PostgreSQL. See decide/action.hpp for what each is for.
#pragma once

#include <deque>

#include "failover/act/job.hpp"
#include "failover/act/postgres/sql.hpp"

namespace relevo::act::postgres {

// How `replica` is to log in to `primary`.
Upstream upstream_for(const ControllerSettings& settings, model::NodeId replica,
                      model::NodeId primary);

class PostgresJob : public Job {
 protected:
  using Job::Job;
  void reload(Then then) { change("SELECT pg_reload_conf()", std::move(then)); }
  // So that no startup process sleeps out the default of 5 s. In force with the next
  // reload.
  void shorten_retries(Then then);
};

// What all scripts take first; spelled once.
#define RELEVO_JOB_ARGUMENTS \
  asio::io_context &io, const ControllerSettings &settings, decide::Action action, Done done
#define RELEVO_JOB_BASE PostgresJob(io, settings, std::move(action), std::move(done))

class FreezeJob final : public PostgresJob {
 public:
  FreezeJob(RELEVO_JOB_ARGUMENTS, model::NodeId node) : RELEVO_JOB_BASE, node_(node) {}
  void start() override;

 private:
  void look();
  model::NodeId node_;
  bool gone_before_ = false;
};

class PromoteJob final : public PostgresJob {
 public:
  PromoteJob(RELEVO_JOB_ARGUMENTS, model::NodeId node) : RELEVO_JOB_BASE, node_(node) {}
  void start() override;

 private:
  void quicken();
  void look();
  model::NodeId node_;
};

class RepointJob final : public PostgresJob {
 public:
  RepointJob(RELEVO_JOB_ARGUMENTS, model::NodeId node, model::NodeId primary)
      : RELEVO_JOB_BASE, node_(node), primary_(primary) {}
  void start() override;

 private:
  std::string slot() const;
  void check_slot();
  void with_slot(const std::string& slot);
  void drop_own_slots();
  void look();
  using Job::node;
  model::NodeId node_, primary_;
};

class FenceJob final : public PostgresJob {
 public:
  FenceJob(RELEVO_JOB_ARGUMENTS, model::NodeId node, bool firm)
      : RELEVO_JOB_BASE, node_(node), firm_(firm) {}
  void start() override;

 private:
  void close();
  void close_next();
  void end_sessions();
  void flush();
  model::NodeId node_;
  bool firm_;
  std::string fenced_at_;  // by the server's own clock, only ever compared by it
  std::deque<std::string> statements_;
};

class UnfenceJob final : public PostgresJob {
 public:
  UnfenceJob(RELEVO_JOB_ARGUMENTS, model::NodeId node) : RELEVO_JOB_BASE, node_(node) {}
  void start() override;

 private:
  void open_next();
  model::NodeId node_;
  std::deque<std::string> statements_;
};

class PrepareRejoinJob final : public PostgresJob {
 public:
  PrepareRejoinJob(RELEVO_JOB_ARGUMENTS, model::NodeId node, model::NodeId primary)
      : RELEVO_JOB_BASE, node_(node), primary_(primary) {}
  void start() override;

 private:
  void set_upstream();
  model::NodeId node_, primary_;
  std::string directory_;
};

class SetQuorumJob final : public PostgresJob {
 public:
  SetQuorumJob(RELEVO_JOB_ARGUMENTS, const decide::SetQuorum& task)
      : RELEVO_JOB_BASE, task_(task) {}
  void start() override;

 private:
  void set_list();
  void look();
  const decide::SetQuorum task_;
  std::string list_;
};

#undef RELEVO_JOB_ARGUMENTS
#undef RELEVO_JOB_BASE

}  // namespace relevo::act::postgres

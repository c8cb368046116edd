// From an action to the script that performs it. The engines' scripts have the same
// names in their own namespaces: a new action that one of them lacks does not compile.
#include "failover/act/mysql/jobs.hpp"
#include "failover/act/postgres/jobs.hpp"
#include "failover/act/reading_jobs.hpp"

namespace relevo::act {
namespace {

struct Maker {
  asio::io_context& io;
  const ControllerSettings& settings;
  const decide::Action& action;
  Job::Done& done;

  template <typename Kind, typename... Arguments>
  std::shared_ptr<Job> make(Arguments... arguments) {
    return std::make_shared<Kind>(io, settings, action, std::move(done), arguments...);
  }
  template <typename Postgres, typename Mysql, typename... Arguments>
  std::shared_ptr<Job> by_engine(Arguments... arguments) {
    return settings.engine == model::Engine::postgres ? make<Postgres>(arguments...)
                                                      : make<Mysql>(arguments...);
  }

  std::shared_ptr<Job> operator()(const decide::ReadRole& t) { return make<ReadRoleJob>(t.node); }
  std::shared_ptr<Job> operator()(const decide::AwaitPosition& t) {
    return make<AwaitPositionJob>(t.node, t.position);
  }
  std::shared_ptr<Job> operator()(const decide::FreezeReceiver& t) {
    return by_engine<postgres::FreezeJob, mysql::FreezeJob>(t.node);
  }
  std::shared_ptr<Job> operator()(const decide::Promote& t) {
    return by_engine<postgres::PromoteJob, mysql::PromoteJob>(t.node);
  }
  std::shared_ptr<Job> operator()(const decide::Repoint& t) {
    return by_engine<postgres::RepointJob, mysql::RepointJob>(t.node, t.primary);
  }
  std::shared_ptr<Job> operator()(const decide::Fence& t) {
    return by_engine<postgres::FenceJob, mysql::FenceJob>(t.node, t.firm);
  }
  std::shared_ptr<Job> operator()(const decide::Unfence& t) {
    return by_engine<postgres::UnfenceJob, mysql::UnfenceJob>(t.node);
  }
  // A running MySQL primary is made a replica by Repoint, a PostgreSQL replica takes
  // no writes in the first place: what is asked for there is so already.
  std::shared_ptr<Job> operator()(const decide::PrepareRejoin& t) {
    if (settings.engine != model::Engine::postgres) return make<ReadRoleJob>(t.node);
    return make<postgres::PrepareRejoinJob>(t.node, t.primary);
  }
  std::shared_ptr<Job> operator()(const decide::SetReadOnly& t) {
    return by_engine<ReadRoleJob, mysql::SetReadOnlyJob>(t.node);
  }
  std::shared_ptr<Job> operator()(const decide::SetQuorum& t) {
    return by_engine<postgres::SetQuorumJob, mysql::SetQuorumJob>(t);
  }
  std::shared_ptr<Job> operator()(const decide::AcquireLease&) { return nullptr; }
  std::shared_ptr<Job> operator()(const decide::PublishView&) { return nullptr; }
};

}  // namespace

std::shared_ptr<Job> make_job(asio::io_context& io, const ControllerSettings& settings,
                              decide::Action action, Job::Done done) {
  return std::visit(Maker{io, settings, action, done}, action.task);
}

}  // namespace relevo::act

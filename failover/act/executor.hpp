// Performs actions on servers and tells how each ended. Jobs on different nodes run
// side by side. On one node a new job ends the older one: what was decided before
// is not continued beside what is decided now.
#pragma once

#include <asio/io_context.hpp>
#include <map>
#include <memory>

#include "failover/act/job.hpp"

namespace relevo::act {

class Executor {
 public:
  Executor(asio::io_context& io, const ControllerSettings& settings, Job::Done done);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // The result comes later by `done`, never from within, and never if the action
  // is superseded or the executor goes first.
  void run(const decide::Action& action);
  // Drops what is under way. What a server was told already is not undone.
  void shutdown() { jobs_.clear(); }

 private:
  void drop_older(const decide::Action& action);

  asio::io_context& io_;
  const ControllerSettings& settings_;
  Job::Done done_;
  std::map<decide::ActionId, std::shared_ptr<Job>> jobs_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace relevo::act

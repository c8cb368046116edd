// The actions that only ask, the same for every engine.
#pragma once

#include "failover/act/job.hpp"

namespace relevo::act {

class ReadRoleJob final : public Job {
 public:
  ReadRoleJob(asio::io_context& io, const ControllerSettings& settings, decide::Action action,
              Done done, model::NodeId node)
      : Job(io, settings, std::move(action), std::move(done)), node_(node) {}
  void start() override;

 private:
  model::NodeId node_;
};

class AwaitPositionJob final : public Job {
 public:
  AwaitPositionJob(asio::io_context& io, const ControllerSettings& settings, decide::Action action,
                   Done done, model::NodeId node, model::Position position)
      : Job(io, settings, std::move(action), std::move(done)),
        node_(node),
        position_(std::move(position)) {}
  void start() override;

 private:
  void look();
  model::NodeId node_;
  model::Position position_;
};

}  // namespace relevo::act

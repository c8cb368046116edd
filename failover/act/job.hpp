// One action under way: a connection of its own, a script of statements, one
// deadline over all of it, one result.
//
// Invariant: once a statement that changes something may have reached the server
// and no answer of the server says otherwise, the result is `unknown`, never
// `failed`. A server error is an answer: nothing of that statement happened.
//
// A job is owned by the executor. Its connection's handlers capture `this`: they
// die with the connection, which dies with the job.
#pragma once

#include <asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "failover/act/settings.hpp"
#include "failover/decide/event.hpp"
#include "topology/client/connection.hpp"
#include "topology/probe/status.hpp"

namespace relevo::act {

class Job : public std::enable_shared_from_this<Job> {
 public:
  using Done = std::function<void(decide::ActionFinished)>;

  Job(asio::io_context& io, const ControllerSettings& settings, decide::Action action, Done done);
  virtual ~Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  virtual void start() = 0;
  const decide::Action& action() const { return action_; }

 protected:
  using Then = std::function<void()>;
  using ThenRows = std::function<void(const client::Rows&)>;
  using OnFailure = std::function<void(const client::Failure&)>;

  const ControlledNode& node(model::NodeId id) const { return settings_.nodes[id]; }
  client::Endpoint endpoint_of(model::NodeId id) const;
  model::Duration time_left() const;

  void connect(model::NodeId id, Then then);
  void read(const std::string& sql, ThenRows then);  // changes nothing
  void change(const std::string& sql, Then then);    // may change something
  // As change(), but a server error is passed over: what it does is not essential.
  void attempt(const std::string& sql, Then then);
  // As change(), but a server error is the caller's to judge.
  void change_or(const std::string& sql, Then then, OnFailure on_server_error);
  void pause(model::Duration duration, Then then);
  // Reads the node's own account of itself.
  void read_status(std::function<void(const model::NodeStatus&)> then);

  void succeed(std::string text, std::optional<model::NodeStatus> status = std::nullopt);
  void fail_with(std::string text);
  void leave_unknown(std::string text);

  const ControllerSettings& settings_;

 private:
  void finish(decide::ActionOutcome outcome, std::string text,
              std::optional<model::NodeStatus> status);
  void fail_on(const client::Failure& failure);

  decide::Action action_;
  Done done_;
  probe::StatusMemory memory_;  // of the node that it is connected to
  std::unique_ptr<client::Connection> connection_;
  asio::steady_timer timer_;
  bool may_have_changed_ = false;
};

// The script that an action stands for, in the words of the cluster's engine. Not
// for AcquireLease and PublishView, which touch no server.
std::shared_ptr<Job> make_job(asio::io_context& io, const ControllerSettings& settings,
                              decide::Action action, Job::Done done);

}  // namespace relevo::act

#include "failover/act/job.hpp"

namespace relevo::act {

Job::Job(asio::io_context& io, const ControllerSettings& settings, decide::Action action, Done done)
    : settings_(settings),
      action_(std::move(action)),
      done_(std::move(done)),
      connection_(client::make_connection(settings_.engine, io)),
      timer_(io) {}

client::Endpoint Job::endpoint_of(model::NodeId id) const {
  client::Endpoint endpoint;
  endpoint.host = node(id).host;
  endpoint.port = node(id).port;
  endpoint.user = settings_.monitor_user;
  endpoint.password = settings_.monitor_password;
  endpoint.database = settings_.monitor_database;
  endpoint.sslmode = settings_.sslmode;
  endpoint.sslrootcert = settings_.sslrootcert;
  endpoint.application_name = "relevo";
  return endpoint;
}

model::Duration Job::time_left() const {
  return action_.deadline - std::chrono::steady_clock::now();
}

void Job::connect(model::NodeId id, Then then) {
  if (time_left() <= model::Duration::zero()) {
    return may_have_changed_ ? leave_unknown("its deadline has passed")
                             : fail_with("its deadline has passed");
  }
  memory_ = {};
  connection_->connect(endpoint_of(id), time_left(),
                       [this, then = std::move(then)](client::Outcome<void> outcome) {
                         if (!outcome) return fail_on(outcome.error());
                         then();
                       });
}

void Job::read(const std::string& sql, ThenRows then) {
  if (time_left() <= model::Duration::zero()) {
    return may_have_changed_ ? leave_unknown("its deadline has passed")
                             : fail_with("its deadline has passed");
  }
  connection_->query(sql, time_left(),
                     [this, then = std::move(then)](client::Outcome<client::Rows> outcome) {
                       if (!outcome) return fail_on(outcome.error());
                       then(*outcome);
                     });
}

void Job::change(const std::string& sql, Then then) {
  change_or(sql, std::move(then), [this](const client::Failure& failure) { fail_on(failure); });
}

void Job::change_or(const std::string& sql, Then then, OnFailure on_server_error) {
  const bool before = may_have_changed_;
  if (time_left() > model::Duration::zero()) may_have_changed_ = true;
  connection_->query(sql, std::max(time_left(), model::Duration(1)),
                     [this, before, then = std::move(then),
                      refused = std::move(on_server_error)](client::Outcome<client::Rows> outcome) {
                       if (outcome) return then();
                       if (outcome.error().kind != client::FailureKind::server_error) {
                         return fail_on(outcome.error());
                       }
                       may_have_changed_ = before;
                       refused(outcome.error());
                     });
}

void Job::attempt(const std::string& sql, Then then) {
  connection_->query(sql, std::max(time_left(), model::Duration(1)),
                     [this, then = std::move(then)](client::Outcome<client::Rows> outcome) {
                       if (!outcome && outcome.error().kind != client::FailureKind::server_error) {
                         return fail_on(outcome.error());
                       }
                       then();
                     });
}

void Job::pause(model::Duration duration, Then then) {
  timer_.expires_after(duration);
  timer_.async_wait([weak = weak_from_this(), then = std::move(then)](std::error_code error) {
    if (const auto self = weak.lock(); self && !error) then();
  });
}

void Job::read_status(std::function<void(const model::NodeStatus&)> then) {
  probe::ask_status(*connection_, settings_.engine, memory_,
                    std::chrono::steady_clock::now() + std::max(time_left(), model::Duration(1)),
                    [this, then = std::move(then)](const client::Outcome<model::NodeStatus>& told) {
                      if (!told) return fail_on(told.error());
                      then(*told);
                    });
}

void Job::fail_on(const client::Failure& failure) {
  const std::string text =
      failure.sqlstate.empty() ? failure.message : failure.sqlstate + " " + failure.message;
  if (may_have_changed_) return leave_unknown(text);
  fail_with(text);
}

void Job::succeed(std::string text, std::optional<model::NodeStatus> status) {
  finish(decide::ActionOutcome::ok, std::move(text), std::move(status));
}
void Job::fail_with(std::string text) {
  finish(decide::ActionOutcome::failed, std::move(text), std::nullopt);
}
void Job::leave_unknown(std::string text) {
  finish(decide::ActionOutcome::unknown, std::move(text), std::nullopt);
}

void Job::finish(decide::ActionOutcome outcome, std::string text,
                 std::optional<model::NodeStatus> status) {
  if (!done_) return;
  const auto done = std::exchange(done_, nullptr);
  done(
      {.id = action_.id, .outcome = outcome, .text = std::move(text), .status = std::move(status)});
}

}  // namespace relevo::act

#include "failover/act/executor.hpp"

#include <asio/post.hpp>

#include "topology/model/check.hpp"

namespace relevo::act {

Executor::Executor(asio::io_context& io, const ControllerSettings& settings, Job::Done done)
    : io_(io), settings_(settings), done_(std::move(done)) {}

Executor::~Executor() { *alive_ = false; }

void Executor::run(const decide::Action& action) {
  drop_older(action);
  // Posted: a job must not be destroyed by the handler that ends it.
  auto job = make_job(io_, settings_, action, [this](decide::ActionFinished finished) {
    asio::post(io_, [this, alive = alive_, finished = std::move(finished)] {
      if (!*alive || jobs_.erase(finished.id) == 0) return;
      done_(finished);
    });
  });
  RELEVO_CHECK(job != nullptr);
  jobs_[action.id] = job;
  job->start();
}

void Executor::drop_older(const decide::Action& action) {
  const auto node = decide::node_of(action.task);
  std::erase_if(jobs_, [&](const auto& entry) {
    return decide::node_of(entry.second->action().task) == node && entry.first < action.id;
  });
}

}  // namespace relevo::act

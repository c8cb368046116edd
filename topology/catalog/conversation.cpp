#include "topology/catalog/conversation.hpp"

#include <algorithm>

namespace relevo::catalog {
namespace {

using Clock = std::chrono::steady_clock;
constexpr model::Duration connect_limit = std::chrono::seconds(5);

}  // namespace

void Conversation::end() {
  failed_ = nullptr;
  connection_->close();
}

void Conversation::fail(client::Failure failure) {
  const Failed call = std::exchange(failed_, nullptr);
  connection_->close();
  if (call) call(std::move(failure));
}

void Conversation::begin(const client::Endpoint& endpoint, model::Duration limit,
                         std::function<void()> next, Failed failed) {
  deadline_ = Clock::now() + limit;
  failed_ = std::move(failed);
  connection_->connect(
      endpoint, std::min(connect_limit, limit),
      [weak = weak_from_this(), next = std::move(next)](const client::Outcome<void>& outcome) {
        const auto self = weak.lock();
        if (self == nullptr) return;
        if (!outcome) return self->fail(outcome.error());
        next();
      });
}

void Conversation::ask(const std::string& sql, std::function<void(const client::Rows&)> next) {
  const model::Duration left = deadline_ - Clock::now();
  if (left <= model::Duration::zero()) {
    return fail({client::FailureKind::timeout, "", "took too long"});
  }
  connection_->query(sql, left,
                     [weak = weak_from_this(),
                      next = std::move(next)](const client::Outcome<client::Rows>& answer) {
                       const auto self = weak.lock();
                       if (self == nullptr) return;
                       if (!answer) return self->fail(answer.error());
                       next(*answer);
                     });
}

}  // namespace relevo::catalog

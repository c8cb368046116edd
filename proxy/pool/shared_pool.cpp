#include "proxy/pool/shared_pool.hpp"

#include <algorithm>

#include "topology/model/check.hpp"

namespace relevo::pool {

SharedPool::SharedPool(std::shared_ptr<Limit> limit, std::uint32_t queue_max)
    : limit_(std::move(limit)), queue_max_(queue_max) {
  limit_->join(*this);
}

SharedPool::~SharedPool() {
  limit_->part(*this);
  limit_->waiting_.fetch_sub(waiting_.load());
}

bool SharedPool::try_open() {
  if (!limit_->try_open(*this)) return false;
  open_.fetch_add(1);
  opening_.fetch_add(1);
  return true;
}

void SharedPool::opened() {
  const auto before = opening_.fetch_sub(1);
  RELEVO_CHECK(before > 0);
}

void SharedPool::closed() {
  const auto before = open_.fetch_sub(1);
  RELEVO_CHECK(before > 0);
  limit_->closed();
}

void SharedPool::count_waiting() {
  const auto now = static_cast<std::uint32_t>(queue_.size());
  if (now > 0) oldest_.store(queue_.front().stamp, std::memory_order_relaxed);
  limit_->waiting_.fetch_add(now - waiting_.exchange(now));  // wraps, and comes out right
}

bool SharedPool::enqueue(Waiter waiter) {
  const std::scoped_lock lock(mutex_);
  if (queue_.size() >= queue_max_) return false;
  queue_.push_back({waiter, limit_->stamp()});
  count_waiting();
  return true;
}

void SharedPool::put_back(Waiter waiter) {
  const std::scoped_lock lock(mutex_);
  queue_.push_front({waiter, 0});
  count_waiting();
}

void SharedPool::remove(Waiter waiter) {
  const std::scoped_lock lock(mutex_);
  const auto found = std::find_if(queue_.begin(), queue_.end(),
                                  [&](const Entry& entry) { return entry.waiter == waiter; });
  if (found == queue_.end()) return;
  queue_.erase(found);
  count_waiting();
}

std::optional<Waiter> SharedPool::take_first() {
  const std::scoped_lock lock(mutex_);
  if (queue_.empty()) return std::nullopt;
  const Waiter first = queue_.front().waiter;
  queue_.pop_front();
  count_waiting();
  return first;
}

}  // namespace relevo::pool

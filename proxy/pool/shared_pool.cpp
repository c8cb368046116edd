#include "proxy/pool/shared_pool.hpp"

#include <algorithm>

#include "topology/model/check.hpp"

namespace relevo::pool {

bool SharedPool::try_open() {
  std::uint32_t open = open_.load();
  do {
    if (open >= size_.load(std::memory_order_relaxed)) return false;
  } while (!open_.compare_exchange_weak(open, open + 1));
  return true;
}

void SharedPool::closed() {
  const auto before = open_.fetch_sub(1);
  RELEVO_CHECK(before > 0);
}

bool SharedPool::enqueue(Waiter waiter) {
  const std::scoped_lock lock(mutex_);
  if (queue_.size() >= queue_max_) return false;
  queue_.push_back(waiter);
  waiting_.store(static_cast<std::uint32_t>(queue_.size()));
  return true;
}

void SharedPool::put_back(Waiter waiter) {
  const std::scoped_lock lock(mutex_);
  queue_.push_front(waiter);
  waiting_.store(static_cast<std::uint32_t>(queue_.size()));
}

void SharedPool::remove(Waiter waiter) {
  const std::scoped_lock lock(mutex_);
  if (const auto found = std::find(queue_.begin(), queue_.end(), waiter); found != queue_.end()) {
    queue_.erase(found);
    waiting_.store(static_cast<std::uint32_t>(queue_.size()));
  }
}

std::optional<Waiter> SharedPool::take_first() {
  const std::scoped_lock lock(mutex_);
  if (queue_.empty()) return std::nullopt;
  const Waiter first = queue_.front();
  queue_.pop_front();
  waiting_.store(static_cast<std::uint32_t>(queue_.size()));
  return first;
}

}  // namespace relevo::pool

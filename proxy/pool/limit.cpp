#include "proxy/pool/limit.hpp"

#include <algorithm>

#include "proxy/pool/shared_pool.hpp"
#include "topology/model/check.hpp"

namespace relevo::pool {

bool Limit::try_open(const SharedPool& pool) {
  std::uint32_t open = open_.load();
  do {
    const std::uint32_t size = size_.load(std::memory_order_relaxed);
    if (open >= size) return false;
    if (open + 1 == size && others_wait(pool) && !is_due(pool)) return false;
  } while (!open_.compare_exchange_weak(open, open + 1));
  return true;
}

void Limit::closed() {
  const auto before = open_.fetch_sub(1);
  RELEVO_CHECK(before > 0);
}

void Limit::join(const SharedPool& pool) {
  const std::scoped_lock lock(mutex_);
  kinds_.push_back(&pool);
}

void Limit::part(const SharedPool& pool) {
  const std::scoped_lock lock(mutex_);
  std::erase(kinds_, &pool);
}

bool Limit::others_wait(const SharedPool& pool) const {
  return waiting_.load() != pool.waiting_count();
}

std::uint32_t Limit::share() const {
  const auto active = std::count_if(kinds_.begin(), kinds_.end(), [](const SharedPool* kind) {
    return kind->open() > 0 || kind->waiting();
  });
  return size() / std::max<std::uint32_t>(1, static_cast<std::uint32_t>(active));
}

bool Limit::is_due(const SharedPool& pool) const {
  const std::scoped_lock lock(mutex_);
  const std::uint32_t least = std::max<std::uint32_t>(1, share());
  return std::none_of(kinds_.begin(), kinds_.end(), [&](const SharedPool* other) {
    if (other == &pool || !other->in_want() || other->open() >= least) return false;
    return pool.open() >= least || other->oldest() < pool.oldest();
  });
}

bool Limit::must_make_way(const SharedPool& pool) const {
  if (!others_wait(pool) || open() < size()) return false;
  const std::scoped_lock lock(mutex_);
  const std::uint32_t ours = share();
  const std::uint32_t least = std::max<std::uint32_t>(1, ours);
  return std::any_of(kinds_.begin(), kinds_.end(), [&](const SharedPool* other) {
    if (other == &pool || !other->in_want()) return false;
    if (!pool.waiting()) return true;
    if (pool.open() <= ours || other->open() >= least) return false;
    return pool.open() > least || other->oldest() < pool.oldest();
  });
}

}  // namespace relevo::pool

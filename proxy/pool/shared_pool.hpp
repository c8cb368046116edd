// The limit on server connections of one pool (node, user, database), held over
// all workers, and the one queue of sessions that wait for a connection.
//
// Intuition: a worker with a spare connection of its own asks nobody. Only when
// it has none does it come here: for a permit to open one, or for a place in the
// queue. A connection that is given back goes to the head of the queue, whoever
// owns it, so waiting is first come, first served over all workers.
//
// Invariant: open() never exceeds the limit, and nobody waits while a permit is
// free or a connection idle: every release looks at waiting() first.
//
// Thread-safe. The fast path, waiting() on release, is one load. open_ and waiting_
// are sequentially consistent: one side queues and then looks at open_, the other
// closes and then looks at waiting_, and one of the two has to see the other.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

namespace relevo::pool {

struct Waiter {
  std::uint32_t worker = 0;
  std::uint64_t ticket = 0;  // the worker's own name for the waiting session
  bool operator==(const Waiter&) const = default;
};

class SharedPool {
 public:
  SharedPool(std::uint32_t size, std::uint32_t queue_max) : size_(size), queue_max_(queue_max) {}

  // A permit to open one connection; closed() gives it back.
  bool try_open();
  void closed();

  // False: the queue is full.
  bool enqueue(Waiter waiter);
  void put_back(Waiter waiter);  // one that take_first() gave, at its old place
  void remove(Waiter waiter);
  std::optional<Waiter> take_first();
  bool waiting() const { return waiting_.load() != 0; }
  std::uint32_t waiting_count() const { return waiting_.load(std::memory_order_relaxed); }
  std::uint32_t open() const { return open_.load(std::memory_order_relaxed); }
  std::uint32_t size() const { return size_.load(std::memory_order_relaxed); }
  void resize(std::uint32_t size) { size_.store(size, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint32_t> size_;
  std::uint32_t queue_max_;
  std::atomic<std::uint32_t> open_{0};
  std::atomic<std::uint32_t> waiting_{0};
  std::mutex mutex_;  // guards queue_ only, never held while calling out
  std::deque<Waiter> queue_;
};

}  // namespace relevo::pool

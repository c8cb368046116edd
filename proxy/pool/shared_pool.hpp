// The server connections of one pool (node, user, database, kind), counted over all
// workers, and the one queue of sessions that wait for a connection. How many there
// may be is a Limit's business, which kinds of one node, user and database share.
//
// Intuition: a worker with a spare connection of its own asks nobody. Only when
// it has none does it come here: for a permit to open one, or for a place in the
// queue. A connection that is given back goes to the head of the queue, whoever
// owns it, so waiting is first come, first served over all workers.
//
// Invariant: nobody waits while a permit is free or a connection idle: every release
// looks at anyone_waiting() first.
//
// Thread-safe. The fast path, anyone_waiting() on release, is one load. The limit's
// open_ and waiting_ are sequentially consistent: one side queues and then looks at
// open_, the other closes and then looks at waiting_, and one of the two has to see
// the other.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "proxy/pool/limit.hpp"

namespace relevo::pool {

struct Waiter {
  std::uint32_t worker = 0;
  std::uint64_t ticket = 0;  // the worker's own name for the waiting session
  bool operator==(const Waiter&) const = default;
};

class SharedPool {
 public:
  SharedPool(std::shared_ptr<Limit> limit, std::uint32_t queue_max);
  SharedPool(std::uint32_t size, std::uint32_t queue_max)  // the only kind
      : SharedPool(std::make_shared<Limit>(size), queue_max) {}
  ~SharedPool();
  SharedPool(const SharedPool&) = delete;
  SharedPool& operator=(const SharedPool&) = delete;

  // A permit to open one connection; opened() when it is, or will never be, and
  // closed() gives the permit back.
  bool try_open();
  void opened();
  void closed();

  // False: the queue is full.
  bool enqueue(Waiter waiter);
  void put_back(Waiter waiter);  // one that take_first() gave, at its old place
  void remove(Waiter waiter);
  std::optional<Waiter> take_first();
  bool waiting() const { return waiting_.load() != 0; }
  std::uint32_t waiting_count() const { return waiting_.load(); }
  // Of another kind, too.
  bool anyone_waiting() const { return limit_->waiting(); }
  bool must_make_way() const { return limit_->must_make_way(*this); }
  std::uint32_t open() const { return open_.load(std::memory_order_relaxed); }
  // Somebody waits for whom no connection is on its way; and since when.
  bool in_want() const { return waiting_.load() > opening_.load(std::memory_order_relaxed); }
  std::uint64_t oldest() const { return oldest_.load(std::memory_order_relaxed); }
  std::uint32_t size() const { return limit_->size(); }
  void resize(std::uint32_t size) { limit_->resize(size); }

 private:
  struct Entry {
    Waiter waiter;
    std::uint64_t stamp = 0;
  };
  void count_waiting();  // after every change of the queue

  std::shared_ptr<Limit> limit_;
  std::uint32_t queue_max_;
  std::atomic<std::uint32_t> open_{0};
  std::atomic<std::uint32_t> opening_{0};
  std::atomic<std::uint32_t> waiting_{0};
  std::atomic<std::uint64_t> oldest_{0};  // while somebody waits
  std::mutex mutex_;                      // guards queue_ only, never held while calling out
  std::deque<Entry> queue_;
};

}  // namespace relevo::pool

// How many server connections a user may have to one node and database, over all
// kinds of them.
//
// Clients of different kinds cannot share a connection (MySQL's: see PoolKey), so
// each kind has a SharedPool of its own, and all of them take their permits here.
// What one kind holds the other cannot use: a connection that is given back is
// closed when another kind is in want of it, and its permit passes on.
//
// Intuition: an idle connection always makes way. A busy kind makes way while it
// holds more than its share of the limit and the other less, so that two busy kinds
// come to rest at a half each, and don't close one another's connections for ever.
// The last free permit is for the kind that has less than its share; of several, for
// the one that has waited longest.
//
// Invariant: open() never exceeds the limit (but for a while after it was lowered).
//
// Thread-safe. What a release looks at is one load, as long as nobody waits.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

namespace relevo::pool {

class SharedPool;

class Limit {
 public:
  explicit Limit(std::uint32_t size) : size_(size) {}

  bool try_open(const SharedPool& pool);
  void closed();
  std::uint32_t open() const { return open_.load(std::memory_order_relaxed); }
  std::uint32_t size() const { return size_.load(std::memory_order_relaxed); }
  void resize(std::uint32_t size) { size_.store(size, std::memory_order_relaxed); }

  // Somebody waits, of whatever kind.
  bool waiting() const { return waiting_.load() != 0; }
  // A connection of this kind is to be closed, for another kind's sake.
  bool must_make_way(const SharedPool& pool) const;

 private:
  friend class SharedPool;
  void join(const SharedPool& pool);
  void part(const SharedPool& pool);
  bool others_wait(const SharedPool& pool) const;
  // Of one kind, while others wait. Under the mutex.
  std::uint32_t share() const;
  bool is_due(const SharedPool& pool) const;
  std::uint64_t stamp() { return stamps_.fetch_add(1, std::memory_order_relaxed); }

  std::atomic<std::uint32_t> size_;
  std::atomic<std::uint32_t> open_{0};
  std::atomic<std::uint32_t> waiting_{0};
  std::atomic<std::uint64_t> stamps_{1};  // in the order in which waiters came
  mutable std::mutex mutex_;              // guards kinds_; never held while calling out
  std::vector<const SharedPool*> kinds_;
};

}  // namespace relevo::pool

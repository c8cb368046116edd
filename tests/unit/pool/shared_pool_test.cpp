// One pool over all workers: the limit holds, waiting is first come first
// served, and nobody is left waiting beside a free permit.
#include "proxy/pool/shared_pool.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace relevo::pool {
namespace {

TEST(SharedPool, LendsNoMorePermitsThanItsSize) {
  SharedPool pool(2, 10);
  EXPECT_TRUE(pool.try_open());
  EXPECT_TRUE(pool.try_open());
  EXPECT_FALSE(pool.try_open());
  EXPECT_EQ(pool.open(), 2U);
  pool.closed();
  EXPECT_EQ(pool.open(), 1U);
  EXPECT_TRUE(pool.try_open());
  EXPECT_FALSE(pool.try_open());
}

TEST(SharedPool, OfSizeZeroLendsNone) {
  SharedPool pool(0, 10);
  EXPECT_FALSE(pool.try_open());
  pool.resize(1);
  EXPECT_TRUE(pool.try_open());
}

TEST(SharedPool, ASmallerSizeHoldsOnceEnoughHaveClosed) {
  SharedPool pool(3, 10);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(pool.try_open());
  pool.resize(1);
  EXPECT_EQ(pool.open(), 3U);
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(pool.try_open());
    pool.closed();
  }
  EXPECT_EQ(pool.open(), 1U);
  EXPECT_FALSE(pool.try_open());
  pool.closed();
  EXPECT_TRUE(pool.try_open());
  pool.resize(2);
  EXPECT_TRUE(pool.try_open());
  EXPECT_EQ(pool.size(), 2U);
}

TEST(SharedPool, ServesWaitersInTheirOrder) {
  SharedPool pool(1, 10);
  EXPECT_FALSE(pool.waiting());
  EXPECT_FALSE(pool.take_first());
  const Waiter waiters[] = {{0, 7}, {1, 7}, {0, 8}, {2, 1}};
  for (const Waiter& waiter : waiters) EXPECT_TRUE(pool.enqueue(waiter));
  EXPECT_TRUE(pool.waiting());
  EXPECT_EQ(pool.waiting_count(), 4U);
  for (const Waiter& waiter : waiters) EXPECT_EQ(pool.take_first(), waiter);
  EXPECT_FALSE(pool.waiting());
  EXPECT_EQ(pool.waiting_count(), 0U);
  EXPECT_FALSE(pool.take_first());
}

TEST(SharedPool, ForgetsAWaiterThatGaveUp) {
  SharedPool pool(1, 10);
  pool.enqueue({0, 1});
  pool.enqueue({1, 1});
  pool.enqueue({0, 2});
  pool.remove({1, 1});
  pool.remove({1, 1});
  pool.remove({9, 9});
  EXPECT_EQ(pool.waiting_count(), 2U);
  EXPECT_EQ(pool.take_first(), (Waiter{0, 1}));
  pool.remove({0, 2});
  EXPECT_FALSE(pool.waiting());
  EXPECT_FALSE(pool.take_first());
}

TEST(SharedPool, TheQueueIsBounded) {
  SharedPool pool(1, 2);
  EXPECT_TRUE(pool.enqueue({0, 1}));
  EXPECT_TRUE(pool.enqueue({0, 2}));
  EXPECT_FALSE(pool.enqueue({0, 3}));
  EXPECT_EQ(pool.waiting_count(), 2U);
  pool.take_first();
  EXPECT_TRUE(pool.enqueue({0, 4}));
  EXPECT_EQ(pool.take_first(), (Waiter{0, 2}));
  EXPECT_EQ(pool.take_first(), (Waiter{0, 4}));
  SharedPool none(1, 0);
  EXPECT_FALSE(none.enqueue({0, 1}));
}

TEST(SharedPoolDeathTest, ClosingWhatWasNeverOpenedIsOurBug) {
  EXPECT_DEATH(
      {
        SharedPool pool(1, 1);
        pool.closed();
      },
      "invariant broken");
}

// Workers open and close as fast as they can: the count of permits held, kept by
// the test itself, never exceeds the size, which changes meanwhile.
TEST(SharedPoolThreads, TheLimitHoldsUnderContention) {
  constexpr std::uint32_t size_max = 3;
  constexpr int rounds = 20000;
  SharedPool pool(size_max, 10);
  std::atomic<std::uint32_t> held{0};
  std::atomic<std::uint32_t> most{0};
  std::atomic<int> opened{0};
  const auto work = [&] {
    for (int i = 0; i < rounds; ++i) {
      if (!pool.try_open()) continue;
      const std::uint32_t now = held.fetch_add(1) + 1;
      for (std::uint32_t seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
      }
      ++opened;
      held.fetch_sub(1);
      pool.closed();
    }
  };
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < 4; ++i) workers.emplace_back(work);
    workers.emplace_back([&] {
      for (int i = 0; i < rounds; ++i) pool.resize(1 + static_cast<std::uint32_t>(i) % size_max);
    });
  }
  EXPECT_LE(most, size_max);
  EXPECT_GT(opened, rounds);
  EXPECT_EQ(pool.open(), 0U);
}

// Several enqueue and give up, several take: each waiter is served or removed
// exactly once, and each worker's own are served in their order.
TEST(SharedPoolThreads, EveryWaiterIsServedOnceAndInOrder) {
  constexpr std::uint32_t workers = 3;
  constexpr std::uint64_t tickets = 5000;
  SharedPool pool(1, 100);
  std::atomic<std::uint32_t> enqueuing{workers};
  std::vector<std::vector<Waiter>> taken(2);
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t worker = 0; worker < workers; ++worker) {
      threads.emplace_back([&, worker] {
        for (std::uint64_t ticket = 1; ticket <= tickets; ++ticket) {
          while (!pool.enqueue({worker, ticket})) std::this_thread::yield();
        }
        --enqueuing;
      });
    }
    for (auto& mine : taken) {
      threads.emplace_back([&pool, &enqueuing, &mine] {
        // `enqueuing` first: whatever was put in before it fell to 0 is then seen.
        while (enqueuing != 0 || pool.waiting()) {
          if (const auto first = pool.take_first()) {
            mine.push_back(*first);
          } else {
            std::this_thread::yield();
          }
        }
      });
    }
  }
  std::vector<std::vector<std::uint64_t>> served(workers);
  for (const auto& mine : taken) {
    std::vector<std::uint64_t> last(workers, 0);
    for (const Waiter& waiter : mine) {
      ASSERT_LT(last[waiter.worker], waiter.ticket);
      last[waiter.worker] = waiter.ticket;
      served[waiter.worker].push_back(waiter.ticket);
    }
  }
  for (auto& one : served) {
    std::sort(one.begin(), one.end());
    ASSERT_EQ(one.size(), tickets);
    EXPECT_EQ(one.front(), 1U);
    EXPECT_EQ(one.back(), tickets);
    EXPECT_EQ(std::adjacent_find(one.begin(), one.end()), one.end());
  }
  EXPECT_FALSE(pool.waiting());
}

// The workers' protocol: take a place in the queue first, then try for a permit;
// on release, look whether somebody waits. Then nobody is left behind: were a
// wake-up lost, the test would stand still with waiters beside a free permit.
TEST(SharedPoolThreads, NobodyWaitsBesideAFreePermit) {
  constexpr std::uint32_t workers = 4;
  constexpr int rounds = 3000;
  SharedPool pool(2, 100);
  std::vector<std::atomic<bool>> granted(workers);
  const auto hand_on = [&] {  // to the first in the queue, with a permit for it
    while (pool.waiting() && pool.try_open()) {
      if (const auto first = pool.take_first()) {
        granted[first->worker].store(true);
        granted[first->worker].notify_one();
      } else {
        pool.closed();
      }
    }
  };
  std::atomic<std::uint32_t> held{0};
  std::atomic<bool> exceeded{false};
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t worker = 0; worker < workers; ++worker) {
      threads.emplace_back([&, worker] {
        for (int i = 0; i < rounds; ++i) {
          ASSERT_TRUE(pool.enqueue({worker, static_cast<std::uint64_t>(i)}));
          hand_on();
          granted[worker].wait(false);
          granted[worker].store(false);
          if (held.fetch_add(1) >= 2) exceeded = true;
          held.fetch_sub(1);
          pool.closed();
          hand_on();
        }
      });
    }
  }
  EXPECT_FALSE(exceeded);
  EXPECT_EQ(pool.open(), 0U);
  EXPECT_FALSE(pool.waiting());
}

// -- kinds that share a limit --------------------------------------------------------

class Kinds : public ::testing::Test {
 protected:
  // Opened, and its log-in is over.
  static bool open(SharedPool& pool) {
    const bool may = pool.try_open();
    if (may) pool.opened();
    return may;
  }
  std::shared_ptr<Limit> limit = std::make_shared<Limit>(4);
  SharedPool one{limit, 10}, two{limit, 10};
};

TEST_F(Kinds, OpenNoMoreTogetherThanTheLimit) {
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(open(one) && open(two));
  EXPECT_FALSE(one.try_open() || two.try_open());
  one.closed();
  EXPECT_TRUE(open(two));
  EXPECT_EQ(limit->open(), 4U);
  EXPECT_EQ(one.open(), 1U);
  EXPECT_EQ(two.open(), 3U);
}

TEST_F(Kinds, WhatIsIdleMakesWay) {
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(open(one));
  EXPECT_FALSE(one.must_make_way()) << "nobody waits";
  EXPECT_TRUE(two.enqueue({0, 1}));
  EXPECT_TRUE(one.anyone_waiting());
  EXPECT_FALSE(one.waiting());
  EXPECT_TRUE(one.must_make_way());
  one.closed();
  EXPECT_FALSE(one.must_make_way()) << "there is room now";
  EXPECT_TRUE(two.try_open());
  EXPECT_FALSE(one.must_make_way()) << "the one that waits has a connection on its way";
  EXPECT_TRUE(two.enqueue({0, 2}));
  EXPECT_TRUE(one.must_make_way());
}

TEST_F(Kinds, BusyOnesComeToRestAtAHalfEach) {
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(open(one));
  for (std::uint64_t i = 0; i < 8; ++i) EXPECT_TRUE(one.enqueue({0, i}) && two.enqueue({1, i}));
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(one.must_make_way());
    one.closed();
    EXPECT_TRUE(open(two));
  }
  EXPECT_FALSE(one.must_make_way());
  EXPECT_FALSE(two.must_make_way());
}

TEST_F(Kinds, OfOneConnectionTheyTakeTurns) {
  limit->resize(1);
  EXPECT_TRUE(open(one));
  EXPECT_TRUE(one.enqueue({0, 1}) && two.enqueue({0, 2}) && one.enqueue({0, 3}));
  EXPECT_FALSE(one.must_make_way()) << "its own has waited longer";
  EXPECT_EQ(one.take_first(), (Waiter{0, 1}));
  EXPECT_TRUE(one.must_make_way());
  one.closed();
  EXPECT_FALSE(one.try_open());
  EXPECT_TRUE(open(two));
  EXPECT_EQ(two.take_first(), (Waiter{0, 2}));
  EXPECT_TRUE(two.must_make_way());
}

TEST_F(Kinds, TheLastPermitIsForTheOneThatHasLess) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(open(one));
  EXPECT_TRUE(one.enqueue({0, 1}) && two.enqueue({0, 2}));
  EXPECT_FALSE(one.try_open()) << "although it has waited longer";
  EXPECT_TRUE(two.try_open());
}

TEST_F(Kinds, OfTwoThatHaveNoneTheLastPermitIsForTheOneThatCameFirst) {
  limit->resize(1);
  EXPECT_TRUE(two.enqueue({0, 1}) && one.enqueue({0, 2}));
  EXPECT_FALSE(one.try_open());
  EXPECT_TRUE(open(two));
  EXPECT_TRUE(two.take_first());
  EXPECT_TRUE(two.enqueue({0, 3}));
  EXPECT_TRUE(two.must_make_way());
  two.closed();
  EXPECT_FALSE(two.try_open());
  EXPECT_TRUE(one.try_open());
}

TEST_F(Kinds, AKindThatIsGoneWaitsForNothing) {
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(open(one));
  {
    SharedPool three(limit, 10);
    EXPECT_TRUE(three.enqueue({0, 1}));
    EXPECT_TRUE(one.must_make_way());
  }
  EXPECT_FALSE(one.anyone_waiting());
  EXPECT_FALSE(one.must_make_way());
}

}  // namespace
}  // namespace relevo::pool

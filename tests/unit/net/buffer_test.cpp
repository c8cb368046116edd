#include "proxy/net/buffer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace relevo::net {
namespace {

constexpr std::size_t block = BlockPool::block_bytes;
constexpr std::size_t large = BlockPool::large_bytes;
constexpr std::size_t size_max = 256 * 1024;

// As a read that brings `bytes`, or as many as there is room for.
std::size_t read_into(Buffer& buffer, std::size_t bytes, std::size_t most = size_max) {
  const auto room = buffer.prepare(most);
  const std::size_t taken = std::min(bytes, room.size());
  std::fill_n(room.data(), taken, 'x');
  buffer.commit(taken);
  return taken;
}

TEST(Buffer, ReadsMoreAtOnceFromAClientThatSendsMuch) {
  BlockPool pool;
  Buffer buffer(pool);
  EXPECT_EQ(buffer.prepare(size_max).size(), block);
  EXPECT_EQ(read_into(buffer, size_max), block);
  buffer.consume(buffer.size());
  buffer.release_if_empty();
  EXPECT_EQ(read_into(buffer, size_max), large);
  buffer.consume(buffer.size());
  buffer.release_if_empty();
  EXPECT_EQ(read_into(buffer, 100), 100U);
  buffer.consume(100);
  buffer.release_if_empty();
  EXPECT_EQ(buffer.prepare(size_max).size(), block);
}

TEST(Buffer, NeverTakesMoreThanItMay) {
  BlockPool pool;
  Buffer buffer(pool);
  EXPECT_EQ(read_into(buffer, size_max, block), block);
  EXPECT_TRUE(buffer.prepare(block).empty());
  buffer.consume(block);
  buffer.release_if_empty();
  EXPECT_EQ(buffer.prepare(block).size(), block);
  std::size_t taken = 0;
  while (const std::size_t now = read_into(buffer, size_max)) taken += now;
  EXPECT_EQ(taken, size_max);
}

TEST(Buffer, KeepsWhatWasNotConsumedWhileItGrows) {
  BlockPool pool;
  Buffer buffer(pool);
  std::string expected;
  for (char mark = 'a'; mark <= 'z'; ++mark) {
    const auto room = buffer.prepare(size_max);
    const std::size_t bytes = std::min<std::size_t>(room.size(), 9000);
    std::fill_n(room.data(), bytes, mark);
    buffer.commit(bytes);
    expected.append(bytes, mark);
    buffer.consume(700);
    expected.erase(0, 700);
    ASSERT_EQ(buffer.view(), expected);
  }
}

// A block that comes back is lent again, to whoever asks for its size.
TEST(BlockPool, LendsAgainWhatItWasGiven) {
  BlockPool pool;
  auto small = pool.take(block);
  auto big = pool.take(large);
  const char* const small_at = small.get();
  const char* const big_at = big.get();
  pool.give(std::move(small), block);
  pool.give(std::move(big), large);
  pool.give(std::make_unique<char[]>(100), 100);  // of a size that is not kept
  EXPECT_EQ(pool.take(large).get(), big_at);
  EXPECT_EQ(pool.take(block).get(), small_at);
}

}  // namespace
}  // namespace relevo::net

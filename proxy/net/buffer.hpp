// Bytes that came in and are not dealt with yet: one contiguous block, borrowed
// from its worker only while there are any, so that an idle client costs none.
//
//   [ done | retained or unread ......... | free ]
//          begin                          end
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "topology/model/check.hpp"

namespace relevo::net {

// Spare blocks of two sizes; one pool per worker, not for several threads.
class BlockPool {
 public:
  static constexpr std::size_t block_bytes = 16 * 1024;
  // For whoever sends much: as many bytes a system call as the other direction reads.
  static constexpr std::size_t large_bytes = 64 * 1024;

  std::unique_ptr<char[]> take(std::size_t bytes) {
    Blocks* const spare = blocks_of(bytes);
    if (spare == nullptr || spare->empty()) return std::make_unique_for_overwrite<char[]>(bytes);
    auto block = std::move(spare->back());
    spare->pop_back();
    return block;
  }
  void give(std::unique_ptr<char[]> block, std::size_t bytes) {
    Blocks* const spare = blocks_of(bytes);
    const std::size_t spare_max = bytes == large_bytes ? spare_large_max : spare_block_max;
    if (spare != nullptr && spare->size() < spare_max) spare->push_back(std::move(block));
  }

 private:
  using Blocks = std::vector<std::unique_ptr<char[]>>;
  static constexpr std::size_t spare_block_max = 64;
  static constexpr std::size_t spare_large_max = 16;

  // Null: blocks of such a size are not kept.
  Blocks* blocks_of(std::size_t bytes) {
    if (bytes == block_bytes) return &blocks_;
    return bytes == large_bytes ? &large_ : nullptr;
  }
  Blocks blocks_, large_;
};

class Buffer {
 public:
  explicit Buffer(BlockPool& pool) : pool_(pool) {}
  ~Buffer() { release(); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  const char* data() const { return block_.get() + begin_; }
  std::string_view view() const { return {data(), size()}; }

  // Room for at least one more byte, growing up to `size_max` bytes in all.
  // Empty when there is none.
  std::span<char> prepare(std::size_t size_max) {
    if (block_ == nullptr) {
      const bool large = much_ && size_max >= BlockPool::large_bytes;
      capacity_ = large ? BlockPool::large_bytes : BlockPool::block_bytes;
      block_ = pool_.take(capacity_);
    }
    if (end_ == capacity_ && begin_ > 0) {
      std::memmove(block_.get(), data(), size());
      end_ -= begin_;
      begin_ = 0;
    }
    if (end_ == capacity_ && capacity_ < size_max) grow(std::min(capacity_ * 4, size_max));
    return {block_.get() + end_, capacity_ - end_};
  }
  void commit(std::size_t bytes) {
    end_ += bytes;
    RELEVO_CHECK(end_ <= capacity_);
    much_ = bytes >= BlockPool::block_bytes;
  }
  void consume(std::size_t bytes) {
    begin_ += bytes;
    RELEVO_CHECK(begin_ <= end_);
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // Gives the block back when nothing is in it.
  void release_if_empty() {
    if (empty()) release();
  }

 private:
  void release() {
    if (block_ != nullptr) pool_.give(std::move(block_), capacity_);
    block_.reset();
    capacity_ = begin_ = end_ = 0;
  }
  void grow(std::size_t capacity) {
    auto larger = pool_.take(capacity);
    std::memcpy(larger.get(), data(), size());
    pool_.give(std::move(block_), capacity_);
    block_ = std::move(larger);
    end_ -= begin_;
    begin_ = 0;
    capacity_ = capacity;
  }

  BlockPool& pool_;
  std::unique_ptr<char[]> block_;
  std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
  bool much_ = false;  // came in at once, the last time
};

}  // namespace relevo::net

// What is to be written next: views of bytes that lie in buffers, and bytes of
// our own in between, gathered for one system call. Adjacent views are joined.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace relevo::net {

class Segments {
 public:
  // `bytes` must stay where they are until the write.
  void add(std::string_view bytes) {
    if (bytes.empty()) return;
    size_ += bytes.size();
    if (!parts_.empty()) {
      Part& last = parts_.back();
      if (last.data != nullptr && last.data + last.size == bytes.data()) {
        last.size += bytes.size();
        return;
      }
    }
    parts_.push_back({bytes.data(), 0, bytes.size()});
  }

  // The string to append own bytes to; call own() after.
  std::string& text() { return own_; }
  void own() {
    const std::size_t added = own_.size() - own_taken_;
    if (added == 0) return;
    size_ += added;
    parts_.push_back({nullptr, own_taken_, added});
    own_taken_ = own_.size();
  }
  void add_copy(std::string_view bytes) {
    own_ += bytes;
    own();
  }

  bool empty() const { return parts_.empty(); }
  std::size_t size() const { return size_; }

  // Valid until the next change. What is small in all is copied together: the
  // kernel takes one part with less ado than several.
  std::span<const iovec> vectors() {
    vectors_.clear();
    if (parts_.size() > 1 && size_ <= join_bytes_max) {
      joined_.clear();
      for (const Part& part : parts_) {
        joined_.append(part.data != nullptr ? part.data : own_.data() + part.offset, part.size);
      }
      vectors_.push_back({joined_.data(), joined_.size()});
      return vectors_;
    }
    for (const Part& part : parts_) {
      const char* data = part.data != nullptr ? part.data : own_.data() + part.offset;
      vectors_.push_back({const_cast<char*>(data), part.size});
    }
    return vectors_;
  }

  void clear() {
    parts_.clear();
    own_.clear();
    own_taken_ = size_ = 0;
  }

 private:
  static constexpr std::size_t join_bytes_max = 4096;

  struct Part {
    const char* data;  // null: in own_ at offset
    std::size_t offset, size;
  };
  std::vector<Part> parts_;
  std::vector<iovec> vectors_;
  std::string own_, joined_;
  std::size_t own_taken_ = 0;
  std::size_t size_ = 0;
};

}  // namespace relevo::net

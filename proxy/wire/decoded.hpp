// What a decoder answers. Three outcomes and no allocation: a value, "need more
// bytes" (an everyday result in a stream, not an error), or a malformed message.
//
// Views inside of a value point into the bytes that were decoded and live as
// long as those do.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "topology/model/check.hpp"

namespace relevo::wire {

enum class DecodeStatus : std::uint8_t { ok, need_more, malformed };

template <typename T>
class Decoded {
 public:
  static Decoded ok(T value) { return {DecodeStatus::ok, std::move(value), {}}; }
  static Decoded need_more() { return {DecodeStatus::need_more, T{}, {}}; }
  // `what` is static text, fit for the error that the peer gets.
  static Decoded malformed(std::string_view what) { return {DecodeStatus::malformed, T{}, what}; }

  DecodeStatus status() const { return status_; }
  explicit operator bool() const { return status_ == DecodeStatus::ok; }
  bool needs_more() const { return status_ == DecodeStatus::need_more; }
  bool is_malformed() const { return status_ == DecodeStatus::malformed; }
  std::string_view error() const { return error_; }

  const T& operator*() const {
    RELEVO_CHECK(status_ == DecodeStatus::ok);
    return value_;
  }
  const T* operator->() const { return &**this; }

 private:
  Decoded(DecodeStatus status, T value, std::string_view error)
      : status_(status), value_(std::move(value)), error_(error) {}

  DecodeStatus status_;
  T value_;
  std::string_view error_;
};

}  // namespace relevo::wire

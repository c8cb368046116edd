// One data-plane thread: its event loop, its deadlines, and what sessions borrow
// while they have bytes in hand. A session never leaves its worker.
//
// Everything but post() and index() belongs to the worker's own thread.
#pragma once

#include <array>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <thread>

#include "proxy/net/buffer.hpp"
#include "proxy/net/deadlines.hpp"
#include "proxy/net/poller.hpp"
#include "proxy/net/segments.hpp"

namespace relevo::net {

class Worker {
 public:
  static constexpr std::size_t scratch_bytes = 64 * 1024;

  explicit Worker(std::uint32_t index);
  ~Worker();

  void start();
  void stop();  // joins

  std::uint32_t index() const { return index_; }
  template <typename F>
  void post(F&& f) {
    asio::post(io_, std::forward<F>(f));
    if (!posted_.exchange(true, std::memory_order_acq_rel)) poller_.wake();
  }

  Poller& poller() { return poller_; }
  // When the present turn of the loop began, at most a tick ago: for what is
  // measured in seconds, so that giving a connection back reads no clock.
  model::Instant about_now() const { return about_now_; }
  // For name resolution; its handlers run up to one tick late.
  asio::io_context& io() { return io_; }
  Deadlines& deadlines() { return deadlines_; }
  BlockPool& blocks() { return blocks_; }
  // What a server sent passes through here; used by one event at a time.
  std::span<char> scratch() { return {scratch_.get(), scratch_bytes}; }
  Segments& to_server() { return to_server_; }
  Segments& to_client() { return to_client_; }

  std::string random_text(std::size_t bytes);  // printable; from the system's source
  std::uint32_t random_u32();

 private:
  void run();

  std::uint32_t index_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  Poller poller_;
  model::Instant about_now_{};
  std::atomic<bool> posted_{false}, stopping_{false};
  Deadlines deadlines_;
  BlockPool blocks_;
  std::unique_ptr<char[]> scratch_;
  Segments to_server_, to_client_;
  std::thread thread_;
};

}  // namespace relevo::net

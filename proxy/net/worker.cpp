#include "proxy/net/worker.hpp"

#include <openssl/rand.h>
#include <pthread.h>

#include <csignal>

#include "topology/model/check.hpp"

namespace relevo::net {
namespace {
constexpr auto tick_interval = std::chrono::milliseconds(20);
}

Worker::Worker(std::uint32_t index)
    : index_(index),
      work_(asio::make_work_guard(io_)),
      scratch_(std::make_unique_for_overwrite<char[]>(scratch_bytes)) {}

Worker::~Worker() { stop(); }

void Worker::start() {
  thread_ = std::thread([this] {
    sigset_t all;  // signals are the control thread's
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    pthread_setname_np(pthread_self(), ("worker" + std::to_string(index_)).c_str());
    run();  // an escaped exception ends the process: std::terminate
  });
}

void Worker::run() {
  auto next_tick = std::chrono::steady_clock::now();
  while (!stopping_.load(std::memory_order_relaxed)) {
    const auto now = about_now_ = std::chrono::steady_clock::now();
    if (now >= next_tick) {
      deadlines_.run(now);
      next_tick = now + tick_interval;
      posted_.store(true, std::memory_order_relaxed);  // a name may have been resolved
    }
    if (posted_.exchange(false, std::memory_order_acq_rel)) io_.poll();
    const bool at_once = posted_.load(std::memory_order_relaxed);
    poller_.turn(at_once ? std::chrono::milliseconds(0) : tick_interval);
  }
  // Sessions that have ended wait here to be destroyed: now, while what they refer
  // to is still there.
  io_.poll();
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  poller_.wake();
  thread_.join();
}

std::string Worker::random_text(std::size_t bytes) {
  static constexpr char letters[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text(bytes, '\0');
  RELEVO_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(text.data()), static_cast<int>(bytes)) ==
               1);
  for (char& c : text) c = letters[static_cast<unsigned char>(c) % 64];
  return text;
}

std::uint32_t Worker::random_u32() {
  std::uint32_t value = 0;
  RELEVO_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(&value), sizeof value) == 1);
  return value;
}

}  // namespace relevo::net

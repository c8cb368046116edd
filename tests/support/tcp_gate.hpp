// A TCP forwarder on loopback that a test can break at will: put it between a
// client and a server, and the network between them obeys the test.
//
// Connections keep the mode in force: `silent` stops the bytes of those that are
// open, too, and going back to `open` lets them flow on, none lost or reordered,
// as after a network partition that healed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace relevo::testing {

class TcpGate {
 public:
  enum class Mode : std::uint8_t {
    open,    // forwards
    silent,  // accepts and keeps connections, forwards nothing: a hung host
    closed,  // accepts nothing (connection refused), keeps open connections going
    half     // forwards what the client says and nothing of what the server answers
  };

  // Listens on a free port of 127.0.0.1 and forwards to `upstream_port` there.
  // Throws std::system_error if it cannot.
  explicit TcpGate(std::uint16_t upstream_port);
  ~TcpGate();  // resets what is open
  TcpGate(const TcpGate&) = delete;
  TcpGate& operator=(const TcpGate&) = delete;

  std::uint16_t port() const { return port_; }
  // Returns once the new mode is in force.
  void set(Mode mode);
  // Resets (RST) every open connection, to both sides. Returns once done.
  void reset_all();
  std::uint64_t accepted() const { return accepted_; }
  std::uint64_t forwarded_bytes() const { return forwarded_bytes_; }

 private:
  struct Link;
  enum class Order : std::uint8_t { none, reset, stop };
  void run();
  void listen();
  void accept_one();
  void wake_and_wait(Order order);

  const std::uint16_t upstream_port_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  int wake_[2] = {-1, -1};
  std::atomic<Mode> mode_{Mode::open};
  std::atomic<Order> order_{Order::none};
  std::atomic<std::uint64_t> asked_{0}, obeyed_{0};
  std::atomic<std::uint64_t> accepted_{0}, forwarded_bytes_{0};
  std::vector<std::unique_ptr<Link>> links_;  // of the thread alone
  std::thread thread_;
};

}  // namespace relevo::testing

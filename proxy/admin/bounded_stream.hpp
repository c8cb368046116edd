// A client's socket as cpp-httplib reads and writes it, with the bounds that the
// library lacks: absolute deadlines (its own timeouts start anew with each byte),
// a budget of bytes per request (it reads any number of headers and chunks), and
// poll() instead of select(), which fails once the process has 1024 descriptors:
// a proxy has them on its first busy day.
#pragma once

#include <httplib.h>

#include <array>
#include <chrono>
#include <functional>

#include "proxy/admin/server.hpp"
#include "proxy/admin/stop_signal.hpp"

namespace relevo::admin {

class BoundedStream final : public httplib::Stream {
 public:
  BoundedStream(int fd, const Limits& limits, const StopSignal& stop)
      : fd_(fd), limits_(limits), stop_(stop) {}

  // Waits for the first byte of a request, at most limits.idle; a short moment
  // only when others want the thread. Sets the request's deadline and budget.
  bool await_request(const std::function<bool()>& wanted);

  // False once a bound was reached: the rest of the bytes is of no known meaning.
  bool sound() const { return sound_; }

  bool is_readable() const override { return begin_ < end_; }
  bool is_writable() const override;  // false: the client has left
  ssize_t read(char* data, size_t size) override;
  ssize_t write(const char* data, size_t size) override;  // all of it, or -1
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  // Only compared with FD_SETSIZE by the library, which matters to select() alone.
  socket_t socket() const override { return 0; }

 private:
  using Clock = std::chrono::steady_clock;
  enum class Wait { ready, timed_out, stopped };

  Wait wait_for(short events, Clock::time_point deadline, bool heed_stop) const;
  ssize_t fill();  // as read(2), within the deadline

  int fd_;
  const Limits& limits_;
  const StopSignal& stop_;
  std::array<char, 4096> buffer_{};
  std::size_t begin_ = 0, end_ = 0;
  std::size_t budget_ = 0;
  Clock::time_point deadline_;
  bool served_before_ = false;
  bool sound_ = true;
};

}  // namespace relevo::admin

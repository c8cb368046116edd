#include "proxy/admin/bounded_stream.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace relevo::admin {
namespace {

using namespace std::chrono_literals;

constexpr auto look_around_every = 100ms;     // how soon an idle connection notices the others
constexpr auto first_request_within = 500ms;  // when others want the thread
constexpr auto last_write_within = 1s;        // once the server stops

}  // namespace

BoundedStream::Wait BoundedStream::wait_for(short events, Clock::time_point deadline,
                                            bool heed_stop) const {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left <= 0ms) return Wait::timed_out;
    std::array<pollfd, 2> fds{pollfd{fd_, events, 0}, stop_.for_poll()};
    const int ready = poll(fds.data(), heed_stop ? 2 : 1, static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) return Wait::timed_out;
    if (ready <= 0) continue;
    if (heed_stop && fds[1].revents != 0) return Wait::stopped;
    if (fds[0].revents != 0) return Wait::ready;
  }
}

bool BoundedStream::await_request(const std::function<bool()>& wanted) {
  const auto start = Clock::now();
  while (!is_readable()) {
    if (stop_.raised()) return false;
    const auto now = Clock::now();
    if (now - start >= limits_.idle) return false;
    if (wanted() && (served_before_ || now - start >= first_request_within)) return false;
    if (wait_for(POLLIN, now + look_around_every, true) == Wait::ready) {
      deadline_ = now + limits_.request;
      if (fill() <= 0) return false;
    }
  }
  deadline_ = Clock::now() + limits_.request;
  budget_ = limits_.head_bytes + limits_.body_bytes;
  served_before_ = true;
  return true;
}

ssize_t BoundedStream::fill() {
  for (;;) {
    const ssize_t received = recv(fd_, buffer_.data(), buffer_.size(), 0);
    if (received >= 0) {
      begin_ = 0;
      end_ = static_cast<std::size_t>(received);
      return received;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return -1;
    if (wait_for(POLLIN, deadline_, true) != Wait::ready) return -1;
  }
}

ssize_t BoundedStream::read(char* data, size_t size) {
  if (!sound_ || budget_ == 0) {
    sound_ = false;
    return -1;
  }
  if (!is_readable()) {
    const ssize_t received = fill();
    if (received <= 0) {
      sound_ = false;
      return received;
    }
  }
  const std::size_t taken = std::min({size, end_ - begin_, budget_});
  std::memcpy(data, buffer_.data() + begin_, taken);
  begin_ += taken;
  budget_ -= taken;
  return static_cast<ssize_t>(taken);
}

ssize_t BoundedStream::write(const char* data, size_t size) {
  auto deadline = Clock::now() + limits_.response;
  bool heed_stop = true;
  std::size_t sent = 0;
  while (sent < size) {
    const ssize_t n = send(fd_, data + sent, size - sent, MSG_NOSIGNAL);
    if (n >= 0) {
      sent += static_cast<std::size_t>(n);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return -1;
    const Wait waited = wait_for(POLLOUT, deadline, heed_stop);
    if (waited == Wait::timed_out) return -1;
    if (waited == Wait::stopped) {
      heed_stop = false;
      deadline = std::min(deadline, Clock::now() + last_write_within);
    }
  }
  return static_cast<ssize_t>(size);
}

bool BoundedStream::is_writable() const {
  pollfd peer{fd_, POLLRDHUP, 0};
  return poll(&peer, 1, 0) == 0;
}

void BoundedStream::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

void BoundedStream::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

}  // namespace relevo::admin

#include "proxy/admin/listener.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string_view>

namespace relevo::admin {
namespace {

// Without reading the request: whoever floods us is not read from.
void refuse(int fd) {
  static constexpr std::string_view answer =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
      "Content-Length: 84\r\nConnection: close\r\nRetry-After: 1\r\n\r\n"
      "{\"error\":{\"code\":\"overloaded\",\"message\":\"Too many connections wait to be "
      "served.\"}}\n";
  static_assert(answer.size() - answer.find("\r\n\r\n") - 4 == 84);
  // Best effort: the client may be gone already.
  (void)send(fd, answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  shutdown(fd, SHUT_WR);
}

}  // namespace

Listener::Listener(Descriptor fd, const Limits& limits, Serve serve)
    : fd_(std::move(fd)), limits_(limits), serve_(std::move(serve)) {
  threads_.reserve(limits_.threads + 1);
  threads_.emplace_back([this] { accept_until_stopped(); });
  for (std::size_t i = 0; i < limits_.threads; ++i) {
    threads_.emplace_back([this] { serve_until_stopped(); });
  }
}

Listener::~Listener() {
  {
    const std::lock_guard lock(mutex_);
    stop_.raise();
    waiting_.clear();
  }
  work_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void Listener::accept_until_stopped() {
  while (!stop_.raised()) {
    std::array<pollfd, 2> fds{pollfd{fd_.get(), POLLIN, 0}, stop_.for_poll()};
    if (poll(fds.data(), fds.size(), -1) > 0 && fds[0].revents != 0) accept_all();
  }
}

void Listener::accept_all() {
  while (!stop_.raised()) {
    Descriptor connection(accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (connection) {
      enqueue(std::move(connection));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return;
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      // The connection stays pending, so poll() would return at once: give the
      // process time to free something instead of spinning.
      pollfd stopped = stop_.for_poll();
      poll(&stopped, 1, 100);
      return;
    }
    // Anything else (ECONNABORTED, EINTR, ...) concerns that one connection.
  }
}

void Listener::enqueue(Descriptor connection) {
  {
    const std::lock_guard lock(mutex_);
    if (!stop_.raised() && waiting_.size() < limits_.waiting) {
      waiting_.push_back(std::move(connection));
    }
  }
  if (connection) {
    refuse(connection.get());
  } else {
    work_.notify_one();
  }
}

bool Listener::wanted() {
  const std::lock_guard lock(mutex_);
  return !waiting_.empty();
}

void Listener::serve_until_stopped() {
  for (;;) {
    Descriptor connection;
    {
      std::unique_lock lock(mutex_);
      work_.wait(lock, [this] { return stop_.raised() || !waiting_.empty(); });
      if (stop_.raised()) return;
      connection = std::move(waiting_.front());
      waiting_.pop_front();
    }
    serve_(connection.get(), stop_, [this] { return wanted(); });
  }
}

}  // namespace relevo::admin

#include "tests/support/tcp_gate.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace relevo::testing {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

void close_with_reset(int fd) {
  if (fd >= 0) {
    const linger now{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::close(fd);
  }
}

// One direction of a connection. Bounded: reads nothing while it holds bytes.
struct Pipe {
  int from = -1, to = -1;
  std::array<char, 65536> buffer{};
  std::size_t held = 0, sent = 0;
  bool ended = false;  // `from` said that it ended, and `to` was told

  bool wants_read() const { return !ended && held == 0; }
  bool wants_write() const { return held > 0; }

  // False: the connection is broken.
  bool move(std::atomic<std::uint64_t>& forwarded) {
    if (wants_read()) {
      const ssize_t got = ::recv(from, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got == 0) {
        ended = true;
        ::shutdown(to, SHUT_WR);
      } else if (got > 0) {
        held = static_cast<std::size_t>(got);
        sent = 0;
      } else if (errno != EAGAIN && errno != EINTR) {
        return false;
      }
    }
    if (wants_write()) {
      const ssize_t put =
          ::send(to, buffer.data() + sent, held - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (put > 0) {
        forwarded += static_cast<std::uint64_t>(put);
        sent += static_cast<std::size_t>(put);
        if (sent == held) {
          held = 0;
        }
      } else if (put < 0 && errno != EAGAIN && errno != EINTR) {
        return false;
      }
    }
    return true;
  }
};

}  // namespace

struct TcpGate::Link {
  int client = -1, server = -1;
  Pipe up, down;
  ~Link() {
    close_with_reset(client);
    close_with_reset(server);
  }
  // An orderly end must not become a reset: what was forwarded may be unread yet.
  void close_in_order() {
    ::close(client);
    ::close(server);
    client = server = -1;
  }
};

TcpGate::TcpGate(std::uint16_t upstream_port) : upstream_port_(upstream_port) {
  if (::pipe2(wake_, O_CLOEXEC | O_NONBLOCK) != 0) {
    fail("pipe2");
  }
  listen();
  thread_ = std::thread([this] { run(); });
}

TcpGate::~TcpGate() {
  wake_and_wait(Order::stop);
  thread_.join();
  for (const int fd : {listener_, wake_[0], wake_[1]}) {
    if (fd >= 0) {
      ::close(fd);
    }
  }
}

void TcpGate::listen() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address = loopback(port_);  // the first time any, then the same again
  socklen_t length = sizeof address;
  if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::listen(listener_, SOMAXCONN) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    fail("cannot listen on loopback");
  }
  port_ = ntohs(address.sin_port);
}

void TcpGate::accept_one() {
  const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) {
    return;
  }
  ++accepted_;
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(upstream_port_);
  if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close_with_reset(client);  // as near to "refused" as an accepted connection gets
    ::close(server);
    return;
  }
  const int on = 1;
  ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  auto link = std::make_unique<Link>();
  link->client = client;
  link->server = server;
  link->up.from = link->down.to = client;
  link->up.to = link->down.from = server;
  links_.push_back(std::move(link));
}

void TcpGate::wake_and_wait(Order order) {
  order_ = order;
  const std::uint64_t ticket = ++asked_;
  const char byte = 0;
  [[maybe_unused]] const ssize_t put = ::write(wake_[1], &byte, 1);  // full: it is awake anyway
  for (std::uint64_t seen = obeyed_; seen < ticket; seen = obeyed_) {
    obeyed_.wait(seen);
  }
}

void TcpGate::set(Mode mode) {
  mode_ = mode;
  wake_and_wait(Order::none);
}

void TcpGate::reset_all() { wake_and_wait(Order::reset); }

void TcpGate::run() {
  std::vector<pollfd> waiting;
  for (;;) {
    // In this order: an order that is obeyed below has its mode in force.
    const std::uint64_t asked = asked_;
    const Mode mode = mode_;
    if (mode == Mode::closed && listener_ >= 0) {
      ::close(listener_);
      listener_ = -1;
    } else if (mode != Mode::closed && listener_ < 0) {
      listen();
    }
    if (obeyed_ != asked) {
      const Order order = order_.exchange(Order::none);
      if (order != Order::none) {
        links_.clear();
      }
      obeyed_ = asked;
      obeyed_.notify_all();
      if (order == Order::stop) {
        return;
      }
    }

    waiting.assign({{wake_[0], POLLIN, 0}, {listener_, POLLIN, 0}});
    const bool up = mode != Mode::silent;
    const bool down = mode == Mode::open || mode == Mode::closed;
    for (const auto& link : links_) {
      const auto wish = [](bool wanted, short event) { return wanted ? event : short{0}; };
      waiting.push_back({link->client,
                         static_cast<short>(wish(up && link->up.wants_read(), POLLIN) |
                                            wish(down && link->down.wants_write(), POLLOUT)),
                         0});
      waiting.push_back({link->server,
                         static_cast<short>(wish(down && link->down.wants_read(), POLLIN) |
                                            wish(up && link->up.wants_write(), POLLOUT)),
                         0});
      // An ended direction reports POLLHUP for ever: don't ask about it.
      for (auto entry = waiting.end() - 2; entry != waiting.end(); ++entry) {
        if (entry->events == 0) {
          entry->fd = -1;
        }
      }
    }
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) {
      fail("poll");
    }
    std::array<char, 64> discarded;
    while (::read(wake_[0], discarded.data(), discarded.size()) > 0) {
    }
    std::erase_if(links_, [&](const std::unique_ptr<Link>& link) {
      if ((up && !link->up.move(forwarded_bytes_)) ||
          (down && !link->down.move(forwarded_bytes_))) {
        return true;
      }
      if (link->up.ended && link->down.ended && !link->up.wants_write() &&
          !link->down.wants_write()) {
        link->close_in_order();
        return true;
      }
      return false;
    });
    if (listener_ >= 0) {
      accept_one();
    }
  }
}

}  // namespace relevo::testing

// The floor: a TCP relay that does nothing but relay, against which a proxy's CPU
// per query is measured. Whoever stands between two sockets has to receive and send
// twice; this program does that and nothing else: one thread, one epoll set,
// edge-triggered, one buffer of fixed size per direction, no look at the bytes.
//
//   relevo-floor --listen HOST:PORT --connect HOST:PORT     (numeric IPv4)
//
// Invariant: a direction reads only while its buffer is empty, so what lies between
// two sockets is never more than one buffer, and a peer that is slow stops its source.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

constexpr std::size_t buffer_bytes = 64 * 1024;
constexpr int events_max = 256;
constexpr int pairs_max = 20000;
constexpr int reads_per_turn = 8;  // then others get a turn

struct Pair;

// One socket of a pair, and what came in on it and has not gone out on the other.
struct End {
  int fd = -1;
  Pair* pair = nullptr;
  End* other = nullptr;
  bool connecting = false;
  bool readable = false, over = false;
  std::unique_ptr<char[]> buffer;  // only once something was received
  std::size_t begin = 0, end = 0;
};

struct Pair {
  End client, server;
  bool dead = false;
};

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "relevo-floor: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

std::optional<sockaddr_in> address_of(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  const std::string host(text.substr(0, colon));
  std::uint16_t port = 0;
  const auto* last = text.data() + text.size();
  const auto read = std::from_chars(text.data() + colon + 1, last, port);
  if (read.ec != std::errc{} || read.ptr != last) return std::nullopt;
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) return std::nullopt;
  address.sin_port = htons(port);
  return address;
}

void tune(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

class Relay {
 public:
  Relay(const sockaddr_in& listen, const sockaddr_in& connect) : to_(connect) {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (epoll_ < 0 || listener_ < 0) die("socket");
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const auto* generic = reinterpret_cast<const sockaddr*>(&listen);
    if (::bind(listener_, generic, sizeof listen) != 0) die("bind");
    if (::listen(listener_, 4096) != 0) die("listen");
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = nullptr;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event) != 0) die("epoll_ctl");
  }

  [[noreturn]] void run() {
    std::array<epoll_event, events_max> events{};
    for (;;) {
      const int wait = again_.empty() ? -1 : 0;
      const int count = ::epoll_wait(epoll_, events.data(), events_max, wait);
      auto again = std::exchange(again_, {});
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.ptr == nullptr) {
          accept_some();
        } else {
          on_event(*static_cast<End*>(event.data.ptr), event.events);
        }
      }
      for (End* end : again) move(*end);
      for (Pair* pair : ended_) delete pair;  // no event of this turn names them any more
      ended_.clear();
    }
  }

 private:
  void accept_some() {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0) return;
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (server < 0 || pairs_ >= pairs_max) {
      ::close(client);
      if (server >= 0) ::close(server);
      return;
    }
    tune(client);
    tune(server);
    ++pairs_;
    auto* pair = new Pair;
    const auto* generic = reinterpret_cast<const sockaddr*>(&to_);
    pair->server.connecting = ::connect(server, generic, sizeof to_) != 0;
    if (pair->server.connecting && errno != EINPROGRESS) pair->dead = true;
    start(pair->client, client, *pair, pair->server);
    start(pair->server, server, *pair, pair->client);
    if (pair->dead) end(*pair);
  }

  void start(End& self, int fd, Pair& pair, End& other) {
    self.fd = fd;
    self.pair = &pair;
    self.other = &other;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &self;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) pair.dead = true;
  }

  void on_event(End& self, std::uint32_t events) {
    Pair& pair = *self.pair;
    if (pair.dead) return;
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) return end(pair);
    if ((events & EPOLLOUT) != 0) {
      self.connecting = false;
      if (self.other->end > 0 && !send_rest(*self.other)) return end(pair);
      if (self.other->readable) move(*self.other);
    }
    if (pair.dead) return;
    if ((events & (EPOLLIN | EPOLLRDHUP)) != 0) {
      self.readable = true;
      if ((events & EPOLLRDHUP) != 0) self.over = true;
      move(self);
    }
  }

  // From this end to the other, as long as there is something and room for it.
  void move(End& self) {
    Pair& pair = *self.pair;
    if (pair.dead) return;
    for (int reads = 0; self.readable && self.end == 0 && !self.other->connecting; ++reads) {
      if (reads == reads_per_turn) return again_.push_back(&self);
      if (self.buffer == nullptr) {
        self.buffer = std::make_unique_for_overwrite<char[]>(buffer_bytes);
      }
      const ssize_t got = ::recv(self.fd, self.buffer.get(), buffer_bytes, 0);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        self.readable = errno == EINTR;
        continue;
      }
      if (got <= 0) return end(pair);
      // Less than asked for: the rest comes with an edge of its own, but for an end seen already.
      self.readable = static_cast<std::size_t>(got) == buffer_bytes || self.over;
      self.end = static_cast<std::size_t>(got);
      if (!send_rest(self)) return end(pair);
    }
  }

  static bool send_rest(End& self) {
    while (self.begin < self.end) {
      const ssize_t sent = ::send(self.other->fd, self.buffer.get() + self.begin,
                                  self.end - self.begin, MSG_NOSIGNAL);
      if (sent < 0) return errno == EAGAIN || errno == EINTR;  // room comes with an edge
      self.begin += static_cast<std::size_t>(sent);
    }
    self.begin = self.end = 0;
    return true;
  }

  void end(Pair& pair) {
    pair.dead = true;
    for (const End* one : {&pair.client, &pair.server}) {
      std::erase(again_, one);
      ::close(one->fd);
    }
    --pairs_;
    ended_.push_back(&pair);
  }

  sockaddr_in to_;
  int epoll_ = -1, listener_ = -1, pairs_ = 0;
  std::vector<End*> again_;
  std::vector<Pair*> ended_;
};

}  // namespace

int main(int argc, char** argv) {
  std::optional<sockaddr_in> listen, connect;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view key = argv[i];
    if (key == "--listen") listen = address_of(argv[i + 1]);
    if (key == "--connect") connect = address_of(argv[i + 1]);
  }
  if (argc != 5 || !listen || !connect) {
    std::fputs("usage: relevo-floor --listen HOST:PORT --connect HOST:PORT\n", stderr);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  Relay(*listen, *connect).run();
}

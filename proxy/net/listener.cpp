#include "proxy/net/listener.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <cerrno>
#include <cstring>

namespace relevo::net {
namespace {

constexpr int backlog = 4096;
constexpr int accepts_per_turn = 64;
constexpr auto retry_interval = std::chrono::milliseconds(100);

Result<int> bound(int fd, const sockaddr* address, socklen_t size, const std::string& name) {
  if (::bind(fd, address, size) != 0 || ::listen(fd, backlog) != 0) {
    const int error = errno;
    ::close(fd);
    return fail("bind", "cannot listen on " + name + ": " + std::strerror(error));
  }
  return fd;
}

Result<int> bind_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return fail("bind", "socket path too long: " + path);
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail("bind", std::strerror(errno));
  // A file that nobody listens on is left over from a crash.
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode)) {
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool alive = ::connect(probe, generic, sizeof address) == 0;
    ::close(probe);
    if (!alive) ::unlink(path.c_str());
  }
  auto result = bound(fd, generic, sizeof address, "unix:" + path);
  if (result) ::chmod(path.c_str(), 0777);
  return result;
}

std::string peer_name(const sockaddr_storage& address) {
  char host[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, host, sizeof host);
    return std::string(host) + ":" + std::to_string(ntohs(v4.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof host);
    return "[" + std::string(host) + "]:" + std::to_string(ntohs(v6.sin6_port));
  }
  return "unix";
}

}  // namespace

namespace {

Result<int> bind_tcp(const config::Listen& listen, bool shared) {
  const std::string name = listen.host + ":" + std::to_string(listen.port);
  asio::error_code error;
  const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(listen.host, error), listen.port);
  if (error) return fail("bind", "not a numeric address: " + listen.host);
  const int fd =
      ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail("bind", std::strerror(errno));
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (shared) ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  return bound(fd, endpoint.data(), static_cast<socklen_t>(endpoint.size()), name);
}

}  // namespace

Result<int> bind_listener(const config::Listen& listen) {
  return listen.unix_socket ? bind_unix(listen.host) : bind_tcp(listen, true);
}

Result<void> check_address_free(const config::Listen& listen) {
  if (listen.unix_socket) return {};
  const auto fd = bind_tcp(listen, false);
  if (!fd) return tl::make_unexpected(fd.error());
  ::close(*fd);
  return {};
}

Listener::Listener(Poller& poller, Deadlines& deadlines, int fd, Handler handler)
    : poller_(poller), deadlines_(deadlines), fd_(fd), handler_(std::move(handler)) {}

Listener::~Listener() { close(); }

bool Listener::start() { return poller_.add(fd_, *this); }

void Listener::close() {
  if (fd_ < 0) return;
  deadlines_.clear(retry_);
  poller_.remove(fd_, *this);
  ::close(std::exchange(fd_, -1));
}

void Listener::on_poll(std::uint32_t) {
  for (int i = 0; i < accepts_per_turn && fd_ >= 0; ++i) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const int fd =
        ::accept4(fd_, reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      handler_(fd, peer_name(address));
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      // Out of descriptors: those in use come first; try again in a while.
      if (retry_ == 0) {
        retry_ = deadlines_.set(std::chrono::steady_clock::now() + retry_interval, [this] {
          retry_ = 0;
          poller_.later(*this);
        });
      }
      return;
    }
  }
  if (fd_ >= 0) poller_.later(*this);  // others get a turn
}

}  // namespace relevo::net

#include "proxy/admin/socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace relevo::admin {
namespace {

constexpr int backlog = 128;
constexpr mode_t socket_mode = 0660;

tl::unexpected<Error> bind_failed(const std::string& where, int error) {
  return fail("bind_failed", "Cannot listen for the admin interface on " + where + ": " +
                                 std::system_category().message(error) + ".");
}

Descriptor make_socket(int family) {
  return Descriptor(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

// Whether somebody accepts connections there. A full queue counts as somebody.
bool is_live(const sockaddr_un& address) {
  const Descriptor probe = make_socket(AF_UNIX);
  if (!probe) return true;  // not known: the careful answer
  if (connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    return true;
  }
  return errno != ECONNREFUSED && errno != ENOENT;
}

Result<void> make_room(const sockaddr_un& address) {
  const std::string path = address.sun_path;
  struct stat file{};
  if (lstat(path.c_str(), &file) != 0) {
    if (errno == ENOENT) return {};
    return bind_failed(path, errno);
  }
  if (!S_ISSOCK(file.st_mode)) {
    return fail("bind_failed", path + " exists and is not a socket; it is left as it is.");
  }
  if (is_live(address)) {
    return fail("in_use", "Another process already serves the admin socket " + path + ".");
  }
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return bind_failed(path, errno);
  return {};
}

// The address in the form that bind() takes; numeric addresses only, since
// resolving a name here could block the start for as long as DNS likes.
Result<socklen_t> fill(const TcpAddress& address, sockaddr_storage& storage) {
  auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
  if (inet_pton(AF_INET, address.host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(address.port);
    return socklen_t{sizeof *v4};
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  if (inet_pton(AF_INET6, address.host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address.port);
    return socklen_t{sizeof *v6};
  }
  return fail("bind_failed", "admin.http needs a numeric address, not \"" + address.host + "\".");
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

Result<UnixSocket> listen_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return fail("bind_failed", "The path of the admin socket is longer than " +
                                   std::to_string(sizeof address.sun_path - 1) + " bytes: " + path);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  if (auto room = make_room(address); !room) return tl::make_unexpected(room.error());

  UnixSocket bound{make_socket(AF_UNIX), path};
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  // On Linux a socket file takes its mode from the descriptor, less the umask;
  // so there is no moment in which it is open to everybody.
  if (!bound.fd || fchmod(bound.fd.get(), socket_mode) != 0 ||
      bind(bound.fd.get(), generic, sizeof address) != 0) {
    return bind_failed(path, errno);
  }
  struct stat file{};
  if (chmod(path.c_str(), socket_mode) != 0 || lstat(path.c_str(), &file) != 0 ||
      listen(bound.fd.get(), backlog) != 0) {
    const int error = errno;
    unlink(path.c_str());
    return bind_failed(path, error);
  }
  bound.device = file.st_dev;
  bound.inode = file.st_ino;
  return bound;
}

void remove_file(const UnixSocket& socket) {
  struct stat file{};
  if (lstat(socket.path.c_str(), &file) == 0 && file.st_dev == socket.device &&
      file.st_ino == socket.inode) {
    unlink(socket.path.c_str());
  }
}

Result<Descriptor> listen_tcp(const TcpAddress& address) {
  sockaddr_storage storage{};
  const auto length = fill(address, storage);
  if (!length) return tl::make_unexpected(length.error());
  Descriptor fd = make_socket(storage.ss_family);
  const int on = 1;
  if (!fd || setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      bind(fd.get(), reinterpret_cast<const sockaddr*>(&storage), *length) != 0 ||
      listen(fd.get(), backlog) != 0) {
    return bind_failed(address.host + ":" + std::to_string(address.port), errno);
  }
  return fd;
}

std::uint16_t bound_port(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return 0;
  return storage.ss_family == AF_INET6
             ? ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port)
             : ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
}

}  // namespace relevo::admin

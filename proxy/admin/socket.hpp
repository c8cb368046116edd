// Listening sockets, and the errors of binding them in words.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>

#include "proxy/admin/server.hpp"
#include "topology/model/result.hpp"

namespace relevo::admin {

// Owns a descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// A bound Unix socket: the descriptor, and which file it is, so that only our
// own file is removed in the end.
struct UnixSocket {
  Descriptor fd;
  std::string path;
  dev_t device = 0;
  ino_t inode = 0;
};

// Mode 0660 from the first moment. A stale file is replaced; error codes
// "in_use" (a server answers there) and "bind_failed".
Result<UnixSocket> listen_unix(const std::string& path);

// Removes the socket's file if it is still the one that was bound.
void remove_file(const UnixSocket& socket);

Result<Descriptor> listen_tcp(const TcpAddress& address);
std::uint16_t bound_port(int fd);

}  // namespace relevo::admin

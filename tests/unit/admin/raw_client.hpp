// A client that sends any bytes whatever, and a server to send them to.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

#include "proxy/admin/server.hpp"

namespace relevo::admin {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    char name[] = "/tmp/relevo-admin-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

class RawClient {
 public:
  static RawClient to_unix(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size());
    return RawClient(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }

  static RawClient to_tcp(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return RawClient(AF_INET, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }

  RawClient(RawClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~RawClient() { hang_up(); }

  void hang_up() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

  // False once the server has closed.
  bool send(std::string_view bytes) {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }

  // All that comes until the server closes.
  std::string read_to_end() {
    while (more()) continue;
    return std::exchange(received_, "");
  }

  // All that comes up to and with `mark`; what comes after is kept.
  std::string read_through(std::string_view mark) {
    std::size_t at = 0;
    while ((at = received_.find(mark)) == std::string::npos) {
      if (!more()) {
        ADD_FAILURE() << "no \"" << mark << "\" in: " << received_;
        return std::exchange(received_, "");
      }
    }
    std::string taken = received_.substr(0, at + mark.size());
    received_.erase(0, at + mark.size());
    return taken;
  }

 private:
  RawClient(int family, const sockaddr* address, socklen_t length)
      : fd_(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{20, 0};  // a test that hangs fails instead
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    EXPECT_EQ(connect(fd_, address, length), 0) << std::strerror(errno);
  }

  bool more() {
    char buffer[4096];
    const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
    EXPECT_FALSE(n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) << "timed out";
    if (n <= 0) return false;
    received_.append(buffer, static_cast<std::size_t>(n));
    return true;
  }

  int fd_;
  std::string received_;
};

inline std::string get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: relevo\r\n\r\n";
}

// For a client that reads to the end.
inline std::string last_get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: relevo\r\nConnection: close\r\n\r\n";
}

}  // namespace relevo::admin

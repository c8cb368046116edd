// A blocking socket, perhaps with TLS, that speaks in packets. Every wait ends
// after some seconds: the tests' own fault is not to hang them.
#pragma once

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "proxy/wire/mysql/frame.hpp"

namespace relevo::session::mysql::test {

struct Packet {
  std::uint8_t sequence = 0;
  std::string payload;
  wire::Bytes bytes() const { return wire::as_bytes(payload); }
};

class Channel {
 public:
  explicit Channel(int fd) : fd_(fd) {
    const timeval patience{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }
  ~Channel() {
    ssl_.reset();
    ::close(fd_);
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  bool begin_tls(SSL_CTX* context, bool as_server) {
    ssl_.reset(SSL_new(context));
    SSL_set_fd(ssl_.get(), fd_);
    return (as_server ? SSL_accept(ssl_.get()) : SSL_connect(ssl_.get())) == 1;
  }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto size =
          ssl_ ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()))
               : static_cast<int>(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
      if (size <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
  }

  // None: the peer is gone, or silent for too long.
  std::optional<Packet> receive() {
    std::string header;
    if (!read(header, wire::mysql::limits::header_bytes)) return std::nullopt;
    const auto decoded = wire::mysql::read_packet_header(wire::as_bytes(header));
    Packet packet{decoded->sequence, {}};
    if (!read(packet.payload, decoded->body_bytes)) return std::nullopt;
    return packet;
  }

 private:
  struct Free {
    void operator()(SSL* p) const { SSL_free(p); }
  };

  bool read(std::string& to, std::size_t size) {
    to.resize(size);
    for (std::size_t at = 0; at < size;) {
      const auto left = size - at;
      const auto got = ssl_ ? SSL_read(ssl_.get(), to.data() + at, static_cast<int>(left))
                            : static_cast<int>(::recv(fd_, to.data() + at, left, 0));
      if (got <= 0) return false;
      at += static_cast<std::size_t>(got);
    }
    return true;
  }

  int fd_;
  std::unique_ptr<SSL, Free> ssl_;
};

}  // namespace relevo::session::mysql::test

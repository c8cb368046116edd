#include "proxy/net/stream.hpp"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "topology/model/check.hpp"

namespace relevo::net {
namespace {

std::string tls_error() {
  const unsigned long code = ERR_get_error();
  if (code == 0) return "TLS failed";
  char text[256];
  ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return text;
}

constexpr int write_parts_max = 64;

}  // namespace

Stream::~Stream() { close(); }

void Stream::adopt(int fd) {
  RELEVO_CHECK(!is_open());
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL, 0) | O_NONBLOCK);
  fd_ = fd;
  readable_ = writable_ = want_read_ = want_write_ = hung_up_ = false;
  read_needs_room_ = write_needs_bytes_ = false;
  // Refused (out of memory): the owner's deadline ends it.
  poller_.add(fd_, *this);
}

void Stream::adopt(DetachedStream stream) {
  adopt(stream.fd);
  ssl_ = stream.ssl;
}

DetachedStream Stream::detach() {
  RELEVO_CHECK(is_open() && !blocked());
  poller_.remove(fd_, *this);
  return {std::exchange(fd_, -1), std::exchange(ssl_, nullptr)};
}

void Stream::close() {
  if (ssl_ != nullptr) {
    if (is_open() && SSL_is_init_finished(ssl_)) SSL_shutdown(ssl_);  // best effort, never waits
    SSL_free(ssl_);
    ssl_ = nullptr;
    ERR_clear_error();
  }
  if (is_open()) {
    poller_.remove(fd_, *this);
    ::close(std::exchange(fd_, -1));
  }
  want_read_ = want_write_ = false;
  queue_.clear();
  queue_.shrink_to_fit();
  queue_sent_ = 0;
}

// -- readiness ---------------------------------------------------------------------

void Stream::wait_readable() {
  want_read_ = true;
  // OpenSSL may hold bytes that the kernel no longer announces.
  if (readable_ || hung_up_ || (ssl_ != nullptr && SSL_pending(ssl_) > 0)) {
    readable_ = true;
    poller_.later(*this);
  }
}

void Stream::wait_with_bytes() {
  readable_ = true;  // if there is nothing more, the next read says so
  wait_readable();
}

void Stream::wait_writable() {
  want_write_ = true;
  if (writable_) poller_.later(*this);
}

void Stream::on_poll(std::uint32_t events) {
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) hung_up_ = true;
  if ((events & EPOLLIN) != 0 || hung_up_) readable_ = true;
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) writable_ = true;
  if (writable_ && std::exchange(read_needs_room_, false)) readable_ = true;
  if (readable_ && std::exchange(write_needs_bytes_, false)) writable_ = true;
  const bool read = want_read_ && readable_;
  const bool write = want_write_ && writable_;
  if (owner_ == nullptr || (!read && !write)) return;
  const auto kept = owner_->keep_alive();
  if (read) {
    // The owner of this moment need not be whose member we are: it may destroy us.
    const Poller& poller = poller_;
    want_read_ = false;
    owner_->on_stream_readable();
    if (!poller.still_registered()) return;
  }
  if (owner_ != nullptr && want_write_ && writable_) {
    want_write_ = false;
    owner_->on_stream_writable();
  }
}

ReadResult Stream::read(std::span<char> into) {
  if (ssl_ != nullptr) return read_tls(into);
  const ssize_t got = ::recv(fd(), into.data(), into.size(), 0);
  if (got > 0) {
    const auto bytes = static_cast<std::size_t>(got);
    // Less than asked for: the rest, if any, comes with an edge of its own.
    readable_ = bytes == into.size();
    return {IoStatus::ok, bytes, !readable_};
  }
  if (got == 0) return {IoStatus::end, 0, true};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
    readable_ = errno == EINTR;
    return {IoStatus::would_block, 0, true};
  }
  error_ = std::strerror(errno);
  return {IoStatus::failed, 0, true};
}

ReadResult Stream::peek(std::span<char> into) {
  const ssize_t got = ::recv(fd(), into.data(), into.size(), MSG_PEEK);
  if (got > 0) return {IoStatus::ok, static_cast<std::size_t>(got), true};
  if (got == 0) return {IoStatus::end, 0, true};
  if (errno == EAGAIN || errno == EINTR) {
    readable_ = errno == EINTR;
    return {IoStatus::would_block, 0, true};
  }
  error_ = std::strerror(errno);
  return {IoStatus::failed, 0, true};
}

ReadResult Stream::read_tls(std::span<char> into) {
  ERR_clear_error();
  std::size_t total = 0;
  while (total < into.size()) {
    std::size_t got = 0;
    const int result = SSL_read_ex(ssl_, into.data() + total, into.size() - total, &got);
    if (result == 1) {
      total += got;
      continue;
    }
    const int reason = SSL_get_error(ssl_, result);
    note_tls_read_wait(reason);
    if (total > 0) return {IoStatus::ok, total, true};  // the fault, if any, is met again
    switch (reason) {
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE:
        return {IoStatus::would_block, 0, true};
      case SSL_ERROR_ZERO_RETURN:
        return {IoStatus::end, 0, true};
      case SSL_ERROR_SYSCALL:
        error_ = errno != 0 ? std::strerror(errno) : "connection closed without TLS close_notify";
        return {errno == 0 ? IoStatus::end : IoStatus::failed, 0, true};
      default:
        error_ = tls_error();
        return {IoStatus::failed, 0, true};
    }
  }
  return {IoStatus::ok, total, false};
}

void Stream::note_tls_read_wait(int reason) {
  if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) return;
  readable_ = false;
  if (reason == SSL_ERROR_WANT_READ) return;
  writable_ = false;
  read_needs_room_ = true;
}

void Stream::note_tls_write_wait(int reason) {
  if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) return;
  writable_ = false;
  if (reason == SSL_ERROR_WANT_WRITE) return;
  readable_ = false;
  write_needs_bytes_ = true;
}

std::ptrdiff_t Stream::write_some(const iovec* parts, int count) {
  if (ssl_ != nullptr) return write_tls(parts, count);
  if (count == 1) return written(::send(fd(), parts->iov_base, parts->iov_len, MSG_NOSIGNAL));
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts);
  message.msg_iovlen = static_cast<std::size_t>(std::min(count, write_parts_max));
  return written(::sendmsg(fd(), &message, MSG_NOSIGNAL));
}

std::ptrdiff_t Stream::written(ssize_t sent) {
  if (sent >= 0) return sent;
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
    writable_ = errno == EINTR;
    return -1;
  }
  error_ = std::strerror(errno);
  return -2;
}

std::ptrdiff_t Stream::write_tls(const iovec* parts, int count) {
  ERR_clear_error();
  std::ptrdiff_t total = 0;
  for (int i = 0; i < count; ++i) {
    const char* data = static_cast<const char*>(parts[i].iov_base);
    std::size_t left = parts[i].iov_len;
    while (left > 0) {
      std::size_t sent = 0;
      const int result = SSL_write_ex(ssl_, data, left, &sent);
      if (result == 1) {
        data += sent;
        left -= sent;
        total += static_cast<std::ptrdiff_t>(sent);
        continue;
      }
      const int reason = SSL_get_error(ssl_, result);
      note_tls_write_wait(reason);
      if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) {
        return total > 0 ? total : -1;
      }
      error_ = reason == SSL_ERROR_SYSCALL && errno != 0 ? std::strerror(errno) : tls_error();
      return -2;
    }
  }
  return total;
}

IoStatus Stream::write(std::string_view bytes) {
  const iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  return write(std::span(&part, 1));
}

IoStatus Stream::write(std::span<const iovec> parts) {
  std::size_t skip = 0;  // bytes of `parts` that have gone
  if (!blocked()) {
    // Up to write_parts_max parts go with each call; the rest with the next.
    std::size_t first = 0;
    while (first < parts.size()) {
      const auto sent = write_some(&parts[first], static_cast<int>(parts.size() - first));
      if (sent == -2) return IoStatus::failed;
      if (sent == -1) break;
      std::size_t left = static_cast<std::size_t>(sent);
      while (first < parts.size() && left >= parts[first].iov_len) left -= parts[first++].iov_len;
      if (left > 0) {
        skip = left;
        break;
      }
      if (sent == 0) break;
    }
    for (std::size_t i = first; i < parts.size(); ++i) {
      const char* data = static_cast<const char*>(parts[i].iov_base);
      queue_.append(data + skip, parts[i].iov_len - skip);
      skip = 0;
    }
    return IoStatus::ok;
  }
  for (const iovec& part : parts) {
    queue_.append(static_cast<const char*>(part.iov_base), part.iov_len);
  }
  return IoStatus::ok;
}

IoStatus Stream::flush() {
  while (queue_sent_ < queue_.size()) {
    const iovec part{queue_.data() + queue_sent_, queue_.size() - queue_sent_};
    const auto sent = write_some(&part, 1);
    if (sent == -2) return IoStatus::failed;
    if (sent == -1) return IoStatus::would_block;
    queue_sent_ += static_cast<std::size_t>(sent);
  }
  queue_sent_ = 0;
  queue_.clear();
  queue_.shrink_to_fit();
  return IoStatus::ok;
}

bool Stream::begin_tls_server(SSL_CTX* context) {
  ssl_ = SSL_new(context);
  if (ssl_ == nullptr) return false;
  SSL_set_mode(ssl_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                         SSL_MODE_RELEASE_BUFFERS);
  SSL_set_accept_state(ssl_);
  return SSL_set_fd(ssl_, fd()) == 1;
}

bool Stream::begin_tls_client(SSL_CTX* context, const std::string& host, bool verify_host,
                              bool direct) {
  ssl_ = SSL_new(context);
  if (ssl_ == nullptr) return false;
  SSL_set_mode(ssl_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                         SSL_MODE_RELEASE_BUFFERS);
  const bool numeric = host.find_first_not_of("0123456789.") == std::string::npos ||
                       host.find(':') != std::string::npos;
  if (!numeric) SSL_set_tlsext_host_name(ssl_, host.c_str());
  if (verify_host) {
    if (numeric) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), host.c_str());
    } else {
      SSL_set1_host(ssl_, host.c_str());
    }
  }
  if (direct) {
    static constexpr unsigned char alpn[] = "\x0apostgresql";
    SSL_set_alpn_protos(ssl_, alpn, sizeof alpn - 1);
  }
  SSL_set_connect_state(ssl_);
  return SSL_set_fd(ssl_, fd()) == 1;
}

HandshakeStatus Stream::continue_handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  if (result == 1) return HandshakeStatus::done;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      readable_ = false;
      return HandshakeStatus::want_read;
    case SSL_ERROR_WANT_WRITE:
      writable_ = false;
      return HandshakeStatus::want_write;
    default:
      break;
  }
  const long verify = SSL_get_verify_result(ssl_);
  error_ = verify != X509_V_OK
               ? std::string("certificate: ") + X509_verify_cert_error_string(verify)
               : tls_error();
  return HandshakeStatus::failed;
}

}  // namespace relevo::net

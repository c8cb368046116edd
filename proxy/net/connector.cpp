#include "proxy/net/connector.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "proxy/wire/postgres/startup.hpp"

namespace relevo::net {
namespace {

ConnectFailure classify(int error) {
  switch (error) {
    case ECONNREFUSED:
      return ConnectFailure::refused;
    case ETIMEDOUT:
      return ConnectFailure::timeout;
    case ECONNRESET:
    case EPIPE:
      return ConnectFailure::reset;
    default:
      return ConnectFailure::unreachable;
  }
}

void set_option(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

}  // namespace

void tune_socket(int fd) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 10);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000);
}

void Connector::start(Target target, model::Instant deadline, Handler handler) {
  target_ = std::move(target);
  handler_ = std::move(handler);
  deadline_ = worker_.deadlines().set(deadline, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->finish(ConnectFailure::timeout, "timed out");
  });
  asio::error_code not_numeric;
  const auto address = asio::ip::make_address(target_.host, not_numeric);
  if (!not_numeric) {
    worker_.post(
        [self = shared_from_this(), endpoint = asio::ip::tcp::endpoint(address, target_.port)] {
          self->connect(endpoint);
        });
    return;
  }
  resolver_.async_resolve(target_.host, std::to_string(target_.port),
                          [self = shared_from_this()](asio::error_code error, const auto& results) {
                            if (error || results.empty()) {
                              return self->finish(ConnectFailure::unreachable,
                                                  "cannot resolve its name: " + error.message());
                            }
                            self->connect(results.begin()->endpoint());
                          });
}

void Connector::on_stream_readable() {
  if (stage_ == Stage::tls_answer) return on_tls_answer();
  if (stage_ == Stage::handshake) handshake();
}

void Connector::on_stream_writable() {
  if (stage_ == Stage::connecting) return on_connected();
  if (stage_ == Stage::handshake) handshake();
}

void Connector::abandon() {
  handler_ = nullptr;
  if (stream_ != nullptr) stream_->set_owner(nullptr);
  stream_ = nullptr;
  worker_.deadlines().clear(deadline_);
  resolver_.cancel();
}

void Connector::finish(ConnectFailure failure, std::string message) {
  worker_.deadlines().clear(deadline_);
  resolver_.cancel();
  if (stream_ != nullptr) stream_->set_owner(nullptr);
  if (failure != ConnectFailure::none && stream_ != nullptr) stream_->close();
  stream_ = nullptr;
  if (auto handler = std::exchange(handler_, nullptr)) handler(failure, message);
}

void Connector::connect(const asio::ip::tcp::endpoint& endpoint) {
  if (stream_ == nullptr) return;
  const int fd =
      ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return finish(ConnectFailure::unreachable, std::strerror(errno));
  tune_socket(fd);
  const int result = ::connect(fd, endpoint.data(), static_cast<socklen_t>(endpoint.size()));
  if (result != 0 && errno != EINPROGRESS) {
    const int error = errno;
    ::close(fd);
    return finish(classify(error), std::strerror(error));
  }
  stage_ = Stage::connecting;
  stream_->adopt(fd);
  stream_->set_owner(this);
  stream_->wait_writable();
}

void Connector::on_connected() {
  if (stream_ == nullptr) return;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(stream_->fd(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return finish(classify(error), std::strerror(error));
  if (target_.tls == nullptr || target_.tls_mode == config::ServerTls::disable) {
    return finish(ConnectFailure::none, {});
  }
  std::string request;
  wire::postgres::Writer writer(request);
  wire::postgres::encode_ssl_request(writer);
  if (stream_->write(request) != IoStatus::ok)
    return finish(ConnectFailure::reset, stream_->error());
  stage_ = Stage::tls_answer;
  stream_->wait_readable();
}

void Connector::on_tls_answer() {
  if (stream_ == nullptr) return;
  // Exactly one byte: what comes behind it in clear text may have been put
  // there by somebody else (CVE-2021-23222).
  std::array<char, 2> answer;
  const auto read = stream_->read(answer);
  if (read.status == IoStatus::would_block) return stream_->wait_readable();
  if (read.status != IoStatus::ok) {
    return finish(ConnectFailure::reset,
                  "the server closed the connection instead of answering about TLS");
  }
  if (read.bytes == 2 && answer[0] != 'E') {
    return finish(ConnectFailure::tls, "unencrypted bytes after the answer about TLS");
  }
  if (answer[0] == 'S') {
    const bool verify_host = target_.tls_mode == config::ServerTls::verify_full;
    if (!stream_->begin_tls_client(target_.tls.get(), target_.host, verify_host, false)) {
      return finish(ConnectFailure::tls, "cannot begin TLS");
    }
    return handshake();
  }
  if (answer[0] == 'N' && target_.tls_mode == config::ServerTls::prefer) {
    return finish(ConnectFailure::none, {});
  }
  finish(ConnectFailure::tls, answer[0] == 'N'
                                  ? "the server does not support TLS, and server_tls requires it"
                                  : "the server answered the TLS request with an error");
}

void Connector::handshake() {
  if (stream_ == nullptr) return;
  stage_ = Stage::handshake;
  switch (stream_->continue_handshake()) {
    case HandshakeStatus::done:
      return finish(ConnectFailure::none, {});
    case HandshakeStatus::want_read:
      return stream_->wait_readable();
    case HandshakeStatus::want_write:
      return stream_->wait_writable();
    case HandshakeStatus::failed:
      return finish(ConnectFailure::tls, "TLS: " + stream_->error());
  }
}

}  // namespace relevo::net

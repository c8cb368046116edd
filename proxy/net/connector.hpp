// Opens one connection to a database node: name, TCP, and TLS as server_tls
// asks. Used for server connections and for cancel requests.
//
// The handler runs exactly once, on the worker's thread, never from within
// start(); not at all after abandon() or when the object is gone.
#pragma once

#include <asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>

#include "proxy/config/config.hpp"
#include "proxy/net/stream.hpp"
#include "proxy/net/tls_context.hpp"
#include "proxy/net/worker.hpp"

namespace relevo::net {

enum class ConnectFailure : std::uint8_t { none, refused, unreachable, timeout, reset, tls };

class Connector final : public StreamOwner, public std::enable_shared_from_this<Connector> {
 public:
  struct Target {
    std::string host;
    std::uint16_t port = 0;
    config::ServerTls tls_mode = config::ServerTls::prefer;
    std::shared_ptr<SSL_CTX> tls;
  };
  // On success the stream is connected; else `failure` and `message` say why.
  using Handler = std::function<void(ConnectFailure failure, const std::string& message)>;

  Connector(Worker& worker, Stream& stream)
      : worker_(worker), stream_(&stream), resolver_(worker.io()) {}
  ~Connector() { worker_.deadlines().clear(deadline_); }

  void start(Target target, model::Instant deadline, Handler handler);
  void abandon();

  void on_stream_readable() override;
  void on_stream_writable() override;
  std::shared_ptr<void> keep_alive() override { return shared_from_this(); }

 private:
  enum class Stage : std::uint8_t { connecting, tls_answer, handshake };

  void connect(const asio::ip::tcp::endpoint& endpoint);
  void on_connected();
  void on_tls_answer();
  void handshake();
  void finish(ConnectFailure failure, std::string message);

  Worker& worker_;
  Stream* stream_;
  asio::ip::tcp::resolver resolver_;
  Target target_;
  Stage stage_ = Stage::connecting;
  Handler handler_;
  Deadlines::Id deadline_ = 0;
};

// Keepalive, no delay, and an end to unacknowledged data: a peer that vanished
// is noticed within half a minute even when nothing is being sent.
void tune_socket(int fd);

}  // namespace relevo::net

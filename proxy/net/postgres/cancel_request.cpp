#include "proxy/net/postgres/cancel_request.hpp"

#include <array>
#include <utility>

#include "proxy/wire/postgres/startup.hpp"

namespace relevo::net::postgres {

namespace wire = relevo::wire::postgres;

CancelRequest::CancelRequest(Worker& worker, ServerPtr server)
    : worker_(worker), server_(std::move(server)), stream_(worker.poller()) {
  ++server_->cancels_under_way;
}

CancelRequest::~CancelRequest() { worker_.deadlines().clear(deadline_); }

void CancelRequest::start(const ClusterSettings& settings,
                          std::function<void(CancelRequest&)> done) {
  done_ = std::move(done);
  const auto deadline = std::chrono::steady_clock::now() + settings.config.pool.connect_timeout;
  deadline_ = worker_.deadlines().set(deadline, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->finish();
  });
  const config::Node& node = settings.config.nodes[server_->key().node];
  // Encrypted where the connection itself is: the key is a secret.
  connector_ = std::make_shared<Connector>(worker_, stream_);
  connector_->start(
      {.host = node.host,
       .port = node.port,
       .tls_mode = server_->is_tls() ? settings.config.server_tls.mode : config::ServerTls::disable,
       .tls = settings.server_tls.context},
      deadline, [weak = weak_from_this()](ConnectFailure failure, const std::string&) {
        const auto self = weak.lock();
        if (self == nullptr) return;
        failure == ConnectFailure::none ? self->send() : self->finish();
      });
}

void CancelRequest::send() {
  std::string bytes;
  wire::Writer writer(bytes);
  wire::encode_cancel_request(writer, server_->backend_pid(),
                              wire::as_bytes(server_->cancel_key()));
  if (stream_.write(bytes) != IoStatus::ok) return finish();
  // The server answers nothing; it closes once the signal is sent.
  stream_.set_owner(this);
  stream_.wait_readable();
}

void CancelRequest::on_stream_readable() {
  std::array<char, 64> ignored;
  if (stream_.read(ignored).status == IoStatus::would_block) return stream_.wait_readable();
  finish();
}

void CancelRequest::finish() {
  worker_.deadlines().clear(deadline_);
  if (connector_ != nullptr) connector_->abandon();
  stream_.close();
  if (auto done = std::exchange(done_, nullptr)) {
    --server_->cancels_under_way;
    done(*this);
  }
}

}  // namespace relevo::net::postgres

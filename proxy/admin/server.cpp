#include "proxy/admin/server.hpp"

#include "proxy/admin/connection.hpp"
#include "proxy/admin/listener.hpp"
#include "proxy/admin/socket.hpp"

namespace relevo::admin {
namespace {

std::unique_ptr<Listener> listen_with(Descriptor fd, Backend& backend,
                                      const AdminSettings& settings, Transport transport) {
  auto service = std::make_shared<Service>(backend, settings.token, transport, settings.limits);
  return std::make_unique<Listener>(
      std::move(fd), settings.limits,
      [service](int connection, const StopSignal& stop, const std::function<bool()>& wanted) {
        serve_connection(connection, *service, stop, wanted);
      });
}

}  // namespace

Server::Server(AdminSettings settings, Backend& backend)
    : settings_(std::move(settings)), backend_(backend) {}

Server::~Server() { stop(); }

Result<void> Server::start() {
  RELEVO_CHECK(!unix_ && !tcp_);
  // Bind both before either serves: a failed start has answered nobody.
  std::unique_ptr<UnixSocket> socket;
  if (!settings_.socket_path.empty()) {
    auto bound = listen_unix(settings_.socket_path);
    if (!bound) return tl::make_unexpected(bound.error());
    socket = std::make_unique<UnixSocket>(*std::move(bound));
  }
  Descriptor port;
  if (settings_.http) {
    auto bound = listen_tcp(*settings_.http);
    if (!bound) {
      if (socket) remove_file(*socket);
      return tl::make_unexpected(bound.error());
    }
    port = *std::move(bound);
  }
  if (port) tcp_ = listen_with(std::move(port), backend_, settings_, Transport::tcp);
  if (socket) {
    Descriptor fd = std::move(socket->fd);
    socket_file_ = std::move(socket);
    unix_ = listen_with(std::move(fd), backend_, settings_, Transport::unix_socket);
  }
  return {};
}

void Server::stop() {
  // The file goes first, so that nobody finds a socket that is about to close.
  if (socket_file_) remove_file(*socket_file_);
  socket_file_.reset();
  tcp_.reset();
  unix_.reset();
}

std::uint16_t Server::http_port() const { return tcp_ ? bound_port(tcp_->fd()) : 0; }

}  // namespace relevo::admin

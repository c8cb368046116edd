// Passes a client's cancel on to the server that runs its query, and keeps that
// connection from being lent to anyone else until the server has dealt with it:
// a cancel that comes late must not strike another session's query.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "proxy/net/connector.hpp"
#include "proxy/net/postgres/server_connection.hpp"

namespace relevo::net::postgres {

class CancelRequest final : public StreamOwner, public std::enable_shared_from_this<CancelRequest> {
 public:
  CancelRequest(Worker& worker, ServerPtr server);
  ~CancelRequest();

  // `done` runs once, whatever becomes of it.
  void start(const ClusterSettings& settings, std::function<void(CancelRequest&)> done);
  const ServerPtr& server() const { return server_; }

  void on_stream_readable() override;
  void on_stream_writable() override {}
  std::shared_ptr<void> keep_alive() override { return shared_from_this(); }

 private:
  void send();
  void finish();

  Worker& worker_;
  ServerPtr server_;
  Stream stream_;
  std::shared_ptr<Connector> connector_;
  std::function<void(CancelRequest&)> done_;
  Deadlines::Id deadline_ = 0;
};

}  // namespace relevo::net::postgres

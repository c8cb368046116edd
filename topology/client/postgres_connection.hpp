// One libpq connection driven by Asio without blocking; connection.hpp has the rules.
//
// libpq resolves names synchronously, so it is given numeric addresses only: the
// name is resolved by Asio first. Its socket may change between PQconnectPoll
// calls, so it is registered anew each time. A host of "/..." is the directory of
// a Unix socket.
#pragma once

#include "topology/client/connection.hpp"

namespace relevo::client {

class PostgresConnection final : public Connection {
 public:
  explicit PostgresConnection(asio::io_context& io);
  ~PostgresConnection() override;

  void connect(const Endpoint& endpoint, model::Duration timeout, ConnectHandler handler) override;
  void query(const std::string& sql, model::Duration timeout, QueryHandler handler) override;
  bool connected() const override;
  void close() override;
  void when_lost(LostHandler handler) override;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace relevo::client

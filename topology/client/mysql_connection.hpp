// One connection to MySQL or MariaDB, driven by Asio without blocking;
// connection.hpp has the rules, mysql_driver.hpp the C library.
//
// The library resolves names synchronously, so it is given numeric addresses
// only: the name is resolved by Asio first, and its addresses are tried in turn.
// A host of "/..." is the path of a Unix socket. It reads no option file and no
// environment, sends no local file whatever the server asks for, and one
// statement at a time.
#pragma once

#include "topology/client/connection.hpp"

namespace relevo::client {

class MysqlConnection final : public Connection {
 public:
  explicit MysqlConnection(asio::io_context& io);
  ~MysqlConnection() override;

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

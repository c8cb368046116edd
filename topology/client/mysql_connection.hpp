// One connection to MySQL or MariaDB, driven by Asio without blocking;
// connection.hpp has the rules, mysql_driver.hpp the C library.
//
// A name is resolved by Asio first, and its addresses are tried in turn: the
// library resolves without a deadline. A host of "/..." is the path of a Unix
// socket. Neither option files nor the environment are read, no local file is sent
// whatever the server asks for, and one statement at a time.
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

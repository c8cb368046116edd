#include "topology/client/connection.hpp"

#include "topology/client/mysql_connection.hpp"
#include "topology/client/postgres_connection.hpp"

namespace relevo::client {

std::unique_ptr<Connection> make_connection(model::Engine engine, asio::io_context& io) {
  if (engine == model::Engine::mysql) return std::make_unique<MysqlConnection>(io);
  return std::make_unique<PostgresConnection>(io);
}

}  // namespace relevo::client

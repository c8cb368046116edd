#include "topology/client/connection.hpp"

#include "topology/client/postgres_connection.hpp"
#include "topology/model/check.hpp"

namespace relevo::client {

std::unique_ptr<Connection> make_connection(model::Engine engine, asio::io_context& io) {
  RELEVO_CHECK(engine == model::Engine::postgres);
  return std::make_unique<PostgresConnection>(io);
}

}  // namespace relevo::client

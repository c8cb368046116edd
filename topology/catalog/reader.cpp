#include "topology/catalog/reader.hpp"

#include "topology/catalog/mysql_reader.hpp"
#include "topology/catalog/postgres_reader.hpp"

namespace relevo::catalog {

std::unique_ptr<Reader> make_reader(model::Engine engine, asio::io_context& io) {
  if (engine == model::Engine::mysql) return std::make_unique<MysqlReader>(io);
  return std::make_unique<PostgresReader>(io);
}

}  // namespace relevo::catalog

// Reads a catalogue over one connection of the monitor's, or finds that nothing in it
// has changed: that of one PostgreSQL database, or of a whole MySQL or MariaDB server.
//
// Bounded in time and size: one with more objects than an engine's reader takes is not
// read, and says so. One io_context thread only.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "topology/client/connection.hpp"
#include "topology/model/catalog.hpp"
#include "topology/model/mysql_catalog.hpp"

namespace relevo::catalog {

// Of either engine; none.
using CatalogRows = std::variant<std::monostate, std::unique_ptr<model::CatalogRows>,
                                 std::unique_ptr<model::MysqlCatalogRows>>;

struct Reading {
  std::string fingerprint;
  bool in_recovery = false;  // of a replica
  CatalogRows rows;          // none: the fingerprint is the one that was known
  bool has_rows() const { return !std::holds_alternative<std::monostate>(rows); }
};

class Reader {
 public:
  using Handler = std::function<void(client::Outcome<Reading>)>;
  using ListHandler = std::function<void(client::Outcome<std::vector<std::string>>)>;

  Reader() = default;
  virtual ~Reader() = default;  // drops what is under way, without a call
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // One reading at a time, of the catalogue of that name. `limit`: for all of it.
  virtual void read(const client::Endpoint& endpoint, const std::string& name,
                    std::string known_fingerprint, model::Duration limit, Handler handler) = 0;
  // The names of a server's catalogues, not more than a few.
  virtual void list(const client::Endpoint& endpoint, model::Duration limit,
                    ListHandler handler) = 0;
};

std::unique_ptr<Reader> make_reader(model::Engine engine, asio::io_context& io);

// The name of a MySQL or MariaDB server's only catalogue.
inline constexpr const char* mysql_catalog_name = "";

}  // namespace relevo::catalog

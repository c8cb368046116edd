// Reads one database's catalogue over one connection of the monitor's, or finds
// that nothing in it has changed.
//
// Bounded in time and size: a database with more objects than objects_max is not
// read, and says so. One io_context thread only.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "topology/client/connection.hpp"
#include "topology/model/catalog.hpp"

namespace relevo::catalog {

inline constexpr std::size_t objects_max = 300'000;
inline constexpr std::size_t uses_max = 3'000'000;

struct Reading {
  std::string fingerprint;
  bool in_recovery = false;
  // Null: the fingerprint is the one that was known.
  std::unique_ptr<model::CatalogRows> rows;
};

class Reader {
 public:
  using Handler = std::function<void(client::Outcome<Reading>)>;

  using ListHandler = std::function<void(client::Outcome<std::vector<std::string>>)>;

  explicit Reader(asio::io_context& io);
  ~Reader();  // drops what is under way, without a call

  // One reading at a time. `limit`: for all of it.
  void read(const client::Endpoint& endpoint, std::string known_fingerprint, model::Duration limit,
            Handler handler);
  // The names of a server's databases, not more than a few.
  void list(const client::Endpoint& endpoint, model::Duration limit, ListHandler handler);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace relevo::catalog

// Keeps what is known of the catalogues of one cluster's databases up to date (of MySQL
// and MariaDB it is one, under mysql_catalog_name): a reading when a client first uses a database,
// when sessions have told of DDL, and every `refresh` for what is done elsewhere.
//
// Read from the primary; from a replica only while the primary cannot be asked, and
// then no DDL counts as seen. One database is read at a time. What cannot be read is
// said once and tried again; what was read before and cannot be any more is given up
// after 30 s if DDL has passed, and after 5 min if not.
//
// At the start the databases that the server has are read, so that the first client
// need not wait for what it may use.
//
// One io_context thread only.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "topology/catalog/reader.hpp"
#include "topology/client/connection.hpp"
#include "topology/model/catalog_marks.hpp"
#include "topology/model/view.hpp"

namespace relevo::catalog {

inline constexpr std::size_t databases_max = 256;

struct WatchSettings {
  model::Engine engine = model::Engine::postgres;
  std::vector<client::Endpoint> nodes;  // by NodeId, with the monitor's own database
  model::Duration refresh = std::chrono::seconds(10);
};

using MarksPtr = std::shared_ptr<model::CatalogMarks>;

struct News {
  enum class Kind : std::uint8_t {
    changed,    // `rows`
    unchanged,  // as it was, and that is so since `certain`, `perhaps`
    lost,       // nothing is known any more
  };
  Kind kind = Kind::lost;
  CatalogRows rows;
  // How far CatalogMarks stood when the reading began.
  std::uint64_t certain = 0, perhaps = 0;
  bool first = true;  // nothing was known before
};

class Watch {
 public:
  struct Ports {
    // False: it cannot be kept (too large), so it counts as not read.
    std::function<bool(const std::string& database, News)> publish;
    std::function<MarksPtr(const std::string& database)> marks;
    std::function<void()> settled;  // what was there at the start has been read or given up
    std::function<void(const std::string& text)> warn;
    std::function<void(const std::string& text)> tell;
  };

  Watch(asio::io_context& io, WatchSettings settings, Ports ports);
  ~Watch();

  void set_view(model::ViewPtr view);
  void set_refresh(model::Duration refresh);
  // A client uses it, or what its names mean may have changed: `marks` tell.
  void look_at(const std::string& database, const MarksPtr& marks);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace relevo::catalog

// Asks a node's catalogue on behalf of the data plane, over one connection of the
// monitor's login. Requests wait in a bounded queue, each with a deadline; when a
// node does not answer, the next in the given order is asked.
#pragma once

#include <asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "failover/act/settings.hpp"
#include "topology/client/connection.hpp"

namespace relevo::act {

class Catalogue {
 public:
  using Handler = client::Connection::QueryHandler;
  // Which nodes to ask now, the best first.
  using Order = std::function<std::vector<model::NodeId>()>;

  Catalogue(asio::io_context& io, const ControllerSettings& settings, Order order);

  void run(std::string sql, Handler handler);
  // Answers what waits with a failure; nothing is taken on afterwards.
  void shutdown();

 private:
  struct Request {
    std::string sql;
    Handler handler;
    model::Instant deadline;
    std::vector<model::NodeId> untried;  // of this request, best first
    bool ordered = false;
  };

  void next();
  void connect_next();
  void ask();
  void answer(client::Outcome<client::Rows> outcome);

  asio::io_context& io_;
  const ControllerSettings& settings_;
  Order order_;
  std::unique_ptr<client::Connection> connection_;
  std::optional<model::NodeId> connected_to_;
  std::deque<Request> queue_;
  bool busy_ = false;
  bool down_ = false;
  std::shared_ptr<bool> alive_;
};

}  // namespace relevo::act

#include "failover/act/catalogue.hpp"

#include <asio/post.hpp>

#include "topology/model/check.hpp"

namespace relevo::act {
namespace {

constexpr std::size_t queue_max = 10000;
constexpr auto request_timeout = std::chrono::seconds(5);

client::Failure no_node(std::string why) {
  return {client::FailureKind::unreachable, "", std::move(why)};
}

}  // namespace

Catalogue::Catalogue(asio::io_context& io, const ControllerSettings& settings, Order order)
    : io_(io),
      settings_(settings),
      order_(std::move(order)),
      connection_(client::make_connection(settings_.engine, io)),
      alive_(std::make_shared<bool>(true)) {}

void Catalogue::run(std::string sql, Handler handler) {
  if (down_ || queue_.size() >= queue_max) {
    asio::post(io_, [handler = std::move(handler), full = !down_] {
      handler(tl::make_unexpected(
          no_node(full ? "too many catalogue look-ups wait" : "shutting down")));
    });
    return;
  }
  queue_.push_back({std::move(sql),
                    std::move(handler),
                    std::chrono::steady_clock::now() + request_timeout,
                    {},
                    false});
  if (!busy_) next();
}

void Catalogue::shutdown() {
  down_ = true;
  connection_->close();
  *alive_ = false;
  const auto waiting = std::exchange(queue_, {});
  for (const auto& request : waiting) {
    request.handler(tl::make_unexpected(no_node("shutting down")));
  }
}

void Catalogue::next() {
  busy_ = !queue_.empty();
  if (!busy_) return;
  auto& request = queue_.front();
  if (!request.ordered) {
    request.untried = order_();
    request.ordered = true;
  }
  // The connection at hand serves as long as it is to the node that is best now.
  const bool fits = connection_->connected() && connected_to_ && !request.untried.empty() &&
                    request.untried.front() == *connected_to_;
  fits ? ask() : connect_next();
}

void Catalogue::connect_next() {
  auto& request = queue_.front();
  const auto left = request.deadline - std::chrono::steady_clock::now();
  if (request.untried.empty()) {
    return answer(tl::make_unexpected(no_node("no node answers")));
  }
  if (left <= model::Duration::zero()) {
    return answer(tl::make_unexpected(no_node("no node answered in time")));
  }
  const auto node = request.untried.front();
  client::Endpoint endpoint;
  endpoint.host = settings_.nodes[node].host;
  endpoint.port = settings_.nodes[node].port;
  endpoint.user = settings_.monitor_user;
  endpoint.password = settings_.monitor_password;
  endpoint.database = settings_.monitor_database;
  endpoint.sslmode = settings_.sslmode;
  endpoint.sslrootcert = settings_.sslrootcert;
  connected_to_.reset();
  connection_->connect(endpoint, std::min(left, settings_.timeout),
                       [this, node](client::Outcome<void> outcome) {
                         if (!outcome) {
                           queue_.front().untried.erase(queue_.front().untried.begin());
                           return connect_next();
                         }
                         connected_to_ = node;
                         ask();
                       });
}

void Catalogue::ask() {
  auto& request = queue_.front();
  connection_->query(request.sql, settings_.timeout, [this](client::Outcome<client::Rows> outcome) {
    auto& asked = queue_.front();
    if (!outcome && outcome.error().kind != client::FailureKind::server_error) {
      if (!asked.untried.empty()) asked.untried.erase(asked.untried.begin());
      return connect_next();
    }
    answer(std::move(outcome));
  });
}

// Posted: the asker may ask again, or end us, from within its handler.
void Catalogue::answer(client::Outcome<client::Rows> outcome) {
  const Handler handler = std::move(queue_.front().handler);
  queue_.pop_front();
  asio::post(io_, [this, alive = alive_, handler, outcome = std::move(outcome)]() mutable {
    if (*alive) next();
    handler(std::move(outcome));
  });
}

}  // namespace relevo::act

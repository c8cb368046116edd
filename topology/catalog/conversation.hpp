// Questions to one server, one after the other, all of them within one deadline.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "topology/client/connection.hpp"

namespace relevo::catalog {

class Conversation : public std::enable_shared_from_this<Conversation> {
 public:
  using Failed = std::function<void(client::Failure)>;

  Conversation(model::Engine engine, asio::io_context& io)
      : connection_(client::make_connection(engine, io)) {}

  // Calls `next` or `failed`; from then on `failed` hears of whatever goes wrong.
  void begin(const client::Endpoint& endpoint, model::Duration limit, std::function<void()> next,
             Failed failed);
  void ask(const std::string& sql, std::function<void(const client::Rows&)> next);
  void fail(client::Failure failure);
  void strange(const char* what) {
    fail(
        {client::FailureKind::server_error, "", std::string("an unexpected answer about ") + what});
  }
  void end();  // and nobody is called any more

 private:
  std::unique_ptr<client::Connection> connection_;
  Failed failed_;
  model::Instant deadline_{};
};

}  // namespace relevo::catalog

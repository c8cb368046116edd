#include "topology/probe/status.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "topology/probe/mysql_status.hpp"
#include "topology/probe/status_query.hpp"

namespace relevo::probe {
namespace {

using Clock = std::chrono::steady_clock;

// Kept alive by the handler of the statement that is under way, and by nothing else.
struct Asking : std::enable_shared_from_this<Asking> {
  Asking(client::Connection& to, std::unique_ptr<StatusTalk> with, model::Instant until,
         StatusHandler call)
      : connection(to), talk(std::move(with)), deadline(until), handler(std::move(call)) {}

  void go_on() {
    const auto statement = talk->next();
    if (!statement) return end();
    const auto left =
        std::max<model::Duration>(deadline - Clock::now(), std::chrono::milliseconds(1));
    connection.query(*statement, left,
                     [self = shared_from_this()](const client::Outcome<client::Rows>& answer) {
                       self->take(answer);
                     });
  }

  void take(const client::Outcome<client::Rows>& answer) {
    const bool cut_off = !answer && answer.error().kind != client::FailureKind::server_error;
    if (cut_off) return handler(tl::make_unexpected(answer.error()));
    if (const auto taken = talk->take(answer, Clock::now()); !taken) {
      return handler(tl::make_unexpected(taken.error()));
    }
    go_on();
  }

  void end() {
    Result<model::NodeStatus> status = talk->finish();
    if (status) return handler(std::move(*status));
    handler(tl::make_unexpected(
        client::Failure{client::FailureKind::server_error, "", status.error().message}));
  }

  client::Connection& connection;
  std::unique_ptr<StatusTalk> talk;
  model::Instant deadline;
  StatusHandler handler;
};

}  // namespace

std::unique_ptr<StatusTalk> begin_status(model::Engine engine, StatusMemory& memory) {
  if (engine == model::Engine::mysql) return begin_mysql_status(memory);
  return begin_postgres_status(memory);
}

void ask_status(client::Connection& connection, model::Engine engine, StatusMemory& memory,
                model::Instant deadline, StatusHandler handler) {
  std::make_shared<Asking>(connection, begin_status(engine, memory), deadline, std::move(handler))
      ->go_on();
}

}  // namespace relevo::probe

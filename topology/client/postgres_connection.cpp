#include "topology/client/postgres_connection.hpp"

#include <libpq-fe.h>
#include <sys/socket.h>
#include <unistd.h>

#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <utility>

#include "topology/client/connect_failure.hpp"
#include "topology/client/conninfo.hpp"
#include "topology/client/result_collector.hpp"
#include "topology/model/check.hpp"

namespace relevo::client {
namespace {

using asio::posix::stream_descriptor;

// A name with more addresses than this is not one server.
constexpr std::size_t addresses_max = 4;

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, Clear>;

// Whether the other end has closed. The descriptor is ours, so this works after
// libpq has closed its own.
bool at_end(stream_descriptor& descriptor) {
  if (!descriptor.is_open()) return false;
  char byte = 0;
  const auto count = ::recv(descriptor.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count == 0 || (count < 0 && (errno == ECONNRESET || errno == EPIPE));
}

}  // namespace

// Asio's handlers hold the object weakly and carry a number: the deadline that of
// its operation, a wait for the socket that of its connection. A step that has
// outlived what it belongs to finds another number and does nothing.
struct PostgresConnection::Impl : std::enable_shared_from_this<Impl> {
  enum class Stage : std::uint8_t { closed, resolving, connecting, ready, querying };

  explicit Impl(asio::io_context& context)
      : io(context), resolver(context), socket(context), deadline(context) {}

  void connect(const Endpoint& target, model::Duration timeout, ConnectHandler handler);
  void query(const std::string& sql, model::Duration timeout, QueryHandler handler);
  void close();

  void begin(Stage next, model::Duration timeout);
  void resolve();
  void start_libpq(const std::vector<std::string>& addresses);
  void poll_connect() { drive_connect(PQconnectPoll(connection.get())); }
  void drive_connect(PostgresPollingStatusType next);
  void finish_connect();

  bool watch_socket();
  void wait_for(stream_descriptor::wait_type direction, void (Impl::*step)());
  void wait_for_answer();
  void on_readable();
  void flush();
  void read_results();
  void finish_query();

  void fail(Failure failure);
  void fail_later(Failure failure);
  void lose();
  static void on_notice(void* self, const PGresult* result);

  asio::io_context& io;
  asio::ip::tcp::resolver resolver;
  stream_descriptor socket;  // a duplicate of libpq's: only to be told of readiness
  asio::steady_timer deadline;
  std::unique_ptr<PGconn, Finish> connection;

  Stage stage = Stage::closed;
  std::uint64_t operation = 0;
  std::uint64_t incarnation = 0;  // of the connection
  bool reading = false;           // a wait for an answer is under way; it outlives queries
  Endpoint endpoint;
  ConnectHandler on_connected;
  QueryHandler on_result;
  LostHandler on_lost;

  ResultCollector results;
  std::optional<Failure> farewell;  // the server's last words outside of a query
};

void PostgresConnection::Impl::close() {
  ++operation;
  ++incarnation;
  stage = Stage::closed;
  resolver.cancel();
  deadline.cancel();
  asio::error_code ignored;
  socket.close(ignored);
  connection.reset();
  reading = false;
  on_connected = nullptr;
  on_result = nullptr;
  on_lost = nullptr;
}

void PostgresConnection::Impl::begin(Stage next, model::Duration timeout) {
  stage = next;
  ++operation;
  deadline.expires_after(timeout);
  deadline.async_wait([weak = weak_from_this(), number = operation](const asio::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->operation != number) return;
    self->fail({FailureKind::timeout, "", "no answer within the deadline"});
  });
}

// ---- Connecting ------------------------------------------------------------

void PostgresConnection::Impl::connect(const Endpoint& target, model::Duration timeout,
                                       ConnectHandler handler) {
  close();
  endpoint = target;
  farewell.reset();
  on_connected = std::move(handler);
  begin(Stage::resolving, timeout);

  asio::error_code not_numeric;
  asio::ip::make_address(endpoint.host, not_numeric);
  if (endpoint.host.starts_with('/')) {
    start_libpq({});
  } else if (!not_numeric) {
    start_libpq({endpoint.host});
  } else {
    resolve();
  }
}

void PostgresConnection::Impl::resolve() {
  resolver.async_resolve(
      endpoint.host, "",
      [weak = weak_from_this(), number = operation](
          const asio::error_code& error, const asio::ip::tcp::resolver::results_type& found) {
        const auto self = weak.lock();
        if (!self || self->operation != number) return;
        std::vector<std::string> addresses;
        for (const auto& entry : found) {
          if (addresses.size() == addresses_max) break;
          addresses.push_back(entry.endpoint().address().to_string());
        }
        if (error || addresses.empty()) {
          self->fail({FailureKind::unreachable, "",
                      "cannot resolve \"" + self->endpoint.host + "\": " + error.message()});
          return;
        }
        self->start_libpq(addresses);
      });
}

void PostgresConnection::Impl::start_libpq(const std::vector<std::string>& addresses) {
  stage = Stage::connecting;
  const auto parameters = conninfo(endpoint, addresses);
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : parameters) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);

  connection.reset(PQconnectStartParams(keywords.data(), values.data(), 0));
  if (!connection) {
    fail_later({FailureKind::reset, "", "out of memory for a connection"});
    return;
  }
  PQsetNoticeReceiver(connection.get(), &Impl::on_notice, this);
  PQsetErrorVerbosity(connection.get(), PQERRORS_VERBOSE);  // see connect_failure.hpp
  if (PQstatus(connection.get()) == CONNECTION_BAD) {
    fail_later(read_connect_failure(PQerrorMessage(connection.get()), false));
    return;
  }
  drive_connect(PGRES_POLLING_WRITING);
}

// libpq says what to wait for; its socket may be another one each time.
void PostgresConnection::Impl::drive_connect(PostgresPollingStatusType next) {
  if (next == PGRES_POLLING_OK) return finish_connect();
  if (next == PGRES_POLLING_FAILED) {
    return fail(read_connect_failure(PQerrorMessage(connection.get()), at_end(socket)));
  }
  if (!watch_socket()) return;
  wait_for(
      next == PGRES_POLLING_READING ? stream_descriptor::wait_read : stream_descriptor::wait_write,
      &Impl::poll_connect);
}

void PostgresConnection::Impl::finish_connect() {
  PQsetErrorVerbosity(connection.get(), PQERRORS_DEFAULT);
  if (PQsetnonblocking(connection.get(), 1) != 0 || !watch_socket()) {
    return fail({FailureKind::reset, "", "cannot use the connection without blocking"});
  }
  ++operation;
  deadline.cancel();
  stage = Stage::ready;
  wait_for_answer();
  const auto handler = std::exchange(on_connected, nullptr);
  handler({});
}

// ---- The socket ------------------------------------------------------------

bool PostgresConnection::Impl::watch_socket() {
  asio::error_code error;
  socket.close(error);
  const int duplicate = ::dup(PQsocket(connection.get()));
  if (duplicate >= 0) {
    socket.assign(duplicate, error);
    if (!error) return true;
    ::close(duplicate);
  }
  fail_later({FailureKind::reset, "", "cannot watch the connection's socket"});
  return false;
}

void PostgresConnection::Impl::wait_for(stream_descriptor::wait_type direction,
                                        void (Impl::*step)()) {
  socket.async_wait(direction, [weak = weak_from_this(), number = incarnation,
                                step](const asio::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->incarnation != number) return;
    ((*self).*step)();
  });
}

void PostgresConnection::Impl::wait_for_answer() {
  if (reading) return;
  reading = true;
  wait_for(stream_descriptor::wait_read, &Impl::on_readable);
}

void PostgresConnection::Impl::on_readable() {
  reading = false;
  const bool alive = PQconsumeInput(connection.get()) == 1;
  if (stage == Stage::querying) {
    if (alive) return read_results();
    Failure reset{FailureKind::reset, "", trimmed(PQerrorMessage(connection.get()))};
    return fail(results.failure().value_or(std::move(reset)));
  }
  // Between queries: the server's farewell comes as a notice, then the end.
  while (PGnotify* unasked = PQnotifies(connection.get())) PQfreemem(unasked);
  if (!alive || PQstatus(connection.get()) == CONNECTION_BAD) return lose();
  wait_for_answer();
}

void PostgresConnection::Impl::on_notice(void* self, const PGresult* result) {
  const std::string severity = error_field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  if (severity != "FATAL" && severity != "PANIC") return;
  static_cast<Impl*>(self)->farewell = Failure{
      FailureKind::server_error, error_field(result, PG_DIAG_SQLSTATE), server_words(result)};
}

// ---- Querying --------------------------------------------------------------

void PostgresConnection::Impl::query(const std::string& sql, model::Duration timeout,
                                     QueryHandler handler) {
  RELEVO_CHECK(stage == Stage::closed || stage == Stage::ready);  // one operation at a time
  const bool usable = stage == Stage::ready;
  on_result = std::move(handler);
  results = {};
  begin(Stage::querying, timeout);
  if (!usable) {
    fail_later(farewell.value_or(Failure{FailureKind::reset, "", "not connected"}));
    return;
  }
  // Row by row, so that a result that is too large is noticed before it is kept.
  if (PQsendQuery(connection.get(), sql.c_str()) != 1 ||
      PQsetSingleRowMode(connection.get()) != 1) {
    fail_later({FailureKind::reset, "", trimmed(PQerrorMessage(connection.get()))});
    return;
  }
  flush();
  wait_for_answer();
}

void PostgresConnection::Impl::flush() {
  if (stage != Stage::querying) return;
  const int rest = PQflush(connection.get());
  if (rest < 0) {
    fail_later({FailureKind::reset, "", trimmed(PQerrorMessage(connection.get()))});
  } else if (rest > 0) {
    wait_for(stream_descriptor::wait_write, &Impl::flush);
  }
}

void PostgresConnection::Impl::read_results() {
  while (PQisBusy(connection.get()) == 0) {
    const ResultPtr result(PQgetResult(connection.get()));
    if (!result) return finish_query();
    if (!results.take(result.get())) return fail(*results.failure());
  }
  wait_for_answer();
}

void PostgresConnection::Impl::finish_query() {
  ++operation;
  deadline.cancel();
  const auto handler = std::exchange(on_result, nullptr);
  Outcome<Rows> outcome = results.finish();
  if (PQstatus(connection.get()) == CONNECTION_BAD) {
    close();
  } else {
    stage = Stage::ready;
    wait_for_answer();
  }
  handler(std::move(outcome));
}

// ---- Ends ------------------------------------------------------------------

void PostgresConnection::Impl::fail(Failure failure) {
  const auto connect_handler = std::exchange(on_connected, nullptr);
  const auto query_handler = std::exchange(on_result, nullptr);
  close();
  if (connect_handler)
    connect_handler(tl::make_unexpected(std::move(failure)));
  else if (query_handler)
    query_handler(tl::make_unexpected(std::move(failure)));
}

void PostgresConnection::Impl::fail_later(Failure failure) {
  asio::post(io, [weak = weak_from_this(), number = operation, failure = std::move(failure)] {
    const auto self = weak.lock();
    if (self && self->operation == number) self->fail(failure);
  });
}

void PostgresConnection::Impl::lose() {
  if (!farewell) {
    farewell = Failure{FailureKind::reset, "", trimmed(PQerrorMessage(connection.get()))};
  }
  const auto handler = std::exchange(on_lost, nullptr);
  const Failure last_words = *farewell;
  close();
  if (handler) handler(last_words);
}

// ---- The public face -------------------------------------------------------

PostgresConnection::PostgresConnection(asio::io_context& io) : impl_(std::make_shared<Impl>(io)) {}

PostgresConnection::~PostgresConnection() { impl_->close(); }

void PostgresConnection::connect(const Endpoint& endpoint, model::Duration timeout,
                                 ConnectHandler handler) {
  const auto self = impl_;
  self->connect(endpoint, timeout, std::move(handler));
}

void PostgresConnection::query(const std::string& sql, model::Duration timeout,
                               QueryHandler handler) {
  const auto self = impl_;
  self->query(sql, timeout, std::move(handler));
}

bool PostgresConnection::connected() const {
  return impl_->stage == Impl::Stage::ready || impl_->stage == Impl::Stage::querying;
}

void PostgresConnection::close() { impl_->close(); }

void PostgresConnection::when_lost(LostHandler handler) { impl_->on_lost = std::move(handler); }

}  // namespace relevo::client

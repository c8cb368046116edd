#include "topology/client/mysql_connection.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <utility>

#include "topology/client/mysql_driver.hpp"
#include "topology/client/mysql_failure.hpp"
#include "topology/client/mysql_login.hpp"
#include "topology/client/mysql_result.hpp"
#include "topology/model/check.hpp"

namespace relevo::client {
namespace {

using asio::posix::stream_descriptor;

// A name with more addresses than this is not one server.
constexpr std::size_t addresses_max = 4;

}  // namespace

// Asio's handlers hold the object weakly and carry a number: the deadline that of
// its operation, a wait for the socket that of its registration. A step that has
// outlived what it belongs to finds another number and does nothing.
struct MysqlConnection::Impl : std::enable_shared_from_this<Impl> {
  enum class Stage : std::uint8_t { closed, resolving, connecting, ready, sending, fetching };

  explicit Impl(asio::io_context& context)
      : io(context), resolver(context), socket(context), deadline(context) {}

  void connect(const Endpoint& target, model::Duration timeout, ConnectHandler handler);
  void query(const std::string& text, model::Duration timeout, QueryHandler handler);
  void close();
  bool querying() const { return stage == Stage::sending || stage == Stage::fetching; }

  void begin(Stage next, model::Duration timeout);
  void resolve();
  void log_in(std::vector<std::string> hosts);
  void finish_connect();
  void drive(unsigned ready);
  void drive_query(unsigned ready);
  void take_result();
  void drive_fetch(unsigned ready);
  void finish_query(Outcome<Rows> outcome);

  bool watch(int descriptor);
  void wait_for(unsigned events);
  void wait_for_one(stream_descriptor::wait_type direction, unsigned event);
  void on_event(unsigned event);
  void on_readable_idle();
  void release();

  Failure library_failure();
  void fail(Failure failure);
  void fail_later(Failure failure);
  void lose(Failure last_words);

  asio::io_context& io;
  asio::ip::tcp::resolver resolver;
  // A duplicate of the log-in's or the library's own: only to be told of readiness.
  stream_descriptor socket;
  asio::steady_timer deadline;

  MYSQL* handle = nullptr;
  MYSQL_RES* result = nullptr;  // being fetched
  MysqlSteps steps;

  Stage stage = Stage::closed;
  std::uint64_t operation = 0;
  std::uint64_t registration = 0;  // of the socket
  unsigned armed = 0;              // waits that are under way; they outlive operations
  unsigned awaited = 0;            // events that the present step waits for
  Endpoint endpoint;
  std::unique_ptr<MysqlLogin> login;  // under way
  std::string sql;
  MysqlResult rows;
  ConnectHandler on_connected;
  QueryHandler on_result;
  LostHandler on_lost;
  std::optional<Failure> farewell;  // the server's last words outside of a query
};

// ---- Beginnings and ends -----------------------------------------------------

// Only an idle session is left with a word of farewell; sending it cannot block.
// Anything else is cut off first, so that nothing that the library does while it
// cleans up can wait for the peer.
void MysqlConnection::Impl::release() {
  if (handle != nullptr) {
    if (stage != Stage::ready) {
      const int own = socket_of(handle);
      if (own >= 0) ::shutdown(own, SHUT_RDWR);
    }
    if (result != nullptr) mysql_free_result(std::exchange(result, nullptr));
    mysql_close(std::exchange(handle, nullptr));
  }
  login.reset();
  steps = {};
  ++registration;
  asio::error_code ignored;
  socket.close(ignored);
  armed = awaited = 0;
}

void MysqlConnection::Impl::close() {
  ++operation;
  resolver.cancel();
  deadline.cancel();
  release();
  stage = Stage::closed;
  on_connected = nullptr;
  on_result = nullptr;
  on_lost = nullptr;
}

void MysqlConnection::Impl::begin(Stage next, model::Duration timeout) {
  stage = next;
  ++operation;
  deadline.expires_after(timeout);
  deadline.async_wait([weak = weak_from_this(), number = operation](const asio::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->operation != number) return;
    self->fail({FailureKind::timeout, "", "no answer within the deadline"});
  });
}

Failure MysqlConnection::Impl::library_failure() {
  return read_mysql_failure(mysql_errno(handle), mysql_sqlstate(handle), mysql_error(handle),
                            false);
}

void MysqlConnection::Impl::fail(Failure failure) {
  const auto connect_handler = std::exchange(on_connected, nullptr);
  const auto query_handler = std::exchange(on_result, nullptr);
  close();
  if (connect_handler) {
    connect_handler(tl::make_unexpected(std::move(failure)));
  } else if (query_handler) {
    query_handler(tl::make_unexpected(std::move(failure)));
  }
}

void MysqlConnection::Impl::fail_later(Failure failure) {
  asio::post(io, [weak = weak_from_this(), number = operation, failure = std::move(failure)] {
    const auto self = weak.lock();
    if (self && self->operation == number) self->fail(failure);
  });
}

void MysqlConnection::Impl::lose(Failure last_words) {
  const auto handler = std::exchange(on_lost, nullptr);
  farewell = last_words;
  stage = Stage::fetching;  // whatever comes now is of no use: cut off, without a word
  close();
  if (handler) handler(std::move(last_words));
}

// ---- Connecting ----------------------------------------------------------------

void MysqlConnection::Impl::connect(const Endpoint& to, model::Duration timeout,
                                    ConnectHandler handler) {
  close();
  endpoint = to;
  farewell.reset();
  on_connected = std::move(handler);
  begin(Stage::resolving, timeout);

  asio::error_code not_numeric;
  asio::ip::make_address(endpoint.host, not_numeric);
  if (endpoint.host.starts_with('/') || !not_numeric) return log_in({endpoint.host});
  resolve();
}

void MysqlConnection::Impl::resolve() {
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
        // A certificate is for a name. It is known to resolve; the library does so
        // again, on its own thread.
        const bool by_name = tls_mode(self->endpoint.sslmode) >= TlsMode::verify_ca;
        self->log_in(by_name ? std::vector{self->endpoint.host} : std::move(addresses));
      });
}

void MysqlConnection::Impl::log_in(std::vector<std::string> hosts) {
  stage = Stage::connecting;
  MysqlTarget target{endpoint, std::move(hosts),
                     deadline.expiry() - std::chrono::steady_clock::now()};
  login = std::make_unique<MysqlLogin>(std::move(target));
  if (watch(login->descriptor())) wait_for(wait_read);
}

void MysqlConnection::Impl::finish_connect() {
  Outcome<MYSQL*> outcome = std::exchange(login, nullptr)->take();
  if (!outcome) return fail(std::move(outcome.error()));
  handle = *outcome;
  if (!watch(socket_of(handle))) return;
  ++operation;
  deadline.cancel();
  stage = Stage::ready;
  wait_for(wait_read);
  const auto handler = std::exchange(on_connected, nullptr);
  handler({});
}

// ---- The socket ----------------------------------------------------------------

bool MysqlConnection::Impl::watch(int descriptor) {
  ++registration;
  armed = 0;
  asio::error_code error;
  socket.close(error);
  const int duplicate = descriptor >= 0 ? ::dup(descriptor) : -1;
  if (duplicate >= 0) {
    socket.assign(duplicate, error);
    if (!error) return true;
    ::close(duplicate);
  }
  fail_later({FailureKind::reset, "", "cannot watch the connection's socket"});
  return false;
}

void MysqlConnection::Impl::wait_for(unsigned events) {
  awaited = events;
  if ((events & wait_read) != 0) wait_for_one(stream_descriptor::wait_read, wait_read);
  if ((events & wait_write) != 0) wait_for_one(stream_descriptor::wait_write, wait_write);
}

void MysqlConnection::Impl::wait_for_one(stream_descriptor::wait_type direction, unsigned event) {
  if ((armed & event) != 0) return;
  armed |= event;
  socket.async_wait(direction, [weak = weak_from_this(), number = registration,
                                event](const asio::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->registration != number) return;
    self->armed &= ~event;
    self->on_event(event);
  });
}

void MysqlConnection::Impl::on_event(unsigned event) {
  if ((awaited & event) == 0) return;
  if (stage == Stage::ready) return on_readable_idle();
  awaited = 0;
  drive(event);
}

// Between queries: an error that the server sends unasked is its farewell, and the
// end follows. Nothing else is sent to an idle session.
void MysqlConnection::Impl::on_readable_idle() {
  std::array<char, 1024> bytes{};
  const auto count =
      ::recv(socket.native_handle(), bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return wait_for(wait_read);
  Failure last_words{FailureKind::reset, "", "the server closed the connection"};
  if (count > 0) {
    last_words = read_farewell({bytes.data(), static_cast<std::size_t>(count)})
                     .value_or(std::move(last_words));
  }
  lose(std::move(last_words));
}

void MysqlConnection::Impl::drive(unsigned ready) {
  switch (stage) {
    case Stage::connecting:
      return finish_connect();
    case Stage::sending:
      return drive_query(ready);
    case Stage::fetching:
      return drive_fetch(ready);
    case Stage::closed:
    case Stage::resolving:
    case Stage::ready:
      return;
  }
}

// ---- Querying --------------------------------------------------------------------

void MysqlConnection::Impl::query(const std::string& text, model::Duration timeout,
                                  QueryHandler handler) {
  RELEVO_CHECK(stage == Stage::closed || stage == Stage::ready);  // one operation at a time
  const bool usable = stage == Stage::ready;
  on_result = std::move(handler);
  rows = {};
  begin(Stage::sending, timeout);
  if (!usable) {
    return fail_later(farewell.value_or(Failure{FailureKind::reset, "", "not connected"}));
  }
  sql = text;  // the library reads it in later steps, too
  awaited = 0;
  asio::post(io, [weak = weak_from_this(), number = operation] {
    const auto self = weak.lock();
    if (self && self->operation == number) self->drive_query(0);
  });
}

void MysqlConnection::Impl::drive_query(unsigned ready) {
  bool succeeded = false;
  if (const unsigned waits = steps.query(handle, sql, succeeded, ready); waits != 0) {
    return wait_for(waits);
  }
  if (succeeded) return take_result();
  Failure failure = library_failure();
  if (failure.kind != FailureKind::server_error) return fail(std::move(failure));
  finish_query(tl::make_unexpected(std::move(failure)));
}

void MysqlConnection::Impl::take_result() {
  if (mysql_field_count(handle) == 0) return finish_query(Rows{});
  // Row by row, so that a result that is too large is noticed before it is kept.
  result = mysql_use_result(handle);
  if (result == nullptr) return fail(library_failure());
  rows.begin(result);
  stage = Stage::fetching;
  drive_fetch(0);
}

void MysqlConnection::Impl::drive_fetch(unsigned ready) {
  while (true) {
    MYSQL_ROW row = nullptr;
    if (const unsigned waits = steps.fetch(result, row, ready); waits != 0) return wait_for(waits);
    ready = 0;
    if (row == nullptr) break;
    if (!rows.take(result, row)) {
      return fail({FailureKind::reset, "", "the result is larger than a control query's"});
    }
  }
  if (mysql_errno(handle) != 0) {
    Failure failure = library_failure();
    if (failure.kind != FailureKind::server_error) return fail(std::move(failure));
    return finish_query(tl::make_unexpected(std::move(failure)));
  }
  finish_query(rows.finish());
}

void MysqlConnection::Impl::finish_query(Outcome<Rows> outcome) {
  if (result != nullptr) mysql_free_result(std::exchange(result, nullptr));
  if (outcome && mysql_more_results(handle) != 0) {
    return fail({FailureKind::reset, "", "the statement brought more than one result"});
  }
  ++operation;
  deadline.cancel();
  stage = Stage::ready;
  wait_for(wait_read);
  const auto handler = std::exchange(on_result, nullptr);
  handler(std::move(outcome));
}

// ---- The public face ---------------------------------------------------------------

MysqlConnection::MysqlConnection(asio::io_context& io) : impl_(std::make_shared<Impl>(io)) {}

MysqlConnection::~MysqlConnection() { impl_->close(); }

void MysqlConnection::connect(const Endpoint& endpoint, model::Duration timeout,
                              ConnectHandler handler) {
  const auto self = impl_;
  self->connect(endpoint, timeout, std::move(handler));
}

void MysqlConnection::query(const std::string& sql, model::Duration timeout, QueryHandler handler) {
  const auto self = impl_;
  self->query(sql, timeout, std::move(handler));
}

bool MysqlConnection::connected() const {
  return impl_->stage == Impl::Stage::ready || impl_->querying();
}

void MysqlConnection::close() { impl_->close(); }

void MysqlConnection::when_lost(LostHandler handler) { impl_->on_lost = std::move(handler); }

}  // namespace relevo::client

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
#include "topology/client/mysql_result.hpp"
#include "topology/model/check.hpp"

namespace relevo::client {
namespace {

using asio::posix::stream_descriptor;

// A name with more addresses than this is not one server.
constexpr std::size_t addresses_max = 4;
constexpr std::uint16_t default_port = 3306;

TlsMode tls_mode(std::string_view sslmode) {
  if (sslmode == "disable") return TlsMode::disable;
  if (sslmode == "require") return TlsMode::require;
  if (sslmode == "verify-ca") return TlsMode::verify_ca;
  if (sslmode == "verify-full") return TlsMode::verify_full;
  return TlsMode::prefer;  // "allow", "prefer"
}

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
  void start_next_address();
  void drive(unsigned ready);
  void drive_connect(unsigned ready);
  void finish_connect();
  void drive_query(unsigned ready);
  void take_result();
  void drive_fetch(unsigned ready);
  void finish_query(Outcome<Rows> outcome);

  bool watch_socket();
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
  stream_descriptor socket;  // a duplicate of the library's: only to be told of readiness
  asio::steady_timer deadline;

  MYSQL* handle = nullptr;
  MYSQL_RES* result = nullptr;  // being fetched
  MysqlSteps steps;

  Stage stage = Stage::closed;
  std::uint64_t operation = 0;
  std::uint64_t registration = 0;  // of the socket
  int watched = -1;                // the library's own descriptor
  unsigned armed = 0;              // waits that are under way; they outlive operations
  unsigned awaited = 0;            // events that the present step waits for
  Endpoint endpoint;
  MysqlTarget target;
  std::vector<std::string> addresses;  // not yet tried, the next one last
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
      if (stage == Stage::connecting) steps.unwind_connect(handle);
    }
    if (result != nullptr) mysql_free_result(std::exchange(result, nullptr));
    mysql_close(std::exchange(handle, nullptr));
  }
  steps = {};
  ++registration;
  asio::error_code ignored;
  socket.close(ignored);
  watched = -1;
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
                            stage == Stage::connecting);
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

  target = {};
  target.user = endpoint.user;
  target.password = endpoint.password;
  target.database = endpoint.database;
  target.port = endpoint.port != 0 ? endpoint.port : default_port;
  asio::error_code not_numeric;
  asio::ip::make_address(endpoint.host, not_numeric);
  if (endpoint.host.starts_with('/')) {
    target.unix_socket = endpoint.host;
    addresses = {""};
  } else if (!not_numeric) {
    addresses = {endpoint.host};
  } else {
    target.name = endpoint.host;
    return resolve();
  }
  // The library may fail within its first step, and handlers never run in here.
  asio::post(io, [weak = weak_from_this(), number = operation] {
    const auto self = weak.lock();
    if (self && self->operation == number) self->start_next_address();
  });
}

void MysqlConnection::Impl::resolve() {
  resolver.async_resolve(
      endpoint.host, "",
      [weak = weak_from_this(), number = operation](
          const asio::error_code& error, const asio::ip::tcp::resolver::results_type& found) {
        const auto self = weak.lock();
        if (!self || self->operation != number) return;
        self->addresses.clear();
        for (const auto& entry : found) {
          if (self->addresses.size() == addresses_max) break;
          self->addresses.insert(self->addresses.begin(), entry.endpoint().address().to_string());
        }
        if (error || self->addresses.empty()) {
          self->fail({FailureKind::unreachable, "",
                      "cannot resolve \"" + self->endpoint.host + "\": " + error.message()});
          return;
        }
        self->start_next_address();
      });
}

void MysqlConnection::Impl::start_next_address() {
  stage = Stage::connecting;
  RELEVO_CHECK(!addresses.empty());
  target.address = addresses.back();
  addresses.pop_back();
  handle = mysql_init(nullptr);
  if (handle == nullptr) {
    return fail({FailureKind::reset, "", "out of memory for a connection"});
  }
  const unsigned protocol = target.unix_socket.empty() ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
  const unsigned no_local_files = 0;
  const unsigned long packet_bytes_max = result_bytes_max;
  mysql_options(handle, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_options(handle, MYSQL_OPT_LOCAL_INFILE, &no_local_files);
  mysql_options(handle, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet_bytes_max);
  mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_options4(handle, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name",
                 endpoint.application_name.c_str());
  set_mysql_options(handle, tls_mode(endpoint.sslmode), endpoint.sslrootcert);
  drive_connect(0);
}

void MysqlConnection::Impl::drive_connect(unsigned ready) {
  bool succeeded = false;
  const unsigned waits = steps.connect(handle, target, succeeded, ready);
  if (waits != 0) {
    if (watch_socket()) wait_for(waits);
    return;
  }
  if (succeeded) return finish_connect();
  Failure failure = library_failure();
  // A server that spoke has decided; an address that does not answer has not.
  if (failure.kind != FailureKind::server_error && !addresses.empty()) {
    release();
    return start_next_address();
  }
  fail(std::move(failure));
}

void MysqlConnection::Impl::finish_connect() {
  const TlsMode tls = tls_mode(endpoint.sslmode);
  const bool encrypted = mysql_get_ssl_cipher(handle) != nullptr;
  if (!encrypted && target.unix_socket.empty() && tls != TlsMode::disable &&
      tls != TlsMode::prefer) {
    return fail({FailureKind::server_error, "", "the server does not speak TLS"});
  }
  if (!watch_socket()) return;
  ++operation;
  deadline.cancel();
  stage = Stage::ready;
  wait_for(wait_read);
  const auto handler = std::exchange(on_connected, nullptr);
  handler({});
}

// ---- The socket ----------------------------------------------------------------

bool MysqlConnection::Impl::watch_socket() {
  const int own = socket_of(handle);
  if (own >= 0 && own == watched) return true;
  ++registration;
  armed = 0;
  asio::error_code error;
  socket.close(error);
  const int duplicate = own >= 0 ? ::dup(own) : -1;
  if (duplicate >= 0) {
    socket.assign(duplicate, error);
    if (!error) {
      watched = own;
      return true;
    }
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
      return drive_connect(ready);
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

#include "topology/client/mysql_failure.hpp"

#include <cerrno>
#include <charconv>

namespace relevo::client {
namespace {

// errmsg.h of both libraries.
constexpr unsigned client_errors = 2000;
constexpr unsigned client_errors_end = 3000;
constexpr unsigned mariadb_client_errors = 5000;
constexpr unsigned mariadb_client_errors_end = 5100;
constexpr unsigned socket_connect_failed = 2002;
constexpr unsigned host_connect_failed = 2003;
constexpr unsigned out_of_memory = 2008;
constexpr unsigned server_handshake_failed = 2012;
constexpr unsigned server_lost = 2013;
constexpr unsigned server_gone = 2006;
constexpr unsigned packet_too_large = 2020;
constexpr unsigned ssl_failed = 2026;
constexpr unsigned server_lost_extended = 2055;
constexpr unsigned plugin_not_loaded = 2059;
constexpr unsigned plugin_failed = 2061;

bool is_client_error(unsigned number) {
  return (number >= client_errors && number < client_errors_end) ||
         (number >= mariadb_client_errors && number < mariadb_client_errors_end);
}

// "... (111)", "... (111 \"Connection refused\")", "... system error: 104"
int system_error_in(std::string_view message) {
  for (const std::string_view mark : {"system error: ", " ("}) {
    const auto at = message.rfind(mark);
    if (at == std::string_view::npos) continue;
    const std::string_view digits = message.substr(at + mark.size());
    int number = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), number).ec == std::errc{}) {
      return number;
    }
  }
  return 0;
}

FailureKind kind_of(int system_error, FailureKind otherwise) {
  switch (system_error) {
    case ECONNREFUSED:
    case ENOENT:  // a Unix socket that isn't there
      return FailureKind::refused;
    case ECONNRESET:
    case EPIPE:
    case ECONNABORTED:
      return FailureKind::reset;
    case ETIMEDOUT:
      return FailureKind::timeout;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
    case EADDRNOTAVAIL:
    case EACCES:
    case EPERM:
      return FailureKind::unreachable;
    default:
      return otherwise;
  }
}

}  // namespace

Failure read_mysql_failure(unsigned number, std::string_view sqlstate, std::string_view message,
                           bool connecting) {
  Failure failure;
  failure.message = message;
  if (!is_client_error(number)) {
    failure.kind = number == 0 ? FailureKind::reset : FailureKind::server_error;
    failure.sqlstate = sqlstate;
    failure.server_errno = static_cast<std::uint16_t>(number);
    if (failure.message.empty()) failure.message = "the client library failed without a word";
    return failure;
  }
  const int error = system_error_in(message);
  switch (number) {
    case socket_connect_failed:
    case host_connect_failed:
      failure.kind = kind_of(error, FailureKind::unreachable);
      break;
    case server_gone:
    case server_lost:
    case server_lost_extended:
    case server_handshake_failed:
      failure.kind = kind_of(error, FailureKind::reset);
      break;
    case plugin_not_loaded:
    case plugin_failed:
      failure.kind = FailureKind::server_error;
      failure.sqlstate = "28000";  // a way to log in that is not ours
      break;
    case ssl_failed:
      failure.kind = kind_of(error, FailureKind::server_error);
      break;
    case packet_too_large:
      failure.kind = FailureKind::reset;
      failure.message = "the result is larger than a control query's";
      break;
    case out_of_memory:
      failure.kind = FailureKind::reset;
      break;
    default:
      failure.kind = connecting ? FailureKind::server_error : FailureKind::reset;
  }
  return failure;
}

std::optional<Failure> read_farewell(std::string_view bytes) {
  constexpr std::size_t header_bytes = 4;
  constexpr unsigned char error_mark = 0xFF;
  constexpr std::size_t sqlstate_bytes = 5;
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (bytes.size() < header_bytes) return std::nullopt;
  const std::size_t length = at(0) | at(1) << 8U | at(2) << 16U;
  std::string_view body = bytes.substr(header_bytes);
  if (length < 3 || body.size() < length || at(header_bytes) != error_mark) return std::nullopt;
  body = body.substr(0, length);
  const unsigned number = at(header_bytes + 1) | at(header_bytes + 2) << 8U;
  body.remove_prefix(3);
  std::string_view sqlstate;
  if (body.size() > sqlstate_bytes && body.front() == '#') {
    sqlstate = body.substr(1, sqlstate_bytes);
    body.remove_prefix(1 + sqlstate_bytes);
  }
  return read_mysql_failure(number, sqlstate, body, false);
}

}  // namespace relevo::client

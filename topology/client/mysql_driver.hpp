// The two C libraries for MySQL's protocol behind one face: MariaDB Connector/C
// and Oracle's libmysqlclient. Both can work without blocking, each in a way of
// its own: one wants to be told which event came (_start, _cont), the other is
// simply called again (_nonblocking). This header alone knows the difference.
// Logging in blocks, in both: see mysql_login.hpp.
// https://mariadb.com/kb/en/non-blocking-client-library/
// https://dev.mysql.com/doc/c-api/8.4/en/c-api-asynchronous-interface.html
//
// Every step is called over and over: with `ready` = 0 first, then with the events
// that came. It gives what it waits for next, 0 when it has ended.
#pragma once

#include <mysql.h>
#include <openssl/err.h>
#include <poll.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "topology/model/ids.hpp"

namespace relevo::client {

enum Readiness : unsigned { wait_read = 1, wait_write = 2 };

// How strictly TLS is wanted: libpq's words.
// https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-SSLMODE-STATEMENTS
enum class TlsMode : std::uint8_t { disable, prefer, require, verify_ca, verify_full };

inline TlsMode tls_mode(std::string_view sslmode) {
  if (sslmode == "disable") return TlsMode::disable;
  if (sslmode == "require") return TlsMode::require;
  if (sslmode == "verify-ca") return TlsMode::verify_ca;
  if (sslmode == "verify-full") return TlsMode::verify_full;
  return TlsMode::prefer;  // "allow", "prefer"
}

struct MysqlAddress {
  const char* host;         // name or numeric address; "localhost" for a socket
  const char* unix_socket;  // null over TCP
  const char* user;
  const char* password;  // never null: it would be looked for in the environment
  const char* database;  // null for none
  std::uint16_t port;
};

// OpenSSL keeps a list of errors per thread, and asks it what a read that brought
// nothing means: an error that another connection has left there, for instance that of
// a server which was killed, would end this one. Neither library clears it.
inline void forget_others_tls_errors() { ERR_clear_error(); }

#if defined(LIBMARIADB) || defined(MARIADB_BASE_VERSION)

inline void set_mysql_options(MYSQL* handle, TlsMode tls, const std::string& ca) {
  mysql_options(handle, MYSQL_OPT_NONBLOCK, nullptr);
  // No plugin that would tell the password, or ask for one on a terminal.
  mysql_options(
      handle, MARIADB_OPT_RESTRICTED_AUTH,
      "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519,parsec");
  const my_bool use = tls != TlsMode::disable;
  // It knows no check of the authority alone: verify-ca checks the name as well.
  const my_bool verify = tls == TlsMode::verify_ca || tls == TlsMode::verify_full;
  mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, &use);
  // As libpq does: who has an authority and requires TLS wants it checked.
  if (tls >= TlsMode::require && !ca.empty()) mysql_options(handle, MYSQL_OPT_SSL_CA, ca.c_str());
  mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
}

// Blocks, at most until `deadline` as far as TLS, and some more there. By steps
// all the same, since the blocking call loses the system's error on its way.
inline bool log_in(MYSQL* handle, const MysqlAddress& to, model::Instant deadline) {
  MYSQL* connected = nullptr;
  int waits = mysql_real_connect_start(&connected, handle, to.host, to.user, to.password,
                                       to.database, to.port, to.unix_socket, 0);
  while (waits != 0) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd entry{mysql_get_socket(handle), 0, 0};
    if ((waits & MYSQL_WAIT_READ) != 0) entry.events |= POLLIN;
    if ((waits & MYSQL_WAIT_WRITE) != 0) entry.events |= POLLOUT;
    const bool came = left.count() > 0 && ::poll(&entry, 1, static_cast<int>(left.count())) > 0;
    const int events = (waits & (MYSQL_WAIT_READ | MYSQL_WAIT_WRITE));
    waits = mysql_real_connect_cont(&connected, handle, came ? events : MYSQL_WAIT_TIMEOUT);
  }
  return connected != nullptr;
}

class MysqlSteps {
 public:
  unsigned query(MYSQL* handle, const std::string& sql, bool& succeeded, unsigned ready) {
    forget_others_tls_errors();
    const int waits = under_way_ ? mysql_real_query_cont(&error_, handle, events(ready))
                                 : mysql_real_query_start(&error_, handle, sql.data(), sql.size());
    succeeded = waits == 0 && error_ == 0;
    return next(waits);
  }

  unsigned fetch(MYSQL_RES* result, MYSQL_ROW& row, unsigned ready) {
    forget_others_tls_errors();
    const int waits = under_way_ ? mysql_fetch_row_cont(&row_, result, events(ready))
                                 : mysql_fetch_row_start(&row_, result);
    row = row_;
    return next(waits);
  }

 private:
  static int events(unsigned ready) {
    return ((ready & wait_read) != 0 ? MYSQL_WAIT_READ : 0) |
           ((ready & wait_write) != 0 ? MYSQL_WAIT_WRITE : 0);
  }
  unsigned next(int waits) {
    under_way_ = waits != 0;
    unsigned wanted = 0;
    if ((waits & MYSQL_WAIT_READ) != 0) wanted |= wait_read;
    if ((waits & (MYSQL_WAIT_WRITE | MYSQL_WAIT_EXCEPT)) != 0) wanted |= wait_write;
    return under_way_ && wanted == 0 ? unsigned{wait_read} : wanted;
  }

  bool under_way_ = false;
  int error_ = 0;
  MYSQL_ROW row_ = nullptr;
};

inline int socket_of(MYSQL* handle) { return mysql_get_socket(handle); }

#else

inline void set_mysql_options(MYSQL* handle, TlsMode tls, const std::string& ca) {
  unsigned mode = SSL_MODE_DISABLED;
  if (tls == TlsMode::prefer) mode = SSL_MODE_PREFERRED;
  if (tls == TlsMode::require) mode = ca.empty() ? SSL_MODE_REQUIRED : SSL_MODE_VERIFY_CA;
  if (tls == TlsMode::verify_ca) mode = SSL_MODE_VERIFY_CA;
  if (tls == TlsMode::verify_full) mode = SSL_MODE_VERIFY_IDENTITY;
  mysql_options(handle, MYSQL_OPT_SSL_MODE, &mode);
  if (tls >= TlsMode::require && !ca.empty()) {
    mysql_options(handle, MYSQL_OPT_SSL_CA, ca.c_str());
  }
  // Without TLS caching_sha2_password encrypts with the server's own key.
  const bool ask = tls == TlsMode::disable || tls == TlsMode::prefer;
  mysql_options(handle, MYSQL_OPT_GET_SERVER_PUBLIC_KEY, &ask);
}

inline int socket_of(MYSQL* handle) { return static_cast<int>(handle->net.fd); }

// Blocks, as long as MYSQL_OPT_CONNECT_TIMEOUT says.
inline bool log_in(MYSQL* handle, const MysqlAddress& to, model::Instant) {
  return mysql_real_connect(handle, to.host, to.user, to.password, to.database, to.port,
                            to.unix_socket, 0) != nullptr;
}

// It does not say what it waits for. A control query always fits the socket's
// buffer, so that is the answer.
class MysqlSteps {
 public:
  unsigned query(MYSQL* handle, const std::string& sql, bool& succeeded, unsigned) {
    forget_others_tls_errors();
    const net_async_status status = mysql_real_query_nonblocking(handle, sql.data(), sql.size());
    succeeded = status == NET_ASYNC_COMPLETE;
    return status == NET_ASYNC_NOT_READY ? unsigned{wait_read} : 0;
  }

  unsigned fetch(MYSQL_RES* result, MYSQL_ROW& row, unsigned) {
    forget_others_tls_errors();
    const net_async_status status = mysql_fetch_row_nonblocking(result, &row);
    return status == NET_ASYNC_NOT_READY ? unsigned{wait_read} : 0;
  }
};

#endif

}  // namespace relevo::client

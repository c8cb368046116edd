// The two C libraries for MySQL's protocol behind one face: MariaDB Connector/C
// and Oracle's libmysqlclient. Both can work without blocking, each in a way of
// its own: one wants to be told which event came (_start, _cont), the other is
// simply called again (_nonblocking). This header alone knows the difference.
// https://mariadb.com/kb/en/non-blocking-client-library/
// https://dev.mysql.com/doc/c-api/8.4/en/c-api-asynchronous-interface.html
//
// Every step is called over and over: with `ready` = 0 first, then with the events
// that came. It gives what it waits for next, 0 when it has ended.
#pragma once

#include <mysql.h>
#include <sys/socket.h>

#include <cstdlib>
#include <cstring>
#include <string>

namespace relevo::client {

enum Readiness : unsigned { wait_read = 1, wait_write = 2 };

// How strictly TLS is wanted: libpq's words.
// https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-SSLMODE-STATEMENTS
enum class TlsMode : std::uint8_t { disable, prefer, require, verify_ca, verify_full };

struct MysqlTarget {
  std::string address;      // numeric; "" for a Unix socket
  std::string unix_socket;  // its path
  std::string name;         // what the server's certificate has to be for
  std::string user, password, database;
  std::uint16_t port = 0;
};

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
  if (use != 0 && !ca.empty()) mysql_options(handle, MYSQL_OPT_SSL_CA, ca.c_str());
  mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
}

class MysqlSteps {
 public:
  unsigned connect(MYSQL* handle, const MysqlTarget& target, bool& succeeded, unsigned ready) {
    const char* const host = target.address.empty() ? "localhost" : target.address.c_str();
    const char* const path = target.unix_socket.empty() ? nullptr : target.unix_socket.c_str();
    const char* const base = target.database.empty() ? nullptr : target.database.c_str();
    const int waits =
        under_way_ ? mysql_real_connect_cont(&connected_, handle, events(ready))
                   : mysql_real_connect_start(&connected_, handle, host, target.user.c_str(),
                                              target.password.c_str(), base, target.port, path, 0);
    // It checks the certificate against the host that it was given, a numeric
    // address. The greeting has been read by now and the certificate has not.
    if (waits != 0 && handle->host != nullptr && !target.name.empty() &&
        target.name != handle->host) {
      if (char* const name = ::strdup(target.name.c_str())) {
        std::free(handle->host);
        handle->host = name;
      }
    }
    succeeded = waits == 0 && connected_ != nullptr;
    return next(waits);
  }

  unsigned query(MYSQL* handle, const std::string& sql, bool& succeeded, unsigned ready) {
    const int waits = under_way_ ? mysql_real_query_cont(&error_, handle, events(ready))
                                 : mysql_real_query_start(&error_, handle, sql.data(), sql.size());
    succeeded = waits == 0 && error_ == 0;
    return next(waits);
  }

  unsigned fetch(MYSQL_RES* result, MYSQL_ROW& row, unsigned ready) {
    const int waits = under_way_ ? mysql_fetch_row_cont(&row_, result, events(ready))
                                 : mysql_fetch_row_start(&row_, result);
    row = row_;
    return next(waits);
  }

  // What a step that was broken off holds on its own stack is freed as it ends.
  void unwind_connect(MYSQL* handle) {
    while (under_way_) {
      under_way_ = mysql_real_connect_cont(&connected_, handle, MYSQL_WAIT_TIMEOUT) != 0;
    }
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
  MYSQL* connected_ = nullptr;
  int error_ = 0;
  MYSQL_ROW row_ = nullptr;
};

inline int socket_of(MYSQL* handle) { return mysql_get_socket(handle); }

#else

inline void set_mysql_options(MYSQL* handle, TlsMode tls, const std::string& ca) {
  unsigned mode = SSL_MODE_DISABLED;
  if (tls == TlsMode::prefer) mode = SSL_MODE_PREFERRED;
  if (tls == TlsMode::require) mode = SSL_MODE_REQUIRED;
  if (tls == TlsMode::verify_ca) mode = SSL_MODE_VERIFY_CA;
  if (tls == TlsMode::verify_full) mode = SSL_MODE_VERIFY_IDENTITY;
  mysql_options(handle, MYSQL_OPT_SSL_MODE, &mode);
  if (tls != TlsMode::disable && !ca.empty()) {
    mysql_options(handle, MYSQL_OPT_SSL_CA, ca.c_str());
  }
  // Without TLS caching_sha2_password encrypts with the server's own key.
  const bool ask = tls == TlsMode::disable || tls == TlsMode::prefer;
  mysql_options(handle, MYSQL_OPT_GET_SERVER_PUBLIC_KEY, &ask);
}

inline int socket_of(MYSQL* handle) { return static_cast<int>(handle->net.fd); }

// It does not say what it waits for. A control query always fits the socket's
// buffer, so that is the answer, except for the first packet: there it is the
// connection itself.
class MysqlSteps {
 public:
  unsigned connect(MYSQL* handle, const MysqlTarget& target, bool& succeeded, unsigned) {
    const char* const host = target.address.empty() ? "localhost" : target.address.c_str();
    const char* const path = target.unix_socket.empty() ? nullptr : target.unix_socket.c_str();
    const char* const base = target.database.empty() ? nullptr : target.database.c_str();
    const net_async_status status = mysql_real_connect_nonblocking(
        handle, host, target.user.c_str(), target.password.c_str(), base, target.port, path, 0);
    succeeded = status == NET_ASYNC_COMPLETE;
    if (status != NET_ASYNC_NOT_READY) {
      if (library_host_ != nullptr && handle->host != nullptr) handle->host = library_host_;
      return 0;
    }
    // As above; the string is ours, and the library gets its own back in the end.
    if (handle->host != nullptr && !target.name.empty() && library_host_ == nullptr) {
      library_host_ = handle->host;
      name_ = target.name;
      handle->host = name_.data();
    }
    sockaddr_storage peer{};
    socklen_t length = sizeof peer;
    const int socket = socket_of(handle);
    const bool open =
        socket >= 0 && ::getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &length) == 0;
    return open ? wait_read : wait_write;
  }

  unsigned query(MYSQL* handle, const std::string& sql, bool& succeeded, unsigned) {
    const net_async_status status = mysql_real_query_nonblocking(handle, sql.data(), sql.size());
    succeeded = status == NET_ASYNC_COMPLETE;
    return status == NET_ASYNC_NOT_READY ? unsigned{wait_read} : 0;
  }

  unsigned fetch(MYSQL_RES* result, MYSQL_ROW& row, unsigned) {
    const net_async_status status = mysql_fetch_row_nonblocking(result, &row);
    return status == NET_ASYNC_NOT_READY ? unsigned{wait_read} : 0;
  }

  void unwind_connect(MYSQL*) {}  // keeps nothing apart from its handle

 private:
  char* library_host_ = nullptr;
  std::string name_;
};

#endif

}  // namespace relevo::client

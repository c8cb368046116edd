// What a failed operation of MySQL's client library means.
//
// The server's own errors have numbers below 2000 and from 3000 on, the library's
// own lie between (and from 5000 on, in MariaDB's). Of those that tell of the
// network only the text has the system's error, as a number at its end:
//   Can't connect to server on '10.0.0.1' (111)
//   Lost connection to server at 'handshake: reading ...', system error: 104
// https://dev.mysql.com/doc/mysql-errors/8.4/en/
#pragma once

#include <optional>
#include <string_view>

#include "topology/client/connection.hpp"

namespace relevo::client {

// `connecting`: log-in is not over.
Failure read_mysql_failure(unsigned number, std::string_view sqlstate, std::string_view message,
                           bool connecting);

// An error packet that the server sent unasked, before it ended the connection:
// "shutdown in progress", "connection was killed". nullopt when it is none, as
// under TLS, where it can't be read.
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_err_packet.html
std::optional<Failure> read_farewell(std::string_view bytes);

}  // namespace relevo::client

// What a failed libpq connection attempt means.
//
// libpq (PG 15) has no PGresult for it, only text. With PQERRORS_VERBOSE in force
// while connecting, the text of a server's error contains its SQLSTATE in a fixed
// place, whatever its language:
//   connection to server at "10.0.0.1", port 5432 failed: FATAL:  57P03: the database ...
//   LOCATION:  ProcessStartupPacket, postmaster.c:2360
// The system's errors are recognised by strerror's text, which libpq quotes in the
// same locale.
#pragma once

#include <string>

#include "topology/client/connection.hpp"

namespace relevo::client {

// `peer_closed`: the last socket was seen to be at its end.
Failure read_connect_failure(const std::string& libpq_text, bool peer_closed);

}  // namespace relevo::client

// Why a login ended. Toward a client: the error it gets. From a server: the
// server's own words, or ours when the server said nothing sensible.
#pragma once

#include <cstdint>
#include <string>

namespace relevo::session::mysql {

struct LoginError {
  std::uint16_t number = 0;
  std::string sqlstate;
  std::string message;
  // For the log: what the peer need not, or must not, be told. May be empty.
  std::string reason;
};

}  // namespace relevo::session::mysql

// Where a Relevo's admin interface is: a Unix socket or an HTTP address.
#pragma once

#include <cstdint>
#include <string>

#include "topology/model/result.hpp"

namespace relevo::admin {

inline constexpr const char* default_admin_socket = "/run/relevo/admin.sock";

struct Address {
  bool unix_socket = true;
  std::string host;  // the socket's path when unix_socket
  std::uint16_t port = 0;

  std::string to_string() const;  // as people write it
};

// "/run/relevo/admin.sock", "unix:/run/...", "http://host[:port]", "http://[::1]:8008".
Result<Address> parse_address(const std::string& text);

}  // namespace relevo::admin

#include "proxy/admin/relevoctl/address.hpp"

#include <charconv>
#include <string_view>

namespace relevo::admin {
namespace {

constexpr std::uint16_t default_port = 8008;  // as in the documented configuration

bool parse_port(std::string_view text, std::uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port != 0;
}

bool parse_authority(std::string_view text, Address& address) {
  if (!text.empty() && text.back() == '/') text.remove_suffix(1);
  std::string_view host, rest;
  if (!text.empty() && text.front() == '[') {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return false;
    host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
  } else {
    const auto colon = text.find(':');
    host = text.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
  }
  if (host.empty() || host.find_first_of("/?#@ ") != std::string_view::npos) return false;
  address.host = host;
  address.port = default_port;
  return rest.empty() || (rest.front() == ':' && parse_port(rest.substr(1), address.port));
}

}  // namespace

std::string Address::to_string() const {
  if (unix_socket) return host;
  const bool v6 = host.find(':') != std::string::npos;
  return "http://" + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Address> parse_address(const std::string& text) {
  static constexpr std::string_view http = "http://";
  static constexpr std::string_view unix_prefix = "unix:";
  Address address;
  if (text.starts_with(http)) {
    address.unix_socket = false;
    if (parse_authority(std::string_view(text).substr(http.size()), address)) return address;
  } else {
    address.host = text.starts_with(unix_prefix) ? text.substr(unix_prefix.size()) : text;
    const bool other_scheme = address.host.find("://") != std::string::npos;
    if (!address.host.empty() && !other_scheme) return address;
  }
  return fail("usage", "\"" + text +
                           "\" is neither the path of a socket nor http://HOST:PORT "
                           "(the admin interface speaks no TLS).");
}

}  // namespace relevo::admin

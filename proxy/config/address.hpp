// Addresses and paths as they are written. The error of each function is a sentence
// for the operator.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "proxy/config/config.hpp"

namespace relevo::config {

// sizeof(sockaddr_un::sun_path) on Linux is 108 with its final zero (unix(7)).
inline constexpr std::size_t socket_path_bytes_max = 107;
inline constexpr std::size_t path_bytes_max = 4095;  // PATH_MAX with its final zero is 4096

struct Endpoint {
  std::string host;  // without brackets
  std::uint16_t port = 0;
  bool operator==(const Endpoint&) const = default;
};

// "host:port" or "[v6]:port", the host being a name (RFC 1123) or a numeric address.
tl::expected<Endpoint, std::string> parse_endpoint(std::string_view text);
std::string format_endpoint(const Endpoint& endpoint);

// The same with a numeric address alone, which comes back in canonical form: the
// proxy binds it without asking a resolver. Or "unix:/path", taken from `folder`.
tl::expected<Listen, std::string> parse_listen(std::string_view text,
                                               const std::filesystem::path& folder);
std::string format_listen(const Listen& listen);

// An absolute, normal path; a relative one is taken from `folder`.
tl::expected<std::string, std::string> resolve_path(const std::string& text,
                                                    const std::filesystem::path& folder,
                                                    std::size_t bytes_max);

// A numeric IPv4 or IPv6 address in canonical form; "" when it is neither.
std::string canonical_address(const std::string& host);

}  // namespace relevo::config

#include "proxy/config/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "proxy/config/kinds.hpp"

namespace relevo::config {
namespace {

constexpr std::string_view unix_prefix = "unix:";

auto refuse(std::string message) { return tl::make_unexpected(std::move(message)); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// RFC 1123: labels of letters, digits and hyphens, 1 to 63 bytes, 253 in all.
// Underscores are let through because container networks use them. A last label of
// digits alone makes a mistyped IPv4 address, which no resolver would know.
bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  std::string_view label;
  while (true) {
    const auto dot = host.find('.');
    label = host.substr(0, dot);
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-')
      return false;
    if (!std::all_of(label.begin(), label.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; }))
      return false;
    if (dot == std::string_view::npos) break;
    host.remove_prefix(dot + 1);
  }
  return !std::all_of(label.begin(), label.end(), is_digit);
}

struct Split {
  std::string host;
  std::uint16_t port;
  bool bracketed;
};

tl::expected<Split, std::string> split(std::string_view text) {
  const auto shape = [&] {
    return refuse(in_quotes(text) + " is not an address: write \"host:port\" or \"[v6]:port\"");
  };
  // A connection URL was pasted here, perhaps with its password: do not repeat it.
  if (text.find('@') != std::string_view::npos || text.find("//") != std::string_view::npos)
    return refuse("a URL or a user cannot stand here: write \"host:port\" alone");
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return shape();
  std::string_view host = text.substr(0, colon);
  const std::string_view port_text = text.substr(colon + 1);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host.empty() || port_text.empty()) return shape();
  if (!bracketed && host.find(':') != std::string_view::npos)
    return refuse(in_quotes(text) +
                  " is not an address: put an IPv6 address in brackets, \"[v6]:port\"");

  unsigned port = 0;
  const char* const end = port_text.data() + port_text.size();
  const auto [rest, error] = std::from_chars(port_text.data(), end, port);
  if (error != std::errc{} || rest != end || port < 1 || port > 65535)
    return refuse(in_quotes(port_text) + " is not a port: 1 to 65535");
  return Split{std::string(host), static_cast<std::uint16_t>(port), bracketed};
}

class EndpointKind final : public Kind<Endpoint> {
 public:
  std::optional<Endpoint> read(const Json& json, const Place& at) const override {
    if (!json.is_string()) return at.expected("an address \"host:port\"", json);
    auto endpoint = parse_endpoint(json.get_ref<const std::string&>());
    if (!endpoint) return at.refuse(endpoint.error());
    return *std::move(endpoint);
  }
  Shown show(const Endpoint& value) const override {
    return value.host.empty() ? Shown(nullptr) : Shown(format_endpoint(value));
  }
  Shown schema() const override { return {{"type", "string"}, {"pattern", "^.+:[0-9]+$"}}; }
  std::string type() const override { return "address, \"host:port\" or \"[v6]:port\""; }
};

class ListenKind final : public Kind<Listen> {
 public:
  explicit ListenKind(bool unix_too) : unix_too_(unix_too) {}

  std::optional<Listen> read(const Json& json, const Place& at) const override {
    if (!json.is_string()) return at.expected(type(), json);
    auto listen = parse_listen(json.get_ref<const std::string&>(), at.context().folder);
    if (!listen) return at.refuse(listen.error());
    if (listen->unix_socket && !unix_too_) return at.refuse("expected " + type());
    return *std::move(listen);
  }
  Shown show(const Listen& value) const override { return format_listen(value); }
  Shown schema() const override {
    return {{"type", "string"}, {"pattern", unix_too_ ? "^(unix:.+|.+:[0-9]+)$" : "^.+:[0-9]+$"}};
  }
  std::string type() const override {
    return std::string("listen address, \"ip:port\"") +
           (unix_too_ ? ", \"[v6]:port\" or \"unix:/path\"" : " or \"[v6]:port\"");
  }

 private:
  bool unix_too_;
};

}  // namespace

std::string canonical_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> binary{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  for (const int family : {AF_INET, AF_INET6})
    if (inet_pton(family, host.c_str(), binary.data()) == 1)
      return inet_ntop(family, binary.data(), text.data(), text.size());
  return "";
}

tl::expected<Endpoint, std::string> parse_endpoint(std::string_view text) {
  if (text.substr(0, unix_prefix.size()) == unix_prefix)
    return refuse("a Unix socket cannot stand here: write \"host:port\"");
  const auto parts = split(text);
  if (!parts) return refuse(parts.error());
  const bool numeric = !canonical_address(parts->host).empty();
  if (parts->bracketed ? !numeric : !numeric && !is_host_name(parts->host))
    return refuse(in_quotes(parts->host) + " is neither a host name nor a numeric address");
  return Endpoint{parts->host, parts->port};
}

std::string format_endpoint(const Endpoint& endpoint) {
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  return (v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

tl::expected<Listen, std::string> parse_listen(std::string_view text,
                                               const std::filesystem::path& folder) {
  if (text.substr(0, unix_prefix.size()) == unix_prefix) {
    auto path =
        resolve_path(std::string(text.substr(unix_prefix.size())), folder, socket_path_bytes_max);
    if (!path) return refuse(path.error());
    return Listen{true, *std::move(path), 0};
  }
  const auto parts = split(text);
  if (!parts) return refuse(parts.error());
  std::string address = canonical_address(parts->host);
  if (address.empty())
    return refuse(in_quotes(parts->host) +
                  " is not a numeric address; \"0.0.0.0\" and \"[::]\" stand for every one");
  return Listen{false, std::move(address), parts->port};
}

std::string format_listen(const Listen& listen) {
  return listen.unix_socket ? std::string(unix_prefix) + listen.host
                            : format_endpoint({listen.host, listen.port});
}

tl::expected<std::string, std::string> resolve_path(const std::string& text,
                                                    const std::filesystem::path& folder,
                                                    std::size_t bytes_max) {
  if (text.empty()) return refuse("a path must not be empty");
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20; }))
    return refuse(in_quotes(text) + " is not a path: it holds a control character");
  std::string path = (folder / text).lexically_normal().string();
  if (path.size() > bytes_max)
    return refuse(in_quotes(path) + " is too long: at most " + std::to_string(bytes_max) +
                  " bytes");
  return path;
}

KindOf<Endpoint> endpoint() { return std::make_shared<EndpointKind>(); }
KindOf<Listen> listen() { return std::make_shared<ListenKind>(true); }
KindOf<Listen> listen_tcp() { return std::make_shared<ListenKind>(false); }

}  // namespace relevo::config

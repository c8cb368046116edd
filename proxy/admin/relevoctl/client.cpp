#include "proxy/admin/relevoctl/client.hpp"

#include <httplib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <system_error>

namespace relevo::admin {
namespace {

using namespace std::chrono_literals;

constexpr auto connect_within = 5s;
constexpr auto answer_within = 10s;
constexpr auto command_within = 180s;  // a switchover waits for transactions and replicas
constexpr auto heartbeat_within = 30s;
constexpr std::size_t longest_line_bytes = 1 << 20;

// The library's client as one request needs it.
class Http : public httplib::ClientImpl {
 public:
  // Port 80 keeps the library from putting one behind the socket's path.
  Http(const Address& address, std::chrono::seconds answer)
      : httplib::ClientImpl(address.host, address.unix_socket ? 80 : address.port) {
    if (address.unix_socket) set_address_family(AF_UNIX);
    set_connection_timeout(connect_within);
    set_read_timeout(answer);
    set_write_timeout(answer_within);
    set_url_encode(false);  // targets come encoded
  }
};

httplib::Headers headers_for(const Address& address, const std::string& token) {
  httplib::Headers headers;
  if (address.unix_socket) {
    headers.emplace("Host", "relevo");
  } else if (!token.empty()) {
    headers.emplace("Authorization", "Bearer " + token);
  }
  return headers;
}

// What the system says about connecting there; the library keeps it to itself.
std::string why_not_connected(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return "the path is too long for a socket";
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return std::system_category().message(errno);
  const int result = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = errno;
  close(fd);
  return result == 0 ? "it doesn't accept requests" : std::system_category().message(error);
}

tl::unexpected<Error> unreachable(const Address& address, httplib::Error error) {
  if (error == httplib::Error::Read || error == httplib::Error::Write) {
    return fail("no_answer", "Relevo at " + address.to_string() +
                                 " accepted the request but gave no answer in time. What was asked "
                                 "for may still happen; look at `relevoctl topology`.");
  }
  const std::string what = address.unix_socket ? "socket " : "interface at ";
  const std::string why =
      address.unix_socket ? why_not_connected(address.host) : httplib::to_string(error) + " failed";
  return fail("unreachable",
              "cannot reach Relevo's admin " + what + address.to_string() + ": " + why +
                  ". Is relevo running? --admin or RELEVO_ADMIN names another " + "socket or URL.");
}

Error refusal(int status, const std::string& body) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  const auto error = json.is_object() ? json.value("error", nlohmann::json()) : nlohmann::json();
  if (error.is_object() && error.contains("message") && error["message"].is_string()) {
    Error refused{"refused", error["message"].get<std::string>()};
    if (error.contains("code") && error["code"].is_string()) {
      refused.code = error["code"].get<std::string>();
    }
    if (status == 401) refused.message += " RELEVO_ADMIN_TOKEN holds the one that relevoctl sends.";
    return refused;
  }
  return {"bad_answer", "The answer (HTTP status " + std::to_string(status) +
                            ") is not Relevo's. Does something else serve this address?"};
}

Result<std::string> body_of(const Address& address, const httplib::Result& result) {
  if (!result) return unreachable(address, result.error());
  if (result->status != 200) return tl::make_unexpected(refusal(result->status, result->body));
  return result->body;
}

}  // namespace

Result<std::string> Client::get(const std::string& target) const {
  Http http(address_, answer_within);
  return body_of(address_, http.Get(target, headers_for(address_, token_)));
}

Result<std::string> Client::post(const std::string& target, const std::string& body) const {
  Http http(address_, command_within);
  return body_of(address_,
                 http.Post(target, headers_for(address_, token_), body, "application/json"));
}

Result<void> Client::follow(const std::string& target,
                            const std::function<bool(std::string_view)>& line) const {
  Http http(address_, heartbeat_within);
  int status = 0;
  bool ended_here = false;
  std::string rest;
  const auto result = http.Get(
      target, headers_for(address_, token_),
      [&](const httplib::Response& response) {
        status = response.status;
        return true;
      },
      [&](const char* data, std::size_t size) {
        rest.append(data, size);
        if (status != 200) return rest.size() <= longest_line_bytes;
        for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
          if (end > 0 && !line(std::string_view(rest).substr(0, end))) {
            ended_here = true;
            return false;
          }
          rest.erase(0, end + 1);
        }
        return rest.size() <= longest_line_bytes;
      });
  if (ended_here) return {};
  if (status != 0 && status != 200) return tl::make_unexpected(refusal(status, rest));
  if (!result && status == 0) return unreachable(address_, result.error());
  return fail("ended", "Relevo at " + address_.to_string() + " ended the stream of events.");
}

}  // namespace relevo::admin

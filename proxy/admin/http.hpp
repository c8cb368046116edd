// A request and a response as the handlers see them: plain values, so that every
// handler is a function that a test calls without a socket.
//
// Everything in a Request came from outside. Path and query are split first and
// percent-decoded afterwards, so that a "%2F" in a name stays part of the name.
// RFC 9110 (HTTP), RFC 3986 section 2.1 (percent-encoding).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "topology/model/result.hpp"

namespace relevo::admin {

enum class Transport : std::uint8_t {
  unix_socket,  // whoever may open the file may do everything
  tcp,          // changes need the bearer token
};

struct Request {
  std::string method = "GET";         // HEAD arrives as GET: the shell drops the body
  std::vector<std::string> segments;  // the path between its slashes, decoded
  std::map<std::string, std::string, std::less<>> query;  // decoded; the last of a name counts
  std::string body;
  std::string bearer;  // what "Authorization: Bearer" carried, "" when absent
  Transport transport = Transport::unix_socket;

  std::map<std::string, std::string, std::less<>> path;  // the pattern's {names}, by dispatch()

  // The value of a query parameter, or nothing when it is absent.
  const std::string* find(std::string_view name) const;
  // The value that the route's pattern captured; the pattern must have it.
  const std::string& captured(std::string_view name) const;
};

// What follows the response's headers when it is the endless stream of events.
struct Follow {
  std::uint64_t since = 0;  // ids up to this one are known to the client
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<Follow> follow;  // with an empty body
};

// Splits "/v1/events?since=4" into segments and query. nullopt for a target that
// is not an absolute path or has a malformed percent escape.
struct Target {
  std::vector<std::string> segments;
  std::map<std::string, std::string, std::less<>> query;
};
std::optional<Target> parse_target(std::string_view target);

// "app%20name" from "app name": everything but unreserved characters.
std::string percent_encode(std::string_view text);

// {"error": {"code", "message"}}: the only shape an error has on this interface.
Response error_response(int status, std::string_view code, std::string_view message);

// The same for what a Backend refused. The words that it uses for its codes are
// free, but these have a status of their own:
//   unknown_cluster, unknown_node  404
//   invalid, bad_request           400
//   timeout                        504
//   unavailable                    503
// Everything else is a refusal in the present state of the cluster: 409.
Response error_response(const Error& error);

}  // namespace relevo::admin

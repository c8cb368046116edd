// Bodies are read strictly: a member that is misspelt, of another type or not
// meant for the command is refused, since an operator who wrote it meant something.
#include <algorithm>
#include <initializer_list>

#include "proxy/admin/handlers.hpp"
#include "proxy/admin/json.hpp"

namespace relevo::admin {
namespace {

struct Command {
  std::string to;
  bool allow_data_loss = false;
  std::optional<bool> on;
};

Response bad_body(const std::string& message) {
  return error_response(400, "bad_request", message);
}

tl::expected<Command, Response> parse_body(const Request& request,
                                           std::initializer_list<std::string_view> known) {
  Command command;
  if (request.body.find_first_not_of(" \t\r\n") == std::string::npos) return command;
  const Json body = Json::parse(request.body, nullptr, false);
  if (!body.is_object()) {
    return tl::make_unexpected(bad_body("The body must be a JSON object, or be absent."));
  }
  for (const auto& [key, value] : body.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      return tl::make_unexpected(bad_body("This command takes no \"" + key + "\"."));
    }
    if (key == "to") {
      if (!value.is_string()) return tl::make_unexpected(bad_body("\"to\" must be a node's name."));
      command.to = value.get<std::string>();
    } else {
      if (!value.is_boolean()) {
        return tl::make_unexpected(bad_body("\"" + key + "\" must be true or false."));
      }
      if (key == "on") command.on = value.get<bool>();
      if (key == "allow_data_loss") command.allow_data_loss = value.get<bool>();
    }
  }
  return command;
}

Response outcome(const Result<std::string>& result) {
  if (!result) return error_response(result.error());
  Json json;
  json["message"] = *result;
  return json_response(json);
}

Response gate(Backend& backend, const Request& request,
              Result<std::string> (Backend::*command)(const std::string&)) {
  const std::string& cluster = request.captured("cluster");
  if (const auto body = parse_body(request, {}); !body) return body.error();
  if (auto unknown = check_names(backend, cluster, "")) return *std::move(unknown);
  return outcome((backend.*command)(cluster));
}

}  // namespace

Response post_switchover(Backend& backend, const Request& request) {
  const std::string& cluster = request.captured("cluster");
  const auto body = parse_body(request, {"to"});
  if (!body) return body.error();
  if (auto unknown = check_names(backend, cluster, body->to)) return *std::move(unknown);
  return outcome(backend.switchover(cluster, body->to));
}

Response post_failover(Backend& backend, const Request& request) {
  const std::string& cluster = request.captured("cluster");
  const auto body = parse_body(request, {"to", "allow_data_loss"});
  if (!body) return body.error();
  if (auto unknown = check_names(backend, cluster, body->to)) return *std::move(unknown);
  return outcome(backend.failover(cluster, body->to, body->allow_data_loss));
}

Response post_pause(Backend& backend, const Request& request) {
  return gate(backend, request, &Backend::pause);
}

Response post_resume(Backend& backend, const Request& request) {
  return gate(backend, request, &Backend::resume);
}

Response post_ack(Backend& backend, const Request& request) {
  return gate(backend, request, &Backend::acknowledge);
}

Response post_maintenance(Backend& backend, const Request& request) {
  const std::string& cluster = request.captured("cluster");
  const std::string& node = request.captured("node");
  const auto body = parse_body(request, {"on"});
  if (!body) return body.error();
  if (!body->on) return bad_body("Say {\"on\": true} or {\"on\": false}.");
  if (auto unknown = check_names(backend, cluster, node)) return *std::move(unknown);
  return outcome(backend.maintenance(cluster, node, *body->on));
}

Response post_reload(Backend& backend, const Request& request) {
  if (const auto body = parse_body(request, {}); !body) return body.error();
  return outcome(backend.reload());
}

}  // namespace relevo::admin

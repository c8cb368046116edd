#include "proxy/admin/handlers.hpp"
#include "proxy/admin/json.hpp"

namespace relevo::admin {
namespace {

Response outcome(const Result<model::Diagnosis>& diagnosis) {
  if (!diagnosis) return error_response(diagnosis.error());
  return json_response(to_json(*diagnosis));
}

Response bad_body(const std::string& message) {
  return error_response(400, "bad_request", message);
}

}  // namespace

Response get_doctor(Backend& backend, const Request& request) {
  const std::string& cluster = request.captured("cluster");
  const std::string* node = request.find("node");
  const std::string only = node == nullptr ? "" : *node;
  if (auto unknown = check_names(backend, cluster, only)) return *std::move(unknown);
  return outcome(backend.diagnose(cluster, only));
}

Response post_doctor(Backend& backend, const Request& request) {
  const std::string& cluster = request.captured("cluster");
  std::string only;
  if (request.body.find_first_not_of(" \t\r\n") != std::string::npos) {
    const Json body = Json::parse(request.body, nullptr, false);
    if (!body.is_object()) return bad_body("The body must be a JSON object, or be absent.");
    for (const auto& [key, value] : body.items()) {
      if (key != "node") return bad_body("This command takes no \"" + key + "\".");
      if (!value.is_string()) return bad_body("\"node\" must be a node's name.");
      only = value.get<std::string>();
    }
  }
  if (auto unknown = check_names(backend, cluster, only)) return *std::move(unknown);
  return outcome(backend.mend(cluster, only));
}

}  // namespace relevo::admin

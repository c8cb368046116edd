// /primary and /replica answer for Relevo, not for a server: may a load balancer
// send writes, or reads that must go to a replica, to this instance now?
#include <charconv>

#include "proxy/admin/handlers.hpp"
#include "proxy/admin/json.hpp"
#include "proxy/admin/metrics.hpp"
#include "proxy/admin/openmetrics.hpp"

namespace relevo::admin {
namespace {

Response up(Json json) { return json_response(json); }

Response down(std::string_view code, const std::string& message) {
  return error_response(503, code, message);
}

// "250ms", "1s", "2m": as in the configuration.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (unit == "ms") return std::chrono::milliseconds(value);
  if (unit == "s") return std::chrono::seconds(value);
  if (unit == "m") return std::chrono::minutes(value);
  return std::nullopt;
}

}  // namespace

Response get_livez(Backend&, const Request&) { return up({{"status", "alive"}}); }

Response get_readyz(Backend& backend, const Request&) {
  if (backend.ready()) return up({{"status", "ready"}});
  return down("not_ready", "Not every cluster has been observed and is listened for yet.");
}

Response get_primary(Backend& backend, const Request& request) {
  const auto found = requested_view(backend, request);
  if (!found) return found.error();
  const model::View& view = **found;
  if (view.paused) return down("paused", "An operator has paused this cluster.");
  if (!view.primary || *view.primary >= view.nodes.size()) {
    return down("no_primary", "The cluster has no primary now.");
  }
  if (view.gate != model::PrimaryGate::open) {
    return down("held", "New transactions are held while the primary changes.");
  }
  Json json;
  json["cluster"] = view.cluster;
  json["primary"] = view.nodes[*view.primary].name;
  return up(std::move(json));
}

Response get_replica(Backend& backend, const Request& request) {
  std::optional<std::chrono::milliseconds> limit;
  if (const std::string* text = request.find("lag")) {
    limit = parse_duration(*text);
    if (!limit) return error_response(400, "bad_request", "lag must look like 250ms, 1s or 2m.");
  }
  const auto found = requested_view(backend, request);
  if (!found) return found.error();
  const model::View& view = **found;
  if (view.paused) return down("paused", "An operator has paused this cluster.");
  Json json;
  json["cluster"] = view.cluster;
  json["replicas"] = Json::array();
  for (const auto& node : view.nodes) {
    if (node.role != model::Role::replica || !node.eligible_for_reads) continue;
    if (limit && (!node.lag || *node.lag > *limit)) continue;
    json["replicas"].push_back(node.name);
  }
  if (json["replicas"].empty()) {
    return down("no_replica", "No replica is eligible for reads within this lag.");
  }
  return up(std::move(json));
}

Response get_metrics(Backend& backend, const Request&) {
  Response response;
  response.content_type = std::string(openmetrics_content_type);
  response.body = openmetrics_text(collect_metrics(backend));
  return response;
}

}  // namespace relevo::admin

#include "proxy/admin/handlers.hpp"
#include "proxy/admin/json.hpp"

namespace relevo::admin {
namespace {

std::string names(const std::vector<model::ViewPtr>& views) {
  std::string text;
  for (const auto& view : views) {
    if (!view) continue;
    if (!text.empty()) text += ", ";
    text += view->cluster;
  }
  return text.empty() ? "none" : text;
}

Response unknown_cluster(Backend& backend, const std::string& cluster) {
  return error_response(
      404, "unknown_cluster",
      "There is no cluster \"" + cluster + "\". The clusters are: " + names(backend.views()) + ".");
}

template <typename Row>
Response rows_response(Backend& backend, const Request& request, const char* key,
                       std::optional<std::vector<Row>> (Backend::*rows)(const std::string&)) {
  const std::string& cluster = request.captured("cluster");
  const auto found = (backend.*rows)(cluster);
  if (!found) return unknown_cluster(backend, cluster);
  Json json;
  json["cluster"] = cluster;
  json[key] = Json::array();
  for (const Row& row : *found) json[key].push_back(to_json(row));
  return json_response(json);
}

}  // namespace

tl::expected<model::ViewPtr, Response> named_view(Backend& backend, const std::string& cluster) {
  for (auto& view : backend.views()) {
    if (view && view->cluster == cluster) return view;
  }
  return tl::make_unexpected(unknown_cluster(backend, cluster));
}

tl::expected<model::ViewPtr, Response> requested_view(Backend& backend, const Request& request) {
  if (const std::string* cluster = request.find("cluster")) return named_view(backend, *cluster);
  const auto views = backend.views();
  if (views.size() == 1 && views.front()) return views.front();
  if (views.size() > 1) {
    return tl::make_unexpected(
        error_response(400, "cluster_needed",
                       "There are several clusters; name one with ?cluster=: " + names(views)));
  }
  return tl::make_unexpected(
      error_response(503, "unavailable", "No cluster has been observed yet."));
}

std::optional<Response> check_names(Backend& backend, const std::string& cluster,
                                    const std::string& node) {
  const auto view = named_view(backend, cluster);
  if (!view) return view.error();
  if (node.empty()) return std::nullopt;
  std::string known;
  for (const auto& candidate : (*view)->nodes) {
    if (candidate.name == node) return std::nullopt;
    if (!known.empty()) known += ", ";
    known += candidate.name;
  }
  return error_response(
      404, "unknown_node",
      "Cluster \"" + cluster + "\" has no node \"" + node + "\". Its nodes are: " + known + ".");
}

Response get_topology(Backend& backend, const Request&) {
  Json json;
  json["clusters"] = Json::array();
  for (const auto& view : backend.views()) {
    if (!view) continue;
    json["clusters"].push_back(
        to_json(*view, backend.traffic(view->cluster).value_or(session::Traffic{})));
  }
  return json_response(json);
}

Response get_pools(Backend& backend, const Request& request) {
  return rows_response(backend, request, "pools", &Backend::pools);
}

Response get_clients(Backend& backend, const Request& request) {
  return rows_response(backend, request, "clients", &Backend::clients);
}

Response get_servers(Backend& backend, const Request& request) {
  return rows_response(backend, request, "servers", &Backend::servers);
}

}  // namespace relevo::admin

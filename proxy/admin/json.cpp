#include "proxy/admin/json.hpp"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace relevo::admin {
namespace {

// Milliseconds to the microsecond: more digits would only be noise.
double milliseconds(model::Duration duration) {
  return static_cast<double>(
             std::chrono::duration_cast<std::chrono::microseconds>(duration).count()) /
         1000.0;
}

double rounded(double value) { return std::isfinite(value) ? std::round(value * 1000) / 1000 : 0; }

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

// RFC 3339 in UTC: "2025-03-01T12:00:00.123Z".
std::string rfc3339(std::chrono::system_clock::time_point at) {
  const auto since_epoch = std::chrono::floor<std::chrono::milliseconds>(at.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const std::time_t time = seconds.count();
  std::tm utc{};
  gmtime_r(&time, &utc);
  char date[40];
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
  char text[64];
  std::snprintf(text, sizeof text, "%s.%03dZ", date,
                static_cast<int>((since_epoch - seconds).count()));
  return text;
}

std::string_view to_string(model::Severity severity) {
  switch (severity) {
    case model::Severity::info:
      return "info";
    case model::Severity::warning:
      return "warning";
    case model::Severity::critical:
      return "critical";
  }
  return "info";
}

Json to_json(const model::NodeView& node, const session::NodeTraffic& traffic) {
  Json json;
  json["name"] = node.name;
  json["address"] = node.address;
  json["role"] = model::to_string(node.role);
  json["state"] = model::to_string(node.state);
  json["verdict"] = model::to_string(node.verdict);
  json["version"] = node.version;
  json["position"] = node.position;
  json["timeline"] = node.timeline;
  json["lag_ms"] = node.lag ? Json(milliseconds(*node.lag)) : Json(nullptr);
  json["lag_bytes"] = or_null(node.lag_bytes);
  json["eligible_for_reads"] = node.eligible_for_reads;
  json["reason"] = node.reason;
  json["clients"] = traffic.clients;
  json["servers"] = traffic.servers;
  json["zone"] = node.zone;
  return json;
}

}  // namespace

Json to_json(const model::View& view, const session::Traffic& traffic) {
  Json json;
  json["name"] = view.cluster;
  json["engine"] = model::to_string(view.engine);
  json["epoch"] = view.epoch;
  const bool known = view.primary && *view.primary < view.nodes.size();
  json["primary"] = known ? Json(view.nodes[*view.primary].name) : Json(nullptr);
  json["state"] = model::to_string(view.state);
  json["nodes"] = Json::array();
  for (std::size_t id = 0; id < view.nodes.size(); ++id) {
    json["nodes"].push_back(to_json(
        view.nodes[id], id < traffic.nodes.size() ? traffic.nodes[id] : session::NodeTraffic{}));
  }
  return json;
}

Json to_json(const session::PoolRow& row) {
  Json json;
  json["node"] = row.node;
  json["user"] = row.user;
  json["database"] = row.database;
  json["active"] = row.active;
  json["idle"] = row.idle;
  json["connecting"] = row.connecting;
  json["waiting"] = row.waiting;
  json["size"] = row.size;
  json["longest_wait_ms"] = rounded(row.longest_wait_ms);
  return json;
}

Json to_json(const session::ClientRow& row) {
  Json json;
  json["id"] = row.id;
  json["user"] = row.user;
  json["database"] = row.database;
  json["application_name"] = row.application_name;
  json["address"] = row.address;
  json["state"] = row.state;
  json["node"] = row.node;
  json["pinned"] = row.pinned;
  json["last_route"] = row.last_route;
  json["age_s"] = rounded(row.age_s);
  json["wait_ms"] = rounded(row.wait_ms);
  json["tls"] = row.tls;
  return json;
}

Json to_json(const session::ServerRow& row) {
  Json json;
  json["node"] = row.node;
  json["user"] = row.user;
  json["database"] = row.database;
  json["state"] = row.state;
  json["client"] = row.client;
  json["backend_pid"] = row.backend_pid;
  json["age_s"] = rounded(row.age_s);
  json["prepared_statements"] = row.prepared_statements;
  json["tls"] = row.tls;
  return json;
}

Json to_json(const model::Event& event) {
  Json json;
  json["id"] = event.id;
  json["at"] = rfc3339(event.at);
  json["cluster"] = event.cluster;
  json["epoch"] = event.epoch;
  json["rule"] = event.rule;
  json["severity"] = to_string(event.severity);
  json["node"] = event.node;
  json["text"] = event.text;
  return json;
}

Json to_json(const Explanation& explanation) {
  Json json;
  json["target"] = explanation.target;
  json["node"] = explanation.node;
  json["reason"] = explanation.reason;
  json["class"] = explanation.cls;
  return json;
}

Json to_json(const model::Diagnosis& diagnosis) {
  Json json;
  json["cluster"] = diagnosis.cluster;
  json["nodes"] = Json::array();
  for (const model::NodeDiagnosis& node : diagnosis.nodes) {
    Json told;
    told["name"] = node.name;
    told["address"] = node.address;
    told["reachable"] = node.reachable;
    told["error"] = node.error;
    told["role"] = model::to_string(node.role);
    told["version"] = node.version;
    told["findings"] = Json::array();
    for (const model::Finding& finding : node.findings) {
      Json row;
      row["check"] = finding.check;
      row["severity"] = model::to_string(finding.gravity);
      row["found"] = finding.found;
      row["why"] = finding.why;
      row["statements"] = finding.statements;
      row["on"] = finding.on;
      row["takes_effect"] = model::to_string(finding.takes_effect);
      told["findings"].push_back(std::move(row));
    }
    json["nodes"].push_back(std::move(told));
  }
  json["not_checked"] = diagnosis.not_checked;
  json["ran"] = Json::array();
  for (const model::Treatment& treatment : diagnosis.treatments) {
    Json row;
    row["node"] = treatment.node;
    row["check"] = treatment.check;
    row["statement"] = treatment.statement;
    row["ok"] = treatment.ok;
    row["outcome"] = treatment.outcome;
    json["ran"].push_back(std::move(row));
  }
  return json;
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Response json_response(const Json& json) {
  Response response;
  response.body = dump(json) + "\n";
  return response;
}

}  // namespace relevo::admin

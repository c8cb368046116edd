#include "proxy/admin/routes.hpp"

#include <array>

#include "proxy/admin/handlers.hpp"
#include "proxy/admin/token.hpp"

namespace relevo::admin {
namespace {

constexpr std::array table{
    Route{"GET", "/v1/topology", "", "Every cluster with its nodes: role, state, lag, position",
          get_topology},
    Route{"GET", "/v1/clusters/{cluster}/pools", "",
          "Server connections per node, user and database, and who waits for one", get_pools},
    Route{"GET", "/v1/clusters/{cluster}/clients", "",
          "Connected sessions, where they are linked to and why they are pinned", get_clients},
    Route{"GET", "/v1/clusters/{cluster}/servers", "",
          "Connections to the nodes and the sessions that hold them", get_servers},
    Route{"GET", "/v1/events", "`since`: only ids above it; `follow=true`: never end",
          "The journal, oldest first; followed, one JSON object a line", get_events},
    Route{"GET", "/v1/explain",
          "`sql`; `cluster` where there are several; PostgreSQL: `database`, `user`, `search_path` "
          "of "
          "the session that would ask",
          "Where this statement would go now, and why", get_explain},
    Route{"GET", "/v1/clusters/{cluster}/doctor", "`node`: this one alone",
          "What failover needs of the servers' settings and privileges and does not find "
          "([doctor.md](doctor.md))",
          get_doctor},
    Route{"POST", "/v1/clusters/{cluster}/doctor", "`{\"node\": NODE}`, optional",
          "Run the statements that mend it without a restart, and look again", post_doctor},
    Route{"POST", "/v1/clusters/{cluster}/switchover", "`{\"to\": NODE}`, optional",
          "Planned change of the primary: loses nothing, undone on failure", post_switchover},
    Route{"POST", "/v1/clusters/{cluster}/failover",
          "`{\"to\": NODE, \"allow_data_loss\": BOOL}`, each optional",
          "Forced change of the primary", post_failover},
    Route{"POST", "/v1/clusters/{cluster}/pause", "", "Hold all new transactions", post_pause},
    Route{"POST", "/v1/clusters/{cluster}/resume", "", "Let held transactions go on", post_resume},
    Route{"POST", "/v1/clusters/{cluster}/ack", "",
          "Allow automatic failovers again after too many in a row", post_ack},
    Route{"POST", "/v1/clusters/{cluster}/nodes/{node}/maintenance", "`{\"on\": BOOL}`",
          "Take a node out of rotation and of promotion, or put it back", post_maintenance},
    Route{"POST", "/v1/reload", "", "Read the configuration again", post_reload},
    Route{"GET", "/metrics", "", "Metrics in OpenMetrics text (docs/metrics.md)", get_metrics},
    Route{"GET", "/livez", "", "200 while the process serves requests", get_livez},
    Route{"GET", "/readyz", "",
          "200 once every cluster is observed and listened for, and databases' catalogues have "
          "been read (waited for at most 5 s)",
          get_readyz},
    Route{"GET", "/primary", "`cluster` where there are several",
          "200 while Relevo can route writes", get_primary},
    Route{"GET", "/replica",
          "`lag`: a duration with its unit (`1s`); `cluster` where there are several",
          "200 while a replica is eligible for reads, within `lag` if given", get_replica},
};

template <typename Each>
void for_each_segment(std::string_view pattern, Each each) {
  while (!pattern.empty()) {
    pattern.remove_prefix(1);  // the slash
    const auto end = pattern.find('/');
    each(pattern.substr(0, end));
    pattern = end == std::string_view::npos ? std::string_view{} : pattern.substr(end);
  }
}

// Whether the path has the pattern's shape; fills in what the {names} stand for.
bool match(std::string_view pattern, Request& request) {
  request.path.clear();
  std::size_t index = 0;
  bool same = true;
  for_each_segment(pattern, [&](std::string_view expected) {
    if (index >= request.segments.size()) {
      same = false;
      return;
    }
    const std::string& actual = request.segments[index++];
    if (expected.front() == '{') {
      request.path.emplace(expected.substr(1, expected.size() - 2), actual);
      same = same && !actual.empty();
    } else {
      same = same && actual == expected;
    }
  });
  return same && index == request.segments.size();
}

std::optional<Response> refuse_untrusted(std::string_view token, const Request& request) {
  if (request.transport == Transport::unix_socket) return std::nullopt;
  if (token.empty()) {
    return error_response(403, "no_token_configured",
                          "Changes over TCP are refused because admin.token is not set. Set it, "
                          "or use the admin socket.");
  }
  if (tokens_equal(token, request.bearer)) return std::nullopt;
  Response response =
      error_response(401, "unauthorized",
                     "Changes over TCP need the header \"Authorization: Bearer <admin.token>\".");
  response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"relevo\"");
  return response;
}

}  // namespace

std::span<const Route> routes() { return table; }

Response dispatch(Backend& backend, std::string_view token, Request request) {
  std::string allowed;  // the methods of routes whose path fits
  for (const Route& route : table) {
    if (!match(route.pattern, request)) continue;
    if (route.method == request.method) {
      if (route.writes()) {
        if (auto refused = refuse_untrusted(token, request)) return *std::move(refused);
      }
      return route.handler(backend, request);
    }
    if (!allowed.empty()) allowed += ", ";
    allowed += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  if (allowed.empty()) {
    return error_response(404, "not_found",
                          "There is nothing at this path. docs/admin-api.md lists what there is.");
  }
  Response response = error_response(405, "method_not_allowed",
                                     "This path takes " + allowed + ", not this method.");
  response.headers.emplace_back("Allow", allowed);
  return response;
}

std::string routes_markdown() {
  std::string text = "| method | path | parameters or body | what it does |\n|---|---|---|---|\n";
  for (const Route& route : table) {
    text += "| ";
    text += route.method;
    text += " | `";
    text += route.pattern;
    text += "` | ";
    text += route.input;
    text += route.input.empty() ? "| " : " | ";
    text += route.summary;
    text += " |\n";
  }
  return text;
}

}  // namespace relevo::admin

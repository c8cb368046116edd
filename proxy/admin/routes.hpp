// The admin interface as a table: one row per method and path. Dispatch, the
// bearer token, 404, 405 and the documentation all read this table, so that
// none of them can disagree with it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "proxy/admin/backend.hpp"
#include "proxy/admin/http.hpp"

namespace relevo::admin {

using Handler = Response (*)(Backend&, const Request&);

struct Route {
  std::string_view method;
  std::string_view pattern;  // "/v1/clusters/{cluster}/pools": a {name} matches one segment
  std::string_view input;    // query parameters or body, for the documentation
  std::string_view summary;
  Handler handler;

  bool writes() const { return method == "POST"; }
};

std::span<const Route> routes();

// Finds the route, checks the token where it writes, runs the handler.
// `token` is admin.token, "" when none is configured.
Response dispatch(Backend& backend, std::string_view token, Request request);

// The table as Markdown, as docs/admin-api.md shows it.
std::string routes_markdown();

}  // namespace relevo::admin

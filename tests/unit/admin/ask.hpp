// A request through the routing table, without a socket.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "proxy/admin/routes.hpp"
#include "tests/unit/admin/fake_backend.hpp"

namespace relevo::admin {

inline Response ask(Backend& backend, const std::string& method, const std::string& target,
                    const std::string& body = "") {
  auto parsed = parse_target(target);
  EXPECT_TRUE(parsed) << target;
  Request request;
  request.method = method;
  if (parsed) {
    request.segments = parsed->segments;
    request.query = parsed->query;
  }
  request.body = body;
  return dispatch(backend, "", std::move(request));
}

inline nlohmann::json json_of(const Response& response) {
  auto json = nlohmann::json::parse(response.body, nullptr, false);
  EXPECT_FALSE(json.is_discarded()) << response.body;
  return json;
}

inline std::string error_code(const Response& response) {
  return json_of(response).value("/error/code"_json_pointer, std::string());
}

inline std::string error_message(const Response& response) {
  return json_of(response).value("/error/message"_json_pointer, std::string());
}

}  // namespace relevo::admin

#include "proxy/admin/routes.hpp"

#include <gmock/gmock.h>

#include "tests/unit/admin/ask.hpp"

namespace relevo::admin {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Pair;

Request over_tcp(const std::string& method, const std::string& target, const std::string& bearer) {
  Request request;
  request.method = method;
  request.segments = parse_target(target)->segments;
  request.bearer = bearer;
  request.transport = Transport::tcp;
  return request;
}

TEST(Routes, AnswerNotFoundAsJson) {
  FakeBackend backend;
  for (const char* path : {"/", "/v1", "/v1/topology/x", "/v1/clusters//pools", "/metric", "//"}) {
    const Response response = ask(backend, "GET", path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_EQ(error_code(response), "not_found") << path;
  }
}

TEST(Routes, NameTheMethodsThatAPathTakes) {
  FakeBackend backend;
  const Response post = ask(backend, "POST", "/v1/topology");
  EXPECT_EQ(post.status, 405);
  EXPECT_EQ(error_code(post), "method_not_allowed");
  EXPECT_THAT(post.headers, Contains(Pair("Allow", "GET, HEAD")));

  const Response get = ask(backend, "GET", "/v1/clusters/orders/pause");
  EXPECT_EQ(get.status, 405);
  EXPECT_THAT(get.headers, Contains(Pair("Allow", "POST")));
  EXPECT_THAT(backend.commands(), IsEmpty());
}

// Every row of the table, with names that exist: none may be unreachable
// because an earlier pattern takes its path.
TEST(Routes, AreAllReachable) {
  FakeBackend backend;
  backend.add_event("started");
  for (const Route& route : routes()) {
    std::string path(route.pattern);
    const auto put = [&path](const std::string& name, const std::string& value) {
      if (const auto at = path.find(name); at != std::string::npos)
        path.replace(at, name.size(), value);
    };
    put("{cluster}", "orders");
    put("{node}", "db2");
    if (route.pattern == "/v1/explain") path += "?sql=select";
    const bool needs_body = route.pattern.ends_with("/maintenance");
    const Response response =
        ask(backend, std::string(route.method), path, needs_body ? "{\"on\":true}" : "");
    EXPECT_EQ(response.status, 200) << route.method << " " << path << " " << response.body;
  }
}

TEST(Routes, RefuseChangesOverTcpWhenNoTokenIsConfigured) {
  FakeBackend backend;
  const Response response = dispatch(backend, "", over_tcp("POST", "/v1/reload", ""));
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(error_code(response), "no_token_configured");
  EXPECT_THAT(error_message(response), testing::HasSubstr("admin.token is not set"));
  EXPECT_THAT(backend.commands(), IsEmpty());
}

TEST(Routes, WantTheTokenForChangesOverTcp) {
  FakeBackend backend;
  for (const char* bearer : {"", "wrong!", "secre", "secrets"}) {
    const Response response = dispatch(backend, "secret", over_tcp("POST", "/v1/reload", bearer));
    EXPECT_EQ(response.status, 401) << bearer;
    EXPECT_THAT(response.headers, Contains(Pair("WWW-Authenticate", "Bearer realm=\"relevo\"")));
  }
  EXPECT_THAT(backend.commands(), IsEmpty());
  EXPECT_EQ(dispatch(backend, "secret", over_tcp("POST", "/v1/reload", "secret")).status, 200);
  EXPECT_THAT(backend.commands(), testing::ElementsAre("reload"));
}

TEST(Routes, ReadWithoutATokenOverTcp) {
  FakeBackend backend;
  EXPECT_EQ(dispatch(backend, "secret", over_tcp("GET", "/v1/topology", "")).status, 200);
}

TEST(Routes, EveryWritingVerbIsGuarded) {
  FakeBackend backend;
  for (const Route& route : routes()) {
    if (route.method == "GET") continue;
    EXPECT_TRUE(route.writes()) << route.pattern;
    const Response response = dispatch(
        backend, "secret", over_tcp(std::string(route.method), std::string(route.pattern), ""));
    EXPECT_EQ(response.status, 401) << route.pattern;
  }
  EXPECT_THAT(backend.commands(), IsEmpty());
}

}  // namespace
}  // namespace relevo::admin

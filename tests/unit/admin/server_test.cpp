#include "proxy/admin/server.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <thread>

#include "tests/unit/admin/fake_backend.hpp"
#include "tests/unit/admin/raw_client.hpp"

namespace relevo::admin {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class AdminServer : public testing::Test {
 protected:
  AdminServer() {
    settings.socket_path = directory / "admin.sock";
    settings.http = TcpAddress{"127.0.0.1", 0};
    settings.token = "secret";
    settings.limits.heartbeat = 300ms;
  }

  void start() {
    server = std::make_unique<Server>(settings, backend);
    const auto started = server->start();
    ASSERT_TRUE(started) << started.error().message;
  }

  RawClient unix_client() const { return RawClient::to_unix(settings.socket_path); }
  RawClient tcp_client() const { return RawClient::to_tcp(server->http_port()); }

  std::string over_unix(const std::string& request) const {
    auto client = unix_client();
    client.send(request);
    return client.read_to_end();
  }
  std::string over_tcp(const std::string& request) const {
    auto client = tcp_client();
    client.send(request);
    return client.read_to_end();
  }

  TemporaryDirectory directory;
  FakeBackend backend;
  AdminSettings settings;
  std::unique_ptr<Server> server;
};

TEST_F(AdminServer, AnswersOnBothItsAddresses) {
  start();
  for (const std::string& answer :
       {over_unix(last_get("/v1/topology")), over_tcp(last_get("/v1/topology"))}) {
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: application/json\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nCache-Control: no-store\r\n"));
    EXPECT_THAT(answer, HasSubstr("{\"clusters\":[{\"name\":\"orders\""));
  }
}

TEST_F(AdminServer, KeepsAConnectionForSeveralRequests) {
  start();
  auto client = unix_client();
  client.send(get("/livez") + get("/nowhere") + last_get("/readyz"));  // pipelined
  const std::string answers = client.read_to_end();
  EXPECT_THAT(answers, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answers, HasSubstr("{\"status\":\"alive\"}\nHTTP/1.1 404 "));
  EXPECT_THAT(answers, EndsWith("{\"status\":\"ready\"}\n"));
}

TEST_F(AdminServer, AnswersHeadWithoutABody) {
  start();
  const std::string answer =
      over_tcp("HEAD /primary HTTP/1.1\r\nHost: relevo\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(AdminServer, AnswersErrorsAsJson) {
  start();
  EXPECT_THAT(over_unix(last_get("/nowhere")), HasSubstr("{\"error\":{\"code\":\"not_found\""));
  const std::string answer = over_unix("DELETE /v1/topology HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(answer, HasSubstr("\r\nAllow: GET, HEAD\r\n"));
}

TEST_F(AdminServer, TakesAPostWithoutLengthOrBody) {
  start();  // as `curl -X POST` sends it
  EXPECT_THAT(over_unix("POST /v1/reload HTTP/1.1\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(backend.commands(), testing::ElementsAre("reload"));
}

TEST_F(AdminServer, TakesABodyOfEitherFraming) {
  start();
  const std::string head = "POST /v1/clusters/orders/failover HTTP/1.1\r\nConnection: close\r\n";
  EXPECT_THAT(over_unix(head + "Content-Length: 12\r\n\r\n{\"to\":\"db2\"}"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(over_unix(head + "Transfer-Encoding: chunked\r\n\r\n"
                               "6\r\n{\"to\":\r\n6\r\n\"db1\"}\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(backend.commands(),
              testing::ElementsAre("failover orders db2", "failover orders db1"));
}

TEST_F(AdminServer, WantsTheTokenForChangesOverTcpOnly) {
  start();
  const std::string head = "POST /v1/reload HTTP/1.1\r\nConnection: close\r\n";
  EXPECT_THAT(over_tcp(head + "\r\n"), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(over_tcp(head + "Authorization: Bearer secreT\r\n\r\n"), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(over_tcp(head + "Authorization: Basic secret\r\n\r\n"), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(backend.commands(), IsEmpty());
  EXPECT_THAT(over_tcp(head + "Authorization: bEARER secret\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(over_unix(head + "\r\n"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(AdminServer, StreamsEventsUntilTheClientLeaves) {
  settings.limits.followers = 1;
  start();
  backend.add_event("first");
  auto follower = unix_client();
  follower.send(get("/v1/events?follow=true"));
  EXPECT_THAT(follower.read_through("\"first\"}"), HasSubstr("Transfer-Encoding: chunked"));
  backend.add_event("second");
  follower.read_through("\"second\"}");
  follower.read_through("1\r\n\n\r\n");  // the heartbeat, an empty line

  EXPECT_THAT(over_unix(last_get("/v1/events?follow=true")),
              HasSubstr("\"code\":\"too_many_followers\""));
  follower.hang_up();
  // Its place is free again once its departure is noticed.
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  for (bool taken = false; !taken;) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    auto next = unix_client();
    next.send(get("/v1/events?since=1&follow=true"));
    taken = next.read_through("\r\n").starts_with("HTTP/1.1 200 ");
    if (taken) next.read_through("\"second\"}");
  }
}

TEST_F(AdminServer, EndsFollowersAndIdleConnectionsWhenItStops) {
  settings.limits.idle = 60s;
  start();
  auto idle = tcp_client();
  auto follower = tcp_client();
  backend.add_event("first");
  follower.send(get("/v1/events?follow=true"));
  follower.read_through("\"first\"}");
  const auto before = std::chrono::steady_clock::now();
  server->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 5s);
  EXPECT_THAT(follower.read_to_end(), EndsWith("0\r\n\r\n"));
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_FALSE(std::filesystem::exists(settings.socket_path));
  server->stop();  // again is no harm
}

TEST_F(AdminServer, StartsAgainAfterItStopped) {
  start();
  server->stop();
  ASSERT_TRUE(server->start());
  EXPECT_THAT(over_unix(last_get("/livez")), StartsWith("HTTP/1.1 200 "));
}

// A proxy with a thousand clients has descriptors above FD_SETSIZE, where
// anything that select()s fails.
TEST_F(AdminServer, WorksWithDescriptorsBeyondSelect) {
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit old = limit;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);
  constexpr rlim_t needed = 2048;
  if (limit.rlim_cur < needed || setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    GTEST_SKIP() << "needs a hard limit of " << needed << " open files (ulimit -Hn); it is "
                 << old.rlim_max;
  }
  std::vector<int> filler;
  for (int fd = 0; fd < FD_SETSIZE + 10; filler.push_back(fd)) {
    fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    ASSERT_GE(fd, 0);
  }
  start();
  EXPECT_THAT(over_unix(last_get("/v1/topology")), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(over_unix("POST /v1/reload HTTP/1.1\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 200 "));
  server->stop();
  for (const int fd : filler) close(fd);
  setrlimit(RLIMIT_NOFILE, &old);
}

TEST_F(AdminServer, ServesManyClientsAtOnce) {
  start();
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        if (over_tcp(last_get("/metrics")).ends_with("# EOF\n")) ++good;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 120);
}

}  // namespace
}  // namespace relevo::admin

// Clients that mean harm, or are merely broken: none may hold a thread, fill the
// memory, or make one request look like two.
#include <gmock/gmock.h>

#include <thread>

#include "proxy/admin/server.hpp"
#include "tests/unit/admin/fake_backend.hpp"
#include "tests/unit/admin/raw_client.hpp"

namespace relevo::admin {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using Clock = std::chrono::steady_clock;

class AdminLimits : public testing::Test {
 protected:
  AdminLimits() {
    settings.http = TcpAddress{"127.0.0.1", 0};
    settings.limits.request = 600ms;
    settings.limits.idle = 900ms;
    settings.limits.response = 600ms;
  }

  void start() {
    server = std::make_unique<Server>(settings, backend);
    const auto started = server->start();
    ASSERT_TRUE(started) << started.error().message;
  }

  RawClient client() const { return RawClient::to_tcp(server->http_port()); }

  std::string answer_to(const std::string& request) const {
    auto raw = client();
    raw.send(request);
    return raw.read_to_end();
  }

  FakeBackend backend;
  AdminSettings settings;
  std::unique_ptr<Server> server;
};

TEST_F(AdminLimits, ASlowRequestIsCutOffAtItsDeadline) {
  start();
  auto slow = client();
  slow.send("GET /livez HTTP/1.1\r\n");
  const auto begin = Clock::now();
  // A header byte now and then would renew any timeout that counts from the last one.
  while (slow.send("x") && Clock::now() - begin < 10s) std::this_thread::sleep_for(50ms);
  EXPECT_LT(Clock::now() - begin, 5s);
}

TEST_F(AdminLimits, AnUnfinishedRequestIsAnsweredAndClosed) {
  start();
  const auto begin = Clock::now();
  EXPECT_THAT(answer_to("GET /livez HTTP/1.1\r\nHost: re"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(answer_to("POST /v1/reload HTTP/1.1\r\nContent-Length: 10\r\n\r\n{"),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_LT(Clock::now() - begin, 10s);
  EXPECT_THAT(backend.commands(), IsEmpty());
}

TEST_F(AdminLimits, ASilentConnectionIsClosed) {
  start();
  EXPECT_EQ(client().read_to_end(), "");
}

TEST_F(AdminLimits, SilentConnectionsGiveWayToOthers) {
  settings.limits.threads = 2;
  settings.limits.idle = 60s;
  start();
  std::vector<RawClient> silent;
  for (int i = 0; i < 6; ++i) silent.push_back(client());
  const auto begin = Clock::now();
  EXPECT_THAT(answer_to(last_get("/livez")), StartsWith("HTTP/1.1 200 "));
  EXPECT_LT(Clock::now() - begin, 15s);
}

TEST_F(AdminLimits, TooManyConnectionsAreTurnedAway) {
  settings.limits.threads = 1;
  settings.limits.waiting = 2;
  settings.limits.followers = 1;
  start();
  auto holder = client();  // has the only thread
  holder.send(get("/v1/events?follow=true"));
  holder.read_through("\r\n\r\n");
  auto first = client(), second = client();
  // Accepted in order, so the queue is full by now.
  EXPECT_THAT(client().read_to_end(), HasSubstr("{\"error\":{\"code\":\"overloaded\""));
  holder.hang_up();
  first.send(last_get("/livez"));
  EXPECT_THAT(first.read_to_end(), StartsWith("HTTP/1.1 200 "));
}

TEST_F(AdminLimits, AFollowerThatDoesNotReadIsLetGo) {
  settings.limits.threads = 1;
  settings.limits.followers = 1;
  start();
  auto stuck = client();
  stuck.send(get("/v1/events?follow=true"));
  stuck.read_through("\r\n\r\n");
  for (int i = 0; i < 200; ++i) backend.add_event(std::string(100'000, 'x'));
  // Its thread serves others once the write has timed out.
  EXPECT_THAT(answer_to(last_get("/livez")), StartsWith("HTTP/1.1 200 "));
}

TEST_F(AdminLimits, EndlessHeadersAreNotRead) {
  start();
  std::string request = "GET /livez HTTP/1.1\r\n";
  while (request.size() < (1 << 20)) request += "X-Header: " + std::string(1000, 'x') + "\r\n";
  auto raw = client();
  raw.send(request);  // may fail half way: the server closes
  EXPECT_THAT(raw.read_to_end(), testing::AnyOf(IsEmpty(), StartsWith("HTTP/1.1 400 ")));
}

TEST_F(AdminLimits, AnEndlessLineIsNotRead) {
  start();
  auto raw = client();
  raw.send("GET /" + std::string(1 << 20, 'x'));
  raw.read_to_end();
  EXPECT_THAT(answer_to("GET /" + std::string(9000, 'x') + " HTTP/1.1\r\n\r\n"),
              StartsWith("HTTP/1.1 414 "));
}

TEST_F(AdminLimits, ALargeBodyIsRefused) {
  settings.limits.body_bytes = 1000;
  start();
  const std::string head = "POST /v1/reload HTTP/1.1\r\n";
  EXPECT_THAT(answer_to(head + "Content-Length: 1001\r\n\r\n" + std::string(1001, ' ')),
              StartsWith("HTTP/1.1 413 "));
  std::string chunks = head + "Transfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 40; ++i) chunks += "400\r\n" + std::string(0x400, ' ') + "\r\n";
  answer_to(chunks);  // closed before the end; what counts is that nothing was done
  EXPECT_THAT(backend.commands(), IsEmpty());
}

TEST_F(AdminLimits, AnAmbiguousLengthIsRefusedAndTheConnectionClosed) {
  start();
  const std::string smuggled = get("/v1/topology");
  for (const std::string& framing :
       {std::string("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"),
        std::string("Content-Length: 4\r\nContent-Length: 40\r\n"),
        std::string("Content-Length: +4\r\n"), std::string("Content-Length: 0x4\r\n"),
        std::string("Transfer-Encoding: gzip, chunked\r\n")}) {
    const std::string answer =
        answer_to("POST /v1/reload HTTP/1.1\r\n" + framing + "\r\n" + smuggled);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 ")) << framing;
    EXPECT_THAT(answer, testing::Not(HasSubstr("clusters"))) << framing;
  }
  EXPECT_THAT(backend.commands(), IsEmpty());
}

TEST_F(AdminLimits, ABodyOfAGetIsNotTakenForARequest) {
  start();
  const std::string inner = last_get("/v1/topology");
  const std::string answer =
      answer_to("GET /livez HTTP/1.1\r\nContent-Length: " + std::to_string(inner.size()) +
                "\r\n\r\n" + inner);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, testing::Not(HasSubstr("clusters")));
}

TEST_F(AdminLimits, RubbishIsAnsweredAndClosed) {
  start();
  for (const std::string& rubbish :
       {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15),
        std::string("\r\n\r\n"), std::string("GET\r\n\r\n"), std::string("BREW / HTTP/1.1\r\n\r\n"),
        std::string("GET / HTTP/9\r\n\r\n"), std::string("GET % HTTP/1.1\r\n\r\n"),
        std::string("TRACE / HTTP/1.1\r\n\r\n"), std::string("GET /a?b?c HTTP/1.1\r\n\r\n")}) {
    const std::string answer = answer_to(rubbish);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 ")) << rubbish;
    EXPECT_THAT(answer, HasSubstr("{\"error\":{\"code\":\"bad_request\"")) << rubbish;
  }
}

TEST_F(AdminLimits, HeadersThatWouldUnpackOrSplitAreWithoutEffect) {
  start();
  const std::string head = "POST /v1/clusters/orders/failover HTTP/1.1\r\nConnection: close\r\n";
  EXPECT_THAT(answer_to(head + "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08 "),
              testing::AnyOf(StartsWith("HTTP/1.1 400 "), StartsWith("HTTP/1.1 403 ")));
  EXPECT_THAT(answer_to("GET /livez HTTP/1.1\r\nConnection: close\r\nRange: bytes=0-3\r\n"
                        "Accept-Encoding: gzip, br\r\n\r\n"),
              testing::AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("{\"status\":\"alive\"}")));
}

TEST_F(AdminLimits, AConnectionServesABoundedNumberOfRequests) {
  settings.limits.requests_per_connection = 3;
  start();
  auto raw = client();
  for (int i = 0; i < 5; ++i) raw.send(get("/livez"));
  const std::string answers = raw.read_to_end();
  std::size_t count = 0;
  for (auto at = answers.find("HTTP/1.1 200"); at != std::string::npos;
       at = answers.find("HTTP/1.1 200", at + 1)) {
    ++count;
  }
  EXPECT_EQ(count, 3U);
  EXPECT_THAT(answers, HasSubstr("Connection: close"));
}

}  // namespace
}  // namespace relevo::admin

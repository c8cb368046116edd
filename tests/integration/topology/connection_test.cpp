// The connection against a real server: what it brings back, and how each failure
// is told apart.
#include <gtest/gtest.h>

#include <asio/io_context.hpp>

#include "tests/integration/topology/monitor.hpp"
#include "tests/integration/topology/shared_cluster.hpp"
#include "tests/support/tcp_gate.hpp"
#include "topology/client/postgres_connection.hpp"

namespace relevo::testing {
namespace {

using client::Endpoint;
using client::Failure;
using client::FailureKind;
using client::Outcome;
using client::PostgresConnection;
using client::Rows;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Session {
  asio::io_context io;
  PostgresConnection connection{io};

  // Runs until the handler was called, which must not be from within the call.
  Outcome<void> connect(const Endpoint& endpoint, model::Duration timeout = seconds(20)) {
    std::optional<Outcome<void>> result;
    connection.connect(endpoint, timeout, [&](Outcome<void> outcome) {
      EXPECT_FALSE(result) << "called twice";
      result = std::move(outcome);
    });
    EXPECT_FALSE(result) << "called from within";
    run_until([&] { return result.has_value(); });
    return *result;
  }
  Outcome<Rows> query(const std::string& sql, model::Duration timeout = seconds(20)) {
    std::optional<Outcome<Rows>> result;
    connection.query(sql, timeout, [&](Outcome<Rows> outcome) {
      EXPECT_FALSE(result) << "called twice";
      result = std::move(outcome);
    });
    EXPECT_FALSE(result) << "called from within";
    run_until([&] { return result.has_value(); });
    return *result;
  }
  void run_until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + seconds(60);
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      io.restart();
      io.run_one_for(milliseconds(50));
    }
    ASSERT_TRUE(condition());
  }
};

Endpoint superuser(std::uint16_t port) {
  Endpoint endpoint = endpoint_of(port, "postgres");
  endpoint.password.clear();
  return endpoint;
}

class ConnectionTest : public SharedCluster {
 protected:
  Failure refusal(const Endpoint& endpoint, model::Duration timeout = seconds(20)) {
    const Outcome<void> outcome = session_.connect(endpoint, timeout);
    EXPECT_FALSE(outcome) << "connected";
    EXPECT_FALSE(session_.connection.connected());
    return outcome ? Failure{} : outcome.error();
  }
  Session session_;
};

TEST_F(ConnectionTest, LogsInByScramAndBringsRowsAndNulls) {
  ASSERT_TRUE(session_.connect(endpoint_of(cluster().port(0))));
  EXPECT_TRUE(session_.connection.connected());
  const auto rows =
      session_.query("SELECT 1 AS a, NULL AS b, '' AS c UNION ALL SELECT 2, 'x', 'y'");
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->columns, (std::vector<std::string>{"a", "b", "c"}));
  ASSERT_EQ(rows->rows.size(), 2U);
  EXPECT_EQ(rows->rows[0][0], "1");
  EXPECT_EQ(rows->rows[0][1], std::nullopt);
  EXPECT_EQ(rows->rows[0][2], "");
  EXPECT_EQ(rows->rows[1][1], "x");
}

TEST_F(ConnectionTest, OfSeveralStatementsBringsTheLastOnes) {
  ASSERT_TRUE(session_.connect(endpoint_of(cluster().port(0))));
  auto rows = session_.query("SELECT 1 AS a; SELECT 2 AS b, 3 AS c");
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->columns, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(rows->rows.size(), 1U);
  rows = session_.query("SELECT 1 AS a; SELECT 2 AS b WHERE false");
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->columns, (std::vector<std::string>{"b"}));
  EXPECT_TRUE(rows->rows.empty());
  rows = session_.query("SELECT 1 AS a; SET application_name = 'x'");
  ASSERT_TRUE(rows);
  EXPECT_TRUE(rows->columns.empty());
  ASSERT_TRUE(session_.query(""));
}

TEST_F(ConnectionTest, GoesOnAfterAnErrorOfTheServer) {
  ASSERT_TRUE(session_.connect(endpoint_of(cluster().port(0))));
  const auto failed = session_.query("SELECT 1/0");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, FailureKind::server_error);
  EXPECT_EQ(failed.error().sqlstate, "22012");
  EXPECT_EQ(failed.error().message, "division by zero");
  EXPECT_TRUE(session_.connection.connected());
  EXPECT_TRUE(session_.query("SELECT 1"));
}

TEST_F(ConnectionTest, GivesUpAResultThatIsTooLarge) {
  for (const char* sql :
       {"SELECT generate_series(1, 10001)",
        "SELECT repeat('x', 1048576) FROM generate_series(1, 17)", "COPY (SELECT 1) TO STDOUT"}) {
    ASSERT_TRUE(session_.connect(endpoint_of(cluster().port(0))));
    const auto failed = session_.query(sql);
    ASSERT_FALSE(failed) << sql;
    EXPECT_EQ(failed.error().kind, FailureKind::reset);
    EXPECT_FALSE(session_.connection.connected());
  }
  ASSERT_TRUE(session_.connect(endpoint_of(cluster().port(0))));
  EXPECT_TRUE(session_.query("SELECT generate_series(1, 10000)"));
}

TEST_F(ConnectionTest, HasADeadlineForQueries) {
  ASSERT_TRUE(session_.connect(endpoint_of(cluster().port(0))));
  const auto begun = std::chrono::steady_clock::now();
  const auto failed = session_.query("SELECT pg_sleep(60)", milliseconds(200));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, FailureKind::timeout);
  EXPECT_FALSE(session_.connection.connected());
  EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds(200));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(10));
  const auto after = session_.query("SELECT 1");
  ASSERT_FALSE(after);
  EXPECT_EQ(after.error().kind, FailureKind::reset);
}

TEST_F(ConnectionTest, HasADeadlineForConnecting) {
  TcpGate gate(cluster().port(0));
  gate.set(TcpGate::Mode::silent);
  EXPECT_EQ(refusal(endpoint_of(gate.port()), milliseconds(200)).kind, FailureKind::timeout);
}

TEST_F(ConnectionTest, TellsARefusedPort) {
  TcpGate gate(cluster().port(0));
  gate.set(TcpGate::Mode::closed);
  const Failure failure = refusal(endpoint_of(gate.port()));
  EXPECT_EQ(failure.kind, FailureKind::refused);
  EXPECT_EQ(failure.sqlstate, "");
}

TEST_F(ConnectionTest, TellsAConnectionCutWhileLoggingIn) {
  // A gate in front of a closed one accepts, and then finds nobody behind it.
  TcpGate inner(cluster().port(0));
  inner.set(TcpGate::Mode::closed);
  TcpGate outer(inner.port());
  EXPECT_EQ(refusal(endpoint_of(outer.port())).kind, FailureKind::reset);
}

TEST_F(ConnectionTest, TellsANameThatDoesNotResolve) {
  Endpoint endpoint = endpoint_of(cluster().port(0));
  endpoint.host = "no-such-host.invalid";
  const Failure failure = refusal(endpoint);
  EXPECT_EQ(failure.kind, FailureKind::unreachable);
  EXPECT_NE(failure.message.find("no-such-host.invalid"), std::string::npos);
}

TEST_F(ConnectionTest, ResolvesNames) {
  Endpoint endpoint = endpoint_of(cluster().port(0));
  endpoint.host = "localhost";
  EXPECT_TRUE(session_.connect(endpoint));
}

TEST_F(ConnectionTest, TellsTheSqlstateOfARefusedLogIn) {
  Endpoint wrong_password = endpoint_of(cluster().port(0));
  wrong_password.password = "wrong";
  const Failure failure = refusal(wrong_password);
  EXPECT_EQ(failure.kind, FailureKind::server_error);
  EXPECT_EQ(failure.sqlstate, "28P01");
  EXPECT_NE(failure.message.find("password authentication failed"), std::string::npos);
  EXPECT_EQ(failure.message.find("28P01"), std::string::npos) << failure.message;
  EXPECT_EQ(failure.message.find("LOCATION"), std::string::npos) << failure.message;

  Endpoint no_database = endpoint_of(cluster().port(0));
  no_database.database = "absent";
  EXPECT_EQ(refusal(no_database).sqlstate, "3D000");

  Endpoint no_password = endpoint_of(cluster().port(0));
  no_password.password.clear();
  EXPECT_EQ(refusal(no_password).kind, FailureKind::server_error);

  Endpoint tls = endpoint_of(cluster().port(0));
  tls.sslmode = "require";
  EXPECT_EQ(refusal(tls).kind, FailureKind::server_error);
}

TEST_F(ConnectionTest, TellsAServerThatIsFull) {
  std::vector<std::unique_ptr<Session>> others;
  Failure full;
  while (others.size() < 30 && full.message.empty()) {
    others.push_back(std::make_unique<Session>());
    const auto outcome = others.back()->connect(endpoint_of(cluster().port(0)));
    if (!outcome) full = outcome.error();
  }
  EXPECT_EQ(full.kind, FailureKind::server_error);
  EXPECT_EQ(full.sqlstate, "53300") << full.message;
}

TEST_F(ConnectionTest, TellsAServerThatIsStartingUp) {
  // A standby without hot_standby lets nobody in, as one that is starting.
  cluster().stop(2);
  cluster().start(2, false, {"-c", "hot_standby=off"});
  Failure failure;
  do {  // until it listens
    failure = refusal(endpoint_of(cluster().port(2)));
  } while (failure.kind == FailureKind::refused);
  EXPECT_EQ(failure.kind, FailureKind::server_error);
  EXPECT_EQ(failure.sqlstate, "57P03") << failure.message;
  cluster().stop(2);
}

TEST_F(ConnectionTest, SpeaksTheReplicationProtocol) {
  Endpoint endpoint = superuser(cluster().port(0));
  endpoint.replication = true;
  ASSERT_TRUE(session_.connect(endpoint));
  const auto rows = session_.query("IDENTIFY_SYSTEM");
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->columns.at(1), "timeline");
  EXPECT_EQ(rows->rows.at(0).at(1), "1");
}

TEST_F(ConnectionTest, TellsOfItsEndBetweenQueries) {
  ASSERT_TRUE(session_.connect(endpoint_of(cluster().port(0))));
  std::vector<Failure> lost;
  session_.connection.when_lost([&](Failure failure) { lost.push_back(std::move(failure)); });
  const auto pid = session_.query("SELECT pg_backend_pid()");
  ASSERT_TRUE(pid);
  cluster().sql(0, "SELECT pg_terminate_backend(" + *pid->rows[0][0] + ")");
  session_.run_until([&] { return !lost.empty(); });
  ASSERT_EQ(lost.size(), 1U);
  EXPECT_EQ(lost[0].sqlstate, "57P01") << lost[0].message;
  EXPECT_FALSE(session_.connection.connected());
}

TEST_F(ConnectionTest, TellsOfAResetBetweenQueries) {
  TcpGate gate(cluster().port(0));
  ASSERT_TRUE(session_.connect(endpoint_of(gate.port())));
  std::vector<Failure> lost;
  session_.connection.when_lost([&](Failure failure) { lost.push_back(std::move(failure)); });
  gate.reset_all();
  session_.run_until([&] { return !lost.empty(); });
  EXPECT_EQ(lost[0].kind, FailureKind::reset);
  EXPECT_EQ(lost[0].sqlstate, "");
}

TEST_F(ConnectionTest, MayBeDestroyedAtAnyTime) {
  const auto endpoint = endpoint_of(cluster().port(0));
  asio::io_context io;
  bool called = false;
  // While connecting, at every stage of it that a short run reaches.
  for (int steps = 0; steps < 8; ++steps) {
    auto connection = std::make_unique<PostgresConnection>(io);
    connection->connect(endpoint, seconds(5), [&](const auto&) { called = true; });
    for (int step = 0; step < steps; ++step) io.poll_one();
    if (called) break;  // it was fast
    connection.reset();
    io.restart();
    io.run();
    EXPECT_FALSE(called);
  }
  // While resolving, and while a failure is on its way.
  auto named = endpoint;
  named.host = "localhost";
  std::make_unique<PostgresConnection>(io)->connect(named, seconds(5),
                                                    [](const auto&) { ADD_FAILURE(); });
  std::make_unique<PostgresConnection>(io)->query("SELECT 1", seconds(5),
                                                  [](const auto&) { ADD_FAILURE(); });
  io.restart();
  io.run();

  // From within its own handlers.
  auto connection = std::make_unique<PostgresConnection>(io);
  bool done = false;
  connection->connect(endpoint, seconds(20), [&](const Outcome<void>& outcome) {
    ASSERT_TRUE(outcome);
    connection->query("SELECT 1", seconds(20), [&](const Outcome<Rows>& rows) {
      EXPECT_TRUE(rows);
      connection.reset();
      done = true;
    });
  });
  io.restart();
  io.run();
  EXPECT_TRUE(done);
}

TEST_F(ConnectionTest, ClosingDropsTheHandlerAndConnectingAnewWorks) {
  session_.connection.connect(endpoint_of(cluster().port(0)), seconds(5),
                              [](const auto&) { ADD_FAILURE(); });
  session_.connection.close();
  ASSERT_TRUE(session_.connect(endpoint_of(cluster().port(0))));
  session_.connection.query("SELECT pg_sleep(10)", seconds(20), [](const auto&) { ADD_FAILURE(); });
  session_.connection.close();
  ASSERT_TRUE(session_.connect(endpoint_of(cluster().port(1))));
  EXPECT_EQ(session_.query("SELECT pg_is_in_recovery()")->rows[0][0], "t");
}

}  // namespace
}  // namespace relevo::testing

// The connection to MySQL's kind against a real MariaDB server: what it brings
// back, and how each failure is told apart.
#include <gtest/gtest.h>

#include "tests/integration/topology/mariadb_fixture.hpp"
#include "tests/integration/topology/mysql_session.hpp"
#include "tests/support/tcp_gate.hpp"

namespace relevo::testing {
namespace {

using client::Endpoint;
using client::Failure;
using client::FailureKind;
using client::MysqlConnection;
using client::Outcome;
using client::Rows;
using std::chrono::milliseconds;
using std::chrono::seconds;

class MysqlConnectionTest : public SharedMariadb {
 protected:
  Endpoint monitor() const { return mariadb_endpoint(cluster(), cluster().port(0)); }
  Endpoint owner() const {  // of a database
    Endpoint app = monitor();
    app.user = app.database = "app";
    app.password = cluster().password("app");
    return app;
  }
  Failure refusal(const Endpoint& endpoint, model::Duration timeout = seconds(20)) {
    const Outcome<void> outcome = session_.connect(endpoint, timeout);
    EXPECT_FALSE(outcome) << "connected";
    EXPECT_FALSE(session_.connection.connected());
    return outcome ? Failure{} : outcome.error();
  }
  MysqlSession session_;
};

TEST_F(MysqlConnectionTest, BringsRowsAndNulls) {
  const auto connected = session_.connect(monitor());
  ASSERT_TRUE(connected) << connected.error().message;
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
  ASSERT_TRUE(session_.query("DO 1"));
  EXPECT_EQ(session_.value("SELECT @@character_set_client"), "utf8mb4");
}

TEST_F(MysqlConnectionTest, GoesOnAfterAnErrorOfTheServer) {
  ASSERT_TRUE(session_.connect(monitor()));
  const auto failed = session_.query("SELECT * FROM mysql.absent");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, FailureKind::server_error);
  EXPECT_EQ(failed.error().server_errno, 1142);
  EXPECT_EQ(failed.error().sqlstate, "42000");
  EXPECT_TRUE(session_.connection.connected());
  EXPECT_EQ(session_.value("SELECT 7"), "7");
  ASSERT_TRUE(session_.connect(owner()));
  // An error in the midst of the rows is the statement's, too.
  const auto late =
      session_.query("SELECT IF(seq < 5, seq, (SELECT 1 UNION SELECT 2)) FROM seq_1_to_9");
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().server_errno, 1242) << late.error().message;
  EXPECT_EQ(session_.value("SELECT 8"), "8");
}

TEST_F(MysqlConnectionTest, SendsOneStatementAtATime) {
  ASSERT_TRUE(session_.connect(monitor()));
  const auto failed = session_.query("SELECT 1; SELECT 2");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().server_errno, 1064);
}

TEST_F(MysqlConnectionTest, SendsNoLocalFile) {
  const Endpoint app = owner();
  ASSERT_TRUE(session_.connect(app));
  ASSERT_TRUE(session_.query("CREATE OR REPLACE TABLE local_file (line text)"));
  const auto failed =
      session_.query("LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE local_file");
  EXPECT_FALSE(failed);
  ASSERT_TRUE(session_.connect(app));
  EXPECT_EQ(session_.value("SELECT count(*) FROM local_file"), "0");
}

TEST_F(MysqlConnectionTest, GivesUpAResultThatIsTooLarge) {
  for (const char* sql :
       {"SELECT seq FROM seq_1_to_10001", "SELECT repeat('x', 1048576) FROM seq_1_to_17"}) {
    ASSERT_TRUE(session_.connect(owner()));
    const auto failed = session_.query(sql);
    ASSERT_FALSE(failed) << sql;
    EXPECT_EQ(failed.error().kind, FailureKind::reset);
    EXPECT_FALSE(session_.connection.connected());
  }
  ASSERT_TRUE(session_.connect(owner()));
  EXPECT_TRUE(session_.query("SELECT seq FROM seq_1_to_10000"));
}

TEST_F(MysqlConnectionTest, HasADeadlineForQueries) {
  ASSERT_TRUE(session_.connect(monitor()));
  const auto begun = std::chrono::steady_clock::now();
  const auto failed = session_.query("SELECT SLEEP(60)", milliseconds(200));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, FailureKind::timeout);
  EXPECT_FALSE(session_.connection.connected());
  EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds(200));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(10));
  const auto after = session_.query("SELECT 1");
  ASSERT_FALSE(after);
  EXPECT_EQ(after.error().kind, FailureKind::reset);
}

TEST_F(MysqlConnectionTest, HasADeadlineForConnecting) {
  TcpGate gate(cluster().port(0));
  gate.set(TcpGate::Mode::silent);
  Endpoint endpoint = monitor();
  endpoint.port = gate.port();
  EXPECT_EQ(refusal(endpoint, milliseconds(200)).kind, FailureKind::timeout);
}

TEST_F(MysqlConnectionTest, TellsARefusedPort) {
  TcpGate gate(cluster().port(0));
  gate.set(TcpGate::Mode::closed);
  Endpoint endpoint = monitor();
  endpoint.port = gate.port();
  const Failure failure = refusal(endpoint);
  EXPECT_EQ(failure.kind, FailureKind::refused) << failure.message;
  EXPECT_EQ(failure.server_errno, 0);
  endpoint.host = "localhost";  // each of its addresses
  EXPECT_EQ(refusal(endpoint).kind, FailureKind::refused);
}

TEST_F(MysqlConnectionTest, TellsAConnectionCutWhileLoggingIn) {
  TcpGate inner(cluster().port(0));
  inner.set(TcpGate::Mode::closed);
  TcpGate outer(inner.port());
  Endpoint endpoint = monitor();
  endpoint.port = outer.port();
  const Failure failure = refusal(endpoint);
  EXPECT_EQ(failure.kind, FailureKind::reset) << failure.message;
}

TEST_F(MysqlConnectionTest, ResolvesNamesOrTellsWhy) {
  Endpoint endpoint = monitor();
  endpoint.host = "localhost";
  EXPECT_TRUE(session_.connect(endpoint));
  endpoint.host = "no-such-host.invalid";
  const Failure failure = refusal(endpoint);
  EXPECT_EQ(failure.kind, FailureKind::unreachable);
  EXPECT_NE(failure.message.find("no-such-host.invalid"), std::string::npos);
}

TEST_F(MysqlConnectionTest, TellsWhyALogInWasRefused) {
  Endpoint wrong_password = monitor();
  wrong_password.password = "wrong";
  const Failure failure = refusal(wrong_password);
  EXPECT_EQ(failure.kind, FailureKind::server_error);
  EXPECT_EQ(failure.server_errno, 1045) << failure.message;
  EXPECT_EQ(failure.sqlstate, "28000");
  Endpoint no_database = monitor();
  no_database.database = "absent";
  EXPECT_EQ(refusal(no_database).kind, FailureKind::server_error);
  Endpoint tls = monitor();
  tls.sslmode = "require";
  EXPECT_EQ(refusal(tls).kind, FailureKind::server_error);
}

TEST_F(MysqlConnectionTest, TellsAServerThatIsFull) {
  cluster().sql(0, "SET GLOBAL max_connections = 10");
  std::vector<std::unique_ptr<MysqlSession>> others;
  Failure full;
  const Endpoint app = owner();
  while (others.size() < 30 && full.message.empty()) {
    others.push_back(std::make_unique<MysqlSession>());
    const auto outcome = others.back()->connect(app);
    if (!outcome) full = outcome.error();
  }
  others.clear();
  EXPECT_EQ(full.kind, FailureKind::server_error);
  EXPECT_EQ(full.server_errno, 1040) << full.message;
  cluster().sql(0, "SET GLOBAL max_connections = 200");
}

TEST_F(MysqlConnectionTest, TellsOfItsEndBetweenQueries) {
  ASSERT_TRUE(session_.connect(monitor()));
  std::vector<Failure> lost;
  session_.connection.when_lost([&](Failure failure) { lost.push_back(std::move(failure)); });
  const std::string id = session_.value("SELECT CONNECTION_ID()");
  cluster().sql(0, "KILL " + id);
  session_.run_until([&] { return !lost.empty(); });
  ASSERT_EQ(lost.size(), 1U);
  EXPECT_FALSE(session_.connection.connected());
  const auto after = session_.query("SELECT 1");
  ASSERT_FALSE(after);
  EXPECT_EQ(after.error().message, lost[0].message);
}

TEST_F(MysqlConnectionTest, TellsOfAResetBetweenAndWithinQueries) {
  TcpGate gate(cluster().port(0));
  Endpoint endpoint = monitor();
  endpoint.port = gate.port();
  ASSERT_TRUE(session_.connect(endpoint));
  std::vector<Failure> lost;
  session_.connection.when_lost([&](Failure failure) { lost.push_back(std::move(failure)); });
  gate.reset_all();
  session_.run_until([&] { return !lost.empty(); });
  EXPECT_EQ(lost[0].kind, FailureKind::reset);
  EXPECT_EQ(lost[0].server_errno, 0);

  ASSERT_TRUE(session_.connect(endpoint));
  std::optional<Outcome<Rows>> result;
  session_.connection.query("SELECT SLEEP(60)", seconds(20),
                            [&](Outcome<Rows> outcome) { result = std::move(outcome); });
  const auto sent = gate.forwarded_bytes();
  session_.run_until([&] { return gate.forwarded_bytes() > sent; });
  gate.reset_all();
  session_.run_until([&] { return result.has_value(); });
  ASSERT_FALSE(*result);
  EXPECT_EQ(result->error().kind, FailureKind::reset) << result->error().message;
}

TEST_F(MysqlConnectionTest, MayBeDestroyedAtAnyTime) {
  const auto endpoint = monitor();
  asio::io_context io;
  bool called = false;
  // While connecting, at every stage of it that a short run reaches.
  for (int steps = 0; steps < 12; ++steps) {
    auto connection = std::make_unique<MysqlConnection>(io);
    connection->connect(endpoint, seconds(5), [&](const auto&) { called = true; });
    for (int step = 0; step < steps && !called; ++step) io.run_one_for(milliseconds(100));
    if (called) break;  // it was fast
    connection.reset();
    io.restart();
    io.run();
    EXPECT_FALSE(called);
  }
  // While resolving, and while a failure is on its way.
  auto named = endpoint;
  named.host = "localhost";
  std::make_unique<MysqlConnection>(io)->connect(named, seconds(5),
                                                 [](const auto&) { ADD_FAILURE(); });
  std::make_unique<MysqlConnection>(io)->query("SELECT 1", seconds(5),
                                               [](const auto&) { ADD_FAILURE(); });
  io.restart();
  io.run();

  // From within its own handlers.
  auto connection = std::make_unique<MysqlConnection>(io);
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

TEST_F(MysqlConnectionTest, ClosingDropsTheHandlerAndConnectingAnewWorks) {
  session_.connection.connect(monitor(), seconds(5), [](const auto&) { ADD_FAILURE(); });
  session_.connection.close();
  ASSERT_TRUE(session_.connect(monitor()));
  session_.connection.query("SELECT SLEEP(10)", seconds(20), [](const auto&) { ADD_FAILURE(); });
  session_.connection.close();
  ASSERT_TRUE(session_.connect(mariadb_endpoint(cluster(), cluster().port(1))));
  EXPECT_EQ(session_.value("SELECT @@server_id"), "2");
}

}  // namespace
}  // namespace relevo::testing

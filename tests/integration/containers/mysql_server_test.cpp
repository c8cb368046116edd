// Client and probe on a real MySQL server, with whichever C library they were compiled
// with: MariaDB's, or Oracle's in its container. The cluster is made, and this program
// run, by test_client_library.py, which says by the environment where it is:
// RELEVO_PRIMARY_PORT, RELEVO_REPLICA_PORT, RELEVO_MONITOR_PASSWORD.
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstdlib>
#include <stdexcept>

#include "tests/integration/topology/mysql_session.hpp"
#include "topology/model/position.hpp"
#include "topology/probe/status.hpp"

namespace relevo::testing {
namespace {

using client::Endpoint;
using client::FailureKind;
using model::NodeStatus;
using std::chrono::milliseconds;

std::string from_environment(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set");
  return value;
}

Endpoint at(const char* port, const std::string& sslmode = "prefer") {
  Endpoint endpoint;
  endpoint.host = "127.0.0.1";
  endpoint.port = static_cast<std::uint16_t>(std::stoul(from_environment(port)));
  endpoint.user = "relevo";
  endpoint.password = from_environment("RELEVO_MONITOR_PASSWORD");
  endpoint.sslmode = sslmode;
  return endpoint;
}

NodeStatus status_of(MysqlSession& session, probe::StatusMemory& memory) {
  std::optional<client::Outcome<NodeStatus>> answer;
  probe::ask_status(session.connection, model::Engine::mysql, memory,
                    std::chrono::steady_clock::now() + std::chrono::seconds(20),
                    [&](client::Outcome<NodeStatus> outcome) { answer = std::move(outcome); });
  session.run_until([&] { return answer.has_value(); });
  if (!*answer) throw std::runtime_error(answer->error().message);
  return **answer;
}

TEST(MysqlServer, LogsInWithAndWithoutTls) {
  for (const char* mode : {"disable", "prefer", "require"}) {
    MysqlSession session;
    const auto outcome = session.connect(at("RELEVO_PRIMARY_PORT", mode));
    ASSERT_TRUE(outcome) << mode << ": " << outcome.error().message;
    const auto rows = session.query("SHOW SESSION STATUS LIKE 'Ssl_version'");
    ASSERT_TRUE(rows) << rows.error().message;
    EXPECT_EQ(rows->rows[0][1].value_or("").empty(), std::string(mode) == "disable") << mode;
    EXPECT_EQ(session.value("SELECT USER()").substr(0, 7), "relevo@");
  }
}

TEST(MysqlServer, SaysWhyItRefuses) {
  MysqlSession session;
  Endpoint endpoint = at("RELEVO_PRIMARY_PORT");
  endpoint.password = "wrong";
  const auto outcome = session.connect(endpoint);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, FailureKind::server_error);
  EXPECT_EQ(outcome.error().server_errno, 1045);
  endpoint.port = 1;  // nobody listens
  const auto refused = session.connect(endpoint);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, FailureKind::refused) << refused.error().message;
}

TEST(MysqlServer, BringsRowsOfAnySizeInTheirTime) {
  for (const char* mode : {"disable", "require"}) {
    MysqlSession session;
    ASSERT_TRUE(session.connect(at("RELEVO_PRIMARY_PORT", mode)));
    const auto rows = session.query("SELECT SLEEP(0.2), REPEAT('x', 1000000), NULL, ''");
    ASSERT_TRUE(rows) << rows.error().message;
    EXPECT_EQ(rows->rows[0][1].value_or("").size(), 1000000U);
    EXPECT_FALSE(rows->rows[0][2]);
    EXPECT_EQ(rows->rows[0][3], "");
    const auto error = session.query("SELECT * FROM no.such");
    ASSERT_FALSE(error);
    EXPECT_EQ(error.error().kind, FailureKind::server_error);
    EXPECT_EQ(session.value("SELECT 7"), "7");
    const auto late = session.query("SELECT SLEEP(60)", milliseconds(200));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind, FailureKind::timeout);
  }
}

TEST(MysqlServer, AnErrorOfAnotherConnectionEndsNoSession) {
  MysqlSession session;
  ASSERT_TRUE(session.connect(at("RELEVO_PRIMARY_PORT", "require")));
  ERR_raise(ERR_LIB_SSL, SSL_R_UNEXPECTED_EOF_WHILE_READING);
  EXPECT_EQ(session.value("SELECT SLEEP(0.2)"), "0");
}

TEST(MysqlServer, TheEndOfAnIdleSessionIsNoticed) {
  MysqlSession session;
  MysqlSession other;
  ASSERT_TRUE(session.connect(at("RELEVO_PRIMARY_PORT")));
  ASSERT_TRUE(other.connect(at("RELEVO_PRIMARY_PORT")));
  std::vector<client::Failure> lost;
  session.connection.when_lost(
      [&](client::Failure failure) { lost.push_back(std::move(failure)); });
  ASSERT_TRUE(other.query("KILL " + session.value("SELECT CONNECTION_ID()")));
  session.run_until([&] { return !lost.empty(); });
}

TEST(MysqlServer, TellsHowAPrimaryIs) {
  MysqlSession session;
  ASSERT_TRUE(session.connect(at("RELEVO_PRIMARY_PORT")));
  probe::StatusMemory memory;
  const NodeStatus status = status_of(session, memory);
  EXPECT_EQ(status.role, model::Role::primary);
  EXPECT_EQ(status.flavor, model::Flavor::mysql);
  EXPECT_EQ(status.warning, "");
  EXPECT_FALSE(status.read_only);
  EXPECT_TRUE(status.gtid_mode && status.log_bin && status.log_replica_updates);
  EXPECT_NE(status.position.to_string().find(status.server_uuid + ":1-"), std::string::npos);
  EXPECT_EQ(status.downstreams.size(), 1U);
  EXPECT_TRUE(status.semi_sync.primary_enabled && status.semi_sync.primary_active);
  EXPECT_EQ(status.semi_sync.clients, 1U);
  EXPECT_TRUE(status.semi_sync.waits_before_commit);
  EXPECT_NE(status.start_time_us, 0);
}

TEST(MysqlServer, TellsHowAReplicaIsAndThatItFollows) {
  MysqlSession primary;
  MysqlSession replica;
  ASSERT_TRUE(primary.connect(at("RELEVO_PRIMARY_PORT")));
  ASSERT_TRUE(replica.connect(at("RELEVO_REPLICA_PORT")));
  probe::StatusMemory primarys;
  probe::StatusMemory replicas;
  // Its own right is enough to write something: FLUSH goes into the binary log.
  ASSERT_TRUE(primary.query("FLUSH PRIVILEGES"));
  const NodeStatus ahead = status_of(primary, primarys);
  NodeStatus status = status_of(replica, replicas);
  for (int tries = 0; tries < 200 && !status.position.covers(ahead.position); ++tries) {
    status = status_of(replica, replicas);
  }
  EXPECT_TRUE(status.position.covers(ahead.position))
      << status.position.to_string() << " of " << ahead.position.to_string();
  EXPECT_TRUE(status.received.covers(status.position));
  EXPECT_EQ(status.role, model::Role::replica);
  EXPECT_TRUE(status.read_only && status.super_read_only);
  EXPECT_EQ(status.receiver, model::ReceiverState::streaming);
  EXPECT_TRUE(status.applier_running && status.auto_position);
  EXPECT_EQ(status.upstream_port, at("RELEVO_PRIMARY_PORT").port);
  EXPECT_EQ(status.receiver_timeout, std::chrono::seconds(2));
  EXPECT_TRUE(status.semi_sync.replica_enabled && status.semi_sync.replica_active);
  EXPECT_NE(status.server_uuid, ahead.server_uuid);
}

}  // namespace
}  // namespace relevo::testing

// The connection to MySQL's kind over TLS: which mode asks for what.
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>

#include "tests/integration/topology/mariadb_fixture.hpp"
#include "tests/integration/topology/mysql_session.hpp"

namespace relevo::testing {
namespace {

using client::Endpoint;
using client::FailureKind;

class MysqlTlsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    cluster_ = std::make_unique<MariadbCluster>(0, std::vector<std::string>{"--tls"});
  }
  static void TearDownTestSuite() { cluster_.reset(); }
  Endpoint over(const std::string& sslmode, const std::string& host = "127.0.0.1") const {
    Endpoint endpoint = mariadb_endpoint(*cluster_, cluster_->port(0));
    endpoint.sslmode = sslmode;
    endpoint.host = host;
    endpoint.sslrootcert = cluster_->ca_file();
    return endpoint;
  }
  bool encrypted() {
    const auto rows = session_.query("SHOW SESSION STATUS LIKE 'Ssl_version'");
    return rows && !rows->rows.empty() && !rows->rows[0][1].value_or("").empty();
  }

  static inline std::unique_ptr<MariadbCluster> cluster_;
  MysqlSession session_;
};

TEST_F(MysqlTlsTest, IsUsedAsTheModeSays) {
  ASSERT_TRUE(session_.connect(over("disable")));
  EXPECT_FALSE(encrypted());
  for (const char* mode : {"prefer", "require", "verify-ca", "verify-full"}) {
    const auto outcome = session_.connect(over(mode));
    ASSERT_TRUE(outcome) << mode << ": " << outcome.error().message;
    EXPECT_TRUE(encrypted()) << mode;
  }
}

// The certificate is for "localhost" and "127.0.0.1". "127.1" leads to the same
// address, and is another name.
TEST_F(MysqlTlsTest, ChecksTheNameThatWasAskedForNotItsAddress) {
  const auto named = session_.connect(over("verify-full", "localhost"));
  ASSERT_TRUE(named) << named.error().message;
  EXPECT_TRUE(encrypted());
  ASSERT_TRUE(session_.connect(over("require", "127.1")));
  const auto other = session_.connect(over("verify-full", "127.1"));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, FailureKind::server_error) << other.error().message;
}

TEST_F(MysqlTlsTest, RefusesAnotherAuthority) {
  Endpoint endpoint = over("verify-full");
  endpoint.sslrootcert = "/etc/ssl/certs/ca-certificates.crt";
  const auto outcome = session_.connect(endpoint);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, FailureKind::server_error) << outcome.error().message;
  endpoint.sslmode = "require";  // an authority is given, so it is asked for, as by libpq
  EXPECT_FALSE(session_.connect(endpoint));
  endpoint.sslrootcert.clear();
  EXPECT_TRUE(session_.connect(endpoint));
  EXPECT_TRUE(encrypted());
}

TEST_F(MysqlTlsTest, HasADeadlineForQueries) {
  ASSERT_TRUE(session_.connect(over("require")));
  const auto failed = session_.query("SELECT SLEEP(60)", std::chrono::milliseconds(200));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, FailureKind::timeout);
  ASSERT_TRUE(session_.connect(over("require")));
  EXPECT_EQ(session_.value("SELECT length(repeat('x', 1000000))"), "1000000");
  EXPECT_EQ(session_.value("SELECT repeat('x', 1000000)").size(), 1000000U);
}

// A server that greets, and says nothing more once TLS begins. It is served by the
// same thread: a connection that waited for it in there would wait for ever.
TEST(MysqlTlsHandshake, ThatStallsHoldsUpNobody) {
  MysqlSession session;
  asio::ip::tcp::acceptor acceptor(session.io, {asio::ip::make_address("127.0.0.1"), 0});
  asio::ip::tcp::socket peer(session.io);
  const std::string greeting =
      std::string("\x0a", 1) + std::string("5.5.5-10.11.19-MariaDB\0", 23) +
      std::string("\1\0\0\0", 4) + std::string("12345678\0", 9) +
      std::string("\x00\xaa", 2) +  // CLIENT_SSL, CLIENT_PROTOCOL_41, CLIENT_SECURE_CONNECTION
      "\x21" + std::string("\2\0", 2) + std::string("\x08\x00", 2) +  // CLIENT_PLUGIN_AUTH
      "\x15" + std::string(10, '\0') + std::string("123456789012\0", 13) +
      std::string("mysql_native_password\0", 22);
  const std::string packet =
      std::string(1, static_cast<char>(greeting.size())) + std::string(3, '\0') + greeting;
  acceptor.async_accept(peer, [&](const asio::error_code& error) {
    if (!error) asio::write(peer, asio::buffer(packet));
  });
  Endpoint endpoint;
  endpoint.host = "127.0.0.1";
  endpoint.port = acceptor.local_endpoint().port();
  endpoint.user = "relevo";
  endpoint.sslmode = "require";
  const auto begun = std::chrono::steady_clock::now();
  const auto outcome = session.connect(endpoint, std::chrono::milliseconds(300));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, FailureKind::timeout) << outcome.error().message;
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(900));
  // As far as that it comes: the request for TLS, and a word of the handshake.
  constexpr std::size_t ssl_request_bytes = 36;
  session.run_until([&] { return peer.available() > ssl_request_bytes; });
}

// What another connection of this thread has left behind, as one to a killed server does.
TEST_F(MysqlTlsTest, IsNotEndedByAnErrorOfAnotherConnection) {
  ASSERT_TRUE(session_.connect(over("require")));
  ERR_raise(ERR_LIB_SSL, SSL_R_UNEXPECTED_EOF_WHILE_READING);
  const auto rows = session_.query("SELECT SLEEP(0.2), repeat('x', 1000000)");
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->rows[0][1].value_or("").size(), 1000000U);
}

TEST_F(MysqlTlsTest, NoticesTheEndOfAnIdleSession) {
  ASSERT_TRUE(session_.connect(over("require")));
  std::vector<client::Failure> lost;
  session_.connection.when_lost(
      [&](client::Failure failure) { lost.push_back(std::move(failure)); });
  cluster_->sql(0, "KILL " + session_.value("SELECT CONNECTION_ID()"));
  session_.run_until([&] { return !lost.empty(); });
  EXPECT_EQ(lost[0].kind, FailureKind::reset);
}

}  // namespace
}  // namespace relevo::testing

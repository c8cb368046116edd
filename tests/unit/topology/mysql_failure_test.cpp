// Failures of MySQL's client library, by number and words.
#include "topology/client/mysql_failure.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace relevo::client {
namespace {

struct Case {
  unsigned number;
  const char* message;
  FailureKind kind;
};

TEST(MysqlFailure, OfTheNetworkByTheSystemsNumber) {
  for (const Case& given : {
           Case{2002, "Can't connect to server on '127.0.0.1' (111)", FailureKind::refused},
           Case{2003, "Can't connect to MySQL server on '10.0.0.1:3306' (111)",
                FailureKind::refused},
           Case{2003, "Can't connect to server on '10.0.0.1' (111 \"Connection refused\")",
                FailureKind::refused},
           Case{2002, "Can't connect to local server through socket '/x (y)/s' (2)",
                FailureKind::refused},
           Case{2002, "Can't connect to server on '10.0.0.1' (113)", FailureKind::unreachable},
           Case{2002, "Can't connect to server on '10.0.0.1' (110)", FailureKind::timeout},
           Case{2002, "Can't connect to server", FailureKind::unreachable},
           Case{2013,
                "Lost connection to server at 'handshake: reading initial communication "
                "packet', system error: 104",
                FailureKind::reset},
           Case{2013, "Lost connection to server during query", FailureKind::reset},
           Case{2006, "Server has gone away", FailureKind::reset},
           Case{2026, "TLS/SSL error: certificate verify failed", FailureKind::server_error},
           Case{2026, "TLS/SSL error: Connection reset by peer (104)", FailureKind::reset},
           Case{2027, "Malformed communication packet", FailureKind::server_error},
           Case{2061, "Authentication plugin 'x' reported error", FailureKind::server_error},
           Case{5012, "not allowed by the client", FailureKind::server_error},
       }) {
    const Failure failure = read_mysql_failure(given.number, "HY000", given.message, true);
    EXPECT_EQ(failure.kind, given.kind) << given.message;
    EXPECT_EQ(failure.message, given.message);
    EXPECT_EQ(failure.server_errno, 0) << "the library's own number is not the server's";
  }
}

TEST(MysqlFailure, AfterLogInAPacketThatMakesNoSenseIsTheEnd) {
  EXPECT_EQ(read_mysql_failure(2027, "HY000", "Malformed packet", false).kind, FailureKind::reset);
  EXPECT_EQ(read_mysql_failure(0, "00000", "", false).kind, FailureKind::reset);
}

TEST(MysqlFailure, OfTheServerKeepsItsWords) {
  const Failure failure = read_mysql_failure(1040, "08004", "Too many connections", true);
  EXPECT_EQ(failure.kind, FailureKind::server_error);
  EXPECT_EQ(failure.server_errno, 1040);
  EXPECT_EQ(failure.sqlstate, "08004");
  EXPECT_EQ(failure.message, "Too many connections");
  EXPECT_EQ(read_mysql_failure(4151, "HY000", "locked", true).server_errno, 4151);
}

TEST(MysqlFailure, ReadsAFarewell) {
  const std::string body = std::string("\xFF\x87\x07#70100", 9) + "Connection was killed";
  std::string packet(1, static_cast<char>(body.size()));
  packet += std::string("\0\0\0", 3) + body;
  const auto failure = read_farewell(packet);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->server_errno, 1927);
  EXPECT_EQ(failure->sqlstate, "70100");
  EXPECT_EQ(failure->message, "Connection was killed");
  EXPECT_TRUE(read_farewell(packet + "more"));
  for (std::size_t length = 0; length < packet.size(); ++length) {
    EXPECT_FALSE(read_farewell(std::string_view(packet).substr(0, length))) << length;
  }
}

TEST(MysqlFailure, NothingElseIsAFarewell) {
  EXPECT_FALSE(read_farewell(std::string_view("\x15\x03\x03\x00\x02\x01\x00", 7)));  // TLS alert
  EXPECT_FALSE(read_farewell(std::string_view("\x07\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00", 11)));
  EXPECT_FALSE(
      read_farewell(std::string_view("\x01\x00\x00\x00\xFF", 5)));  // an error without number
  const auto bare = read_farewell(std::string_view("\x03\x00\x00\x00\xFF\x1D\x04", 7));
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->server_errno, 1053);
}

}  // namespace
}  // namespace relevo::client

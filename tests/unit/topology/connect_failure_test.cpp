// libpq's texts, as PG 15's libpq writes them with PQERRORS_VERBOSE, and what they mean.
#include "topology/client/connect_failure.hpp"

#include <gtest/gtest.h>

namespace relevo::client {
namespace {

TEST(ConnectFailure, HasTheServersSqlstateAndPlainWords) {
  const Failure failure = read_connect_failure(
      "connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  57P03: the database system "
      "is starting up\nLOCATION:  ProcessStartupPacket, postmaster.c:2360\n",
      true);
  EXPECT_EQ(failure.kind, FailureKind::server_error);
  EXPECT_EQ(failure.sqlstate, "57P03");
  EXPECT_EQ(failure.message,
            "connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  the database system "
            "is starting up");
}

TEST(ConnectFailure, ReadsTheSqlstateInAnyLanguage) {
  EXPECT_EQ(read_connect_failure("... failed: FATAL:  53300: désolé, trop de clients sont déjà "
                                 "connectés\nLOCATION:  x",
                                 false)
                .sqlstate,
            "53300");
  EXPECT_EQ(read_connect_failure("... failed: FATALER FEHLER:  28P01: nein", false).sqlstate,
            "28P01");
}

TEST(ConnectFailure, OfTwoAttemptsTheFirstHasTheReason) {
  const Failure failure = read_connect_failure(
      "connection to server at \"h\" (10.0.0.1), port 5432 failed: FATAL:  28P01: password "
      "authentication failed for user \"relevo\"\nLOCATION:  auth_failed, auth.c:340\n"
      "connection to server at \"h\" (10.0.0.1), port 5432 failed: FATAL:  28000: no pg_hba.conf "
      "entry\nLOCATION:  ClientAuthentication, auth.c:530\n",
      true);
  EXPECT_EQ(failure.sqlstate, "28P01");
  EXPECT_EQ(failure.message.find("LOCATION"), std::string::npos);
  EXPECT_EQ(failure.message.find("28000"), std::string::npos);
}

TEST(ConnectFailure, KnowsTheSystemsErrors) {
  struct Case {
    const char* text;
    FailureKind kind;
  };
  for (const Case& test :
       {Case{"... failed: Connection refused\n\tIs the server running on that host?",
             FailureKind::refused},
        Case{"... failed: No route to host", FailureKind::unreachable},
        Case{"... failed: Network is unreachable", FailureKind::unreachable},
        Case{"... failed: Connection timed out", FailureKind::timeout},
        Case{"... failed: Connection reset by peer", FailureKind::reset},
        Case{"(::1) failed: No route to host\n(127.0.0.1) failed: Connection refused",
             FailureKind::refused}}) {
    const Failure failure = read_connect_failure(test.text, false);
    EXPECT_EQ(failure.kind, test.kind) << test.text;
    EXPECT_EQ(failure.sqlstate, "");
  }
}

TEST(ConnectFailure, WithoutErrorOrSqlstateTheSocketDecides) {
  const std::string cut = "server closed the connection unexpectedly";
  EXPECT_EQ(read_connect_failure(cut, true).kind, FailureKind::reset);
  const std::string no_tls = "server does not support SSL, but SSL was required";
  EXPECT_EQ(read_connect_failure(no_tls, false).kind, FailureKind::server_error);
}

TEST(ConnectFailure, TakesNothingElseForASqlstate) {
  for (const char* text : {"", ":  ", ":  57P0", ":  57P03", ":  57P03:", ":  57p03: x",
                           "failed: FATAL: 57P03: x", ":  123456: x"}) {
    EXPECT_EQ(read_connect_failure(text, true).sqlstate, "") << text;
  }
}

}  // namespace
}  // namespace relevo::client

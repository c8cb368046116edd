// COPY FROM STDIN: while it copies in, the server reads data, ignores Sync and
// Flush, and takes anything else for an error.
// https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY
#include "tests/unit/session/postgres/exchange_script.hpp"

namespace relevo::session::postgres {
namespace {

TEST(ExchangeCopyIn, BySimpleQuery) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query COPY t FROM STDIN
    state open not-copying
    recv G            -> forward
    state copying owed 1
    send copy-end
    state not-copying open
    recv C COPY 3     -> forward
    recv Z I          -> forward ready
    state idle settled
  )"));
}

TEST(ExchangeCopyIn, TwiceInOneQuery) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query COPY t FROM STDIN; COPY u FROM STDIN
    recv G            -> forward
    send copy-end
    recv C COPY 3     -> forward
    recv G            -> forward
    state copying
    send copy-end
    recv C COPY 1     -> forward
    recv Z I          -> forward ready
    state idle not-copying
  )"));
}

TEST(ExchangeCopyIn, FailsInTheMiddle) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query COPY t FROM STDIN
    recv G            -> forward
    recv E            -> forward failed
    state not-copying not-skipping
    recv Z I          -> forward ready failed
    send copy-end
    state idle settled
    send query SELECT 1
    recv C SELECT 1   -> forward
    recv Z I          -> forward ready
  )"));
}

// libpq's way: Sync goes with Execute, is ignored, and is sent again at the end.
TEST(ExchangeCopyIn, ByExtendedQueryIgnoresTheSyncBehindIt) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send parse
    send bind
    send execute COPY t FROM STDIN
    send sync
    state owed 1
    recv 1            -> forward
    recv 2            -> forward
    recv G            -> forward
    state copying owed 0 open
    send copy-end
    send sync
    state not-copying owed 1 open
    recv C COPY 3     -> forward
    state open
    recv Z I          -> forward ready
    state idle settled
  )"));
}

TEST(ExchangeCopyIn, ByExtendedQueryFailsAndSkipsToTheSyncBehindTheData) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send bind
    send execute COPY t FROM STDIN
    send sync
    recv 2            -> forward
    recv G            -> forward
    recv E            -> forward failed
    state idle skipping not-copying
    send copy-end
    send sync
    recv Z I          -> forward ready failed
    state idle
  )"));
}

// A driver that sends the data along with its query, before it was asked for.
TEST(ExchangeCopyIn, DataMayComeAheadOfItsTurn) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query COPY t FROM STDIN
    send copy-end
    recv G            -> forward
    state not-copying
    send bind
    send sync
    state owed 2
    recv C COPY 1     -> forward
    recv Z I          -> forward ready
    recv 2            -> forward
    recv Z I          -> forward ready
    state idle

    send query COPY t FROM STDIN; COPY u FROM STDIN
    send copy-end
    send copy-end
    recv G            -> forward
    state not-copying
    recv C COPY 1     -> forward
    recv G            -> forward
    state not-copying
    recv C COPY 1     -> forward
    recv Z I          -> forward ready
    state idle

    send bind
    send execute COPY t FROM STDIN
    send sync
    send copy-end
    send sync
    state owed 2
    recv 2            -> forward
    recv G            -> forward
    state not-copying owed 1
    recv C COPY 1     -> forward
    recv Z I          -> forward ready
    state idle

    send query COPY t FROM STDIN
    send copy-end
    recv E            -> forward failed
    recv Z I          -> forward ready failed
    send query COPY t FROM STDIN
    recv G            -> forward
    state copying
  )"));
}

TEST(ExchangeCopyIn, SyncBehindASimpleQueryIsIgnored) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query COPY t FROM STDIN
    send sync
    recv G            -> forward
    state copying owed 1
    send copy-end
    recv C COPY 1     -> forward
    recv Z I          -> forward ready
    state idle
  )"));
}

// The next batch was already on its way: its Parse ends the COPY with an error,
// and the server skips to *its* Sync.
TEST(ExchangeCopyIn, ABatchBehindItIsAnErrorUpToItsOwnSync) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send bind
    send execute COPY t FROM STDIN
    send sync
    send parse 5
    send execute SELECT 1
    send sync
    send bind
    send sync
    state owed 3
    recv 2            -> forward
    recv G            -> forward
    state owed 2
    recv E            -> forward failed
    unprepared 5
    recv Z I          -> forward ready failed
    recv 2            -> forward
    recv Z I          -> forward ready
    state idle
  )"));
}

TEST(ExchangeCopyIn, AnswersOfOurOwnWaitForItsEnd) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send execute COPY t FROM STDIN
    send local close
    send sync
    recv G            -> forward
    state copying owed 0
    due
    send copy-end
    send sync
    recv C COPY 1     -> forward
    due 3
    recv Z I          -> forward ready
    state idle
  )"));
}

}  // namespace
constexpr std::string_view copying_ahead_of_a_sync = R"(
    send bind
    send execute COPY t FROM STDIN
    send sync
    recv 2            -> forward
    recv G            -> forward
)";

TEST(ExchangeCopyIn, FailsBeforeItReadsTheSyncThatWasSentBehindIt) {
  ExchangeScript script;
  ASSERT_TRUE(script.play(copying_ahead_of_a_sync));
  EXPECT_TRUE(script.play(R"(
    state copying certain
    recv E            -> forward failed
    state not-copying skipping unsynced uncertain
    recv Z I          -> forward ready failed
    state idle not-skipping at-rest certain I

    send query SELECT 1
    recv T            -> forward
    recv C SELECT 1   -> forward
    recv Z I          -> forward ready
    state at-rest
  )"));
}

TEST(ExchangeCopyIn, FailsAndItsSyncWasReadAsData) {
  ExchangeScript script;
  ASSERT_TRUE(script.play(copying_ahead_of_a_sync));
  EXPECT_TRUE(script.play(R"(
    recv E            -> forward failed
    send copy-end
    send sync
    state owed 1
    recv Z I          -> forward ready failed
    state idle at-rest uncertain

    recv Z I          -> forward ready
    state idle at-rest certain
  )"));
}

TEST(ExchangeCopyIn, TheLateReadyComesAheadOfWhatIsAskedNext) {
  ExchangeScript script;
  ASSERT_TRUE(script.play(copying_ahead_of_a_sync));
  EXPECT_TRUE(script.play(R"(
    send copy-end
    send sync
    recv E            -> forward failed
    recv Z E          -> forward ready failed
    state uncertain E
    send query ROLLBACK
    recv Z E          -> forward
    state certain busy
    recv C ROLLBACK   -> forward
    recv Z I          -> forward ready
    state at-rest
  )"));
}

TEST(ExchangeCopyIn, AnswersToTheNextQuerySayThatNoReadyIsLate) {
  ExchangeScript script;
  ASSERT_TRUE(script.play(copying_ahead_of_a_sync));
  EXPECT_TRUE(script.play(R"(
    send copy-end
    send sync
    recv E            -> forward failed
    recv Z E          -> forward ready failed
    send query ROLLBACK
    recv C ROLLBACK   -> forward
    state certain
    recv Z I          -> forward ready
    recv Z I          -> violation
  )"));
}

TEST(ExchangeCopyIn, WhatSucceedsHasReadTheSync) {
  ExchangeScript script;
  ASSERT_TRUE(script.play(copying_ahead_of_a_sync));
  EXPECT_TRUE(script.play(R"(
    state unsynced
    send copy-end
    recv C COPY 1     -> forward
    state idle unsynced certain
    send sync
    recv Z I          -> forward ready
    state at-rest
  )"));
}

}  // namespace relevo::session::postgres

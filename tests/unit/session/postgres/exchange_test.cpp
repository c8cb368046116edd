// Who is told what of a conversation: simple and extended queries, pipelines,
// errors in the middle, and messages of our own among the client's.
#include "tests/unit/session/postgres/exchange_script.hpp"

namespace relevo::session::postgres {
namespace {

TEST(ExchangeQuery, BringsRowsAndIsReady) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    state idle I owed 0 settled
    send query SELECT 1
    state busy owed 1 settled
    recv T            -> forward
    recv D            -> forward
    recv D            -> forward
    recv C SELECT 2   -> forward
    state busy owed 1
    recv Z I          -> forward ready
    state idle I owed 0
    committed
    unclear no
  )"));
}

TEST(ExchangeQuery, OfSeveralStatementsIsOneAnswer) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query SELECT 1; ; UPDATE t SET a = 1
    state open
    recv T            -> forward
    recv D            -> forward
    recv C SELECT 1   -> forward
    recv C UPDATE 1   -> forward
    state busy open
    recv Z I          -> forward ready
    state idle settled
    send query
    recv I            -> forward
    recv Z I          -> forward ready
  )"));
}

TEST(ExchangeQuery, FailsWithTheRestOfItsStatements) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query SELECT 1; SELECT 1/0; SELECT 2
    send query SELECT 3
    recv T            -> forward
    recv D            -> forward
    recv C SELECT 1   -> forward
    recv E            -> forward failed
    state busy owed 2 not-skipping
    recv Z I          -> forward ready failed
    recv T            -> forward
    recv C SELECT 1   -> forward
    recv Z I          -> forward ready
    state idle
  )"));
}

TEST(ExchangeQuery, FollowsTheTransactionStatus) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query BEGIN
    recv C BEGIN      -> forward
    recv Z T          -> forward ready
    state T idle settled
    send query INSERT INTO t VALUES (1)
    state settled
    recv E            -> forward failed
    recv Z E          -> forward ready failed
    state E idle
    send query ROLLBACK
    state settled
    recv C ROLLBACK   -> forward
    recv Z I          -> forward ready
    state I idle
  )"));
}

TEST(ExchangeQuery, CopyOutStreams) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query COPY t TO STDOUT
    recv H            -> forward
    recv d            -> forward
    recv d            -> forward
    recv c            -> forward
    recv C COPY 2     -> forward
    recv Z I          -> forward ready
    state idle
  )"));
}

TEST(ExchangeQuery, AFunctionCallIsAnsweredLikeOne) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send function
    state busy owed 1 open
    recv V            -> forward
    recv Z I          -> forward ready
    state idle settled
    send function
    recv E            -> forward failed
    recv Z I          -> forward ready failed
    state idle
  )"));
}

TEST(ExchangeQuery, NoticesGoWhereTheAnswerGoes) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    recv N            -> forward
    recv S            -> forward
    recv A            -> forward
    own-send query
    send query SELECT 1
    recv N            ->
    recv S            ->
    recv A            -> forward
    recv C SET        ->
    recv Z I          -> ready own
    recv N            -> forward
    recv S            -> forward
    recv C SELECT 1   -> forward
    recv Z I          -> forward ready
  )"));
}

TEST(ExchangeBatch, IsAnsweredMessageByMessage) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send parse 1
    send describe
    send bind
    send describe
    send execute SELECT a FROM t
    send close
    send sync
    state busy owed 1 settled
    recv 1            -> forward
    recv t            -> forward
    recv T            -> forward
    recv 2            -> forward
    recv n            -> forward
    recv D            -> forward
    recv C SELECT 1   -> forward
    recv 3            -> forward
    state busy owed 1
    recv Z I          -> forward ready
    state idle
    unprepared
  )"));
}

TEST(ExchangeBatch, PipelinesOverSeveralSyncs) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send bind
    send execute SELECT 1
    send sync
    send bind
    send execute INSERT INTO t VALUES (1)
    send sync
    send sync
    state owed 3 open
    recv 2            -> forward
    recv D            -> forward
    recv C SELECT 1   -> forward
    recv Z I          -> forward ready
    state owed 2 open
    recv 2            -> forward
    recv C INSERT 0 1 -> forward
    state owed 2 open
    recv Z I          -> forward ready
    state owed 1 settled
    recv Z I          -> forward ready
    state idle owed 0
  )"));
}

TEST(ExchangeBatch, AnErrorSkipsToItsSyncOnly) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send parse 1
    send bind
    send execute SELECT 1
    send parse 2
    send parse 3
    send execute SELECT 2
    send sync
    send parse 4
    send bind
    send execute SELECT 3
    send sync
    recv 1            -> forward
    recv 2            -> forward
    recv E            -> forward failed
    state busy owed 2 not-skipping
    unprepared 2 3
    recv Z I          -> forward ready failed
    recv 1            -> forward
    recv 2            -> forward
    recv D            -> forward
    recv C SELECT 1   -> forward
    recv Z I          -> forward ready
    state idle
    unprepared
  )"));
}

TEST(ExchangeBatch, AFailedParseIsNotThere) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send parse 7
    send sync
    recv E            -> forward failed
    unprepared 7
    recv Z I          -> forward ready failed
    unprepared
  )"));
}

TEST(ExchangeBatch, SkipsWhatIsSentBehindAnErrorUpToTheSync) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send parse 1
    recv E            -> forward failed
    state idle skipping
    unprepared 1
    send parse 2
    send bind
    send local parse
    send query SELECT 'skipped as well'
    send execute INSERT INTO t VALUES (1)
    state idle skipping settled
    unprepared 2
    send sync
    state busy not-skipping owed 1
    recv Z I          -> forward ready failed
    state idle
    send bind
    send sync
    recv 2            -> forward
    recv Z I          -> forward ready
  )"));
}

TEST(ExchangeBatch, MayFailAtTheSyncItself) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send execute INSERT INTO t VALUES (1)
    send sync
    send execute SELECT 1
    send sync
    recv C INSERT 0 1 -> forward
    state open
    recv E            -> forward failed
    recv Z I          -> forward ready failed
    state settled
    recv C SELECT 1   -> forward
    recv Z I          -> forward ready
    state idle
  )"));
}

TEST(ExchangeBatch, AQueryMayFollowWithoutSync) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send bind
    send execute SELECT 1
    send query SELECT 2
    recv 2            -> forward
    recv C SELECT 1   -> forward
    recv C SELECT 1   -> forward
    recv Z I          -> forward ready
    state idle
    send bind
    send query SELECT 'never run'
    send sync
    recv E            -> forward failed
    recv Z I          -> forward ready failed
    state idle
  )"));
}

TEST(ExchangeBatch, APortalIsSuspendedAndGoneOnWith) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send bind
    send execute SELECT 1
    send execute SELECT 1
    send sync
    recv 2            -> forward
    recv D            -> forward
    recv s            -> forward
    recv D            -> forward
    recv C SELECT 1   -> forward
    recv Z T          -> forward ready
    state idle T
    send execute
    send sync
    recv I            -> forward
    recv Z T          -> forward ready
  )"));
}

TEST(ExchangeOwn, ASettingAheadOfTheQueryIsTakenOut) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    own-send query
    send query SELECT 1
    state owed 1
    recv T            ->
    recv D            ->
    recv C SELECT 1   ->
    recv Z I          -> ready own
    state busy owed 1
    recv D            -> forward
    recv C SELECT 1   -> forward
    recv Z I          -> forward ready
    state idle
  )"));
}

TEST(ExchangeOwn, ItsFailureIsNotTheClients) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    own-send query
    send query SELECT 1
    recv E            -> failed own
    recv Z I          -> ready failed own
    recv C SELECT 1   -> forward
    recv Z I          -> forward ready
  )"));
}

TEST(ExchangeOwn, ParseAndCloseAreTakenOutOfTheBatch) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    own-send close
    own-send parse 9
    send bind
    send execute SELECT 1
    send sync
    recv 3            ->
    recv 1            ->
    recv 2            -> forward
    recv D            -> forward
    recv C SELECT 1   -> forward
    recv Z I          -> forward ready
    unprepared
  )"));
}

TEST(ExchangeOwn, AFailureOfOurParseFailsTheBatchThatNeedsIt) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    own-send parse 9
    send bind
    send execute SELECT 1
    send sync
    recv E            -> forward failed own
    unprepared 9
    recv Z I          -> forward ready failed
    state idle
  )"));
}

// To make room for a statement we close another: skipped, it is still there.
TEST(ExchangeOwn, ASkippedCloseLeavesItsStatement) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    own-send close 4
    own-send parse 9
    send bind
    own-send close 5
    own-send parse 10
    send close
    send sync
    recv 3            ->
    recv 1            ->
    recv E            -> forward failed
    unclosed 5
    unprepared 10
    recv Z I          -> forward ready failed
    send bind
    recv E            -> forward failed
    own-send close 6
    unclosed 6
    send sync
    recv Z I          -> forward ready failed
    unclosed
  )"));
}

TEST(ExchangeLocal, AnswersComeInTheirPlace) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send local close
    send local parse
    due 3 1
    send bind
    send local close
    send describe
    send local parse
    send local close
    send sync
    state busy owed 1
    due
    recv 2            -> forward
    due 3
    recv n            -> forward
    due 1 3
    recv Z I          -> forward ready
    state idle
  )"));
}

TEST(ExchangeLocal, TheyAreSkippedWithTheRestOfTheBatch) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send bind
    send local parse
    send local close
    send sync
    send local parse
    send sync
    recv E            -> forward failed
    due
    recv Z I          -> forward ready failed
    due 1
    recv Z I          -> forward ready
    state idle
  )"));
}

TEST(ExchangeLocal, DeallocateIsAWholeAnswerWithTheStatusOfItsMoment) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send local deallocate
    state busy owed 1
    due C:DEALLOCATE Z:I
    state idle owed 0
    send query BEGIN
    send local deallocate
    send query SELECT 1/0
    send local deallocate
    state owed 4
    due
    recv C BEGIN      -> forward
    recv Z T          -> forward ready
    due C:DEALLOCATE Z:T
    recv E            -> forward failed
    recv Z E          -> forward ready failed
    due C:DEALLOCATE Z:E
    state idle owed 0
  )"));
}

// The queue is a vector with a head: long pipelines must not confuse it.
TEST(ExchangeBatch, LongPipelinesKeepTheirOrder) {
  ExchangeScript script;
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(script.play("send bind\n send execute SELECT 1\n send sync"));
  }
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(script.play("state busy owed " + std::to_string(500 - i)));
    ASSERT_TRUE(script.play("recv 2 -> forward\n recv C SELECT 1 -> forward"));
    ASSERT_TRUE(script.play("recv Z I -> forward ready"));
  }
  EXPECT_TRUE(script.play("state idle owed 0"));
}

TEST(ExchangeExtended, WhatMayBeCommittedIsDoneOnce) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send execute BEGIN
    send execute INSERT INTO t VALUES (1)
    send execute COMMIT
    send execute SELECT 1
    send sync
    recv C BEGIN      -> forward
    recv C INSERT 0 1 -> forward
    state repeatable
    recv C COMMIT     -> forward
    state done-once
    recv E            -> forward failed
    state done-once
    recv Z I          -> forward ready failed
    state idle repeatable

    send query INSERT INTO t VALUES (1); SELECT 1
    recv C INSERT 0 1 -> forward
    state repeatable
    recv E            -> forward failed
    recv Z I          -> forward ready failed

    send query PREPARE TRANSACTION 'a'; SELECT 1
    recv C PREPARE TRANSACTION -> forward
    state done-once
    recv Z I          -> forward ready
    send query CALL p(); SELECT 1
    recv C CALL       -> forward
    state done-once
    recv Z I          -> forward ready
    send query DO 'x'; SELECT 1
    recv C DO         -> forward
    state done-once
    recv Z I          -> forward ready
    state repeatable
  )"));
}

}  // namespace
// All that was asked is answered, and yet nobody else may have the connection.
TEST(Exchange, ABatchWithoutItsSyncIsNotAtRest) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    state at-rest
    send bind
    send execute INSERT INTO t VALUES (1)
    recv 2            -> forward
    recv C INSERT 0 1 -> forward
    state idle unsynced
    send local close
    due 3
    state idle unsynced
    send sync
    recv Z I          -> forward ready
    state idle at-rest

    send bind
    recv E            -> forward failed
    state idle skipping unsynced
    send query SELECT 1
    state idle skipping unsynced
    send sync
    recv Z I          -> forward ready failed
    state idle at-rest

    send local parse
    due 1
    state idle at-rest
  )"));
}

}  // namespace relevo::session::postgres

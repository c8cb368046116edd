// What of a conversation lasts: settings that were committed, locks that no
// rollback takes back, and whether a commit may be under way when a server is lost.
#include "tests/unit/session/postgres/exchange_script.hpp"

namespace relevo::session::postgres {
namespace {

TEST(ExchangeEffects, ASettingOutsideOfATransactionHoldsAtOnce) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query SET search_path TO a
    committed
    recv C SET        -> forward
    committed
    recv Z I          -> forward ready
    committed set search_path=a
    unclear no
    committed
  )"));
}

TEST(ExchangeEffects, AFailedOneDoesNot) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query SET search_path TO a; SELECT 1/0
    recv C SET        -> forward
    recv E            -> forward failed
    recv Z I          -> forward ready failed
    committed
    unclear no
  )"));
}

TEST(ExchangeEffects, InATransactionItWaitsForTheCommit) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query BEGIN
    recv C BEGIN      -> forward
    recv Z T          -> forward ready
    send query SET search_path TO a
    recv C SET        -> forward
    recv Z T          -> forward ready
    committed
    send query SET LOCAL work_mem = '1MB'
    recv C SET        -> forward
    recv Z T          -> forward ready
    send query RESET ROLE
    recv C RESET      -> forward
    recv Z T          -> forward ready
    send query COMMIT
    recv C COMMIT     -> forward
    recv Z I          -> forward ready
    committed set search_path=a; set_role ROLE
    unclear no
  )"));
}

TEST(ExchangeEffects, ARollbackTakesItBack) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query BEGIN
    recv C BEGIN      -> forward
    recv Z T          -> forward ready
    send query SET search_path TO a
    recv C SET        -> forward
    recv Z T          -> forward ready
    send query ROLLBACK
    recv C ROLLBACK   -> forward
    recv Z I          -> forward ready
    committed
    unclear yes
    send query BEGIN
    recv C BEGIN      -> forward
    recv Z T          -> forward ready
    send query COMMIT
    recv C COMMIT     -> forward
    recv Z I          -> forward ready
    committed
    unclear no
  )"));
}

TEST(ExchangeEffects, TheCommitOfAFailedTransactionIsARollback) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query BEGIN
    recv C BEGIN      -> forward
    recv Z T          -> forward ready
    send query SET search_path TO a
    recv C SET        -> forward
    recv Z T          -> forward ready
    send query SELECT 1/0
    recv E            -> forward failed
    recv Z E          -> forward ready failed
    send query COMMIT
    recv C ROLLBACK   -> forward
    recv Z I          -> forward ready
    committed
    unclear yes
  )"));
}

// The tag of ROLLBACK TO is the same as ROLLBACK's: which of the settings hold
// is then for the server to say.
TEST(ExchangeEffects, ARollbackToASavepointLeavesThemUnclear) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query BEGIN
    recv C BEGIN      -> forward
    recv Z T          -> forward ready
    send query SET search_path TO a
    recv C SET        -> forward
    recv Z T          -> forward ready
    send query SAVEPOINT s
    recv C SAVEPOINT  -> forward
    recv Z T          -> forward ready
    unclear no
    send query SET work_mem TO '1MB'
    recv C SET        -> forward
    recv Z T          -> forward ready
    send query ROLLBACK TO s
    recv C ROLLBACK   -> forward
    recv Z T          -> forward ready
    committed
    send query COMMIT
    recv C COMMIT     -> forward
    recv Z I          -> forward ready
    committed set search_path=a; set work_mem='1MB'
    unclear yes
  )"));
}

TEST(ExchangeEffects, ATextThatBeginsAndEndsTransactionsIsUnclear) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query BEGIN; SET search_path TO a; ROLLBACK; SET work_mem TO '1MB'
    state open
    recv C BEGIN      -> forward
    recv C SET        -> forward
    recv C ROLLBACK   -> forward
    recv C SET        -> forward
    recv Z I          -> forward ready
    unclear yes
    send big-query
    state open
    recv C SELECT 1   -> forward
    recv Z I          -> forward ready
    unclear yes
  )"));
}

TEST(ExchangeEffects, ABatchHoldsAtItsSync) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send execute SET search_path TO a
    send execute SELECT 1
    send sync
    recv C SET        -> forward
    recv C SELECT 1   -> forward
    committed
    recv Z I          -> forward ready
    committed set search_path=a
    send execute SET search_path TO b
    send execute SELECT 1/0
    send sync
    recv C SET        -> forward
    recv E            -> forward failed
    recv Z I          -> forward ready failed
    committed
    unclear no
  )"));
}

TEST(ExchangeEffects, AWholeTransactionInOneBatch) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send execute BEGIN
    send execute SET search_path TO a
    send execute COMMIT
    send execute SET work_mem TO '1MB'
    send execute SELECT 1/0
    send sync
    recv C BEGIN      -> forward
    recv C SET        -> forward
    recv C COMMIT     -> forward
    recv C SET        -> forward
    recv E            -> forward failed
    recv Z I          -> forward ready failed
    committed set search_path=a
    unclear no
  )"));
}

TEST(ExchangeEffects, TwoPhaseCommitKeepsTheSettings) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query BEGIN
    recv C BEGIN                -> forward
    recv Z T                    -> forward ready
    send query SET search_path TO a
    recv C SET                  -> forward
    recv Z T                    -> forward ready
    send query PREPARE TRANSACTION 'x'
    state open
    recv C PREPARE TRANSACTION  -> forward
    recv Z I                    -> forward ready
    committed set search_path=a
    unclear no
  )"));
}

TEST(ExchangeEffects, AdvisoryLocksSurviveTheRollback) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query BEGIN
    recv C BEGIN      -> forward
    recv Z T          -> forward ready
    send query SELECT pg_advisory_lock(1)
    recv T            -> forward
    recv D            -> forward
    recv C SELECT 1   -> forward
    recv Z T          -> forward ready
    send query LISTEN x
    recv C LISTEN     -> forward
    recv Z T          -> forward ready
    send query ROLLBACK
    recv C ROLLBACK   -> forward
    recv Z I          -> forward ready
    committed advisory_lock pg_advisory_lock
    unclear yes
  )"));
}

TEST(ExchangeEffects, AndTheErrorOfTheirOwnBatch) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send execute SELECT pg_advisory_lock(1)
    send execute SELECT 1/0
    send sync
    recv C SELECT 1   -> forward
    recv E            -> forward failed
    recv Z I          -> forward ready failed
    committed advisory_lock pg_advisory_lock
  )"));
}

// SELECT pg_advisory_lock(a), 1/0: taken, and then failed.
TEST(ExchangeEffects, AFailedStatementMayHaveTakenALockBefore) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query SELECT pg_advisory_lock(a), 1/0 FROM t
    recv E            -> forward failed
    recv Z I          -> forward ready failed
    committed
    unclear yes
    send execute SELECT pg_advisory_lock(a), 1/0 FROM t
    send execute SELECT 1
    send sync
    recv E            -> forward failed
    recv Z I          -> forward ready failed
    committed
    unclear yes
    send execute SELECT 1/0
    send execute SELECT pg_advisory_lock(1)
    send sync
    recv E            -> forward failed
    recv Z I          -> forward ready failed
    unclear no
  )"));
}

// A block of procedural code may have done anything that outlives its rollback.
TEST(ExchangeEffects, WhatTheTextDoesNotTellIsAskedForAfterARollbackToo) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query DO $$ BEGIN PERFORM pg_advisory_lock(1); RAISE 'x'; END $$
    recv E            -> forward failed
    recv Z I          -> forward ready failed
    unclear yes
    send execute DO $$ BEGIN PERFORM pg_advisory_lock(1); END $$
    send execute SELECT 1/0
    send sync
    recv C DO         -> forward
    recv E            -> forward failed
    recv Z I          -> forward ready failed
    committed unknown
  )"));
}

// A driver that wants one row asks for one row, and never for the portal's end.
TEST(ExchangeEffects, ASuspendedPortalHasRunToo) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send bind
    send execute SELECT pg_advisory_lock(1)
    send sync
    recv 2            -> forward
    recv D            -> forward
    recv s            -> forward
    recv Z I          -> forward ready
    committed advisory_lock pg_advisory_lock
  )"));
}

TEST(ExchangeEffects, OurOwnQueriesHaveNone) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    own-send query SET search_path TO a
    recv C SET        ->
    recv Z I          -> ready own
    committed
    unclear no
  )"));
}

TEST(ExchangeEffects, MoreThanFitAreUnknown) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query SET a.a=1; SET a.b=1; SET a.c=1; SET a.d=1; SET a.e=1; SET a.f=1; SET a.g=1; SET a.h=1; SET a.i=1
    recv C SET        -> forward
    recv Z I          -> forward ready
    committed unknown; set a.a=1; set a.b=1; set a.c=1; set a.d=1; set a.e=1; set a.f=1; set a.g=1; set a.h=1
  )"));
}

// -- is a commit under way? --------------------------------------------------------

TEST(ExchangeOutcome, IsOpenWhileAWriteOutsideOfATransactionIsUnanswered) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query INSERT INTO t VALUES (1)
    state open
    recv C INSERT 0 1 -> forward
    state open
    recv Z I          -> forward ready
    state settled
    send query SELECT 1
    state settled
  )"));
}

TEST(ExchangeOutcome, InATransactionOnlyTheEndIs) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query BEGIN
    state settled
    recv C BEGIN      -> forward
    recv Z T          -> forward ready
    send query INSERT INTO t VALUES (1)
    send query SAVEPOINT s
    send query ROLLBACK TO s
    state settled
    recv C INSERT 0 1 -> forward
    recv Z T          -> forward ready
    recv C SAVEPOINT  -> forward
    recv Z T          -> forward ready
    recv C ROLLBACK   -> forward
    recv Z T          -> forward ready
    send function
    state settled
    recv V            -> forward
    recv Z T          -> forward ready
    send query COMMIT
    state open
    recv C COMMIT     -> forward
    recv Z I          -> forward ready
    state settled
  )"));
}

TEST(ExchangeOutcome, ARollbackHasNone) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query BEGIN
    recv C BEGIN      -> forward
    recv Z T          -> forward ready
    send query ROLLBACK
    state settled
  )"));
}

// Pipelined behind the transaction's end, a write commits by itself, although
// the last status that we saw is still that of the transaction.
TEST(ExchangeOutcome, AWriteBehindTheEndOfTheTransactionIsOpen) {
  for (const std::string end : {"COMMIT", "ROLLBACK", "COMMIT; SELECT 1"}) {
    ExchangeScript script;
    EXPECT_TRUE(script.play(R"(
      send query BEGIN
      recv C BEGIN      -> forward
      recv Z T          -> forward ready
      send query )" + end + R"(
      send query INSERT INTO t VALUES (1)
      state open
      recv C )" + end + R"( -> forward
      recv Z I          -> forward ready
      state open
      recv C INSERT 0 1 -> forward
      recv Z I          -> forward ready
      state settled
    )"));
  }
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send query BEGIN
    recv C BEGIN      -> forward
    recv Z T          -> forward ready
    send execute COMMIT
    send sync
    send execute INSERT INTO t VALUES (1)
    send sync
    recv C COMMIT     -> forward
    recv Z I          -> forward ready
    state open
    recv C INSERT 0 1 -> forward
    state open
    recv Z I          -> forward ready
    state settled
    send query BEGIN
    recv C BEGIN      -> forward
    recv Z T          -> forward ready
    send query INSERT INTO t VALUES (1)
    state settled
  )"));
}

TEST(ExchangeOutcome, ABatchIsOpenUntilItsSyncIsAnswered) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send execute INSERT INTO t VALUES (1)
    recv C INSERT 0 1 -> forward
    state settled idle
    send sync
    state open
    recv Z I          -> forward ready
    state settled
    send execute ?
    state open
  )"));
}

TEST(ExchangeOutcome, ASkippedBatchHasNone) {
  ExchangeScript script;
  EXPECT_TRUE(script.play(R"(
    send execute INSERT INTO t VALUES (1)
    recv E            -> forward failed
    state settled
    send sync
    state settled busy
    recv Z I          -> forward ready failed
    send execute INSERT INTO t VALUES (1)
    recv E            -> forward failed
    send execute INSERT INTO t VALUES (2)
    send sync
    state settled busy
    send execute SELECT 1
    send sync
    recv Z I          -> forward ready failed
    state settled busy
  )"));
}

}  // namespace
}  // namespace relevo::session::postgres

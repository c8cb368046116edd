// What statements do to their session.
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/route/statement.hpp"

namespace relevo::route {

void PrintTo(EffectKind kind, std::ostream* out) { *out << "effect " << static_cast<int>(kind); }
void PrintTo(TransactionControl kind, std::ostream* out) {
  *out << "control " << static_cast<int>(kind);
}

namespace {

using enum EffectKind;

struct Expected {
  EffectKind kind;
  std::string_view name = {};
  std::string_view value = {};
};

struct Case {
  std::string_view sql;
  std::vector<Expected> effects;
};

void check(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.sql));
    const Analysis analysis = analyze_postgres(c.sql, {});
    EXPECT_FALSE(analysis.effects_overflow);
    EXPECT_EQ(std::size_t{analysis.effect_count}, c.effects.size());
    if (analysis.effect_count != c.effects.size()) continue;
    for (std::size_t i = 0; i < c.effects.size(); ++i) {
      EXPECT_EQ(analysis.effects[i].kind, c.effects[i].kind);
      EXPECT_EQ(analysis.effects[i].name, c.effects[i].name);
      EXPECT_EQ(analysis.effects[i].value, c.effects[i].value);
    }
  }
}

TEST(Effects, Set) {
  check({
      {"SET search_path TO app, public", {{set, "search_path", "app, public"}}},
      {"set work_mem='64MB' ;", {{set, "work_mem", "'64MB'"}}},
      {"SET x=-1", {{set, "x", "-1"}}},
      {"SET SESSION \"work_mem\" = 1", {{set, "work_mem", "1"}}},
      {"SET relevo.target = 'primary'", {{set, "relevo.target", "'primary'"}}},
      {"SET \"a\".b TO 1", {{set, "\"a\".b", "1"}}},
      {"SET \"a\"\"b\" TO 1", {{set, "\"a\"\"b\"", "1"}}},
      {"SET x TO DEFAULT", {{reset, "x"}}},
      {"SET LOCAL x TO 'a' /* why */", {{set_local, "x", "'a'"}}},
      {"SET LOCAL x TO DEFAULT", {{set_local, "x", "DEFAULT"}}},
      {"SET x FROM CURRENT", {{unknown, "x"}}},
      {"SET transaction_isolation TO 'serializable'",
       {{set_local, "transaction_isolation", "'serializable'"}}},
      {"SET names = 'x'", {{set, "names", "'x'"}}},
      {"SET", {{unknown}}},
      {"SET x", {{unknown, "x"}}},
  });
}

TEST(Effects, SetInOtherWords) {
  check({
      {"SET TIME ZONE 'UTC'", {{set, "TimeZone", "'UTC'"}}},
      {"SET TIME ZONE -7", {{set, "TimeZone", "-7"}}},
      {"SET TIME ZONE LOCAL", {{reset, "TimeZone"}}},
      {"SET TIME ZONE DEFAULT", {{reset, "TimeZone"}}},
      {"SET LOCAL TIME ZONE 'UTC'", {{set_local, "TimeZone", "'UTC'"}}},
      {"SET TIME ZONE INTERVAL '1' HOUR TO MINUTE", {{unknown, "TimeZone"}}},
      {"SET NAMES 'latin1'", {{set, "client_encoding", "'latin1'"}}},
      {"SET NAMES", {{reset, "client_encoding"}}},
      {"SET SCHEMA 'app'", {{set, "search_path", "'app'"}}},
      {"SET XML OPTION DOCUMENT", {{set, "xmloption", "DOCUMENT"}}},
      {"SET ROLE bob", {{set_role, "role", "bob"}}},
      {"SET ROLE NONE", {{set_role, "role", "NONE"}}},
      {"SET role = 'bob'", {{set_role, "role", "'bob'"}}},
      {"SET LOCAL ROLE bob", {{set_local, "role", "bob"}}},
      {"SET SESSION AUTHORIZATION bob", {{set_role, "session_authorization", "bob"}}},
      {"SET SESSION SESSION AUTHORIZATION bob", {{set_role, "session_authorization", "bob"}}},
      {"SET LOCAL SESSION AUTHORIZATION bob", {{set_local, "session_authorization", "bob"}}},
      {"SET TRANSACTION READ ONLY", {}},
      {"SET SESSION TRANSACTION READ ONLY", {}},
      {"SET CONSTRAINTS ALL IMMEDIATE", {}},
      {"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE, "
       "NOT DEFERRABLE",
       {{set, "default_transaction_isolation", "'read committed'"},
        {set, "default_transaction_read_only", "off"},
        {set, "default_transaction_deferrable", "off"}}},
      {"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE READ ONLY "
       "DEFERRABLE",
       {{set, "default_transaction_isolation", "'serializable'"},
        {set, "default_transaction_read_only", "on"},
        {set, "default_transaction_deferrable", "on"}}},
  });
}

TEST(Effects, ResetAndDiscard) {
  check({
      {"RESET x", {{reset, "x"}}},
      {"RESET a.b", {{reset, "a.b"}}},
      {"RESET ALL", {{reset_all}}},
      {"RESET TIME ZONE", {{reset, "TimeZone"}}},
      {"RESET TRANSACTION ISOLATION LEVEL", {}},
      {"RESET ROLE", {{set_role, "ROLE"}}},
      {"RESET SESSION AUTHORIZATION", {{set_role, "session_authorization"}}},
      {"DISCARD ALL", {{discard_all}}},
      {"DISCARD PLANS", {{discard_plans}}},
      {"DISCARD SEQUENCES", {{discard_sequences}}},
      {"DISCARD TEMP", {{discard_temp}}},
      {"DISCARD TEMPORARY", {{discard_temp}}},
      {"DISCARD", {{unknown}}},
  });
}

TEST(Effects, TemporaryObjects) {
  check({
      {"CREATE TEMP TABLE t (a int)", {{temp_object}}},
      {"CREATE LOCAL TEMPORARY TABLE t AS SELECT 1", {{temp_object}}},
      {"CREATE GLOBAL TEMP TABLE t (a int)", {{temp_object}}},
      {"CREATE OR REPLACE TEMP VIEW v AS SELECT 1", {{temp_object}}},
      {"CREATE TEMP SEQUENCE s", {{temp_object}}},
      {"CREATE TABLE pg_temp.t (a int)", {{temp_object}}},
      {"CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'", {{temp_object}}},
      {"CREATE TEMP TABLE t (a int) ON COMMIT DROP", {}},
      {"CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 1", {}},
      {"CREATE TEMP TABLE t (a int) ON COMMIT DELETE ROWS", {{temp_object}}},
      {"CREATE TABLE temp (temp int)", {}},
      {"CREATE TABLE t (a int)", {}},
      {"SELECT 1 INTO TEMP t", {{temp_object}}},
      {"SELECT 1 INTO TEMPORARY TABLE t", {{temp_object}}},
      {"SELECT 1 INTO LOCAL TEMP t", {{temp_object}}},
      {"SELECT 1 INTO pg_temp.t", {{temp_object}}},
      {"SELECT 1 INTO t", {}},
  });
}

TEST(Effects, Locks) {
  check({
      {"SELECT pg_advisory_lock(1)", {{advisory_lock, "pg_advisory_lock"}}},
      {"SELECT pg_catalog.PG_TRY_ADVISORY_LOCK_shared(1)",
       {{advisory_lock, "PG_TRY_ADVISORY_LOCK_shared"}}},
      {"SELECT \"pg_advisory_lock_shared\"(1)", {{advisory_lock, "pg_advisory_lock_shared"}}},
      {"INSERT INTO t SELECT pg_try_advisory_lock(1)", {{advisory_lock, "pg_try_advisory_lock"}}},
      {"SELECT pg_advisory_xact_lock(1), pg_try_advisory_xact_lock_shared(2)", {}},
      {"SELECT pg_advisory_unlock(1)", {}},
      {"SELECT pg_advisory_unlock_all()", {{advisory_unlock_all}}},
      {"SELECT U&\"pg_advisory\\005Flock\"(1)", {{unknown, "U&\"pg_advisory\\005Flock\""}}},
      {"SELECT 'pg_advisory_lock(1)'", {}},
      {"SELECT (1::bigint).pg_advisory_lock", {{advisory_lock, "pg_advisory_lock"}}},
      {"DELETE FROM t WHERE ($1).\"pg_try_advisory_lock\"",
       {{advisory_lock, "pg_try_advisory_lock"}}},
      {"SELECT pg_advisory_lock FROM t", {}},
  });
}

TEST(Effects, SetConfig) {
  check({
      {"SELECT set_config('a', 'b', true)", {{set_local, "a"}}},
      {"SELECT pg_catalog.set_config('a', $1, TRUE)", {{set_local, "a"}}},
      {"SELECT set_config('a', 'b', false)", {{unknown, "a"}}},
      {"SELECT set_config('a', 'b', $1)", {{unknown, "a"}}},
      {"SELECT set_config('a', 'b', NOT true)", {{unknown, "a"}}},
      {"SELECT set_config('a', 'b', true AND false)", {{unknown, "a"}}},
      {"SELECT set_config('a' || x, 'b', true)", {{set_local}}},
      {"SELECT set_config($1, 'b', true)", {{set_local}}},
      {"SELECT set_config(lower('a'), 'b', true)", {{unknown}}},
      {"SELECT set_config('a', 'b', is_local => true)", {{unknown, "a"}}},
      {"SELECT set_config('a', 'b'", {{unknown, "a"}}},
      {"UPDATE t SET x = set_config('a', 'b', false)", {{unknown, "a"}}},
      {"SELECT set_config('a', set_config('b', 'c', true), true)",
       {{unknown, "a"}, {set_local, "b"}}},
  });
}

TEST(Effects, CursorsAndPreparedStatements) {
  check({
      {"DECLARE c CURSOR WITH HOLD FOR SELECT 1", {{hold_cursor}}},
      {"DECLARE c CURSOR WITHOUT HOLD FOR SELECT 1", {}},
      {"CLOSE c", {}},
      {"CLOSE ALL", {{close_all}}},
      {"PREPARE p (int) AS SELECT $1", {{sql_prepare, "p"}}},
      {"PREPARE \"P\" AS SELECT 1", {{sql_prepare, "P"}}},
      {"PREPARE transaction AS SELECT 1", {{sql_prepare, "transaction"}}},
      {"PREPARE TRANSACTION 'x'", {}},
      {"EXECUTE p(1)", {}},
      {"DEALLOCATE p", {{sql_deallocate, "p"}}},
      {"DEALLOCATE PREPARE p", {{sql_deallocate, "p"}}},
      {"DEALLOCATE prepare", {{sql_deallocate, "prepare"}}},
      {"DEALLOCATE ALL", {{sql_deallocate}}},
      {"DEALLOCATE PREPARE ALL", {{sql_deallocate}}},
  });
}

TEST(Effects, TheRest) {
  check({
      {"LISTEN jobs", {{listen, "jobs"}}},
      {"LISTEN \"Jobs\"", {{listen, "Jobs"}}},
      {"UNLISTEN jobs", {{unlisten, "jobs"}}},
      {"UNLISTEN *", {{unlisten, "*"}}},
      {"LOAD 'auto_explain'", {{load, "'auto_explain'"}}},
      {"DO $$ BEGIN SET x = 1; END $$", {{unknown}}},
      {"CALL p()", {{unknown}}},
      {"SELECT charge(1)", {}},
      {"SELECT 1", {}},
      {"SELECT 'unterminated", {{unknown}}},
      {"SET a = 1; SET b = 2; DISCARD PLANS", {{set, "a", "1"}, {set, "b", "2"}, {discard_plans}}},
  });
}

TEST(Effects, MoreThanFitAreSaidToOverflow) {
  std::string sql;
  for (int i = 0; i < 9; ++i) sql += "SET x" + std::to_string(i) + " = 1;";
  const Analysis analysis = analyze_postgres(sql, {});
  EXPECT_EQ(std::size_t{analysis.effect_count}, Analysis::max_effects);
  EXPECT_TRUE(analysis.effects_overflow);
  EXPECT_EQ(analysis.statements, 9U);
}

TEST(Effects, TransactionControl) {
  using Control = TransactionControl;
  struct ControlCase {
    std::string_view sql;
    Control control;
    bool begins_or_ends;
  };
  const std::vector<ControlCase> cases = {
      {"BEGIN", Control::begin, true},
      {"BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ", Control::begin, true},
      {"BEGIN READ ONLY", Control::begin_read_only, true},
      {"BEGIN WORK ISOLATION LEVEL REPEATABLE READ, READ ONLY, NOT DEFERRABLE",
       Control::begin_read_only, true},
      {"BEGIN READ ONLY, READ WRITE", Control::begin, true},
      {"BEGIN READ WRITE READ ONLY", Control::begin, true},
      {"BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE", Control::begin, true},
      {"BEGIN READ ONLY ISOLATION LEVEL SERIALIZABLE", Control::begin, true},
      {"START TRANSACTION READ ONLY", Control::begin_read_only, true},
      {"START TRANSACTION", Control::begin, true},
      {"COMMIT", Control::commit, true},
      {"END TRANSACTION AND CHAIN", Control::commit, true},
      {"ROLLBACK WORK AND NO CHAIN", Control::rollback, true},
      {"ABORT", Control::rollback, true},
      {"SAVEPOINT a", Control::savepoint, false},
      {"RELEASE a", Control::savepoint, false},
      {"ROLLBACK TO a", Control::rollback_to_savepoint, false},
      {"ROLLBACK WORK TO SAVEPOINT a", Control::rollback_to_savepoint, false},
      {"ABORT TRANSACTION TO SAVEPOINT a", Control::rollback_to_savepoint, false},
      {"PREPARE TRANSACTION 'x'", Control::two_phase, true},
      {"COMMIT PREPARED 'x'", Control::two_phase, false},
      {"ROLLBACK PREPARED 'x'", Control::two_phase, false},
      {"SELECT 1", Control::none, false},
      {"BEGIN; SELECT 1", Control::none, true},
      {"SELECT 1; COMMIT", Control::none, true},
      {"START", Control::none, false},
  };
  for (const ControlCase& c : cases) {
    const Analysis analysis = analyze_postgres(c.sql, {});
    EXPECT_EQ(analysis.transaction, c.control) << c.sql;
    EXPECT_EQ(analysis.controls_transaction, c.begins_or_ends) << c.sql;
  }
}

}  // namespace
}  // namespace relevo::route

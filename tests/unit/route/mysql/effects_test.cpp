// What statements do to and ask of their session.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "proxy/route/statement.hpp"
#include "tests/unit/route/mysql/dialect.hpp"

namespace relevo::route {
namespace {

using enum EffectKind;

struct Expected {
  EffectKind kind;
  std::string_view name;
  std::string_view value;
  bool operator==(const Expected&) const = default;
};

void PrintTo(const Expected& effect, std::ostream* out) {
  *out << "{" << static_cast<int>(effect.kind) << " " << effect.name << " = " << effect.value
       << "}";
}

std::vector<Expected> effects_of(std::string_view sql, MysqlDialect dialect = test::mariadb) {
  const Analysis analysis = analyze_mysql(sql, dialect);
  EXPECT_FALSE(analysis.effects_overflow) << sql;
  std::vector<Expected> effects;
  for (std::size_t i = 0; i < analysis.effect_count; ++i) {
    const Effect& effect = analysis.effects[i];
    effects.push_back({effect.kind, effect.name, effect.value});
  }
  return effects;
}

using Effects = std::vector<Expected>;

MysqlFacts facts_of(std::string_view sql) { return analyze_mysql(sql, test::mariadb).mysql; }

TEST(MysqlEffects, Settings) {
  EXPECT_EQ(effects_of("SET a = 1, @@b = 'x', @@session.c = -2, LOCAL d = ON"),
            (Effects{{set, "a", "1"}, {set, "b", "'x'"}, {set, "c", "-2"}, {set, "d", "ON"}}));
  EXPECT_EQ(effects_of("set `a` := utf8mb4"), (Effects{{set, "a", "utf8mb4"}}));
  EXPECT_EQ(effects_of("SET a = DEFAULT, @@session.b = DEFAULT"),
            (Effects{{reset, "a", ""}, {reset, "b", ""}}));
  EXPECT_EQ(effects_of("SET a = CONCAT(@@a , 'x') , b = @c"),
            (Effects{{set_computed, "a", "CONCAT(@@a , 'x')"}, {set_computed, "b", "@c"}}));
  EXPECT_EQ(effects_of("SET a = 1 + 1"), (Effects{{set_computed, "a", "1 + 1"}}));
  EXPECT_EQ(effects_of("SET a = CURRENT_TIMESTAMP"),
            (Effects{{set_computed, "a", "CURRENT_TIMESTAMP"}}));
  EXPECT_EQ(effects_of("SET a = ?"), (Effects{{set_computed, "a", "?"}}));
  EXPECT_EQ(effects_of("SET character_set_results = NULL"),
            (Effects{{set, "character_set_results", "NULL"}}));
}

TEST(MysqlEffects, NumbersOfSequences) {
  EXPECT_EQ(effects_of("SELECT NEXTVAL(s), nextval ( `app` . `s` ), NEXTVAL(s)"),
            (Effects{{take_number, "s", ""}, {take_number, "`app` . `s`", ""}}));
  EXPECT_EQ(effects_of("INSERT INTO t VALUES (NEXT VALUE FOR app.s), (NEXT VALUE FOR app.s)"),
            (Effects{{take_number, "app.s", ""}}));
  EXPECT_EQ(effects_of("SELECT s.nextval, app.`a b`.NEXTVAL FROM DUAL"),
            (Effects{{take_number, "s", ""}, {take_number, "app.`a b`", ""}}));
  EXPECT_EQ(effects_of("SELECT NEXTVAL('s')"), (Effects{{take_number, "", ""}}));
  EXPECT_EQ(effects_of("SELECT LASTVAL(s), PREVIOUS VALUE FOR s, SETVAL(s, 1)"), Effects{});
  EXPECT_EQ(effects_of("DROP SEQUENCE IF EXISTS s, app.r"),
            (Effects{{drop_sequence, "s", ""}, {drop_sequence, "app.r", ""}}));
  EXPECT_EQ(effects_of("CREATE OR REPLACE SEQUENCE app.s START 5"),
            (Effects{{drop_sequence, "app.s", ""}}));
  EXPECT_EQ(effects_of("CREATE SEQUENCE s"), Effects{});
  EXPECT_EQ(effects_of("SELECT NEXTVAL(s)", test::mysql), Effects{}) << "a function of a user's";
}

TEST(MysqlEffects, GlobalSettingsLeaveTheSessionAlone) {
  EXPECT_EQ(effects_of("SET GLOBAL a = 1, @@global.b = 2, @@persist.c = 3"), Effects{});
  EXPECT_EQ(effects_of("SET GLOBAL a = 1, b = 2"), (Effects{{set_computed, "b", "2"}}))
      << "which of the two b is, depends on the server";
  EXPECT_EQ(effects_of("SET @@cache.key_buffer_size = 1"), Effects{});
}

TEST(MysqlEffects, CharacterSets) {
  EXPECT_EQ(effects_of("SET NAMES utf8mb4"), (Effects{{set_names, "utf8mb4", ""}}));
  EXPECT_EQ(effects_of("SET NAMES 'utf8mb4' COLLATE `utf8mb4_bin`, a = 1"),
            (Effects{{set_names, "utf8mb4", "utf8mb4_bin"}, {set, "a", "1"}}));
  EXPECT_EQ(effects_of("SET NAMES DEFAULT"), (Effects{{reset, "names", ""}}));
  EXPECT_EQ(effects_of("SET CHARACTER SET latin1"), (Effects{{set_charset, "latin1", ""}}));
  EXPECT_EQ(effects_of("SET CHARSET DEFAULT"), (Effects{{reset, "character set", ""}}));
}

TEST(MysqlEffects, TransactionCharacteristics) {
  EXPECT_EQ(effects_of("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY"),
            (Effects{{set_transaction, "isolation", "READ COMMITTED"},
                     {set_transaction, "access", "READ ONLY"}}));
  EXPECT_EQ(effects_of("SET TRANSACTION READ ONLY"),
            (Effects{{next_transaction, "access", "READ ONLY"}}));
  EXPECT_EQ(effects_of("SET @@tx_isolation = 'SERIALIZABLE'"),
            (Effects{{next_transaction, "isolation", "'SERIALIZABLE'"}}));
  EXPECT_EQ(effects_of("SET tx_isolation = 'SERIALIZABLE'"),
            (Effects{{set, "tx_isolation", "'SERIALIZABLE'"}}));
  EXPECT_EQ(effects_of("SET GLOBAL TRANSACTION READ ONLY"), Effects{});
}

TEST(MysqlEffects, UserVariables) {
  EXPECT_EQ(effects_of("SET @a = 1, @`b c` := 'x', @d = NULL, @'e' = -1.5"),
            (Effects{{set_user_variable, "a", "1"},
                     {set_user_variable, "b c", "'x'"},
                     {set_user_variable, "d", "NULL"},
                     {set_user_variable, "e", "-1.5"}}));
  EXPECT_EQ(effects_of("SET @a = @b + 1"), (Effects{{set_user_computed, "a", "@b + 1"}}));
  EXPECT_EQ(effects_of("SELECT @a := 1, @b FROM t"), (Effects{{set_user_computed, "a", ""}}));
  EXPECT_EQ(effects_of("SELECT a, b INTO @x, @y FROM t"),
            (Effects{{set_user_computed, "x", ""}, {set_user_computed, "y", ""}}));
  EXPECT_EQ(effects_of("UPDATE t SET a = (@n := @n + 1)"), (Effects{{set_user_computed, "n", ""}}));
  EXPECT_EQ(effects_of("GET DIAGNOSTICS @a = NUMBER"), (Effects{{set_user_computed, "a", ""}}));
  EXPECT_TRUE(facts_of("SELECT @a").reads_user_variables);
  EXPECT_TRUE(facts_of("SET @a = @b").reads_user_variables);
  EXPECT_TRUE(facts_of("INSERT INTO t VALUES (@a)").reads_user_variables);
  EXPECT_FALSE(facts_of("SET @a = 1").reads_user_variables);
  EXPECT_FALSE(facts_of("SELECT 1 INTO @a").reads_user_variables);
}

TEST(MysqlEffects, Databases) {
  EXPECT_EQ(effects_of("USE app"), (Effects{{use_database, "app", ""}}));
  EXPECT_EQ(effects_of("use `my app`"), (Effects{{use_database, "my app", ""}}));
}

TEST(MysqlEffects, TemporaryTables) {
  EXPECT_EQ(effects_of("CREATE TEMPORARY TABLE IF NOT EXISTS `a` (b INT)"),
            (Effects{{temp_object, "a", ""}}));
  EXPECT_EQ(effects_of("CREATE OR REPLACE TEMPORARY TABLE d.a SELECT 1"),
            (Effects{{temp_object, "d.a", ""}}));
  EXPECT_EQ(effects_of("DROP TEMPORARY TABLE IF EXISTS a, `d`.`b`"),
            (Effects{{drop_temp, "a", ""}, {drop_temp, "`d`.`b`", ""}}));
  EXPECT_FALSE(facts_of("CREATE TEMPORARY TABLE a (b INT)").implicit_commit);
  EXPECT_TRUE(facts_of("CREATE TABLE a (b INT)").implicit_commit);
}

TEST(MysqlEffects, Locks) {
  EXPECT_EQ(effects_of("SELECT GET_LOCK('a', 1)"), (Effects{{named_lock, "'a'", ""}}));
  EXPECT_EQ(effects_of("SELECT GET_LOCK(CONCAT('a', b), 1) FROM t"),
            (Effects{{named_lock, "", ""}}));
  EXPECT_EQ(effects_of("INSERT INTO t VALUES (get_lock('a', 1))"),
            (Effects{{named_lock, "'a'", ""}}));
  EXPECT_EQ(effects_of("DO RELEASE_LOCK('a')"), (Effects{{named_unlock, "'a'", ""}}));
  EXPECT_EQ(effects_of("SELECT RELEASE_ALL_LOCKS()"), (Effects{{named_unlock_all, "", ""}}));
  EXPECT_EQ(effects_of("SELECT get_lock FROM t"), Effects{});
  EXPECT_EQ(effects_of("LOCK TABLES a WRITE"), (Effects{{lock_tables, "", ""}}));
  EXPECT_EQ(effects_of("FLUSH TABLES a WITH READ LOCK"), (Effects{{lock_tables, "", ""}}));
  EXPECT_EQ(effects_of("FLUSH TABLES"), Effects{});
  EXPECT_EQ(effects_of("UNLOCK TABLES"), (Effects{{unlock_tables, "", ""}}));
}

TEST(MysqlEffects, ObjectsOfTheSession) {
  EXPECT_EQ(effects_of("PREPARE `s` FROM 'SELECT 1'"), (Effects{{sql_prepare, "s", ""}}));
  EXPECT_EQ(effects_of("DEALLOCATE PREPARE s"), (Effects{{sql_deallocate, "s", ""}}));
  EXPECT_EQ(effects_of("HANDLER d.t OPEN AS h"), (Effects{{handler_open, "d.t", ""}}));
  EXPECT_EQ(effects_of("HANDLER h CLOSE"), (Effects{{handler_close, "h", ""}}));
  EXPECT_EQ(effects_of("XA START 'a'"), (Effects{{xa_begin, "'a'", ""}}));
  EXPECT_EQ(effects_of("XA PREPARE 'a'"), Effects{});
  EXPECT_EQ(effects_of("XA ROLLBACK 'a'"), (Effects{{xa_end, "'a'", ""}}));
  EXPECT_EQ(effects_of("SET ROLE admin"), (Effects{{set_role, "role", "admin"}}));
}

TEST(MysqlEffects, WhatTheTextHides) {
  for (const std::string_view sql :
       {"CALL p()", "EXECUTE s", "EXECUTE IMMEDIATE 'x'", "BEGIN NOT ATOMIC SELECT 1; END",
        "IF 1 THEN SELECT 1; END IF", "FROB x", "SET x", "SET insert_id = 5", "SET NEW.a = 1"}) {
    EXPECT_EQ(effects_of(sql).size(), 1U) << sql;
    EXPECT_EQ(effects_of(sql).front().kind, unknown) << sql;
  }
  EXPECT_TRUE(facts_of("CALL p()").may_call_routine);
  EXPECT_TRUE(facts_of("SELECT f(1)").may_call_routine);
  EXPECT_FALSE(facts_of("SELECT abs(1)").may_call_routine);
}

TEST(MysqlEffects, MoreThanFit) {
  const Analysis analysis = analyze_mysql("SET a=1,b=2,c=3,d=4,e=5,f=6,g=7,h=8,i=9", test::mariadb);
  EXPECT_EQ(analysis.effect_count, Analysis::max_effects);
  EXPECT_TRUE(analysis.effects_overflow);
}

TEST(MysqlFacts, WhatPreviousStatementsDid) {
  EXPECT_TRUE(facts_of("SELECT LAST_INSERT_ID()").uses_last_insert_id);
  EXPECT_TRUE(facts_of("INSERT INTO t VALUES (LAST_INSERT_ID())").uses_last_insert_id);
  EXPECT_TRUE(facts_of("SELECT @@identity").uses_last_insert_id);
  EXPECT_FALSE(facts_of("SELECT LAST_INSERT_ID()").sets_last_insert_id);
  EXPECT_TRUE(facts_of("UPDATE t SET a = LAST_INSERT_ID(a + 1)").sets_last_insert_id);
  EXPECT_TRUE(facts_of("SET last_insert_id = 5").sets_last_insert_id);
  EXPECT_TRUE(facts_of("SELECT FOUND_ROWS()").uses_found_rows);
  EXPECT_EQ(facts_of("SELECT SQL_CALC_FOUND_ROWS a FROM t").found_rows, FoundRows::unknown);
  EXPECT_EQ(facts_of("SELECT a FROM t LIMIT 5 OFFSET 10").found_rows, FoundRows::result);
  EXPECT_EQ(facts_of("SELECT a FROM t LIMIT 5 OFFSET 10").found_offset, 10);
  EXPECT_EQ(facts_of("INSERT INTO t VALUES (1); COMMIT").found_rows, FoundRows::unchanged);
  EXPECT_TRUE(facts_of("SELECT ROW_COUNT()").uses_row_count);
  EXPECT_TRUE(facts_of("SELECT LASTVAL(s)").uses_last_value);
  EXPECT_TRUE(facts_of("SELECT PREVIOUS VALUE FOR s").uses_last_value);
  EXPECT_TRUE(facts_of("INSERT INTO t VALUES (PREVIOUS VALUE FOR s)").uses_last_value);
  EXPECT_TRUE(facts_of("INSERT INTO t VALUES (s.currval)").uses_last_value);
  EXPECT_TRUE(facts_of("INSERT INTO t VALUES (NEXTVAL(s))").takes_next_value);
  EXPECT_TRUE(facts_of("SELECT NEXT VALUE FOR s").takes_next_value);
  EXPECT_TRUE(facts_of("UPDATE t SET a = s.nextval").takes_next_value);
  EXPECT_FALSE(facts_of("SELECT next, value, nextval FROM t").takes_next_value);
  EXPECT_TRUE(facts_of("SHOW WARNINGS").diagnostics);
  EXPECT_TRUE(facts_of("SHOW COUNT(*) ERRORS").diagnostics);
  EXPECT_TRUE(facts_of("SELECT @@session.warning_count").diagnostics);
  EXPECT_TRUE(facts_of("SELECT CONNECTION_ID()").uses_connection_id);
  EXPECT_TRUE(facts_of("KILL 5").kill);
  EXPECT_TRUE(facts_of("LOAD DATA CONCURRENT LOCAL INFILE 'x' INTO TABLE t").load_local);
  EXPECT_FALSE(facts_of("LOAD DATA INFILE 'x' INTO TABLE t").load_local);
}

TEST(MysqlTransaction, Control) {
  const auto control = [](std::string_view sql) { return analyze_mysql(sql, {}).transaction; };
  EXPECT_EQ(control("BEGIN"), TransactionControl::begin);
  EXPECT_EQ(control("START TRANSACTION"), TransactionControl::begin);
  EXPECT_EQ(control("START TRANSACTION READ WRITE"), TransactionControl::begin);
  EXPECT_EQ(control("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"),
            TransactionControl::begin_read_only);
  EXPECT_EQ(control("COMMIT WORK"), TransactionControl::commit);
  EXPECT_EQ(control("ROLLBACK"), TransactionControl::rollback);
  EXPECT_EQ(control("ROLLBACK TO a"), TransactionControl::rollback_to_savepoint);
  EXPECT_EQ(control("SAVEPOINT a"), TransactionControl::savepoint);
  EXPECT_EQ(control("RELEASE SAVEPOINT a"), TransactionControl::savepoint);
  EXPECT_EQ(control("XA END 'a'"), TransactionControl::two_phase);
  EXPECT_EQ(control("BEGIN; COMMIT"), TransactionControl::none) << "of several, none";
  EXPECT_TRUE(analyze_mysql("BEGIN; COMMIT", {}).controls_transaction);
  EXPECT_TRUE(analyze_mysql("SET autocommit = 0", {}).controls_transaction);
  EXPECT_FALSE(analyze_mysql("SAVEPOINT a", {}).controls_transaction);
  EXPECT_TRUE(facts_of("START TRANSACTION WITH CONSISTENT SNAPSHOT").consistent_snapshot);
  EXPECT_TRUE(facts_of("COMMIT AND CHAIN").chain);
  EXPECT_FALSE(facts_of("COMMIT AND NO CHAIN").chain);
  EXPECT_TRUE(facts_of("ROLLBACK RELEASE").release);
  EXPECT_FALSE(facts_of("ROLLBACK NO RELEASE").release);
}

TEST(MysqlAnalysis, SaysWhy) {
  const Analysis call = analyze_mysql("SELECT billing.charge(1)", {});
  EXPECT_EQ(call.subject, "billing.charge");
  EXPECT_TRUE(call.unproven);
  const Analysis lock = analyze_mysql("SELECT f(1) FROM t FOR UPDATE", {});
  EXPECT_EQ(lock.reason, "locks rows") << "a certain reason replaces a want of proof";
  EXPECT_FALSE(lock.unproven);
  EXPECT_FALSE(analyze_mysql("SELECT FOUND_ROWS()", {}).unproven);
  EXPECT_TRUE(analyze_mysql("SHOW SLAVE STATUS", {}).unproven);
}

TEST(MysqlAnalysis, Hints) {
  EXPECT_EQ(analyze_mysql("/* relevo: replica */ SELECT f()", {}).hint.target, HintTarget::replica);
  EXPECT_EQ(analyze_mysql("-- relevo: primary\nSELECT 1", {}).hint.target, HintTarget::primary);
  EXPECT_EQ(analyze_mysql("# relevo: primary\nSELECT 1", {}).hint.target, HintTarget::primary);
  EXPECT_EQ(analyze_mysql("SELECT 1 /* relevo: primary */", {}).hint.target, HintTarget::none);
}

TEST(MysqlAnalysis, RoutinesEndWhereTheirBlockEnds) {
  const Analysis block = analyze_mysql(
      "CREATE PROCEDURE p() BEGIN IF 1 THEN SELECT CASE 1 WHEN 1 THEN 2 END; END IF; "
      "WHILE 0 DO SET @a = 1; END WHILE; END; SET @b = 2",
      {});
  EXPECT_EQ(block.statements, 2U);
  ASSERT_EQ(block.effect_count, 1U);
  EXPECT_EQ(block.effects[0].name, "b");
  const Analysis open =
      analyze_mysql("CREATE PROCEDURE p() IF 1 THEN SET @a = 1; END IF; SELECT 1", {});
  EXPECT_EQ(open.cls, StatementClass::write);
  EXPECT_EQ(open.effects[0].kind, unknown);
}

}  // namespace
}  // namespace relevo::route

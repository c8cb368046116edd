// The catalogue decides: what statements are called with a server's snapshot, made of
// rows as the reader brings them.
#include "proxy/route/mysql/catalog.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/unit/route/mysql/dialect.hpp"

namespace relevo::route::mysql {
namespace {

using model::MysqlCatalogRows;
using Function = MysqlCatalogRows::Function;

Function function(std::string name, std::string body, std::string schema = "app") {
  return {.schema = std::move(schema),
          .name = std::move(name),
          .data_access = "CONTAINS SQL",
          .sql_mode = "STRICT_TRANS_TABLES",
          .in_sql = true,
          .body = std::move(body)};
}

// A server's answer with `app`, and `other` that sessions are not in.
MysqlCatalogRows sample() {
  MysqlCatalogRows rows;
  rows.version = "10.11.19-MariaDB";
  rows.mariadb = true;
  rows.functions = {
      function("plus", "RETURN x + 1"),
      function("total", "RETURN (SELECT COUNT(*) FROM t WHERE id > x)"),
      function("writes", "BEGIN UPDATE t SET v = 1; RETURN 1; END"),
      function("uses_plus", "RETURN plus(1) + app.plus(2)"),
      function("uses_writes", "RETURN writes()"),
      function("md6", "RETURN 1"),
      function("reads_view", "RETURN (SELECT MAX(a) FROM bad_view)"),
      function("Elsewhere", "RETURN 1", "other"),
      function("writes", "RETURN 1", "other"),
  };
  rows.views = {
      {"app", "good_view", "select `app`.`t`.`a` AS `a` from `app`.`t`"},
      {"app", "bad_view", "select `writes`() AS `a` from `app`.`t`"},
      {"app", "outer_view", "select `app`.`bad_view`.`a` AS `a` from `app`.`bad_view`"},
      {"app", "plus_view", "select `plus`(1) AS `a`,lcase('it\\'s') AS `b`"},
      {"app", "sequence_view", "select nextval(`app`.`s`) AS `n`"},
      {"app", "hidden_view", std::nullopt},
      {"app", "memory_view", "select `m`.`a` AS `a` from (`app`.`t` join `app`.`scratch` `m`)"},
      {"app", "server_view", "select `x`.`id` AS `id` from `information_schema`.`processlist` `x`"},
      {"other", "good_view", "select `app`.`writes`() AS `a`"},
  };
  rows.tables = {
      {"app", "s", "SEQUENCE", "InnoDB"},
      {"app", "scratch", "BASE TABLE", "MEMORY"},
      {"app", "far", "BASE TABLE", "SPIDER"},
  };
  return rows;
}

struct Told {
  StatementClass cls;
  std::string why;
  CatalogChange change;
  bool may_call_routine;
};

Told tell(const MysqlCatalogRows& rows, std::string_view sql, const std::string& database = "app",
          bool utf8 = true) {
  const CatalogPtr catalog = Catalog::build(rows);
  const MysqlNaming naming = make_mysql_naming(catalog, &database, utf8, mysql_naming_id_min);
  MysqlDialect dialect = rows.mariadb ? test::mariadb : test::mysql;
  dialect.naming = &naming;
  const Analysis analysis = analyze_mysql(sql, dialect);
  return {analysis.cls, catalog->describe(analysis.object), analysis.catalog_change,
          analysis.mysql.may_call_routine};
}

bool reads(std::string_view sql, const std::string& database = "app") {
  return tell(sample(), sql, database).cls == StatementClass::read;
}

// Of one function with this body, called in `app`.
bool harmless(const std::string& body, bool mariadb = true) {
  MysqlCatalogRows rows = sample();
  rows.mariadb = mariadb;
  if (!mariadb) rows.version = "8.0.36";
  rows.functions.push_back(function("f", body));
  return tell(rows, "SELECT f(1)").cls == StatementClass::read;
}

TEST(MysqlCatalog, FunctionsAreWhatTheirBodiesDo) {
  for (const auto* sql :
       {"SELECT plus(1)", "SELECT PLUS (1)", "SELECT `Plus`(1)", "SELECT app.plus(1)",
        "SELECT `app` . `plus`(1)", "SELECT total(1) FROM t", "SELECT uses_plus()",
        "SELECT other.elsewhere()", "SELECT other.writes()",
        "SELECT a FROM t WHERE plus(a) > 1 ORDER BY total(a)", "DO plus(1)"}) {
    EXPECT_TRUE(reads(sql)) << sql;
  }
  for (const auto* sql : {"SELECT writes()", "SELECT Writes ()", "SELECT app.writes()",
                          "SELECT uses_writes()", "SELECT reads_view()", "SELECT elsewhere()",
                          "SELECT nobody()", "SELECT app.nobody()", "SELECT nowhere.plus(1)",
                          "SELECT `pl``us`(1)", "SELECT plus(writes())", "SELECT a.app.plus(1)"}) {
    EXPECT_FALSE(reads(sql)) << sql;
  }
}

TEST(MysqlCatalog, UnqualifiedNamesAreThoseOfTheDatabaseInUse) {
  EXPECT_TRUE(reads("SELECT elsewhere(), writes()", "other"));
  EXPECT_FALSE(reads("SELECT plus(1)", "other"));
  EXPECT_FALSE(reads("SELECT plus(1)", ""));
  EXPECT_FALSE(reads("SELECT plus(1)", "APP")) << "schemas have their case";
  EXPECT_FALSE(reads("USE other; SELECT plus(1)")) << "whatever it would be there";
  EXPECT_FALSE(reads("SELECT a FROM good_view", "other"));
  EXPECT_TRUE(reads("SELECT a FROM bad_view", "other")) << "there is none, so it's a plain table";
}

TEST(MysqlCatalog, ADatabaseThatIsNotKnownIsAnyOfThem) {
  const CatalogPtr catalog = Catalog::build(sample());
  const MysqlNaming naming = make_mysql_naming(catalog, nullptr, true, mysql_naming_id_min);
  MysqlDialect dialect = test::mariadb;
  dialect.naming = &naming;
  EXPECT_EQ(analyze_mysql("SELECT plus(1)", dialect).cls, StatementClass::read);
  EXPECT_EQ(analyze_mysql("SELECT writes()", dialect).cls, StatementClass::write);
  EXPECT_EQ(analyze_mysql("SELECT * FROM good_view", dialect).cls, StatementClass::write);
}

TEST(MysqlCatalog, SchemasAndTablesFoldWhereTheServerDoes) {
  MysqlCatalogRows rows = sample();
  rows.folds_names = true;
  EXPECT_EQ(tell(rows, "SELECT APP.plus(1)").cls, StatementClass::read);
  EXPECT_EQ(tell(rows, "SELECT plus(1)", "APP").cls, StatementClass::read);
  EXPECT_EQ(tell(rows, "SELECT * FROM Bad_View").cls, StatementClass::write);
  EXPECT_TRUE(reads("SELECT * FROM Bad_View"));
}

TEST(MysqlCatalog, ViewsAreWhatTheyCall) {
  for (const auto* sql :
       {"SELECT * FROM good_view", "SELECT * FROM app.good_view", "SELECT * FROM plus_view",
        "SELECT * FROM t JOIN good_view ON t.a = good_view.a", "TABLE good_view",
        "SELECT bad_view FROM t", "SELECT t.bad_view, scratch FROM t WHERE a IN (scratch, far)",
        "SELECT * FROM t, good_view", "SELECT EXTRACT(YEAR FROM a) FROM t"}) {
    EXPECT_TRUE(reads(sql)) << sql;
  }
  for (const auto* sql :
       {"SELECT * FROM bad_view",
        "SELECT * FROM `bad_view`",
        "SELECT * FROM app.bad_view",
        "SELECT * FROM t, bad_view",
        "SELECT * FROM t a, (bad_view b, t c)",
        "TABLE bad_view",
        "SELECT * FROM t JOIN bad_view",
        "SELECT * FROM t STRAIGHT_JOIN bad_view",
        "SELECT * FROM (t LEFT JOIN (bad_view) ON 1)",
        "SELECT * FROM { OJ t LEFT JOIN bad_view ON 1 }",
        "SELECT * FROM { OJ bad_view LEFT JOIN t ON 1 }",
        "SELECT * FROM .bad_view",
        "SELECT (SELECT MAX(a) FROM outer_view)",
        "SELECT * FROM t WHERE a IN (TABLE bad_view)",
        "SELECT 1 UNION SELECT a FROM outer_view",
        "WITH x AS (SELECT * FROM bad_view) SELECT 1",
        "SELECT * FROM t USE INDEX FOR ORDER BY (i), bad_view",
        "DO (SELECT MAX(a) FROM bad_view)",
        "SELECT * FROM (SELECT 1) x, bad_view",
        "SELECT * FROM t AS a, bad_view AS b WHERE 1",
        "SELECT * FROM outer_view",
        "SELECT * FROM sequence_view",
        "SELECT * FROM hidden_view",
        "SELECT * FROM memory_view",
        "SELECT * FROM server_view",
        "EXPLAIN SELECT * FROM bad_view",
        "SELECT * FROM JSON_TABLE('[]', '$' COLUMNS (a INT PATH '$')) j, bad_view"}) {
    EXPECT_FALSE(reads(sql)) << sql;
  }
}

TEST(MysqlCatalog, TablesThatReplicasDoNotHave) {
  for (const auto* sql : {"SELECT * FROM scratch", "SELECT * FROM t JOIN far", "SELECT * FROM s"}) {
    EXPECT_FALSE(reads(sql)) << sql;
  }
}

TEST(MysqlCatalog, BodiesThatOnlyRead) {
  for (const auto* body :
       {"BEGIN\n  DECLARE n, k INT DEFAULT 0;\n  DECLARE s VARCHAR(20) CHARACTER SET latin1;\n"
        "  DECLARE done BOOL DEFAULT FALSE; DECLARE at DATETIME(6);\n"
        "  DECLARE c CURSOR FOR SELECT id FROM t;\n"
        "  DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = TRUE;\n"
        "  DECLARE EXIT HANDLER FOR SQLSTATE VALUE '23000', 1062 BEGIN RETURN 0; END;\n"
        "  SELECT COUNT(*), MAX(id) INTO n, k FROM t;\n  OPEN c;\n  l: LOOP\n    FETCH c INTO k;\n"
        "    IF done THEN LEAVE l; ELSEIF k > 3 THEN ITERATE l; END IF;\n    SET n = n + k, k = "
        "0;\n"
        "  END LOOP l;\n  CLOSE c;\n  CASE n WHEN 1 THEN SET n = 2; ELSE SET n = 3; END CASE;\n"
        "  WHILE n < CASE WHEN k THEN 5 ELSE 6 END DO SET n = n + 1; END WHILE;\n"
        "  REPEAT SET n = n - 1; UNTIL n < 3 END REPEAT;\n"
        "  RETURN n + CASE WHEN x = 1 THEN 'a' ELSE 3 END;\nEND",
        "RETURN CONCAT('a', LEFT(x, 2), IF(x, 'b', \"c\"))",
        "BEGIN IF x THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'; END IF; RETURN 1; END",
        "b: BEGIN DECLARE a INT; IF x IS NULL THEN RETURN NULL; END IF; RETURN a; END b",
        "BEGIN WITH q AS (SELECT 1 AS a) SELECT a INTO x FROM q; RETURN x; END"}) {
    EXPECT_TRUE(harmless(body)) << body;
  }
}

TEST(MysqlCatalog, BodiesThatMayWrite) {
  for (const auto* body :
       {"BEGIN INSERT INTO t VALUES (1); RETURN 1; END",
        "BEGIN CALL p; RETURN 1; END",
        "BEGIN IF x THEN CALL p; END IF; RETURN 1; END",
        "BEGIN IF x THEN SET x = 1; ELSE DELETE FROM t; END IF; RETURN 1; END",
        "BEGIN DECLARE CONTINUE HANDLER FOR NOT FOUND CALL p; RETURN 1; END",
        "BEGIN DECLARE n INT DEFAULT writes(); RETURN n; END",
        "RETURN GET_LOCK('a', 1)",
        "BEGIN SET @a = 1; RETURN 1; END",
        "RETURN @a",
        "RETURN LAST_INSERT_ID()",
        "BEGIN SET sort_buffer_size = 1; RETURN 1; END",
        "BEGIN BEGIN DECLARE max_error_count INT; END; SET max_error_count = 1; RETURN 1; END",
        "BEGIN SET SESSION sort_buffer_size = 1; RETURN 1; END",
        "RETURN NEXT VALUE FOR s",
        "BEGIN SELECT 1 INTO @a; RETURN 1; END",
        "BEGIN SELECT 1 INTO OUTFILE 'x'; RETURN 1; END",
        "BEGIN SELECT a INTO x FROM t FOR UPDATE; RETURN x; END",
        "BEGIN EXECUTE s; RETURN 1; END",
        "BEGIN CASE x WHEN 1 THEN TRUNCATE t; END CASE; RETURN 1; END",
        "BEGIN WHILE x DO REPLACE INTO t VALUES (1); END WHILE; RETURN 1; END",
        "BEGIN DECLARE c CURSOR FOR SELECT writes(); OPEN c; RETURN 1; END",
        "BEGIN FOR i IN 1..2 DO CALL p; END FOR; RETURN 1; END",
        "RETURN f(1)",
        "RETURN 1; DROP TABLE t",
        "RETURN (SELECT MAX(a) FROM bad_view)",
        "BEGIN RETURN 1;",
        "RETURN 'a",
        "BEGIN HANDLER t OPEN; RETURN 1; END",
        "BEGIN GET DIAGNOSTICS @p = ROW_COUNT; RETURN 1; END"}) {
    EXPECT_FALSE(harmless(body)) << body;
  }
}

// 'it\'s' is 'it's' in MySQL's information_schema.
TEST(MysqlCatalog, LiteralsThatMySqlShowsWithoutTheirBackslashes) {
  EXPECT_TRUE(harmless("RETURN CONCAT('a', x)", false));
  EXPECT_FALSE(harmless("BEGIN SET @a = 1; RETURN 'it's'; END", false));
  const std::string hidden =
      "BEGIN DECLARE a TEXT; SET a = \"x\" , \"; DELETE FROM t; SET a = \" , \"y\"; RETURN 1; END";
  EXPECT_FALSE(harmless(hidden, false));
  EXPECT_FALSE(harmless(
      "BEGIN DECLARE a TEXT; SELECT 'x', ', GET_LOCK(a, 1), ', 'y' INTO a; RETURN a; END", false));
}

TEST(MysqlCatalog, WhatIsNoProof) {
  MysqlCatalogRows rows = sample();
  Function declared = function("declared", "RETURN 1");
  declared.data_access = "MODIFIES SQL DATA";
  Function hidden = function("hidden", "");
  hidden.body.reset();
  hidden.data_access = "READS SQL DATA";
  Function script = function("script", "RETURN 1");
  script.in_sql = false;
  Function oracle = function("oracle", "RETURN 1");
  oracle.sql_mode = "PIPES_AS_CONCAT,ORACLE";
  Function lies = function("lies", "BEGIN UPDATE t SET v = 1; RETURN 1; END");
  lies.data_access = "NO SQL";
  rows.functions.insert(rows.functions.end(), {declared, hidden, script, oracle, lies});
  rows.loadable = {"Plus"};
  for (const auto* sql : {"SELECT declared()", "SELECT hidden()", "SELECT script()",
                          "SELECT oracle()", "SELECT lies()", "SELECT plus(1)"}) {
    EXPECT_EQ(tell(rows, sql).cls, StatementClass::write) << sql;
  }
  EXPECT_EQ(tell(rows, "SELECT app.plus(1)").cls, StatementClass::read)
      << "no library's function has a database";
}

TEST(MysqlCatalog, AnsiQuotesAreTheFunctionsOwn) {
  MysqlCatalogRows rows = sample();
  Function quoted = function("quoted", "RETURN (SELECT MAX(\"a\") FROM \"bad_view\")");
  quoted.sql_mode = "ANSI_QUOTES";
  rows.functions.push_back(quoted);
  EXPECT_EQ(tell(rows, "SELECT quoted()").cls, StatementClass::write);
}

TEST(MysqlCatalog, OtherLettersThanAsciiCompareInUtf8Alone) {
  MysqlCatalogRows rows = sample();
  rows.views.push_back({"app", "größe", "select `app`.`writes`() AS `a`"});
  EXPECT_EQ(tell(rows, "SELECT * FROM größe").cls, StatementClass::write);
  EXPECT_EQ(tell(rows, "SELECT * FROM maße").cls, StatementClass::read);
  EXPECT_EQ(tell(rows, "SELECT * FROM maße", "app", false).cls, StatementClass::write);
}

TEST(MysqlCatalog, SaysWhatDecided) {
  EXPECT_EQ(tell(sample(), "SELECT * FROM outer_view").why,
            "view app.outer_view reads view app.bad_view, which calls function app.writes, which "
            "is not known to only read (UPDATE)");
  EXPECT_EQ(tell(sample(), "SELECT * FROM scratch").why,
            "table app.scratch is in memory: a replica that restarts has lost its rows");
  EXPECT_EQ(tell(sample(), "SELECT * FROM memory_view").why,
            "view app.memory_view reads table app.scratch, which is in memory: a replica that "
            "restarts has lost its rows");
  EXPECT_EQ(tell(sample(), "SELECT plus(1)").why, "");
}

TEST(MysqlCatalog, AChainThatIsClosedIsNoRead) {
  MysqlCatalogRows rows = sample();
  rows.functions.push_back(function("self", "RETURN self()"));
  rows.functions.push_back(function("ping", "RETURN pong()"));
  rows.functions.push_back(function("pong", "RETURN ping()"));
  for (const auto* sql : {"SELECT self()", "SELECT ping()", "SELECT pong()"}) {
    EXPECT_EQ(tell(rows, sql).cls, StatementClass::write) << sql;
  }
}

TEST(MysqlCatalog, NothingIsKnownWhileItIsSuspect) {
  for (const MysqlNaming* naming : {&suspect_mysql_naming, &unknown_mysql_naming}) {
    MysqlDialect dialect = test::mariadb;
    dialect.naming = naming;
    const Analysis table = analyze_mysql("SELECT a FROM t", dialect);
    EXPECT_EQ(table.cls, StatementClass::write);
    EXPECT_EQ(table.reason, naming->doubt());
    EXPECT_TRUE(table.unproven);
    EXPECT_EQ(analyze_mysql("SELECT plus(1)", dialect).cls, StatementClass::write);
    EXPECT_EQ(analyze_mysql("SELECT 1, @@port, NOW() FROM DUAL", dialect).cls,
              StatementClass::read);
  }
}

TEST(MysqlCatalog, AProvenFunctionLeavesTheSessionFree) {
  EXPECT_FALSE(tell(sample(), "SELECT plus(1)").may_call_routine);
  EXPECT_TRUE(tell(sample(), "SELECT writes()").may_call_routine);
  EXPECT_TRUE(tell(sample(), "SELECT nobody()").may_call_routine);
}

TEST(MysqlCatalog, DdlIsSeen) {
  const auto change = [](std::string_view sql) { return tell(sample(), sql).change; };
  for (const auto* sql :
       {"CREATE VIEW v AS SELECT 1", "CREATE OR REPLACE ALGORITHM = MERGE VIEW v AS SELECT 1",
        "ALTER DEFINER = a@b VIEW v AS SELECT 1", "ALTER FUNCTION f READS SQL DATA",
        "CREATE FUNCTION f() RETURNS INT BEGIN RETURN 1; END",
        "CREATE DEFINER = CURRENT_USER FUNCTION f() RETURNS INT RETURN 1", "CREATE SEQUENCE s2",
        "CREATE FUNCTION f RETURNS STRING SONAME 'x.so'", "RENAME TABLE a TO b",
        "ALTER TABLE a RENAME TO b", "ALTER TABLE a ENGINE = MEMORY", "CREATE TABLE a LIKE b",
        "CREATE TABLE a (b INT) ENGINE=MEMORY", "SELECT 1; CREATE VIEW v AS SELECT 1"}) {
    EXPECT_EQ(change(sql), CatalogChange::certain) << sql;
  }
  for (const auto* sql : {"CREATE TABLE a (b INT)", "CREATE TABLE a (b INT) ENGINE = InnoDB",
                          "DROP VIEW v", "DROP TABLE a, b", "ALTER TABLE a ADD COLUMN c INT",
                          "SELECT nobody()", "CREATE INDEX i ON t (a)"}) {
    EXPECT_EQ(change(sql), CatalogChange::unseen) << sql;
  }
  for (const auto* sql :
       {"SELECT 1", "INSERT INTO t VALUES (1)", "CREATE TEMPORARY TABLE a (b INT)",
        "TRUNCATE TABLE a", "SELECT plus(1) FROM good_view"}) {
    EXPECT_EQ(change(sql), CatalogChange::none) << sql;
  }
}

}  // namespace
}  // namespace relevo::route::mysql

// The catalogue decides: what statements are called with a database's snapshot,
// made of rows as the reader brings them.
#include "proxy/route/postgres/catalog.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "proxy/route/statement.hpp"

namespace relevo::route::postgres {
namespace {

using model::CatalogRows;
using model::CatalogUse;
using model::Oid;

constexpr Oid pg_catalog = 11, public_schema = 2200, app = 20000, other = 20001, standard = 13000;

// A small database: `public` and `app`, and `other` that nobody's path names.
CatalogRows sample() {
  CatalogRows rows;
  rows.utf8 = true;
  rows.server_path = "\"$user\", public";
  rows.schemas = {{pg_catalog, "pg_catalog"},
                  {standard, "information_schema"},
                  {public_schema, "public"},
                  {app, "app"},
                  {other, "other"}};
  rows.functions = {
      // shipped: what operators and views call
      {65, pg_catalog, "int4eq", 'f', 'i', false, {}},
      {177, pg_catalog, "int4pl", 'f', 'i', false, {}},
      {870, pg_catalog, "lower", 'f', 'i', false, {}},
      {1574, pg_catalog, "nextval", 'f', 'v', false, {}},
      {1598, pg_catalog, "random", 'f', 'v', false, {}},
      {6000, pg_catalog, "any_value", 'a', 'i', false, {}},
      {6001, pg_catalog, "uuidv7", 'f', 'v', false, {}},
      {6002, pg_catalog, "pg_new_server_state", 'f', 's', false, {}},
      // a user's
      {30001, public_schema, "app_total", 'f', 's', false, {}},
      {30002, public_schema, "app_write", 'f', 'v', false, {}},
      {30003, public_schema, "mixed", 'f', 'i', false, {}},
      {30004, public_schema, "mixed", 'f', 'v', false, {}},
      {30005, app, "lower", 'f', 'v', false, {}},
      {30006, app, "twin", 'f', 'v', false, {}},
      {30007, public_schema, "twin", 'f', 's', false, {}},
      {30008, public_schema, "with_default", 'f', 's', false, {{'f', 1574}}},
      {30009, public_schema, "good_sum", 'a', 'i', false, {{'f', 177}}},
      {30010, public_schema, "bad_sum", 'a', 'i', false, {{'f', 30002}}},
      {30011, public_schema, "a_procedure", 'p', 'v', false, {}},
      {30012, public_schema, "audited", 'f', 'v', true, {}},
      {30013, public_schema, "Quoted", 'f', 's', false, {}},
      {30014, public_schema, "bad_compare", 'f', 'v', false, {}},
      {30015, other, "elsewhere", 'f', 's', false, {}},
  };
  rows.operators = {{96, pg_catalog, "=", 65},   {551, pg_catalog, "+", 177},
                    {552, pg_catalog, "*", 177}, {31001, public_schema, "<+>", 30014},
                    {31002, app, "+", 30014},    {31003, public_schema, "<~>", 30001}};
  rows.relations = {
      {1259, pg_catalog, "pg_class", 'r', 'p', {}},
      {12000, pg_catalog, "pg_stat_activity", 'v', 'p', {}},
      {40001, public_schema, "t", 'r', 'p', {}},
      {40002, public_schema, "scratch", 'r', 'u', {}},
      {40003, public_schema, "remote", 'f', 'p', {}},
      {40004, public_schema, "t_id_seq", 'S', 'p', {}},
      {40005, public_schema, "good_view", 'v', 'p', {{'r', 40005}, {'r', 40001}, {'o', 96}}},
      {40006, public_schema, "bad_view", 'v', 'p', {{'r', 40001}, {'f', 30002}}},
      {40007, public_schema, "outer_view", 'v', 'p', {{'r', 40006}}},
      {40008, public_schema, "operator_view", 'v', 'p', {{'o', 31001}}},
      {40009, public_schema, "sequence_view", 'v', 'p', {{'f', 1574}}},
      {40010, public_schema, "random_view", 'v', 'p', {{'f', 1598}}},
      {40011, public_schema, "activity_view", 'v', 'p', {{'r', 12000}}},
      {40012, public_schema, "policed", 'r', 'p', {{'f', 30002}}},
      {40013, public_schema, "parent", 'p', 'p', {{'r', 40001}, {'r', 40002}}},
      {40014, app, "t", 'r', 'p', {}},
      {40015, app, "scratch", 'r', 'p', {}},
      {40016, public_schema, "Mixed Case", 'r', 'p', {}},
      {40017, public_schema, "dangling", 'v', 'p', {{'f', 99999}}},
      {40018, other, "hidden", 'r', 'p', {}},
      {40019, public_schema, "caf\xc3\xa9", 'r', 'p', {}},
  };
  return rows;
}

struct Session {
  explicit Session(const CatalogRows& rows, const std::string& path = "public")
      : naming(make_naming(Catalog::build(rows), &path, {"user", "user", true}, 1)) {}

  Analysis analyze(std::string_view sql) const {
    Dialect dialect;
    dialect.naming = &naming;
    return analyze_postgres(sql, dialect);
  }
  std::string why(std::string_view sql) const {
    return naming.catalog->describe(analyze(sql).object);
  }
  Naming naming;
};

void expect(const Session& session, StatementClass cls, const std::vector<std::string>& texts) {
  for (const std::string& sql : texts) {
    const Analysis analysis = session.analyze(sql);
    EXPECT_EQ(analysis.cls, cls) << sql << "\n"
                                 << analysis.reason << ": " << analysis.subject << "\n"
                                 << session.naming.catalog->describe(analysis.object);
  }
}

TEST(Catalog, FunctionsAreWhatTheirVolatilitySays) {
  const Session session(sample());
  expect(session, StatementClass::read,
         {"SELECT app_total(3)", "SELECT APP_Total(3)", "SELECT public.app_total(3)",
          "SELECT * FROM app_total(3)", "SELECT lower('A'), random()", "SELECT \"Quoted\"()",
          "SELECT good_sum(a) FROM t", "SELECT other.elsewhere()", "SELECT any_value(a) FROM t",
          "SELECT uuidv7()", "SELECT pg_catalog.lower('A')", "SELECT f.a FROM app_total(1) AS f"});
  expect(
      session, StatementClass::write,
      {"SELECT app_write(3)", "SELECT public.app_write(3)", "SELECT * FROM app_write(3)",
       "SELECT mixed(1)", "SELECT with_default()", "SELECT bad_sum(a) FROM t",
       "SELECT a_procedure()", "SELECT nobody_knows()", "SELECT elsewhere()",
       "SELECT app.app_total(1)", "SELECT nowhere.app_total(1)", "SELECT quoted()",
       "SELECT pg_new_server_state()", "SELECT db.public.app_total(1)",
       "SELECT (SELECT app_write(1)) FROM t", "WITH a AS (SELECT app_write(1)) SELECT * FROM a"});
  EXPECT_TRUE(session.analyze("SELECT app_write(3)").unproven) << "a hint may still overrule it";
}

TEST(Catalog, EverySchemaOfThePathCounts) {
  for (const char* path : {"app, public", "public, app", "public, \"app\"", "public, 'app'"}) {
    const Session session(sample(), path);
    expect(session, StatementClass::write,
           {"SELECT lower('A')", "SELECT twin()", "SELECT 1 + 1", "SELECT * FROM scratch"});
    expect(session, StatementClass::read,
           {"SELECT pg_catalog.lower('A')", "SELECT public.twin()", "SELECT app_total(1)",
            "SELECT * FROM app.scratch", "SELECT * FROM t"});
  }
  const Session alone(sample(), "public");
  expect(alone, StatementClass::read, {"SELECT lower('A')", "SELECT twin()", "SELECT 1 + 1"});
  const Session nothing(sample(), "");
  expect(nothing, StatementClass::write, {"SELECT app_total(1)", "SELECT * FROM t"});
  expect(nothing, StatementClass::read, {"SELECT public.app_total(1)", "SELECT * FROM public.t"});
}

TEST(Catalog, APathThatIsNotKnownHoldsEverySchema) {
  for (const char* path : {"a b", "'x, y'", "public,", "f()", "E'\\x'"}) {
    const Session session(sample(), path);
    EXPECT_TRUE(session.naming.every_schema) << path;
    expect(session, StatementClass::write, {"SELECT lower('A')", "SELECT twin()"});
    expect(session, StatementClass::read, {"SELECT app_total(1)", "SELECT elsewhere()"});
  }
}

TEST(Catalog, TheDefaultPathIsTheMostParticularSetting) {
  CatalogRows rows = sample();
  const auto path_of = [&](std::string_view role) {
    std::string path = "?";
    return Catalog::build(rows)->default_path(role, path) ? path : std::string("not known");
  };
  EXPECT_EQ(path_of("ann"), "\"$user\", public");
  rows.path_settings.push_back({"", false, "all"});
  EXPECT_EQ(path_of("ann"), "all");
  rows.path_settings.push_back({"", true, "database"});
  EXPECT_EQ(path_of("ann"), "database");
  rows.path_settings.push_back({"ann", false, "role"});
  EXPECT_EQ(path_of("ann"), "role");
  rows.path_settings.push_back({"ann", true, "role in database"});
  EXPECT_EQ(path_of("ann"), "role in database");
  EXPECT_EQ(path_of("ben"), "database");
  rows.path_settings.clear();
  rows.server_path = std::nullopt;
  EXPECT_EQ(path_of("ann"), "not known");

  rows = sample();
  const CatalogPtr catalog = Catalog::build(rows);
  EXPECT_EQ(make_naming(catalog, nullptr, {"app", "app", true}, 1).schemas,
            (std::vector<Oid>{pg_catalog, app, public_schema}));
  EXPECT_EQ(make_naming(catalog, nullptr, {"ann", "ann", true}, 1).schemas,
            (std::vector<Oid>{pg_catalog, public_schema}));
  EXPECT_TRUE(make_naming(catalog, nullptr, {"ann", "", true}, 1).every_schema) << "whose $user?";
}

TEST(Catalog, RelationsAndWhatTheyCall) {
  const Session session(sample());
  expect(session, StatementClass::read,
         {"SELECT * FROM t",
          "SELECT * FROM good_view",
          "SELECT * FROM random_view",
          "SELECT * FROM public.t AS x, app.t",
          "TABLE t",
          "SELECT * FROM ONLY t",
          "SELECT * FROM (t JOIN good_view g ON t.a = g.a)",
          "SELECT * FROM \"Mixed Case\"",
          "WITH c AS (SELECT 1 AS a) SELECT * FROM c",
          "SELECT * FROM t AS x (scratch)",
          "SELECT scratch FROM t ORDER BY scratch, remote",
          "SELECT * FROM pg_class",
          "SELECT * FROM pg_catalog.pg_class",
          "COPY t TO STDOUT",
          "COPY public.t (a) TO STDOUT",
          "SELECT extract(year FROM scratch), substring(remote FROM 2) FROM t",
          "SELECT a IS DISTINCT FROM scratch FROM t JOIN t u ON t.a IS NOT DISTINCT FROM u.b",
          "SELECT * FROM ROWS FROM (app_total(1), unnest(a)) AS x, t",
          "SELECT * FROM (VALUES (1), (2)) v, LATERAL (SELECT 1) w",
          "SELECT * FROM caf\xc3\xa9",
          "EXPLAIN SELECT * FROM scratch"});
  expect(session, StatementClass::write,
         {"SELECT * FROM scratch",
          "SELECT * FROM public.scratch",
          "SELECT * FROM db.public.scratch",
          "SELECT * FROM remote",
          "SELECT last_value FROM t_id_seq",
          "SELECT * FROM bad_view",
          "SELECT * FROM outer_view",
          "SELECT * FROM operator_view",
          "SELECT * FROM sequence_view",
          "SELECT * FROM activity_view",
          "SELECT * FROM policed",
          "SELECT * FROM parent",
          "SELECT * FROM dangling",
          "SELECT * FROM t, scratch",
          "SELECT * FROM t JOIN scratch USING (a)",
          "SELECT * FROM (t CROSS JOIN scratch)",
          "SELECT * FROM ((scratch JOIN t ON true) JOIN t u ON true)",
          "SELECT * FROM ONLY scratch",
          "SELECT * FROM ONLY (scratch)",
          "TABLE scratch",
          "SELECT * FROM t WHERE a IN (SELECT b FROM scratch)",
          "SELECT (TABLE scratch)",
          "SELECT 1 FROM t UNION SELECT 2 FROM SCRATCH",
          "SELECT * FROM \"scratch\"",
          "WITH scratch AS (SELECT 1) SELECT * FROM scratch",
          "SELECT * FROM t AS x (a, b), remote",
          "SELECT * FROM hidden",
          "SELECT * FROM \"T\"",
          "SELECT * FROM unheard_of",
          "SELECT * FROM U&\"t\"",
          "COPY scratch TO STDOUT",
          "COPY unheard_of TO STDOUT",
          "EXPLAIN ANALYZE SELECT * FROM bad_view"});
  EXPECT_EQ(session.why("SELECT * FROM outer_view"),
            "view outer_view reads view bad_view, which calls function app_write, "
            "which is volatile");
  EXPECT_EQ(session.why("SELECT * FROM parent"),
            "table parent reads table scratch, which is unlogged: replicas don't have it");
}

TEST(Catalog, OtherLettersNeedTheSameEncoding) {
  const std::string path = "public";
  Dialect dialect;
  const Naming naming = make_naming(Catalog::build(sample()), &path, {"user", "user", false}, 1);
  dialect.naming = &naming;
  EXPECT_EQ(analyze_postgres("SELECT * FROM caf\xc3\xa9", dialect).cls, StatementClass::write);
  EXPECT_EQ(analyze_postgres("SELECT * FROM t", dialect).cls, StatementClass::read);
}

TEST(Catalog, OperatorsAreWhatTheirFunctionsAre) {
  const Session session(sample());
  expect(session, StatementClass::read,
         {"SELECT 1 + 1 = 2", "SELECT a <~> b FROM t", "SELECT t.* FROM t",
          "SELECT app_total(a => 1)", "SELECT a OPERATOR(pg_catalog.=) b FROM t"});
  expect(session, StatementClass::write,
         {"SELECT a <+> b FROM t", "SELECT a OPERATOR(public.<+>) b FROM t", "SELECT a ~~~~ b"});
  EXPECT_EQ(session.why("SELECT a <+> b FROM t"),
            "operator <+> calls function bad_compare, which is volatile");
  CatalogRows rows = sample();
  rows.operators.push_back({31009, public_schema, "~~", 30014});
  expect(Session(rows), StatementClass::write, {"SELECT 'a' LIKE 'b'", "SELECT 1"});
}

TEST(Catalog, HiddenCallsAreFoundByName) {
  CatalogRows rows = sample();
  rows.conversions = {{33001, public_schema, "money2", {{'c', 30002}}},
                      {33002, public_schema, "fine", {{'c', 30001}}},
                      {23, pg_catalog, "int4", {{'c', 30002}}}};
  const Session session(rows);
  expect(session, StatementClass::write,
         {"SELECT a::money2 FROM t", "SELECT CAST(a AS public.money2) FROM t", "SELECT money2 'x'",
          "SELECT t.audited FROM t", "SELECT (t).audited FROM t", "SELECT a::int FROM t",
          "SELECT money2(a) FROM t", "SELECT CAST(a AS integer[]) FROM t", "SELECT a::int4"});
  expect(session, StatementClass::read, {"SELECT a::fine FROM t", "SELECT t.a FROM t"});
  rows.conversions[0].uses[0].kind = 'i';
  expect(Session(rows), StatementClass::write, {"SELECT 1"});
}

// A domain whose constraint writes, and what makes values of it unnamed.
TEST(Catalog, DomainsAreWhatTheirConstraintsCall) {
  CatalogRows rows = sample();
  rows.conversions = {{33001, public_schema, "checked", {{'f', 30002}}},
                      {33002, public_schema, "over_it", {{'t', 33001}}},
                      {33003, public_schema, "row_of_it", {{'t', 33002}}},
                      {33004, public_schema, "well", {{'f', 30001}}}};
  rows.functions.push_back({34001, public_schema, "takes", 'f', 's', false, {{'t', 33001}}});
  rows.functions.push_back({34002, public_schema, "takes_well", 'f', 's', false, {{'t', 33004}}});
  rows.relations.push_back({44001, public_schema, "makes", 'v', 'p', {{'t', 33002}, {'r', 40001}}});
  rows.relations.push_back({44002, public_schema, "plain", 'v', 'p', {{'t', 23}, {'r', 40001}}});
  const Session session(rows);
  expect(session, StatementClass::write,
         {"SELECT a::checked FROM t", "SELECT a::over_it[] FROM t", "SELECT ROW(1)::row_of_it",
          "SELECT takes('a')", "SELECT * FROM makes", "SELECT checked 'a'", "SELECT checked(a)"});
  expect(
      session, StatementClass::read,
      {"SELECT a::well FROM t", "SELECT takes_well('a')", "SELECT * FROM plain", "SELECT a::int"});
  EXPECT_EQ(session.why("SELECT takes('a')"),
            "function takes makes type checked, which calls function app_write, which is volatile");
}

TEST(Catalog, ComparisonsOfAUsersOwnAreEverywhere) {
  CatalogRows rows = sample();
  rows.comparisons = {{public_schema, "fine_ops", {{'o', 96}, {'f', 30001}}}};
  expect(Session(rows), StatementClass::read, {"SELECT 1", "SELECT a FROM t ORDER BY a"});
  rows.comparisons = {{public_schema, "bad_ops", {{'o', 31001}}}};
  expect(Session(rows), StatementClass::write, {"SELECT a FROM t ORDER BY a"});
}

TEST(Catalog, AUsersOwnInPgCatalogIsAUsers) {
  CatalogRows rows = sample();
  rows.functions.push_back({34001, pg_catalog, "lower", 'f', 'v', false, {}});
  rows.functions.push_back({34002, pg_catalog, "planted", 'f', 's', false, {}});
  rows.functions.push_back({34003, standard, "_pg_planted", 'f', 'v', false, {}});
  rows.relations.push_back({44001, pg_catalog, "planted", 'r', 'u', {}});
  const Session session(rows);
  expect(session, StatementClass::write,
         {"SELECT lower('A')", "SELECT pg_catalog.lower('A')", "SELECT * FROM planted",
          "SELECT information_schema._pg_planted()"});
  expect(session, StatementClass::read, {"SELECT planted()", "SELECT upper('a')"});
}

// What is no FROM clause, and what is one although it looks otherwise.
TEST(Catalog, FromIsTold) {
  const Session session(sample());
  expect(
      session, StatementClass::read,
      {"SELECT a IS DISTINCT FROM b FROM t", "SELECT a IS NOT DISTINCT FROM nowhere FROM t",
       "SELECT 1 AS from FROM t", "SELECT a AS as FROM t", "SELECT t.as FROM t",
       "SELECT t.from, b FROM t", "SELECT a distinct FROM t", "SELECT extract(year FROM b) FROM t",
       "SELECT substring(a FROM 1), a FROM t WHERE a IS DISTINCT FROM b"});
  expect(session, StatementClass::write,
         {"SELECT 1 AS as FROM nowhere", "SELECT t.as FROM nowhere",
          "SELECT 1 AS from FROM nowhere", "SELECT a distinct FROM nowhere",
          "SELECT x.is distinct FROM nowhere", "SELECT x.not distinct FROM nowhere",
          "SELECT a::is distinct FROM nowhere", "SELECT x.from FROM nowhere",
          "SELECT 1 FROM t, nowhere", "SELECT a IS DISTINCT FROM b FROM nowhere"});
}

TEST(Catalog, CopyReadsARelation) {
  const Session session(sample());
  expect(session, StatementClass::read,
         {"COPY t TO STDOUT", "COPY public.t (a, b) TO STDOUT", "COPY BINARY t TO STDOUT"});
  expect(session, StatementClass::write,
         {"COPY nowhere TO STDOUT", "COPY scratch TO STDOUT", "COPY BINARY nowhere TO STDOUT",
          "COPY nowhere.t TO STDOUT", "COPY t FROM STDIN"});
}

TEST(Catalog, WhatTheTextItselfMovesIsNotKnownBehindIt) {
  const Session session(sample());
  for (const char* sql : {"SET search_path = app; SELECT app_total(1)",
                          "SET ROLE x; SELECT app_total(1)", "RESET ALL; SELECT * FROM t",
                          "CREATE OR REPLACE FUNCTION app_total() RETURNS int AS ''; SELECT 1"}) {
    EXPECT_EQ(session.analyze(sql).cls, StatementClass::write) << sql;
  }
  EXPECT_NE(session.analyze("SET work_mem = '1MB'; SELECT app_total(1)").cls,
            StatementClass::write);
}

TEST(Catalog, ASuspectOneProvesNothing) {
  Dialect dialect;
  dialect.naming = &suspect_naming;
  for (const char* sql :
       {"SELECT * FROM t", "SELECT app_total(1)", "SELECT 1", "COPY t TO STDOUT"}) {
    const Analysis analysis = analyze_postgres(sql, dialect);
    EXPECT_EQ(analysis.cls, StatementClass::write) << sql;
    EXPECT_TRUE(analysis.unproven) << sql;
  }
  EXPECT_EQ(analyze_postgres("SHOW work_mem", dialect).cls, StatementClass::read);
}

TEST(Catalog, DdlIsToldByWhatItCanDoToNames) {
  const auto change = [](std::string_view sql) { return analyze_postgres(sql, {}).catalog_change; };
  for (const char* sql :
       {"CREATE FUNCTION f() RETURNS int AS ''", "create or replace view v as select 1",
        "CREATE UNLOGGED TABLE t (a int)", "CREATE EXTENSION citext", "ALTER TABLE t SET UNLOGGED",
        "ALTER FUNCTION f() VOLATILE", "ALTER ROLE r SET search_path = x", "DO $$ $$",
        "CREATE SCHEMA s", "CREATE OPERATOR + (function = f)",
        "IMPORT FOREIGN SCHEMA s FROM SERVER x INTO y", "SELECT 1; ALTER VIEW v RENAME TO w",
        "CREATE POLICY p ON t USING (f())", "CREATE CAST (a AS b) WITH FUNCTION f(a)"}) {
    EXPECT_EQ(change(sql), CatalogChange::certain) << sql;
  }
  for (const char* sql :
       {"CREATE TABLE t (a int)", "DROP FUNCTION f()", "DROP TABLE t", "CALL p()"}) {
    EXPECT_EQ(change(sql), CatalogChange::perhaps) << sql;
  }
  EXPECT_EQ(change("SELECT nobody_knows()"), CatalogChange::unseen);
  for (const char* sql : {"SELECT 1", "INSERT INTO t VALUES (1)", "CREATE INDEX i ON t (a)",
                          "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)",
                          "CREATE TEMP TABLE x (a int)", "ALTER INDEX i RENAME TO j", "VACUUM t",
                          "GRANT SELECT ON t TO r", "TRUNCATE t", "SET search_path = x", "BEGIN"}) {
    EXPECT_EQ(change(sql), CatalogChange::none) << sql;
  }
}

TEST(Catalog, SearchPathsAreReadAsTheServerReadsThem) {
  const auto parse = [](std::string_view path) {
    std::vector<std::string> names;
    return parse_search_path(path, names) ? names : std::vector<std::string>{"?"};
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(parse(""), Names{});
  EXPECT_EQ(parse("  "), Names{});
  EXPECT_EQ(parse("\"$user\", public"), (Names{"$user", "public"}));
  EXPECT_EQ(parse("Public,\"A \"\"b\",x"), (Names{"public", "A \"b", "x"}));
  EXPECT_EQ(parse("'public'"), Names{"public"});
  for (const char* bad : {",", "a,", "\"a", "'a", "a b", "a;b", "caf\xc3\xa9", "'a,b'", "E'a'",
                          "$$a$$", "1a", "'$us", "'a\\'"}) {
    EXPECT_EQ(parse(bad), Names{"?"}) << bad;
  }
}

TEST(Catalog, ManyNamesAreFoundAndOnlyThey) {
  CatalogRows rows = sample();
  for (Oid i = 0; i < 20000; ++i) {
    rows.functions.push_back({100000 + i,
                              public_schema,
                              "f" + std::to_string(i),
                              'f',
                              i % 2 == 0 ? 's' : 'v',
                              false,
                              {}});
  }
  const Session session(rows);
  for (Oid i = 0; i < 20000; i += 37) {
    EXPECT_EQ(session.analyze("SELECT f" + std::to_string(i) + "()").cls,
              i % 2 == 0 ? StatementClass::read : StatementClass::write);
  }
  EXPECT_EQ(session.analyze("SELECT f20000()").cls, StatementClass::write);
  EXPECT_GT(session.naming.catalog->bytes(), 20000U);
  EXPECT_LT(session.naming.catalog->bytes(), 8U << 20);
}

TEST(Catalog, ViewsInACircleOrTooDeepAreNoReads) {
  CatalogRows rows = sample();
  rows.relations.push_back({50000, public_schema, "round1", 'v', 'p', {{'r', 50001}}});
  rows.relations.push_back({50001, public_schema, "round2", 'v', 'p', {{'r', 50000}}});
  for (Oid i = 0; i < 5000; ++i) {
    rows.relations.push_back(
        {60000 + i, public_schema, "deep" + std::to_string(i), 'v', 'p', {{'r', 60001 + i}}});
  }
  rows.relations.push_back({65000, public_schema, "bottom", 'r', 'p', {}});
  const Session session(rows);
  expect(session, StatementClass::write, {"SELECT * FROM round1", "SELECT * FROM deep0"});
  expect(session, StatementClass::read, {"SELECT * FROM deep4990"});
}

}  // namespace
}  // namespace relevo::route::postgres

// The classifier against PostgreSQL's own grammar (libpg_query): whatever is
// called a read must, in the parse tree, contain nothing that could write.
//
// What the grammar rejects, the server rejects too, so it proves nothing here
// and cannot hurt either.
#include <gtest/gtest.h>
#include <pg_query.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/route/policy.hpp"
#include "proxy/route/postgres/catalog.hpp"
#include "proxy/route/postgres/functions.hpp"
#include "tests/unit/route/corpus.hpp"
#include "tests/unit/route/statement_generator.hpp"

namespace relevo::route {
namespace {

// The parse tree as JSON; nullopt for what the grammar rejects.
std::optional<std::string> parse(const std::string& sql) {
  const PgQueryParseResult result = pg_query_parse(sql.c_str());
  std::optional<std::string> tree;
  if (result.error == nullptr) tree = result.parse_tree;
  pg_query_free_parse_result(result);
  return tree;
}

// Where the JSON value that begins at `from` ends.
std::size_t end_of_value(std::string_view json, std::size_t from) {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = from; i < json.size(); ++i) {
    if (quoted) {
      if (json[i] == '\\') {
        ++i;
      } else if (json[i] == '"') {
        quoted = false;
      }
    } else if (json[i] == '"') {
      quoted = true;
    } else if (json[i] == '{' || json[i] == '[') {
      ++depth;
    } else if (json[i] == '}' || json[i] == ']') {
      if (--depth == 0) return i + 1;
    }
  }
  return json.size();
}

// The statements' trees, each beginning with {"SomeStmt":
std::vector<std::string_view> statements_of(std::string_view tree) {
  constexpr std::string_view key = "{\"stmt\":";
  std::vector<std::string_view> statements;
  std::size_t at = tree.find("\"stmts\":[");
  while (at != std::string_view::npos) {
    at = tree.find(key, at);
    if (at == std::string_view::npos) break;
    const std::size_t from = at + key.size();
    const std::size_t to = end_of_value(tree, from);
    statements.push_back(tree.substr(from, to - from));
    at = to;
  }
  return statements;
}

// The strings of a list such as "funcname":[{"String":{"sval":"lower"}}].
std::vector<std::string> names_of(std::string_view list) {
  constexpr std::string_view key = "\"sval\":\"";
  std::vector<std::string> names;
  for (std::size_t at = list.find(key); at != std::string_view::npos; at = list.find(key, at)) {
    at += key.size();
    std::string name;
    for (; list[at] != '"'; ++at) {
      if (list[at] == '\\') ++at;
      name += list[at];
    }
    names.push_back(name);
  }
  return names;
}

// The list without its subscripts, whose names are their own.
std::string without_subscripts(std::string_view list) {
  constexpr std::string_view subscript = "{\"A_Indices\":";
  std::string kept;
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t found = list.find(subscript, at);
    kept += list.substr(at, found - at);
    if (found == list.npos) break;
    at = end_of_value(list, found);
  }
  return kept;
}

// The strings of every list behind `key` in the tree.
template <typename OnNames>
void for_each_names(std::string_view tree, std::string_view key, OnNames&& on_names) {
  for (std::size_t at = tree.find(key); at != tree.npos; at = tree.find(key, at)) {
    at += key.size();
    const std::string list = without_subscripts(tree.substr(at, end_of_value(tree, at - 1) - at));
    on_names(names_of(list));
  }
}

// `x.nextval` and `(x).nextval` call nextval(x) where x has no such column.
bool may_be_called_as_field(const std::string& name) {
  return name != "system" && name != "bernoulli" &&  // take what no SQL can give
         postgres::find_function(name) == postgres::FunctionKind::shipped;
}

bool harmless(const std::vector<std::string>& function) {
  if (function.size() == 2 && function[0] == "information_schema") {
    return function[1].starts_with("_pg_");
  }
  const bool shipped =
      function.size() == 1 || (function.size() == 2 && function[0] == "pg_catalog");
  return shipped && postgres::find_function(function.back()) == postgres::FunctionKind::harmless;
}

// "" if nothing in the tree can write, or what can.
std::string objection(std::string_view statement) {
  const auto begins = [&](std::string_view kind) { return statement.starts_with(kind); };
  if (!begins("{\"SelectStmt\"") && !begins("{\"VariableShowStmt\"") &&
      !begins("{\"ExplainStmt\"") && !begins("{\"CopyStmt\"")) {
    return std::string(statement.substr(0, 30));
  }
  if (begins("{\"ExplainStmt\"") && statement.find("\"defname\":\"analyze\"") == statement.npos) {
    return "";  // executes nothing
  }
  for (const std::string_view node : {"\"InsertStmt\":{",
                                      "\"UpdateStmt\":{",
                                      "\"DeleteStmt\":{",
                                      "\"MergeStmt\":{",
                                      "\"intoClause\":{",
                                      "\"lockingClause\":[",
                                      "\"is_from\":true",
                                      "\"is_program\":true",
                                      "\"filename\":\"",
                                      "\"schemaname\":\"pg_temp\"",
                                      "\"schemaname\":\"pg_temp_",
                                      "\"CreateTableAsStmt\":{",
                                      "\"ExecuteStmt\":{",
                                      "\"DeclareCursorStmt\":{",
                                      "\"PrepareStmt\":{",
                                      "\"relname\":\"pg_stat_",
                                      "\"relname\":\"pg_locks\"",
                                      "\"relname\":\"pg_cursors\"",
                                      "\"relname\":\"pg_prepared_xacts\"",
                                      "\"relname\":\"pg_replication_slots\""}) {
    if (statement.find(node) != statement.npos) return std::string(node);
  }
  std::string why;
  for_each_names(statement, "\"funcname\":[", [&](const std::vector<std::string>& names) {
    if (names.empty() || !harmless(names)) why = "calls " + (names.empty() ? "?" : names.back());
  });
  for_each_names(statement, "\"method\":[", [&](const std::vector<std::string>& names) {
    if (names != std::vector<std::string>{"bernoulli"} &&
        names != std::vector<std::string>{"system"} && !harmless(names)) {
      why = "samples by " + (names.empty() ? "?" : names.back());
    }
  });
  for_each_names(statement, "\"fields\":[", [&](const std::vector<std::string>& names) {
    for (std::size_t i = 1; i < names.size(); ++i) {
      if (may_be_called_as_field(names[i])) why = "calls by a dot " + names[i];
    }
  });
  for_each_names(statement, "\"indirection\":[", [&](const std::vector<std::string>& names) {
    for (const auto& name : names) {
      if (may_be_called_as_field(name)) why = "calls by a dot " + name;
    }
  });
  return why;
}

// Without the dialects that libpg_query doesn't read.
std::vector<test::CorpusStatement> corpus_of_the_grammar() {
  auto corpus = test::load_corpus();
  std::erase_if(corpus, [](const auto& s) { return !s.dialect.empty(); });
  return corpus;
}

// A database of operators without one table.
const postgres::Naming& no_relations() {
  static const postgres::Naming naming = [] {
    model::CatalogRows rows;
    rows.schemas = {{11, "pg_catalog"}};
    rows.functions = {{1, 11, "f", 'f', 'i', false, {}}};
    constexpr std::string_view characters = "~!@#^&|`?+-*/%<>=";
    model::Oid oid = 0;
    for (const char a : characters) {
      rows.operators.push_back({++oid, 11, {a}, 1});
      for (const char b : characters) {
        rows.operators.push_back({++oid, 11, {a, b}, 1});
        for (const char c : characters) rows.operators.push_back({++oid, 11, {a, b, c}, 1});
      }
    }
    return postgres::make_naming(postgres::Catalog::build(rows), nullptr, {}, 1);
  }();
  return naming;
}

// The names at `key` in the tree, of WITH lists or of what FROM reads.
std::vector<std::string> names_at(std::string_view tree, std::string_view key) {
  std::vector<std::string> names;
  for (std::size_t at = tree.find(key); at != tree.npos; at = tree.find(key, at)) {
    at += key.size();
    names.emplace_back(tree.substr(at, tree.find('"', at) - at));
  }
  return names;
}

bool reads_a_table(std::string_view tree) {
  if (tree.find("\"schemaname\":\"") != tree.npos) return true;
  const auto ctes = names_at(tree, "\"ctename\":\"");
  return std::ranges::any_of(names_at(tree, "\"relname\":\""), [&](const std::string& name) {
    return std::ranges::find(ctes, name) == ctes.end();
  });
}

struct Tally {
  std::size_t parsed_reads = 0;       // called reads, and valid
  std::size_t harmless_not_read = 0;  // valid and harmless, and not called reads
  std::string last_harmless_not_read;
  std::size_t with_tables = 0, without_tables = 0;
  std::size_t suspected = 0;  // of those without, taken for one with
};

void check(const std::string& sql, Tally& tally, bool parse_all) {
  const Analysis analysis = analyze_postgres(sql, {});
  const bool read = analysis.cls == StatementClass::read;
  if (!read && !parse_all) return;
  const auto tree = parse(sql);
  if (!tree) return;
  const auto statements = statements_of(*tree);
  EXPECT_EQ(analysis.statements, statements.size()) << sql;
  std::string why;
  for (const auto statement : statements) {
    if (why.empty()) why = objection(statement);
  }
  if (read) {
    ++tally.parsed_reads;
    EXPECT_EQ(why, "") << sql << "\n" << *tree;
    // Each table's name is seen for what it is: none of them is known here.
    Dialect dialect;
    dialect.naming = &no_relations();
    const Analysis by_catalog = analyze_postgres(sql, dialect);
    if (tree->find("\"ExplainStmt\"") != std::string::npos) return;
    if (reads_a_table(*tree)) {
      ++tally.with_tables;
      EXPECT_NE(by_catalog.cls, StatementClass::read) << sql << "\n" << *tree;
    } else {
      ++tally.without_tables;
      if (by_catalog.cls != StatementClass::read) ++tally.suspected;
    }
  } else if (why.empty() && !statements.empty()) {
    ++tally.harmless_not_read;
    tally.last_harmless_not_read = std::string(analysis.reason) + ": " + sql;
  }
}

// The checks above find what they look for: else nothing would ever fail.
TEST(Differential, TheOracleObjects) {
  const auto objects = [](const std::string& sql) {
    const auto tree = parse(sql);
    if (!tree || statements_of(*tree).size() != 1) return std::string("no tree");
    return objection(statements_of(*tree)[0]);
  };
  EXPECT_EQ(objects("SELECT lower(a), 'InsertStmt\":{' FROM t"), "");
  EXPECT_EQ(objects("SELECT (a)[1:nextval].x"), "");
  EXPECT_EQ(objects("COPY t TO STDOUT"), "");
  EXPECT_EQ(objects("EXPLAIN DELETE FROM t"), "");
  for (const std::string sql : {"DELETE FROM t",
                                "SELECT 1 INTO x",
                                "SELECT 1 FOR UPDATE",
                                "SELECT nextval('s')",
                                "SELECT f(1)",
                                "SELECT s.lower(1)",
                                "WITH a AS (DELETE FROM t RETURNING 1) SELECT 1",
                                "COPY t FROM STDIN",
                                "COPY t TO '/x'",
                                "COPY t TO PROGRAM 'x'",
                                "EXPLAIN ANALYZE DELETE FROM t",
                                "SELECT * FROM pg_temp.t",
                                "SELECT TREAT('s' AS nextval)",
                                "BEGIN",
                                "SET x = 1",
                                "SELECT q.nextval FROM q",
                                "SELECT ('s'::regclass).nextval",
                                "SELECT (a[1]).x.nextval",
                                "SELECT $1.pg_advisory_lock",
                                "SELECT * FROM t TABLESAMPLE f(1)",
                                "SELECT * FROM t TABLESAMPLE s.system(1)",
                                "SELECT * FROM pg_stat_activity",
                                "EXPLAIN (VERBOSE, ANALYZE) EXECUTE p",
                                "EXPLAIN ANALYZE DECLARE c CURSOR FOR SELECT 1",
                                "EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1",
                                "SELECT 1 ORDER BY f(1)",
                                "SELECT 1 GROUP BY f(1)",
                                "SELECT max(a) FILTER (WHERE f(a)) FROM t",
                                "SELECT sum(a) OVER (PARTITION BY f(a)) FROM t",
                                "COPY (SELECT f(1)) TO STDOUT",
                                "SELECT * FROM XMLTABLE('x' PASSING f(1) COLUMNS a int)",
                                "SELECT 1 LIMIT f(1)",
                                "SELECT EXTRACT(year FROM f(1))",
                                "SELECT (f(1), 1) OVERLAPS (2, 3)",
                                "SELECT f(1) AT TIME ZONE 'UTC'",
                                "SELECT * FROM LATERAL ROWS FROM (lower('a'), f(1)) x"}) {
    EXPECT_NE(objects(sql), "") << sql;
    EXPECT_NE(objects(sql), "no tree") << sql;
  }
}

// A read that is sent to the primary for caution is no error, and no success.
TEST(Differential, Corpus) {
  constexpr double cautious_max = 0.02;
  Tally tally;
  for (const auto& statement : corpus_of_the_grammar()) {
    const std::size_t before = tally.harmless_not_read;
    check(statement.sql, tally, true);
    if (tally.harmless_not_read != before) {
      std::cout << "sent to the primary for caution: " << statement.place << ": "
                << tally.last_harmless_not_read << '\n';
    }
  }
  const double cautious = static_cast<double>(tally.harmless_not_read) /
                          static_cast<double>(tally.harmless_not_read + tally.parsed_reads);
  std::cout << "sent to the primary for caution: " << tally.harmless_not_read << " of "
            << tally.harmless_not_read + tally.parsed_reads << " reads, " << 100 * cautious
            << " %\n";
  EXPECT_GT(tally.parsed_reads, 290U);
  EXPECT_LE(cautious, cautious_max);
  for (const auto& statement : test::load_corpus()) check(statement.sql, tally, true);
  EXPECT_GT(tally.parsed_reads, 150U);
  EXPECT_GT(tally.with_tables, 100U);
  EXPECT_LE(tally.suspected, tally.without_tables / 50);
}

TEST(Differential, CorpusReadsAreValidSql) {
  for (const auto& statement : corpus_of_the_grammar()) {
    if (statement.expected == StatementClass::read &&
        statement.why.find("libpg_query differs") == std::string::npos) {
      EXPECT_TRUE(parse(statement.sql)) << statement.place << "\n" << statement.sql;
    }
  }
}

// How many statements, and by which dice. RELEVO_DIFFERENTIAL_SEED and
// RELEVO_DIFFERENTIAL_TIMES make one long hunt of the tests below.
std::size_t from_environment(const char* name, std::size_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

std::size_t times(std::size_t statements) {
  return statements * from_environment("RELEVO_DIFFERENTIAL_TIMES", 1);
}

test::StatementGenerator dice(std::uint32_t seed) {
  return test::StatementGenerator(
      seed + static_cast<std::uint32_t>(from_environment("RELEVO_DIFFERENTIAL_SEED", 0)));
}

void report(const char* what, std::size_t statements, const Tally& tally) {
  std::cout << statements << ' ' << what
            << " statements; called reads and valid: " << tally.parsed_reads << '\n';
}

TEST(Differential, GeneratedStatements) {
  auto generator = dice(11);
  Tally tally;
  const std::size_t count = times(110'000);
  for (std::size_t i = 0; i < count; ++i) check(generator.statement(), tally, i % 10 == 0);
  report("generated", count, tally);
  // Both ways: proof without use is no virtue.
  EXPECT_GT(tally.parsed_reads, count / 4);
  EXPECT_LT(tally.harmless_not_read, count / 10 / 10);
  RecordProperty("harmless_not_read", static_cast<int>(tally.harmless_not_read));
}

std::vector<test::CorpusStatement> short_corpus() {
  auto corpus = corpus_of_the_grammar();
  std::erase_if(corpus, [](const auto& s) { return s.sql.size() > 300; });
  return corpus;
}

TEST(Differential, SplicedStatements) {
  const auto corpus = short_corpus();
  auto generator = dice(12);
  Tally tally;
  const std::size_t count = times(400'000);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& sql = corpus[generator.below(corpus.size())].sql;
    const std::string& donor = corpus[generator.below(corpus.size())].sql;
    check(generator.splice(sql, donor), tally, false);
  }
  report("spliced", count, tally);
  EXPECT_GT(tally.parsed_reads, count / 25);
}

TEST(Differential, DamagedStatements) {
  const auto corpus = short_corpus();
  auto generator = dice(13);
  Tally tally;
  const std::size_t count = times(500'000);
  for (std::size_t i = 0; i < count; ++i) {
    check(generator.damage(corpus[generator.below(corpus.size())].sql), tally, false);
  }
  report("damaged", count, tally);
  EXPECT_GT(tally.parsed_reads, count / 65);
}

}  // namespace
}  // namespace relevo::route

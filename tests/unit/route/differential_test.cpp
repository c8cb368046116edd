// The classifier against PostgreSQL's own grammar (libpg_query): whatever is
// called a read must, in the parse tree, contain nothing that could write.
//
// What the grammar rejects, the server rejects too, so it proves nothing here
// and cannot hurt either.
#include <gtest/gtest.h>
#include <pg_query.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/route/policy.hpp"
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
  for (const std::string_view node :
       {"\"InsertStmt\":{", "\"UpdateStmt\":{", "\"DeleteStmt\":{", "\"MergeStmt\":{",
        "\"intoClause\":{", "\"lockingClause\":[", "\"is_from\":true", "\"is_program\":true",
        "\"filename\":\"", "\"schemaname\":\"pg_temp\"", "\"schemaname\":\"pg_temp_",
        "\"CreateTableAsStmt\":{", "\"ExecuteStmt\":{"}) {
    if (statement.find(node) != statement.npos) return std::string(node);
  }
  constexpr std::string_view call = "\"funcname\":[";
  for (std::size_t at = statement.find(call); at != statement.npos; at = statement.find(call, at)) {
    at += call.size();
    const auto names = names_of(statement.substr(at, end_of_value(statement, at - 1) - at));
    if (names.empty() || !harmless(names)) return "calls " + (names.empty() ? "?" : names.back());
  }
  return "";
}

struct Tally {
  std::size_t parsed_reads = 0;       // called reads, and valid
  std::size_t harmless_not_read = 0;  // valid and harmless, and not called reads
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
  } else if (why.empty() && !statements.empty()) {
    ++tally.harmless_not_read;
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
  EXPECT_EQ(objects("COPY t TO STDOUT"), "");
  EXPECT_EQ(objects("EXPLAIN DELETE FROM t"), "");
  for (const std::string sql :
       {"DELETE FROM t", "SELECT 1 INTO x", "SELECT 1 FOR UPDATE", "SELECT nextval('s')",
        "SELECT f(1)", "SELECT s.lower(1)", "WITH a AS (DELETE FROM t RETURNING 1) SELECT 1",
        "COPY t FROM STDIN", "COPY t TO '/x'", "COPY t TO PROGRAM 'x'",
        "EXPLAIN ANALYZE DELETE FROM t", "SELECT * FROM pg_temp.t", "SELECT TREAT('s' AS nextval)",
        "BEGIN", "SET x = 1"}) {
    EXPECT_NE(objects(sql), "") << sql;
    EXPECT_NE(objects(sql), "no tree") << sql;
  }
}

TEST(Differential, Corpus) {
  Tally tally;
  for (const auto& statement : test::load_corpus()) check(statement.sql, tally, true);
  EXPECT_GT(tally.parsed_reads, 150U);
}

TEST(Differential, CorpusReadsAreValidSql) {
  for (const auto& statement : test::load_corpus()) {
    if (statement.expected == StatementClass::read &&
        statement.why.find("libpg_query differs") == std::string::npos) {
      EXPECT_TRUE(parse(statement.sql)) << statement.place << "\n" << statement.sql;
    }
  }
}

TEST(Differential, GeneratedStatements) {
  test::StatementGenerator generator(11);
  Tally tally;
  for (int i = 0; i < 20'000; ++i) check(generator.statement(), tally, i < 4'000);
  // Both ways: proof without use is no virtue.
  EXPECT_GT(tally.parsed_reads, 6'000U);
  EXPECT_LT(tally.harmless_not_read, 400U);
  RecordProperty("parsed_reads", static_cast<int>(tally.parsed_reads));
  RecordProperty("harmless_not_read", static_cast<int>(tally.harmless_not_read));
}

TEST(Differential, SplicedStatements) {
  auto corpus = test::load_corpus();
  std::erase_if(corpus, [](const auto& s) { return s.sql.size() > 300; });
  test::StatementGenerator generator(12);
  Tally tally;
  for (int i = 0; i < 50'000; ++i) {
    const std::string& sql = corpus[generator.below(corpus.size())].sql;
    const std::string& donor = corpus[generator.below(corpus.size())].sql;
    check(generator.splice(sql, donor), tally, false);
  }
  EXPECT_GT(tally.parsed_reads, 2'000U);
}

TEST(Differential, DamagedStatements) {
  auto corpus = test::load_corpus();
  std::erase_if(corpus, [](const auto& s) { return s.sql.size() > 300; });
  test::StatementGenerator generator(13);
  Tally tally;
  for (int i = 0; i < 130'000; ++i) {
    check(generator.damage(corpus[generator.below(corpus.size())].sql), tally, false);
  }
  EXPECT_GT(tally.parsed_reads, 2'000U);
}

}  // namespace
}  // namespace relevo::route

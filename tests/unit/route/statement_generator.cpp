#include "tests/unit/route/statement_generator.hpp"

#include "proxy/route/postgres/lexer.hpp"

namespace relevo::route::test {
namespace {

std::vector<std::string> tokens_of(std::string_view sql) {
  std::vector<std::string> tokens;
  postgres::Lexer lexer(sql, {});
  for (postgres::Token token = lexer.next(); token.kind != postgres::TokenKind::end;
       token = lexer.next()) {
    tokens.emplace_back(token.text);
    if (token.kind == postgres::TokenKind::invalid) break;
  }
  return tokens;
}

}  // namespace

std::string StatementGenerator::blank() {
  static const std::vector<std::string_view> blanks = {" ",  " ",       " ",    " ",     "\n",
                                                       "\t", "/* x */", "/**/", "-- y\n"};
  return std::string(pick(blanks));
}

std::string StatementGenerator::name() {
  static const std::vector<std::string_view> names = {
      "a",      "b",      "t",        "\"A\"",    "value",     "data",        "over",
      "filter", "first",  "zone",     "cube",     "sets",      "key",         "share",
      "no",     "by",     "type",     "name",     "temp",      "local",       "u",
      "escape", "rollup", "\"into\"", "operator", "recursive", "materialized"};
  return std::string(pick(names));
}

std::string StatementGenerator::call(int depth) {
  static const std::vector<std::string_view> harmless = {
      "lower", "pg_catalog.lower", "\"lower\"", "LENGTH",  "left",
      "right", "coalesce",         "nullif",    "now",     "count",
      "max",   "random",           "repeat",    "greatest"};
  static const std::vector<std::string_view> others = {"nextval",
                                                       "pg_catalog.nextval",
                                                       "charge",
                                                       "s.charge",
                                                       "\"nextval\"",
                                                       "U&\"nextval\"",
                                                       "over",
                                                       "filter",
                                                       "cube",
                                                       "rollup",
                                                       "join",
                                                       "like",
                                                       "ilike",
                                                       "operator",
                                                       "zone",
                                                       "first",
                                                       "materialized",
                                                       "sets",
                                                       "by",
                                                       "escape",
                                                       "repeatable",
                                                       "public.lower",
                                                       "pg_advisory_lock",
                                                       "s.join",
                                                       "s.as",
                                                       "s.from",
                                                       "set_config",
                                                       "similar",
                                                       "overlaps",
                                                       "treat",
                                                       "xmltable",
                                                       "tablesample",
                                                       "collation",
                                                       "interval",
                                                       "explain"};
  std::string text(pick(chance(88) ? harmless : others));
  if (chance(5)) text += blank();
  text += "(";
  if (chance(80)) text += expression(depth - 1);
  if (chance(20)) text += ", " + expression(depth - 1);
  text += ")";
  if (chance(8)) text += " FILTER (WHERE " + expression(depth - 1) + ")";
  if (chance(8)) text += " OVER (PARTITION BY (" + expression(depth - 1) + ") ORDER BY 1)";
  return text;
}

std::string StatementGenerator::expression(int depth) {
  static const std::vector<std::string_view> atoms = {"1",
                                                      "'x'",
                                                      "$1",
                                                      "a",
                                                      "t.b",
                                                      "NULL",
                                                      "true",
                                                      "E'\\''",
                                                      "$$ FOR UPDATE $$",
                                                      "current_date",
                                                      "\"B\"",
                                                      "'it''s'",
                                                      "t.key",
                                                      "ARRAY[1, 2]",
                                                      "interval '1 day'",
                                                      "U&'x'",
                                                      "CURRENT_SCHEMA",
                                                      "localtime(0)",
                                                      "t.nextval",
                                                      "'s'::regclass",
                                                      "timestamp(3) '2020-01-01'",
                                                      "lower 'x'",
                                                      "pg_catalog.int4 '1'",
                                                      "a[1:2]"};
  static const std::vector<std::string_view> operators = {"+",
                                                          "=",
                                                          "||",
                                                          "<",
                                                          "AND",
                                                          "OR",
                                                          "LIKE",
                                                          "NOT ILIKE",
                                                          "SIMILAR TO",
                                                          "IS DISTINCT FROM",
                                                          "OPERATOR(pg_catalog.+)",
                                                          "->",
                                                          "@-",
                                                          "OVERLAPS",
                                                          "BETWEEN 1 AND"};
  if (depth <= 0) return std::string(pick(atoms));
  switch (below(16)) {
    case 0:
    case 1:
      return std::string(pick(atoms));
    case 2:
    case 3:
      return call(depth);
    case 4:
      return "(" + expression(depth - 1) + ")";
    case 5:
    case 6:
      return expression(depth - 1) + blank() + std::string(pick(operators)) + blank() +
             expression(depth - 1);
    case 7:
      return expression(depth - 1) + "::numeric(10, 2)";
    case 8:
      return "CASE WHEN (" + expression(depth - 1) + ") THEN " + expression(depth - 1) + " END";
    case 9:
      return "CAST(" + expression(depth - 1) + " AS varchar(3))";
    case 10:
      return expression(depth - 1) + " IN (" + expression(depth - 1) + ", 2)";
    case 11:
      return "(" + query(depth - 1) + ")";
    case 12:
      return "ROW(" + expression(depth - 1) + ", 1)";
    case 13:
      return "(" + expression(depth - 1) + ")" + (chance(20) ? "[1]" : "") + "." + field();
    case 14:
      return grammar_function(depth);
    default:
      if (chance(10)) return "TREAT(" + expression(depth - 1) + " AS nextval)";
      return "EXTRACT(year FROM (" + expression(depth - 1) + "))";
  }
}

std::string StatementGenerator::field() {
  static const std::vector<std::string_view> fields = {
      "x",      "\"Y\"", "upper", "nextval", "NEXTVAL", "\"nextval\"", "pg_advisory_lock",
      "system", "*"};
  return std::string(pick(fields));
}

// What the grammar itself turns into calls.
std::string StatementGenerator::grammar_function(int depth) {
  const std::string x = expression(depth - 1);
  const std::string y = expression(depth - 1);
  switch (below(13)) {
    case 0:
      return "OVERLAY(" + x + " PLACING " + y + " FROM 1 FOR 2)";
    case 1:
      return "TRIM(BOTH " + x + " FROM " + y + ")";
    case 2:
      return "POSITION((" + x + ") IN (" + y + "))";
    case 3:
      return "SUBSTRING(" + x + " FROM " + y + " FOR 3)";
    case 4:
      return "COLLATION FOR (" + x + ")";
    case 5:
      return "XMLELEMENT(NAME n, XMLATTRIBUTES(" + x + " AS a), " + y + ")";
    case 6:
      return "NORMALIZE(" + x + ", NFC) COLLATE \"C\"";
    case 7:
      return "(" + x + ") AT TIME ZONE (" + y + ")";
    case 8:
      return "(" + x + ", 1) OVERLAPS (" + y + ", 2)";
    case 9:
      return "a = ANY (ARRAY[" + x + "]) AND (" + y + ") IS NOT NFC NORMALIZED";
    case 10:
      return "a OPERATOR(pg_catalog.=) ALL (" + query(depth - 1) + ")";
    case 11:
      return "(" + x + ") LIKE (" + y + ") ESCAPE ('x')";
    default:
      return "XMLSERIALIZE(CONTENT " + x + " AS text)";
  }
}

std::string StatementGenerator::from_item(int depth) {
  const std::string alias =
      (chance(50) ? " AS " : " ") + std::string(pick({"x", "\"Y\"", "v", "w2"}));
  const std::string columns = chance(50) ? "(c" + std::string(chance(50) ? ", d)" : ")") : "";
  switch (depth <= 0 ? 0 : below(9)) {
    case 0:
      return name();
    case 1:
      return "(" + query(depth - 1) + ")" + alias + columns;
    case 2:
      return call(depth) + (chance(30) ? " WITH ORDINALITY" : "") + alias + columns;
    case 3:
      return "LATERAL (" + query(depth - 1) + ")" + alias + columns;
    case 4:
      return "t TABLESAMPLE " + std::string(pick({"bernoulli (10) REPEATABLE (1)", "SYSTEM(1)",
                                                  "f(1)", "s.system(1)"}));
    case 5:
      return "ROWS FROM (" + call(depth) + ", " + call(depth) + ")" + alias + columns;
    case 6:
      return from_item(depth - 1) + std::string(pick({" JOIN ", " LEFT JOIN ", " CROSS JOIN "})) +
             from_item(depth - 1) + " ON (" + expression(depth - 1) + ")";
    case 7:
      return "XMLTABLE('/a' PASSING " + expression(depth - 1) + " COLUMNS b int PATH 'b')" + alias;
    default:
      return chance(80) ? "pg_catalog.pg_class" : "pg_stat_activity";
  }
}

std::string StatementGenerator::with_list(int depth) {
  static const std::vector<std::string_view> writes = {
      "DELETE FROM t RETURNING *", "INSERT INTO t VALUES (1) RETURNING a",
      "UPDATE t SET a = 1 RETURNING a", "WITH y AS (SELECT 1) DELETE FROM t RETURNING 1"};
  std::string text = chance(30) ? "WITH RECURSIVE " : "WITH ";
  for (std::size_t i = 0, count = 1 + below(2); i < count; ++i) {
    if (i != 0) text += ", ";
    text += "c" + std::to_string(i) + (chance(40) ? "(p, q)" : "") + " AS ";
    if (chance(20)) text += chance(50) ? "MATERIALIZED " : "NOT MATERIALIZED ";
    text += "(" + (chance(6) ? std::string(pick(writes)) : query(depth - 1)) + ")";
  }
  return text + blank();
}

std::string StatementGenerator::target(int depth) {
  std::string text = expression(depth);
  if (chance(20)) text += " AS " + std::string(chance(20) ? "into" : "z");
  return text;
}

std::string StatementGenerator::query(int depth) {
  std::string text;
  if (depth > 0 && chance(15)) text += with_list(depth);
  if (depth > 0 && chance(10))
    return text + "(" + query(depth - 1) + ") ORDER BY 1, " + expression(depth - 1);
  if (chance(5)) return text + "VALUES (" + expression(depth - 1) + ")";
  if (chance(3)) return text + "TABLE " + name();
  text += "SELECT" + blank();
  if (depth > 0 && chance(10)) text += "DISTINCT ON (" + expression(depth - 1) + ") ";
  text += target(depth - 1);
  if (chance(40)) text += ", " + target(depth - 1);
  if (chance(2)) text += " INTO " + std::string(chance(50) ? "TEMP " : "") + "n";
  if (chance(70)) text += blank() + "FROM " + from_item(depth - 1);
  if (chance(20)) text += ", " + from_item(depth - 1);
  if (chance(50)) text += blank() + "WHERE " + expression(depth - 1);
  if (chance(10))
    text += " GROUP BY " +
            std::string(pick({"CUBE (a, b)", "a", "ROLLUP(a)", "GROUPING SETS ((a), ())"}));
  if (chance(10)) text += " ORDER BY " + expression(depth - 1);
  if (chance(10)) text += " LIMIT " + expression(depth - 1);
  if (chance(5)) text += " FETCH FIRST (" + expression(0) + ") ROWS ONLY";
  if (chance(3))
    text += " FOR" + blank() + std::string(pick({"UPDATE", "SHARE", "NO KEY UPDATE", "KEY SHARE"}));
  if (depth > 0 && chance(10)) text += " UNION ALL " + query(depth - 1);
  return text;
}

std::string StatementGenerator::explained() {
  static const std::vector<std::string_view> options = {
      "",           "VERBOSE ",          "ANALYZE ",       "ANALYSE VERBOSE ",
      "(ANALYZE) ", "(VERBOSE) ",        "(COSTS off) ",   "(COSTS, ANALYZE false) ",
      "(ANALYSE) ", "(\"analyze\" on) ", "(FORMAT json) ", "(verbose, \"ANALYZE\") "};
  static const std::vector<std::string_view> others = {
      "EXECUTE p(1)",    "DECLARE c CURSOR FOR SELECT 1",
      "DELETE FROM t",   "CREATE TABLE x AS SELECT 1",
      "SELECT 1 INTO x", "CREATE MATERIALIZED VIEW m AS SELECT 1"};
  return "EXPLAIN " + std::string(pick(options)) +
         (chance(80) ? query(2) : std::string(pick(others)));
}

std::string StatementGenerator::statement() {
  static const std::vector<std::string_view> ahead = {
      "DECLARE c CURSOR FOR ", "PREPARE p AS ", "CREATE TABLE x AS ", "CREATE VIEW v AS ",
      "INSERT INTO t ",        "FETCH c; ",     "EXECUTE p; ",        "SHOW work_mem; "};
  std::string text = query(3);
  switch (below(20)) {
    case 0:
    case 1:
      return explained();
    case 5:
      return std::string(pick(ahead)) + text;
    case 2:
      return "COPY (" + text + ") TO STDOUT";
    case 3:
      return text + "; " + query(2);
    case 4:
      return text + "; DELETE FROM t";
    default:
      return text;
  }
}

std::string StatementGenerator::splice(std::string_view sql, std::string_view donor) {
  static const std::vector<std::string_view> spices = {"(",
                                                       ")",
                                                       ",",
                                                       ".",
                                                       "FOR UPDATE",
                                                       "INTO",
                                                       "DELETE",
                                                       "nextval('s')",
                                                       "charge(1)",
                                                       "AS",
                                                       "WITH",
                                                       "SELECT",
                                                       "OVER (",
                                                       "ON (",
                                                       "DISTINCT ON (a)",
                                                       "FROM",
                                                       "JOIN",
                                                       ";",
                                                       "NOT",
                                                       "OPERATOR(+)",
                                                       "--\n"};
  auto tokens = tokens_of(sql);
  const auto other = tokens_of(donor);
  for (std::size_t edits = 1 + below(2); edits != 0 && !tokens.empty() && !other.empty(); --edits) {
    const std::size_t at = below(tokens.size());
    const auto here = tokens.begin() + static_cast<std::ptrdiff_t>(at);
    switch (below(5)) {
      case 0:
        tokens.erase(here);
        break;
      case 1:
        tokens.insert(here, other[below(other.size())]);
        break;
      case 2:
        *here = other[below(other.size())];
        break;
      case 3:
        std::swap(*here, tokens[below(tokens.size())]);
        break;
      default:
        tokens.insert(here, std::string(pick(spices)));
        break;
    }
  }
  std::string text;
  for (const auto& token : tokens) text += token + " ";
  return text;
}

std::string StatementGenerator::damage(std::string sql) {
  static constexpr std::string_view bytes = "'\"$();-/*\\\nEeUu&.,+@1 aXxBb\r";
  for (std::size_t edits = 1 + below(3); edits != 0 && !sql.empty(); --edits) {
    const std::size_t at = below(sql.size());
    const char byte = bytes[below(bytes.size())];
    switch (below(3)) {
      case 0:
        sql[at] = byte;
        break;
      case 1:
        sql.insert(at, 1, byte);
        break;
      default:
        sql.erase(at, 1);
        break;
    }
  }
  return sql;
}

}  // namespace relevo::route::test

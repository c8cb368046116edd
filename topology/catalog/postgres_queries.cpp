// https://www.postgresql.org/docs/current/catalogs.html
//
// Definitions are node trees: pg_depend would be handier, but it leaves out what
// PostgreSQL ships, nextval() for one.
#include "topology/catalog/postgres_queries.hpp"

#include <charconv>
#include <string_view>

namespace relevo::catalog {
namespace {

using model::CatalogRows;
using model::CatalogUse;
using model::Oid;
using Row = std::vector<std::optional<std::string>>;

// model::first_user_oid
#define RELEVO_FIRST_USER_OID "16384"

// The functions, operators, relations and types that a node tree names:
// 'f1299 o96 r16390 t16400'.
#define RELEVO_USES_OF(tree)                                                         \
  "SELECT string_agg(DISTINCT CASE m[1] WHEN 'opno' THEN 'o' WHEN 'relid' THEN 'r' " \
  "WHEN 'resulttype' THEN 't' ELSE 'f' END || m[2], ' ') FROM regexp_matches(" tree  \
  "::text, ':(funcid|aggfnoid|winfnoid|opno|relid|resulttype) ([1-9][0-9]*)', 'g') m"

// A type, or what an array of it holds.
#define RELEVO_USE_OF_TYPE(type) "'t' || coalesce(nullif(" type ".typelem, 0), " type ".oid)"

#define RELEVO_NO_SYSTEM_TEMPORARY(schema) \
  schema " NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_(toast|temp)')"

#define RELEVO_CHANGES_OF(table, condition)                                              \
  "(SELECT count(*) || ':' || coalesce(sum(hashtext(t.ctid::text || t.xmin::text)), 0) " \
  "FROM " table " t WHERE " condition ")"

constexpr std::string_view functions_query =
    "SELECT p.oid, p.pronamespace, p.proname, p.prokind, p.provolatile, "
    "p.pronargs >= 1 AND p.pronargs - p.pronargdefaults <= 1 "
    "AND coalesce(t.typtype IN ('c', 'd', 'p'), true), "
    "CASE WHEN p.oid >= " RELEVO_FIRST_USER_OID
    " THEN concat_ws(' ', CASE WHEN p.proargdefaults IS NOT NULL THEN (" RELEVO_USES_OF(
        "p.proargdefaults") ") END, "
    "(SELECT string_agg('f' || f, ' ') FROM unnest(ARRAY[a.aggtransfn, a.aggfinalfn, "
    "a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn, "
    "a.aggmfinalfn]::oid[]) f WHERE f <> 0), "
    "(SELECT string_agg(" RELEVO_USE_OF_TYPE("y") ", ' ') FROM pg_type y WHERE y.oid = "
    "ANY(coalesce(p.proallargtypes, p.proargtypes::oid[]) || p.prorettype) "
    "AND y.oid >= " RELEVO_FIRST_USER_OID ")) ELSE '' END "
    "FROM pg_proc p LEFT JOIN pg_type t ON t.oid = p.proargtypes[0] "
    "LEFT JOIN pg_aggregate a ON a.aggfnoid = p.oid "
    "WHERE " RELEVO_NO_SYSTEM_TEMPORARY("p.pronamespace") " AND p.oid > ";

constexpr std::string_view relations_query =
    "SELECT c.oid, c.relnamespace, c.relname, c.relkind, c.relpersistence, "
    "CASE WHEN c.oid >= " RELEVO_FIRST_USER_OID
    " THEN concat_ws(' ', CASE WHEN c.relkind = 'v' THEN (SELECT string_agg(u.uses, ' ') "
    "FROM pg_rewrite r, LATERAL (" RELEVO_USES_OF("r.ev_action") ") u(uses) "
    "WHERE r.ev_class = c.oid AND r.ev_type = '1') END, "
    "CASE WHEN c.relrowsecurity THEN (SELECT string_agg(u.uses, ' ') "
    "FROM pg_policy p, LATERAL (" RELEVO_USES_OF("p.polqual") ") u(uses) "
    "WHERE p.polrelid = c.oid AND p.polcmd IN ('*', 'r')) END, "
    "CASE WHEN c.relhassubclass THEN (SELECT string_agg('r' || i.inhrelid, ' ') "
    "FROM pg_inherits i JOIN pg_class k ON k.oid = i.inhrelid "
    "WHERE i.inhparent = c.oid AND k.relpersistence <> 't' AND k.relkind IN ('r', 'f', 'p')) "
    "END) ELSE '' END "
    "FROM pg_class c WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p', 'S') "
    "AND c.relpersistence <> 't' AND " RELEVO_NO_SYSTEM_TEMPORARY("c.relnamespace")
    " AND c.oid > ";

// Casts of a user's own by their target, domains with constraints, and what is
// made of such: domains over them, rows that have them.
constexpr std::string_view conversions_query =
    "SELECT t.oid, t.typnamespace, t.typname, string_agg(DISTINCT u.uses, ' ') FROM ("
    "SELECT c.casttarget, CASE c.castcontext WHEN 'i' THEN 'i' ELSE 'c' END || c.castfunc::oid "
    "FROM pg_cast c WHERE c.castfunc <> 0 AND c.oid >= " RELEVO_FIRST_USER_OID " "
    "UNION ALL SELECT n.contypid, (" RELEVO_USES_OF("n.conbin") ") "
    "FROM pg_constraint n WHERE n.contypid >= " RELEVO_FIRST_USER_OID " "
    "UNION ALL SELECT d.oid, " RELEVO_USE_OF_TYPE("b") " FROM pg_type d "
    "JOIN pg_type b ON b.oid = d.typbasetype WHERE d.typtype = 'd' "
    "UNION ALL SELECT k.reltype, " RELEVO_USE_OF_TYPE("e") " FROM pg_type e "
    "JOIN pg_type s ON s.oid = coalesce(nullif(e.typelem, 0), e.oid) "
    "JOIN pg_attribute a ON a.atttypid = e.oid JOIN pg_class k ON k.oid = a.attrelid WHERE s.typtype IN ('c', 'd') "
    "AND e.oid >= " RELEVO_FIRST_USER_OID " AND a.attnum > 0 AND k.reltype <> 0"
    ") u(type, uses) JOIN pg_type t ON t.oid = u.type "
    "WHERE u.uses IS NOT NULL AND t.oid > ";

// Families for comparison as far as a user has made them.
constexpr std::string_view comparisons_query =
    "SELECT f.oid, f.opfnamespace, f.opfname, string_agg(u.uses, ' ') FROM ("
    "SELECT amopfamily, 'o' || amopopr FROM pg_amop WHERE oid >= " RELEVO_FIRST_USER_OID
    " "
    "UNION ALL SELECT amprocfamily, 'f' || amproc::oid FROM pg_amproc "
    "WHERE oid >= " RELEVO_FIRST_USER_OID
    ") u(family, uses) "
    "JOIN pg_opfamily f ON f.oid = u.family JOIN pg_am m ON m.oid = f.opfmethod "
    "WHERE m.amname IN ('btree', 'hash') AND f.oid > ";

template <typename Number>
bool number(const std::optional<std::string>& field, Number& value) {
  if (!field) return false;
  const auto [end, error] = std::from_chars(field->data(), field->data() + field->size(), value);
  return error == std::errc{} && end == field->data() + field->size();
}

bool read_uses(const std::optional<std::string>& field, std::vector<CatalogUse>& into,
               std::size_t& count) {
  if (!field) return true;
  std::string_view left = *field;
  while (!left.empty()) {
    const std::string_view word = left.substr(0, left.find(' '));
    left.remove_prefix(std::min(left.size(), word.size() + 1));
    if (word.empty()) continue;
    CatalogUse use{.kind = word[0], .oid = 0};
    const auto [end, error] = std::from_chars(word.data() + 1, word.data() + word.size(), use.oid);
    if (error != std::errc{} || end != word.data() + word.size()) return false;
    into.push_back(use);
    ++count;
  }
  return true;
}

char letter(const std::optional<std::string>& field) {
  return field && field->size() == 1 ? field->front() : '?';
}

bool take(Page page, const Row& row, CatalogRows& into, std::size_t& count) {
  for (const auto& field : row) {
    if (!field && &field != &row.back()) return false;
  }
  switch (page) {
    case Page::schemas: {
      CatalogRows::Schema one;
      if (row.size() != 2 || !number(row[0], one.oid)) return false;
      one.name = *row[1];
      into.schemas.push_back(std::move(one));
      return true;
    }
    case Page::functions: {
      CatalogRows::Function one;
      if (row.size() != 7 || !number(row[0], one.oid) || !number(row[1], one.schema)) return false;
      one.name = *row[2];
      one.kind = letter(row[3]);
      one.volatility = letter(row[4]);
      one.of_row = row[5] == "t";
      if (!read_uses(row[6], one.uses, count)) return false;
      into.functions.push_back(std::move(one));
      return true;
    }
    case Page::relations: {
      CatalogRows::Relation one;
      if (row.size() != 6 || !number(row[0], one.oid) || !number(row[1], one.schema)) return false;
      one.name = *row[2];
      one.kind = letter(row[3]);
      one.persistence = letter(row[4]);
      if (!read_uses(row[5], one.uses, count)) return false;
      into.relations.push_back(std::move(one));
      return true;
    }
    case Page::operators: {
      CatalogRows::Operator one;
      if (row.size() != 4 || !number(row[0], one.oid) || !number(row[1], one.schema) ||
          !number(row[3], one.function)) {
        return false;
      }
      one.name = *row[2];
      into.operators.push_back(std::move(one));
      return true;
    }
    case Page::conversions: {
      CatalogRows::Conversion one;
      if (row.size() != 4 || !number(row[0], one.oid) || !number(row[1], one.schema)) return false;
      one.type = *row[2];
      if (!read_uses(row[3], one.uses, count)) return false;
      into.conversions.push_back(std::move(one));
      return true;
    }
    case Page::comparisons: {
      CatalogRows::Comparison one;
      if (row.size() != 4 || !number(row[1], one.schema)) return false;
      one.name = *row[2];
      if (!read_uses(row[3], one.uses, count)) return false;
      into.comparisons.push_back(std::move(one));
      return true;
    }
    case Page::paths:
      if (row.size() != 4 || !row[3]) return false;
      into.path_settings.push_back({*row[1], *row[2] == "t", *row[3]});
      return true;
  }
  return false;
}

}  // namespace

const char* const server_path_query =
    "SELECT source, reset_val FROM pg_catalog.pg_settings "
    "WHERE name OPERATOR(pg_catalog.=) 'search_path'";

const char* const begin_query =
    "SET search_path = pg_catalog; SET statement_timeout = '30s'; "
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

const char* const databases_query =
    "SELECT datname FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate "
    "AND pg_catalog.has_database_privilege(oid, 'CONNECT') "
    "ORDER BY oid USING OPERATOR(pg_catalog.>) LIMIT 16";

const char* const fingerprint_query =
    "SELECT pg_is_in_recovery(), getdatabaseencoding(), concat_ws(' ', version(), "
    "current_setting('server_version_num'), "  //
    RELEVO_CHANGES_OF("pg_proc", "t.oid >= " RELEVO_FIRST_USER_OID) ", "
    RELEVO_CHANGES_OF("pg_class", "t.oid >= " RELEVO_FIRST_USER_OID
                      " AND t.relpersistence <> 't' AND t.relkind IN ('r','v','m','f','p','S','c')") ", "
    RELEVO_CHANGES_OF("pg_rewrite", "t.oid >= " RELEVO_FIRST_USER_OID) ", "
    RELEVO_CHANGES_OF("pg_operator", "t.oid >= " RELEVO_FIRST_USER_OID) ", "
    RELEVO_CHANGES_OF("pg_cast", "t.oid >= " RELEVO_FIRST_USER_OID) ", "
    RELEVO_CHANGES_OF("pg_amop", "t.oid >= " RELEVO_FIRST_USER_OID) ", "
    RELEVO_CHANGES_OF("pg_amproc", "t.oid >= " RELEVO_FIRST_USER_OID) ", "
    RELEVO_CHANGES_OF("pg_type", "t.typtype = 'd'") ", "
    RELEVO_CHANGES_OF("pg_policy", "true") ", "
    RELEVO_CHANGES_OF("pg_inherits", "true") ", "
    RELEVO_CHANGES_OF("pg_constraint", "t.contypid <> 0") ", "
    RELEVO_CHANGES_OF("pg_db_role_setting", "true") ", "
    RELEVO_CHANGES_OF("pg_namespace", "t.nspname !~ '^pg_(toast|temp)'") ")";

std::size_t page_rows(Page page) {
  // Their definitions may be long.
  return page == Page::relations ? 1000 : 5000;
}

std::string page_query(Page page, Oid after) {
  std::string sql;
  switch (page) {
    case Page::schemas:
      sql = "SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp)' AND oid > ";
      break;
    case Page::functions:
      sql = functions_query;
      break;
    case Page::relations:
      sql = relations_query;
      break;
    case Page::operators:
      sql =
          "SELECT oid, oprnamespace, oprname, oprcode::oid FROM pg_operator "
          "WHERE oprcode <> 0 AND oid > ";
      break;
    case Page::conversions:
      return std::string(conversions_query) + std::to_string(after) +
             " GROUP BY t.oid, t.typnamespace, t.typname ORDER BY t.oid LIMIT " +
             std::to_string(page_rows(page));
    case Page::comparisons:
      return std::string(comparisons_query) + std::to_string(after) +
             " GROUP BY f.oid, f.opfnamespace, f.opfname ORDER BY f.oid LIMIT " +
             std::to_string(page_rows(page));
    case Page::paths:
      return "SELECT 0, coalesce(r.rolname, ''), d.setdatabase <> 0, substr(s, 13) "
             "FROM pg_db_role_setting d LEFT JOIN pg_roles r ON r.oid = d.setrole, "
             "unnest(d.setconfig) s WHERE s LIKE 'search\\_path=%' AND d.setdatabase IN "
             "(0, (SELECT oid FROM pg_database WHERE datname = current_database())) LIMIT 4999";
  }
  return sql + std::to_string(after) + " ORDER BY oid LIMIT " + std::to_string(page_rows(page));
}

bool take_page(Page page, const client::Rows& answer, CatalogRows& into, Oid& last,
               std::size_t& uses) {
  for (const Row& row : answer.rows) {
    if (row.empty() || !number(row[0], last) || !take(page, row, into, uses)) return false;
  }
  return true;
}

// Where the monitor's own setting hides the server's, that one isn't known.
bool take_server_path(const client::Rows& answer, CatalogRows& into) {
  if (answer.rows.size() != 1 || answer.rows[0].size() != 2 || !answer.rows[0][0]) return false;
  const std::string& source = *answer.rows[0][0];
  if (source == "default" || source == "configuration file" || source == "command line" ||
      source == "environment variable") {
    into.server_path = answer.rows[0][1];
  }
  return true;
}

}  // namespace relevo::catalog

// https://dev.mysql.com/doc/refman/8.4/en/information-schema-routines-table.html
// https://mariadb.com/kb/en/information-schema-routines-table/
#include "topology/catalog/mysql_reader.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <utility>

namespace relevo::catalog {
namespace {

using client::Failure;
using client::Rows;
using model::MysqlCatalogRows;
using Row = std::vector<std::optional<std::string>>;

constexpr int definition_bytes_max = 65536;  // a longer one is not looked at

// The deadlines are ours too; these have the server stop when we have given up.
constexpr const char* about_query =
    "SELECT VERSION(), @@global.read_only, @@lower_case_table_names";
constexpr const char* limit_of_mysql = "SET SESSION max_execution_time = 30000";
constexpr const char* limit_of_mariadb = "SET SESSION max_statement_time = 30";

constexpr const char* no_servers_own =
    "TABLE_SCHEMA NOT IN ('sys', 'mysql', 'information_schema', 'performance_schema')";

std::string functions_query() {
  return "SELECT ROUTINE_SCHEMA, ROUTINE_NAME, SQL_DATA_ACCESS, SQL_MODE, ROUTINE_BODY, "
         "IF(LENGTH(ROUTINE_DEFINITION) <= " +
         std::to_string(definition_bytes_max) +
         ", ROUTINE_DEFINITION, NULL) "
         "FROM information_schema.ROUTINES WHERE ROUTINE_TYPE = 'FUNCTION'";
}

std::string views_query() {
  return "SELECT TABLE_SCHEMA, TABLE_NAME, IF(LENGTH(VIEW_DEFINITION) BETWEEN 1 AND " +
         std::to_string(definition_bytes_max) +
         ", VIEW_DEFINITION, NULL) FROM information_schema.VIEWS WHERE " + no_servers_own;
}

// Of tables that replicate their rows there is nothing to tell.
std::string tables_query() {
  std::string engines;
  for (const std::string_view engine : model::replicated_engines) {
    engines += engines.empty() ? "'" : ", '";
    engines.append(engine).append("'");
  }
  return std::string(
             "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, COALESCE(ENGINE, '') "
             "FROM information_schema.TABLES WHERE ") +
         no_servers_own +
         " AND (TABLE_TYPE = 'SEQUENCE' OR TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') "
         "AND LOWER(COALESCE(ENGINE, '')) NOT IN (" +
         engines + "))";
}

// MariaDB shows those of libraries in mysql.func alone, which monitors may not read.
std::string loadable_query() {
  return "SELECT UDF_NAME FROM performance_schema.user_defined_functions";
}

// Which sequences a statement takes from shows nowhere else.
std::string defaults_query() {
  return std::string(
             "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_DEFAULT FROM information_schema.COLUMNS "
             "WHERE ") +
         no_servers_own + " AND COLUMN_DEFAULT LIKE '%nextval(%'";
}

std::string triggers_query() {
  return "SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, IF(LENGTH(ACTION_STATEMENT) <= " +
         std::to_string(definition_bytes_max) +
         ", ACTION_STATEMENT, NULL) FROM information_schema.TRIGGERS "
         "WHERE EVENT_OBJECT_SCHEMA NOT IN ('sys', 'mysql')";
}

std::string procedures_query() {
  return "SELECT ROUTINE_SCHEMA, ROUTINE_NAME, IF(LENGTH(ROUTINE_DEFINITION) <= " +
         std::to_string(definition_bytes_max) +
         ", ROUTINE_DEFINITION, NULL) FROM information_schema.ROUTINES "
         "WHERE ROUTINE_TYPE = 'PROCEDURE' AND ROUTINE_SCHEMA NOT IN ('sys', 'mysql')";
}

bool take_function(const Row& row, MysqlCatalogRows& into) {
  if (row.size() != 6 || !row[0] || !row[1]) return false;
  into.functions.push_back({.schema = *row[0],
                            .name = *row[1],
                            .data_access = row[2].value_or(""),
                            .sql_mode = row[3].value_or(""),
                            .in_sql = row[4] == "SQL",
                            .body = row[5]});
  return true;
}

bool take_view(const Row& row, MysqlCatalogRows& into) {
  if (row.size() != 3 || !row[0] || !row[1]) return false;
  into.views.push_back({.schema = *row[0], .name = *row[1], .query = row[2]});
  return true;
}

bool take_table(const Row& row, MysqlCatalogRows& into) {
  if (row.size() != 4 || !row[0] || !row[1] || !row[2] || !row[3]) return false;
  into.tables.push_back({.schema = *row[0], .name = *row[1], .type = *row[2], .engine = *row[3]});
  return true;
}

bool take_definition(const Row& row, MysqlCatalogRows& into) {
  if (row.size() != 3 || !row[0] || !row[1]) return false;
  into.definitions.push_back({.schema = *row[0], .name = *row[1], .text = row[2]});
  return true;
}

bool take_loadable(const Row& row, MysqlCatalogRows& into) {
  if (row.size() != 1 || !row[0]) return false;
  into.loadable.push_back(*row[0]);
  return true;
}

enum class Asked : std::uint8_t { everywhere, of_mysql, with_sequences };
struct Page {
  std::string (*query)();
  Asked asked;
  bool (*take)(const Row& row, MysqlCatalogRows& into);
};
// In order: whether there are sequences is known behind the tables.
constexpr std::array<Page, 7> pages_of_server = {{
    {functions_query, Asked::everywhere, take_function},
    {views_query, Asked::everywhere, take_view},
    {tables_query, Asked::everywhere, take_table},
    {loadable_query, Asked::of_mysql, take_loadable},
    {defaults_query, Asked::with_sequences, take_definition},
    {triggers_query, Asked::with_sequences, take_definition},
    {procedures_query, Asked::with_sequences, take_definition},
}};

bool is_asked(Asked asked, const MysqlCatalogRows& rows) {
  switch (asked) {
    case Asked::everywhere:
      return true;
    case Asked::of_mysql:
      return !rows.mariadb;
    case Asked::with_sequences:
      return std::ranges::any_of(rows.tables,
                                 [](const auto& table) { return table.type == "SEQUENCE"; });
  }
  return true;
}

// monitor.database is PostgreSQL's.
client::Endpoint without_database(client::Endpoint endpoint) {
  endpoint.database.clear();
  return endpoint;
}

// The order in which rows come is the server's: it must not matter.
std::uint64_t hash_of(const Row& row, std::size_t page) {
  std::uint64_t hash = page + 1;
  for (const auto& field : row) {
    constexpr std::uint64_t factor = 0x9E3779B97F4A7C15ULL;
    hash = (hash ^ (field ? std::hash<std::string>()(*field) : 1)) * factor;
    hash ^= hash >> 29;
  }
  return hash;
}

}  // namespace

void MysqlReader::look() {
  talk_->ask(about_query, [this](const Rows& answer) {
    if (answer.rows.size() != 1 || answer.rows[0].size() != 3 || !answer.rows[0][0]) {
      return talk_->strange("the server");
    }
    const Row& row = answer.rows[0];
    rows_->version = *row[0];
    rows_->mariadb = rows_->version.find("MariaDB") != std::string::npos;
    rows_->folds_names = row[2] != "0";
    // A primary is not read-only, or has nothing new to tell.
    reading_.in_recovery = row[1] != "0" && row[1] != "OFF";
    hash_ = hash_of({row[0], row[2]}, 0);
    talk_->ask(rows_->mariadb ? limit_of_mariadb : limit_of_mysql,
               [this](const Rows&) { read_page(); });
  });
}

void MysqlReader::read_page() {
  while (page_ < pages_of_server.size() && !is_asked(pages_of_server[page_].asked, *rows_)) {
    ++page_;
  }
  if (page_ == pages_of_server.size()) return finish();
  const Page& page = pages_of_server[page_];
  talk_->ask(page.query(), [this, &page](const Rows& answer) {
    for (const Row& row : answer.rows) {
      if (!page.take(row, *rows_)) return talk_->strange("the catalogue");
      hash_ += hash_of(row, page_);
    }
    ++page_;
    read_page();
  });
}

void MysqlReader::finish() {
  talk_->end();
  reading_.fingerprint = std::to_string(hash_);
  if (reading_.fingerprint != known_) reading_.rows = std::move(rows_);
  std::exchange(handler_, nullptr)(std::move(reading_));
}

void MysqlReader::read(const client::Endpoint& endpoint, const std::string&,
                       std::string known_fingerprint, model::Duration limit, Handler handler) {
  handler_ = std::move(handler);
  known_ = std::move(known_fingerprint);
  reading_ = {};
  rows_ = std::make_unique<MysqlCatalogRows>();
  page_ = 0;
  talk_->begin(
      without_database(endpoint), limit, [this] { look(); },
      [this](const Failure& failure) {
        std::exchange(handler_, nullptr)(tl::make_unexpected(failure));
      });
}

// All of a server is one catalogue: a statement may name what is in any database.
void MysqlReader::list(const client::Endpoint& endpoint, model::Duration limit,
                       ListHandler handler) {
  const auto done = std::make_shared<ListHandler>(std::move(handler));
  talk_->begin(
      without_database(endpoint), limit,
      [this, done] {
        talk_->end();
        (*done)(std::vector<std::string>{mysql_catalog_name});
      },
      [done](const Failure& failure) { (*done)(tl::make_unexpected(failure)); });
}

}  // namespace relevo::catalog

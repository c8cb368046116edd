// Nanoseconds that the classifier adds to a MySQL statement. The goal is under
// one microsecond for 200 bytes.
#include <benchmark/benchmark.h>

#include <string>

#include "proxy/route/mysql/catalog.hpp"
#include "proxy/route/statement.hpp"
#include "tests/bench/route/mysql_statements.hpp"

namespace relevo::route::bench {
namespace {

constexpr MysqlDialect dialect{.server = MysqlServer::mariadb, .version = 101119};

void analyze_mysql_text(benchmark::State& state, const std::string& sql) {
  for (auto _ : state) {
    Analysis analysis = analyze_mysql(sql, dialect);
    benchmark::DoNotOptimize(analysis);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * sql.size()));
  state.counters["bytes"] = static_cast<double>(sql.size());
}

BENCHMARK_CAPTURE(analyze_mysql_text, short_read, mysql::short_read);
BENCHMARK_CAPTURE(analyze_mysql_text, orm_read, mysql::orm_read);
BENCHMARK_CAPTURE(analyze_mysql_text, report, mysql::report);
BENCHMARK_CAPTURE(analyze_mysql_text, insert, mysql::insert);
BENCHMARK_CAPTURE(analyze_mysql_text, begin, mysql::begin);
BENCHMARK_CAPTURE(analyze_mysql_text, set, mysql::set);

// With what a catalogue keeps: stored functions, and what is no plain table.
const MysqlNaming& naming() {
  static const MysqlNaming made = [] {
    model::MysqlCatalogRows rows;
    rows.version = "10.11.19-MariaDB";
    rows.mariadb = true;
    for (int i = 0; i < 20000; ++i) {
      const std::string number = std::to_string(i);
      rows.functions.push_back(
          {"app", "f_" + number, "READS SQL DATA", "", true, "RETURN " + number});
      rows.tables.push_back({"app", "t_" + number, "BASE TABLE", "MEMORY"});
    }
    const std::string database = "app";
    return make_mysql_naming(route::mysql::Catalog::build(rows), &database, true,
                             mysql_naming_id_min);
  }();
  return made;
}

void analyze_mysql_by_catalog(benchmark::State& state, const std::string& sql) {
  MysqlDialect with_names = dialect;
  with_names.naming = &naming();
  if (analyze_mysql(sql, with_names).cls != StatementClass::read) state.SkipWithError("no read");
  for (auto _ : state) {
    Analysis analysis = analyze_mysql(sql, with_names);
    benchmark::DoNotOptimize(analysis);
  }
  state.counters["bytes"] = static_cast<double>(sql.size());
}

BENCHMARK_CAPTURE(analyze_mysql_by_catalog, short_read, mysql::short_read);
BENCHMARK_CAPTURE(analyze_mysql_by_catalog, orm_read, mysql::orm_read);
BENCHMARK_CAPTURE(analyze_mysql_by_catalog, report, mysql::report);

}  // namespace
}  // namespace relevo::route::bench

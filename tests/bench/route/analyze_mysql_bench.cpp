// Nanoseconds that the classifier adds to a MySQL statement. The goal is under
// one microsecond for 200 bytes.
#include <benchmark/benchmark.h>

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

}  // namespace
}  // namespace relevo::route::bench

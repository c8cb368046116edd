// Nanoseconds of the classifier when it looks names up in a catalogue (of 20,000
// functions and as many tables), and of a text that has been seen before.
#include <benchmark/benchmark.h>

#include "proxy/route/postgres/catalog.hpp"
#include "proxy/session/postgres/analysis_cache.hpp"
#include "tests/bench/route/statements.hpp"

namespace relevo::route::bench {
namespace {

model::CatalogRows rows_of(model::Oid others) {
  model::CatalogRows rows;
  rows.utf8 = true;
  rows.server_path = "\"$user\", public";
  rows.schemas = {{11, "pg_catalog"}, {2200, "public"}};
  rows.functions.push_back({1, 11, "int4eq", 'f', 'i', false, {}});
  model::Oid oid = 20000;
  for (const char* name : {"=", "<", ">", "<=", ">=", "-", "+", "*", "/", "||"}) {
    rows.operators.push_back({++oid, 11, name, 1});
  }
  for (const char* name :
       {"pgbench_accounts", "users", "posts", "orders", "tickets", "customers", "visits"}) {
    rows.relations.push_back({++oid, 2200, name, 'r', 'p', {}});
  }
  for (model::Oid i = 0; i < others; ++i) {
    rows.functions.push_back({++oid, 2200, "f_" + std::to_string(i), 'f', 's', false, {}});
    rows.relations.push_back({++oid, 2200, "t_" + std::to_string(i), 'r', 'p', {}});
  }
  return rows;
}

const postgres::Naming& naming() {
  static const postgres::Naming made =
      postgres::make_naming(postgres::Catalog::build(rows_of(20000)), nullptr, {"app", "app"}, 2);
  return made;
}

void analyze_by_catalog(benchmark::State& state, const std::string& sql) {
  Dialect dialect;
  dialect.naming = &naming();
  if (analyze_postgres(sql, dialect).cls != StatementClass::read) state.SkipWithError("no read");
  for (auto _ : state) {
    Analysis analysis = analyze_postgres(sql, dialect);
    benchmark::DoNotOptimize(analysis);
  }
  state.counters["bytes"] = static_cast<double>(sql.size());
}

BENCHMARK_CAPTURE(analyze_by_catalog, short_read, short_read);
BENCHMARK_CAPTURE(analyze_by_catalog, orm_read, orm_read);
BENCHMARK_CAPTURE(analyze_by_catalog, report, report);

void analyze_again(benchmark::State& state, const std::string& sql) {
  session::postgres::AnalysisCache cache;
  Dialect dialect;
  dialect.naming = &naming();
  for (auto _ : state) {
    Analysis analysis;
    cache.analyze(sql, dialect, analysis);
    benchmark::DoNotOptimize(analysis);
  }
  state.counters["bytes"] = static_cast<double>(sql.size());
}

BENCHMARK_CAPTURE(analyze_again, short_read, short_read);
BENCHMARK_CAPTURE(analyze_again, orm_read, orm_read);

void build_catalog(benchmark::State& state) {
  const auto rows = rows_of(static_cast<model::Oid>(state.range(0)));
  for (auto _ : state) {
    auto made = postgres::Catalog::build(rows);
    state.counters["bytes"] = static_cast<double>(made->bytes());
    benchmark::DoNotOptimize(made);
  }
}
BENCHMARK(build_catalog)->Arg(1000)->Arg(100000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace relevo::route::bench

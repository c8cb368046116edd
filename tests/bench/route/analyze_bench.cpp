// Nanoseconds that the classifier adds to a statement. The goal is under one
// microsecond for 200 bytes.
#include <benchmark/benchmark.h>

#include "proxy/route/statement.hpp"
#include "tests/bench/route/statements.hpp"

namespace relevo::route::bench {
namespace {

void analyze(benchmark::State& state, const std::string& sql) {
  for (auto _ : state) {
    Analysis analysis = analyze_postgres(sql, {});
    benchmark::DoNotOptimize(analysis);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * sql.size()));
  state.counters["bytes"] = static_cast<double>(sql.size());
}

BENCHMARK_CAPTURE(analyze, short_read, short_read);
BENCHMARK_CAPTURE(analyze, orm_read, orm_read);
BENCHMARK_CAPTURE(analyze, report, report);
BENCHMARK_CAPTURE(analyze, insert, insert);
BENCHMARK_CAPTURE(analyze, begin, begin);
BENCHMARK_CAPTURE(analyze, set, set);

}  // namespace
}  // namespace relevo::route::bench

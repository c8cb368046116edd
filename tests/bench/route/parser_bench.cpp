// For comparison: a full parse by PostgreSQL's grammar, without any walk of its
// tree. (As JSON, the form that libpg_query makes; the protobuf one is alike.)
#include <benchmark/benchmark.h>
#include <pg_query.h>

#include "tests/bench/route/statements.hpp"

namespace relevo::route::bench {
namespace {

void pg_query_parse(benchmark::State& state, const std::string& sql) {
  for (auto _ : state) {
    const PgQueryParseResult result = ::pg_query_parse(sql.c_str());
    benchmark::DoNotOptimize(result.parse_tree);
    pg_query_free_parse_result(result);
  }
}

BENCHMARK_CAPTURE(pg_query_parse, short_read, short_read);
BENCHMARK_CAPTURE(pg_query_parse, orm_read, orm_read);
BENCHMARK_CAPTURE(pg_query_parse, report, report);

}  // namespace
}  // namespace relevo::route::bench

// After log-in: the texts that are classified, and the batches that are planned.
#include <algorithm>

#include "proxy/route/statement.hpp"
#include "proxy/session/postgres/batch.hpp"
#include "proxy/wire/postgres/types.hpp"
#include "tests/fuzz/targets.hpp"
#include "topology/model/check.hpp"

namespace relevo::fuzz {
namespace {

using namespace session::postgres;
using namespace std::literals;
using route::StatementClass;
using wire::postgres::as_text;

// Every byte is read, so that AddressSanitizer sees a view that points astray.
std::size_t touch(std::string_view view) {
  return static_cast<std::size_t>(std::count(view.begin(), view.end(), 'x'));
}

void statement(Bytes input) {
  const std::string_view sql = as_text(input);
  for (const bool standard : {true, false}) {
    for (const bool multibyte : {true, false}) {
      const route::Dialect dialect{standard, multibyte};
      const route::Analysis analysis = route::analyze_postgres(sql, dialect);
      RELEVO_CHECK(analysis.effect_count <= route::Analysis::max_effects);
      RELEVO_CHECK(touch(analysis.subject) <= analysis.subject.size());
      RELEVO_CHECK(analysis.cls == StatementClass::read || !analysis.reason.empty());
      for (std::size_t i = 0; i < analysis.effect_count; ++i) {
        RELEVO_CHECK(touch(analysis.effects[i].name) <= analysis.effects[i].name.size());
        RELEVO_CHECK(touch(analysis.effects[i].value) <= analysis.effects[i].value.size());
      }
      // Whatever follows it, a write is a write, and a lock is noticed.
      const std::string written = "DELETE FROM t; " + std::string(sql);
      RELEVO_CHECK(route::analyze_postgres(written, dialect).cls == StatementClass::write);
      const std::string locked = "SELECT pg_advisory_lock(1); " + std::string(sql);
      const route::Analysis both = route::analyze_postgres(locked, dialect);
      RELEVO_CHECK(both.effect_count > 0 || both.effects_overflow);
    }
  }
}

void batch(Bytes input) {
  if (input.empty()) return;
  static PreparedTable table(0, 1 << 20);
  static const StatementNames names = {{"a", table.intern("SELECT 1", "\0\0"sv, {})}};
  // Where the first byte cuts it, as it would have come in: a plan that is made
  // then is the plan of the whole.
  const std::string_view bytes = as_text(input.subspan(1));
  const std::size_t bytes_max = std::max<std::size_t>(bytes.size(), 64);
  const std::size_t cut =
      std::min<std::size_t>(std::to_integer<std::size_t>(input[0]), bytes.size());
  BatchPlan whole, part;
  plan_batch(whole, bytes, bytes_max, names, table, {});
  plan_batch(part, bytes.substr(0, cut), bytes_max, names, table, {});
  for (const BatchPlan* plan : {&whole, &part}) {
    RELEVO_CHECK(plan->bytes <= bytes.size());
    RELEVO_CHECK(plan->status != BatchPlan::Status::malformed || !plan->error.empty());
    RELEVO_CHECK(!plan->oversized || plan->demand.need == route::Need::write);
    RELEVO_CHECK(!plan->whole || plan->query || plan->ends_with_sync);
  }
  if (part.status == BatchPlan::Status::need_more) return;
  RELEVO_CHECK(part.status == whole.status);
  RELEVO_CHECK(part.bytes == whole.bytes);
  RELEVO_CHECK(part.demand.need == whole.demand.need);
  RELEVO_CHECK(part.whole == whole.whole);
}

}  // namespace

std::vector<Target> session_targets() {
  const std::string query = "Q\0\0\0\x0dSELECT 1\0"s;
  const std::string parse = "P\0\0\0\x11"s + "a\0SELECT 1\0\0\0"s;
  const std::string bind = "B\0\0\0\x0d"s + "\0a\0\0\0\0\0\0\0"s;
  const std::string execute = "E\0\0\0\x09\0\0\0\0\0"s;
  const std::string sync = "S\0\0\0\x04"s;
  const std::string flush = "H\0\0\0\x04"s;
  const std::string close = "C\0\0\0\x07Sa\0"s;
  const std::string terminate = "X\0\0\0\x04"s;
  return {
      {"statement",
       statement,
       {"SELECT a, 'it''s' FROM t WHERE b = $1 -- end", "INSERT INTO t VALUES (1) RETURNING *",
        "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
        "/* relevo: max_lag=200ms */ /* a /* b */ */ SELECT $q$ ; $q$",
        "SET search_path TO a, \"B\"; RESET ALL; SET LOCAL a.b = 'c'", "BEGIN READ ONLY; COMMIT",
        "SELECT E'\\'' || U&'\\0041' || B'01'; DO $$ BEGIN END $$",
        "SELECT pg_advisory_lock(1), nextval('s') FOR UPDATE", "COPY t FROM STDIN"}},
      {"batch",
       batch,
       {"\xff" + query, "\x08" + query, "\xff" + parse + bind + execute + sync,
        "\x20" + parse + bind + execute + flush, "\x10" + bind + execute + sync + query,
        "\x05" + close + sync, "\xff" + parse + terminate}},
  };
}

}  // namespace relevo::fuzz

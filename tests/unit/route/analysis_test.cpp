// The Analysis as a whole: reasons, counts, dialects, hints' places.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "proxy/route/policy.hpp"
#include "proxy/route/statement.hpp"

namespace relevo::route {
namespace {

using namespace std::chrono_literals;

Analysis analyze(std::string_view sql) { return analyze_postgres(sql, {}); }

TEST(Analysis, SaysWhy) {
  const Analysis call = analyze("SELECT a, billing . charge(1) FROM t");
  EXPECT_EQ(call.reason, "calls a function not known to be harmless");
  EXPECT_EQ(call.subject, "billing . charge");
  const Analysis lock = analyze("SELECT * FROM t FOR UPDATE");
  EXPECT_EQ(lock.reason, "locks rows");
  EXPECT_EQ(lock.subject, "UPDATE");
  const Analysis read = analyze("SELECT 1");
  EXPECT_EQ(read.reason, "only reads");
}

TEST(Analysis, SubjectRefersIntoTheText) {
  const std::string sql = "SELECT 1; SELECT charge(2)";
  const Analysis analysis = analyze(sql);
  EXPECT_GE(analysis.subject.data(), sql.data());
  EXPECT_LE(analysis.subject.data() + analysis.subject.size(), sql.data() + sql.size());
}

TEST(Analysis, CountsStatements) {
  EXPECT_EQ(analyze("").statements, 0U);
  EXPECT_EQ(analyze(" ; ;; -- x").statements, 0U);
  EXPECT_EQ(analyze("").cls, StatementClass::session);
  EXPECT_EQ(analyze("SELECT 1").statements, 1U);
  EXPECT_EQ(analyze(";SELECT 1;;SELECT 2;").statements, 2U);
  EXPECT_EQ(analyze("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 "
                    "END; SELECT 2; END; SELECT 3")
                .statements,
            2U);
  EXPECT_EQ(analyze("CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3").statements,
            2U);
  EXPECT_EQ(analyze("SELECT ';', \";\", $$;$$ /* ; */").statements, 1U);
}

TEST(Analysis, WhatIsUnprovenIsToldFromWhatWrites) {
  EXPECT_TRUE(analyze("SELECT charge(1)").unproven);
  EXPECT_TRUE(analyze("SELECT 1; SELECT charge(1)").unproven);
  EXPECT_TRUE(analyze("EXPLAIN ANALYZE SELECT charge(1)").unproven);
  EXPECT_FALSE(analyze("SELECT 1").unproven);
  EXPECT_FALSE(analyze("SELECT nextval('s')").unproven);
  EXPECT_FALSE(analyze("SELECT charge(1) FROM t FOR UPDATE").unproven);
  EXPECT_FALSE(analyze("SELECT charge(nextval('s'))").unproven);
  EXPECT_FALSE(analyze("SELECT charge(1); DELETE FROM t").unproven);
  EXPECT_FALSE(analyze("DELETE FROM t; SELECT charge(1)").unproven);
  EXPECT_FALSE(analyze("SELECT charge(1), 'x").unproven);
}

TEST(Analysis, CopyFromStdin) {
  EXPECT_TRUE(analyze("COPY t FROM STDIN").copy_from_stdin);
  EXPECT_TRUE(analyze("COPY t (a) FROM stdin WITH (FORMAT csv)").copy_from_stdin);
  EXPECT_TRUE(analyze("SELECT 1; COPY t FROM STDIN; SELECT 2").copy_from_stdin);
  EXPECT_FALSE(analyze("COPY t TO STDOUT").copy_from_stdin);
  EXPECT_FALSE(analyze("COPY t FROM '/x'").copy_from_stdin);
  EXPECT_FALSE(analyze("COPY t FROM PROGRAM 'x'").copy_from_stdin);
}

TEST(Analysis, BackslashesInPlainLiterals) {
  constexpr Dialect escapes{.standard_conforming_strings = false};
  const std::string_view hides = R"(SELECT 'a\'; DELETE FROM t; --')";
  EXPECT_EQ(analyze_postgres(hides, {}).cls, StatementClass::write);
  EXPECT_EQ(analyze_postgres(hides, escapes).cls, StatementClass::read);
  const std::string_view shows = R"(SELECT 'a\''; DELETE FROM t; --')";
  EXPECT_EQ(analyze_postgres(shows, {}).cls, StatementClass::read);
  EXPECT_EQ(analyze_postgres(shows, escapes).cls, StatementClass::write);
}

TEST(Analysis, EncodingsThatHideAsciiBytes) {
  constexpr Dialect sjis{.ascii_in_multibyte = true};
  const std::string_view sql = "SELECT E'\x95\x5c'; DELETE FROM t --'";
  const Analysis analysis = analyze_postgres(sql, sjis);
  EXPECT_EQ(analysis.cls, StatementClass::write);
  ASSERT_EQ(analysis.effect_count, 1);
  EXPECT_EQ(analysis.effects[0].kind, EffectKind::unknown);
  EXPECT_EQ(analyze_postgres("SELECT E'a' FROM t", sjis).cls, StatementClass::read);
}

TEST(Analysis, HintsAreLeadingCommentsOnly) {
  EXPECT_EQ(analyze("/* relevo: primary */ SELECT 1").hint.target, HintTarget::primary);
  EXPECT_EQ(analyze(" -- x\n /* a */ /* relevo: replica */ SELECT 1").hint.target,
            HintTarget::replica);
  EXPECT_EQ(analyze("-- relevo: primary\nSELECT 1").hint.target, HintTarget::primary);
  EXPECT_EQ(analyze("/* relevo: max_lag=200ms */ SELECT 1").hint.max_lag, 200ms);
  EXPECT_EQ(analyze("SELECT /* relevo: primary */ 1").hint.target, HintTarget::none);
  EXPECT_EQ(analyze("SELECT 1 /* relevo: primary */").hint.target, HintTarget::none);
  EXPECT_EQ(analyze("; /* relevo: primary */ SELECT 1").hint.target, HintTarget::none);
  EXPECT_EQ(analyze("SELECT '/* relevo: primary */'").hint.target, HintTarget::none);
  EXPECT_EQ(analyze("/* relevo: primary */ /* open").hint.target, HintTarget::primary);
}

TEST(Analysis, NestingIsBounded) {
  const auto nested = [](std::size_t depth) {
    return "SELECT " + std::string(depth, '(') + "1" + std::string(depth, ')');
  };
  EXPECT_EQ(analyze(nested(60)).cls, StatementClass::read);
  EXPECT_EQ(analyze(nested(64)).cls, StatementClass::write);
  EXPECT_EQ(analyze(nested(100000)).cls, StatementClass::write);
  EXPECT_EQ(analyze(nested(100000) + "; SELECT 1").statements, 2U);
}

}  // namespace
}  // namespace relevo::route

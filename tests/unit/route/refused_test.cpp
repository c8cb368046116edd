// Shapes of statements, and the memory of those that replicas refused.
#include "proxy/route/refused.hpp"

#include <gtest/gtest.h>

#include "proxy/route/shape.hpp"

namespace relevo::route {
namespace {

using namespace std::chrono_literals;

std::uint64_t pg(std::string_view sql) { return shape_of_postgres(sql, {}); }
std::uint64_t my(std::string_view sql) { return shape_of_mysql(sql, {}); }

TEST(Shape, LiteralsCommentsBlanksAndCaseSayNothing) {
  const auto same = pg("SELECT * FROM v WHERE id = 1 AND name = 'x'");
  EXPECT_NE(same, 0U);
  for (const char* sql :
       {"select *  from V where ID = 22 and NAME = E'it''s'",
        "SELECT * FROM v WHERE id = $1 AND name = $2;",
        "/* relevo: replica */ SELECT * FROM v -- all\n WHERE id = 1.5e3 AND name = $$y$$"}) {
    EXPECT_EQ(pg(sql), same) << sql;
  }
  EXPECT_EQ(my("SELECT f(1) FROM `v`"), my("select F( 'x' )  from `v` # so\n;"));
  EXPECT_EQ(my("SELECT f(?)"), my("SELECT f(\"x\")"));
}

TEST(Shape, ListsOfLiteralsAreOne) {
  EXPECT_EQ(pg("SELECT a FROM v WHERE id IN (1, 2, 3)"), pg("SELECT a FROM v WHERE id IN (7)"));
  EXPECT_EQ(my("SELECT a FROM v WHERE id IN (1,2,3)"), my("SELECT a FROM v WHERE id IN (?)"));
  EXPECT_NE(pg("SELECT 1, a"), pg("SELECT 1 a"));
  EXPECT_NE(pg("SELECT a, 1"), pg("SELECT 1, a"));
}

TEST(Shape, EverythingElseCounts) {
  for (const auto& [a, b] :
       {std::pair{"SELECT a FROM v", "SELECT a FROM w"},
        std::pair{"SELECT a FROM v", "SELECT a FROM \"V\""},
        std::pair{"SELECT \"a\"", "SELECT \"A\""}, std::pair{"SELECT a b", "SELECT ab"},
        std::pair{"SELECT 1; SELECT f()", "SELECT 1"}, std::pair{"SELECT f(1)", "SELECT f(a)"}}) {
    EXPECT_NE(pg(a), pg(b)) << a << " | " << b;
  }
}

TEST(Shape, WhatCannotBeFollowedHasNone) {
  EXPECT_EQ(pg("SELECT 'open"), 0U);
  EXPECT_EQ(my("SELECT 'open"), 0U);
  EXPECT_EQ(pg("SELECT /* open"), 0U);
}

TEST(Shape, TextShowsNoValuesAndEnds) {
  EXPECT_EQ(shape_text_postgres("SELECT *\nFROM V WHERE secret IN ('hush', 'hush')", {}),
            "select * from v where secret in ( ? )");
  EXPECT_EQ(shape_text_mysql("SELECT f('hush')", {}), "select f ( ? )");
  EXPECT_EQ(shape_text_mysql("SELECT abcdefgh", {}, 10), "select abc...");
  const std::string lines = shape_text_postgres("SELECT \"a\nb\"", {});
  EXPECT_EQ(lines.find('\n'), std::string::npos);
}

TEST(RefusedShapes, RemembersOnceAndForgets) {
  RefusedShapes refused;
  const model::Instant at{1h};
  EXPECT_TRUE(refused.empty());
  EXPECT_TRUE(refused.add(7, at));
  EXPECT_FALSE(refused.add(7, at + 1s));
  EXPECT_FALSE(refused.add(0, at));
  EXPECT_TRUE(refused.contains(7));
  EXPECT_FALSE(refused.contains(8));
  refused.forget_before(at);
  EXPECT_TRUE(refused.contains(7));
  refused.forget_before(at + 1ms);
  EXPECT_TRUE(refused.empty());
}

TEST(RefusedShapes, IsBoundedAndTheOldestGoes) {
  RefusedShapes refused(3);
  for (std::uint64_t shape = 1; shape <= 5; ++shape) {
    EXPECT_TRUE(refused.add(shape, model::Instant{std::chrono::seconds(shape)}));
    EXPECT_LE(refused.size(), 3U);
  }
  EXPECT_FALSE(refused.contains(1));
  EXPECT_FALSE(refused.contains(2));
  EXPECT_TRUE(refused.contains(3));
  EXPECT_TRUE(refused.contains(5));
}

}  // namespace
}  // namespace relevo::route

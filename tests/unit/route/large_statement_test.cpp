// Statements of 10 MB, as bulk loads and lists of keys make them: what decides may
// stand at their very end.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "proxy/route/policy.hpp"

namespace relevo::route {
namespace {

constexpr std::size_t large_bytes = 10'000'000;

// `head`, then `part` until it is large, then `tail`.
std::string large(std::string_view head, std::string_view part, std::string_view tail) {
  std::string text(head);
  text.reserve(large_bytes + part.size() + tail.size());
  while (text.size() < large_bytes) text += part;
  return text += tail;
}

struct Case {
  std::string_view what, head, part, tail;
  StatementClass expected;
};

void check(const Case& c) {
  const std::string sql = large(c.head, c.part, c.tail);
  const Analysis postgres = analyze_postgres(sql, {});
  EXPECT_EQ(to_string(postgres.cls), to_string(c.expected)) << c.what << ": " << postgres.reason;
  const Analysis mysql = analyze_mysql(sql, {});
  EXPECT_EQ(to_string(mysql.cls), to_string(c.expected)) << c.what << ": " << mysql.reason;
}

TEST(LargeStatement, ReadsAreReads) {
  check({"a list of keys", "SELECT * FROM t WHERE id IN (1", ", 12345678", ")",
         StatementClass::read});
  check({"a literal", "SELECT 'x", "DELETE FROM t; ", "'", StatementClass::read});
  check({"a comment", "SELECT 1 /* ", "FOR UPDATE ", "*/", StatementClass::read});
}

TEST(LargeStatement, TheEndDecides) {
  check({"a lock", "SELECT * FROM t WHERE id IN (1", ", 12345678", ") FOR UPDATE",
         StatementClass::write});
  check({"a call", "SELECT 1", ", lower('x')", ", charge(1)", StatementClass::write});
  check({"a second statement", "SELECT 'x", "xxxxxxxxxxxx", "'; DELETE FROM t",
         StatementClass::write});
  check({"behind a comment", "/* ", "SELECT 1 ", "*/ DELETE FROM t", StatementClass::write});
  check({"an unterminated literal", "SELECT 'x", "xxxxxxxxxxxx", "", StatementClass::write});
}

TEST(LargeStatement, Inserts) {
  check({"rows", "INSERT INTO t VALUES (0, 'x')", ", (12345678, 'some text')", "",
         StatementClass::write});
}

}  // namespace
}  // namespace relevo::route

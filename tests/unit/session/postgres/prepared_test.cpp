// Prepared statements: one text, one id; what a server connection has of them.
#include "proxy/session/postgres/prepared.hpp"

#include <gtest/gtest.h>

#include <set>

#include "proxy/wire/postgres/extended.hpp"
#include "proxy/wire/postgres/frame.hpp"

namespace relevo::session::postgres {
namespace {

namespace wire = relevo::wire::postgres;
using namespace std::literals;

constexpr std::string_view no_types("\0\0", 2);
constexpr std::string_view one_int("\0\1\0\0\0\x17", 6);
constexpr route::Dialect standard{};

TEST(PreparedTable, TheSameTextAndTypesAreOneStatement) {
  PreparedTable table(1000, 1 << 20);
  const Prepared a = table.intern("SELECT 1", no_types, standard);
  EXPECT_EQ(a, table.intern("SELECT 1", no_types, standard));
  const std::set<Prepared> different = {
      a, table.intern("SELECT 2", no_types, standard), table.intern("SELECT 1", one_int, standard),
      table.intern("SELECT 1", no_types, {.standard_conforming_strings = false})};
  EXPECT_EQ(different.size(), 4U);
  std::set<std::uint64_t> ids;
  std::set<std::string> names;
  for (const Prepared& one : different) {
    EXPECT_GT(one->id, 1000U);
    ids.insert(one->id);
    names.insert(one->server_name);
    EXPECT_EQ(one->server_name, server_statement_name(one->id));
  }
  EXPECT_EQ(ids.size(), 4U);
  EXPECT_EQ(names.size(), 4U);
}

// In GBK a quote may be the second half of a character: what is proven to be a
// read in one encoding is not in another, and must not be taken from memory.
TEST(PreparedTable, AnAnalysisServesOnlyItsOwnDialect) {
  PreparedTable table(1000, 1 << 20);
  constexpr auto text = "SELECT '\x81' || 'x'"sv;
  const Prepared plain = table.intern(text, no_types, standard);
  const Prepared multibyte = table.intern(
      text, no_types, {.standard_conforming_strings = true, .ascii_in_multibyte = true});
  EXPECT_NE(plain, multibyte);
  EXPECT_EQ(plain->analysis(nullptr).cls, route::StatementClass::read);
  EXPECT_NE(multibyte->analysis(nullptr).cls, route::StatementClass::read);
}

TEST(PreparedTable, TheAnalysisIsOfItsOwnText) {
  PreparedTable table(0, 1 << 20);
  std::string text = "SET search_path TO a";
  const Prepared statement = table.intern(text, no_types, standard);
  text.assign(text.size(), '#');
  ASSERT_EQ(statement->analysis(nullptr).effect_count, 1);
  EXPECT_EQ(statement->analysis(nullptr).effects[0].name, "search_path");
  EXPECT_EQ(statement->analysis(nullptr).effects[0].value, "a");
}

TEST(PreparedTable, IsBoundedAndForgetsTheOldestFirst) {
  constexpr std::size_t bytes_max = 64 * 1024;
  PreparedTable table(0, bytes_max);
  const auto text_of = [](int i) {
    return "SELECT '" + std::string(1000, 'x') + std::to_string(i);
  };
  const std::uint64_t first = table.intern(text_of(0), no_types, standard)->id;
  const Prepared held = table.intern(text_of(1), no_types, standard);
  std::vector<std::weak_ptr<const PreparedStatement>> all;
  for (int i = 2; i < 500; ++i) {
    all.push_back(table.intern(text_of(i), no_types, standard));
    ASSERT_FALSE(all.back().expired());
    if (i % 10 == 0) {
      ASSERT_EQ(table.intern(text_of(2), no_types, standard)->id, all[0].lock()->id);
    }
  }
  std::size_t alive = 0;
  for (const auto& one : all) alive += one.expired() ? 0 : 1;
  EXPECT_LE(alive * 1000, bytes_max);
  EXPECT_GE(alive * 2500, bytes_max / 2);
  EXPECT_FALSE(all[0].expired());  // used again and again
  EXPECT_TRUE(all[1].expired());
  EXPECT_NE(table.intern(text_of(0), no_types, standard)->id, first);
  // What a session holds lives on, under its old id.
  EXPECT_EQ(held->text, text_of(1));
  EXPECT_NE(table.intern(text_of(1), no_types, standard)->id, held->id);
}

TEST(PreparedTable, AStatementLargerThanTheCacheIsStillPrepared) {
  PreparedTable table(0, 16);
  const Prepared a = table.intern("SELECT " + std::string(1000, '1'), no_types, standard);
  const Prepared b = table.intern("SELECT " + std::string(1000, '2'), no_types, standard);
  EXPECT_EQ(b, table.intern(b->text, no_types, standard));
  EXPECT_NE(a, table.intern(a->text, no_types, standard));
}

TEST(PreparedStatement, WritesAWholeParse) {
  const PreparedStatement statement(31, "SELECT $1", one_int, standard);
  EXPECT_EQ(statement.server_name, "relevo_1f");
  std::string out = "before";
  statement.append_parse(out, statement.server_name);
  const auto bytes = wire::as_bytes(std::string_view(out).substr(6));
  const auto header = wire::read_header(bytes);
  ASSERT_TRUE(header);
  EXPECT_TRUE(header->is(wire::Frontend::parse));
  ASSERT_EQ(header->total_bytes(), bytes.size());
  const auto parse = wire::decode_parse(bytes.subspan(wire::limits::header_bytes));
  ASSERT_TRUE(parse);
  EXPECT_EQ(parse->statement, "relevo_1f");
  EXPECT_EQ(parse->query, "SELECT $1");
  ASSERT_EQ(parse->types.size(), 1U);
  EXPECT_EQ(parse->types[0], 23U);
}

TEST(ServerStatements, EvictTheLeastRecentlyUsed) {
  ServerStatements statements(3);
  EXPECT_EQ(statements.add(1), 0U);
  EXPECT_EQ(statements.add(2), 0U);
  EXPECT_EQ(statements.add(3), 0U);
  EXPECT_EQ(statements.add(3), 0U);
  EXPECT_EQ(statements.size(), 3U);
  EXPECT_TRUE(statements.has(1));  // and now it is the most recent
  EXPECT_EQ(statements.add(4), 2U);
  EXPECT_FALSE(statements.has(2));
  EXPECT_EQ(statements.add(5), 3U);
  EXPECT_EQ(statements.size(), 3U);
  EXPECT_TRUE(statements.has(1));
}

TEST(ServerStatements, ARestoredOneIsTheNextToGo) {
  ServerStatements statements(2);
  statements.add(1);
  statements.add(2);
  EXPECT_EQ(statements.add(3), 1U);
  statements.restore(1);
  statements.remove(3);  // skipped together
  EXPECT_TRUE(statements.has(2));
  EXPECT_EQ(statements.size(), 2U);
  statements.restore(2);
  EXPECT_EQ(statements.size(), 2U);
  EXPECT_EQ(statements.add(3), 1U);
  EXPECT_FALSE(statements.has(1));
}

TEST(ServerStatements, ForgetWhatWasRemoved) {
  ServerStatements statements(2);
  statements.add(1);
  statements.add(2);
  statements.remove(1);
  statements.remove(1);
  statements.remove(99);
  EXPECT_FALSE(statements.has(1));
  EXPECT_EQ(statements.add(3), 0U);
  statements.clear();
  EXPECT_EQ(statements.size(), 0U);
  EXPECT_FALSE(statements.has(2));
  EXPECT_EQ(statements.add(2), 0U);
}

}  // namespace
}  // namespace relevo::session::postgres

// Quoting of what is sent to servers: nothing that an operator writes into a name
// or a password becomes SQL.
#include "failover/act/postgres/sql.hpp"

#include <gtest/gtest.h>

namespace relevo::act::postgres {
namespace {

TEST(Sql, LiteralsAndConninfoNest) {
  EXPECT_EQ(quote_literal("it's a \\"), "E'it''s a \\\\'");
  EXPECT_EQ(quote_conninfo("it's a \\"), "'it\\'s a \\\\'");
  const auto conninfo = conninfo_of({.host = "10.0.0.1",
                                     .port = 5433,
                                     .user = "repl",
                                     .password = "p'w\\d ' host=evil",
                                     .sslmode = "require",
                                     .application_name = "db 2"});
  EXPECT_EQ(conninfo,
            "host='10.0.0.1' port=5433 user='repl' password='p\\'w\\\\d \\' host=evil' "
            "sslmode='require' application_name='db 2'");
  EXPECT_EQ(quote_literal("password='p\\'w'"), "E'password=''p\\\\''w'''");
}

// Then the replica's libpq looks into its own password file, and nothing of it is in
// any setting or log.
TEST(Sql, NoPasswordIsNamedWhereNoneIsGiven) {
  const auto conninfo = conninfo_of({.host = "db1",
                                     .user = "repl",
                                     .password = "",
                                     .sslmode = "prefer",
                                     .application_name = "db2"});
  EXPECT_EQ(conninfo, "host='db1' port=5432 user='repl' sslmode='prefer' application_name='db2'");
}

TEST(Sql, SlotNamesAreValidAndDistinct) {
  EXPECT_EQ(slot_name_of("db_1"), "relevo_db_1");
  EXPECT_NE(slot_name_of("DB-1"), slot_name_of("db-1"));
  EXPECT_NE(slot_name_of("db-1"), slot_name_of("db_1"));
  const auto longest = slot_name_of(std::string(200, 'x'));
  EXPECT_EQ(longest.size(), 63U);
  EXPECT_NE(longest, slot_name_of(std::string(201, 'x')));
  for (const char c : slot_name_of("Ünï 'x'")) {
    EXPECT_TRUE((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_') << c;
  }
}

}  // namespace
}  // namespace relevo::act::postgres

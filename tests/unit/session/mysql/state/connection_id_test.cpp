#include "proxy/session/mysql/connection_id.hpp"

#include <gtest/gtest.h>

#include "proxy/session/mysql/reply.hpp"
#include "tests/unit/session/mysql/state/packets.hpp"

namespace relevo::session::mysql {
namespace {

using wire::mysql::Capability;

std::string column(std::string_view sql, route::MysqlDialect dialect = {}) {
  return connection_id_column(sql, dialect).value_or("-");
}

TEST(ConnectionIdTest, NamesTheColumnAsServersDo) {
  EXPECT_EQ(column("SELECT CONNECTION_ID()"), "CONNECTION_ID()");
  EXPECT_EQ(column("  select connection_id ( ) ; "), "connection_id ( )");
  EXPECT_EQ(column("SELECT /* a */ CONNECTION_ID(/*b*/) -- c"), "CONNECTION_ID(/*b*/)");
  EXPECT_EQ(column("SELECT CONNECTION_ID() AS id"), "id");
  EXPECT_EQ(column("SELECT CONNECTION_ID() id;;"), "id");
  EXPECT_EQ(column("SELECT CONNECTION_ID() AS `my id`"), "my id");
  EXPECT_EQ(column("SELECT CONNECTION_ID() 'my id'"), "my id");
  EXPECT_EQ(column("SELECT CONNECTION_ID() \"id\"", {.ansi_quotes = true}), "id");
}

TEST(ConnectionIdTest, LeavesAllElseToServers) {
  for (const std::string_view sql : {"",
                                     "SELECT",
                                     "SELECT CONNECTION_ID",
                                     "SELECT CONNECTION_ID(",
                                     "SELECT CONNECTION_ID(1)",
                                     "SELECT CONNECTION_ID() + 1",
                                     "SELECT CONNECTION_ID(), 1",
                                     "SELECT CONNECTION_ID() FROM t",
                                     "SELECT CONNECTION_ID() LIMIT",
                                     "SELECT CONNECTION_ID() AS",
                                     "SELECT CONNECTION_ID() AS a b",
                                     "SELECT CONNECTION_ID() AS select",
                                     "SELECT app.CONNECTION_ID()",
                                     "SELECT `CONNECTION_ID`()",
                                     "SELECT CONNECTION_ID(); SELECT 1",
                                     "SELECT CONNECTION_ID() AS 'it''s'",
                                     "SELECT CONNECTION_ID() AS ''",
                                     "SELECT CONNECTION_ID() AS `\xc3\xa9`",
                                     "DO CONNECTION_ID()",
                                     "SELECT DISTINCT CONNECTION_ID()",
                                     "SELECT CONNECTION_ID() INTO @a",
                                     "(SELECT CONNECTION_ID())",
                                     "SELECT CONNECTION_ID() AS n'a'",
                                     "SELECT CONNECTION_ID() AS x'61'",
                                     "SELECT CONNECTION_ID() /*! + 1 */"}) {
    EXPECT_EQ(column(sql), "-") << sql;
  }
}

TEST(ConnectionIdTest, AnswersAsMariadbDoes) {
  const auto answer = [](bool mariadb, wire::mysql::Capabilities client) {
    std::string out;
    append_connection_id(out, "CONNECTION_ID()", 9, mariadb, client,
                         wire::mysql::Status::autocommit);
    return to_text(split_packets(out));
  };
  // Recorded from MariaDB 10.11.
  const std::string definition =
      "2:03646566000000"
      "0f434f4e4e454354494f4e5f494428290"
      "0"
      "0c3f000a00000003a100000000";
  EXPECT_EQ(answer(true, Capability::protocol_41),
            "1:01 " + definition + " 3:fe00000200 4:0139 5:fe00000200");
  EXPECT_EQ(answer(true, Capability::protocol_41 | Capability::deprecate_eof),
            "1:01 " + definition + " 3:0139 4:fe000002000000");
}

}  // namespace
}  // namespace relevo::session::mysql

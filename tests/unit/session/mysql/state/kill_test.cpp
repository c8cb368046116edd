#include "proxy/session/mysql/kill.hpp"

#include <gtest/gtest.h>

namespace relevo::session::mysql {
namespace {

std::optional<Kill> parse_kill(std::string_view sql) {
  return mysql::parse_kill(sql, {.server = route::MysqlServer::mariadb, .version = 101106});
}

TEST(Kill, IsReadInAllItsForms) {
  EXPECT_EQ(parse_kill("KILL 7"), (Kill{7, false}));
  EXPECT_EQ(parse_kill("kill query 7"), (Kill{7, true}));
  EXPECT_EQ(parse_kill("\n KILL\tCONNECTION\n16777217 ; "), (Kill{16777217, false}));
  EXPECT_EQ(parse_kill("KILL HARD QUERY 4294967295;"), (Kill{4294967295U, true}));
  EXPECT_EQ(parse_kill("Kill Soft 1"), (Kill{1, false}));
}

// As libraries add them that mark each statement with where it comes from.
TEST(Kill, IsReadWithCommentsInIt) {
  EXPECT_EQ(parse_kill("/* job:7 */ KILL QUERY 8 /* route='x' */"), (Kill{8, true}));
  EXPECT_EQ(parse_kill("KILL -- whom?\n7 # him"), (Kill{7, false}));
  EXPECT_EQ(parse_kill("KILL/**/7"), (Kill{7, false}));
  EXPECT_EQ(parse_kill("KILL /*!50000 QUERY */ 7"), (Kill{7, true}));
  EXPECT_EQ(parse_kill("KILL /*!999999 QUERY */ 7"), (Kill{7, false}));
  EXPECT_EQ(parse_kill("KILL 7 /* open"), std::nullopt);
}

TEST(Kill, IsNothingElse) {
  for (const char* sql :
       {"", "KILL", "KILL QUERY", "KILL -1", "KILL 4294967296", "KILL 7 8", "KILL 7a", "KILL 'x'",
        "KILL USER app", "KILL QUERY ID 7", "KILL QUERY QUERY 7", "KILL @a", "KILL 7.0", "KILL 0x7",
        "KILL `7`", "KILL 7; KILL 8", "KILLER 7", "SELECT 7"}) {
    EXPECT_EQ(parse_kill(sql), std::nullopt) << sql;
  }
}

}  // namespace
}  // namespace relevo::session::mysql

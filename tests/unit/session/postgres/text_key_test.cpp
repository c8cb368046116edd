#include "proxy/session/postgres/text_key.hpp"

#include <gtest/gtest.h>

#include <string>

namespace relevo::session::postgres {
namespace {

std::string key_of(std::string_view sql) {
  std::string key(TextKey(sql).bytes());
  for (char& c : key) {
    if (c == '\x01') c = '#';
  }
  return key;
}

TEST(TextKey, LeavesIntegersOut) {
  EXPECT_EQ(key_of("SELECT a FROM t WHERE id = 1234;"), "SELECT a FROM t WHERE id = #;");
  EXPECT_EQ(key_of("update t1 set v=v+1 where id in(1,22,333)"),
            "update t1 set v=v+# where id in(#,#,#)");
  EXPECT_EQ(key_of("INSERT INTO t VALUES (-5, 123456789) ; \n"),
            "INSERT INTO t VALUES (-#, #) ; \n");
  EXPECT_EQ(key_of(" \n delete from t where a[1] < 5"), " \n delete from t where a[#] < #");
}

TEST(TextKey, LeavesInWhatIsNoInteger) {
  for (const char* const number :
       {"1.5", ".5", "5.", "0x1F", "1_000", "1e5", "1234567890", "t1", "_1"}) {
    EXPECT_EQ(key_of(std::string("SELECT 1, ") + number), std::string("SELECT #, ") + number);
  }
}

TEST(TextKey, IsTheTextOfAllElse) {
  for (const char* const sql :
       {"SELECT a FROM t", "SELECT 1 -- 2", "SELECT 1 /* 2 */", "SELECT '1', 2",
        "SELECT 1, \"a 2\"", "SELECT 1, $$ 2 $$", "SELECT $1, 2", "SELECT 1; DELETE FROM t",
        "SELECT 1\\", "SELECT 1, `2", "EXPLAIN (ANALYZE 1) SELECT 1", "SELECTS 1", "SELECT1",
        "WITH a AS (SELECT 1) SELECT 2", "SELECT 1, \xc3\xa4", "SELECT 1\x01", "", "SELECT", "5"}) {
    const TextKey key(sql);
    EXPECT_EQ(key.bytes(), sql);
    EXPECT_FALSE(key.shaped()) << sql;
    EXPECT_EQ(key.in_key(7), 7U);
    EXPECT_EQ(key.in_text(7), 7U);
  }
  std::string many = "SELECT 0";
  for (int i = 0; i < 40; ++i) many += ",1";
  EXPECT_TRUE(TextKey(many).shaped());  // those beyond its bound are a part of it
}

TEST(TextKey, FindsPlacesAgain) {
  const std::string_view sql = "SELECT 100, f(22), 3 FROM t";
  const TextKey key(sql);
  for (const std::string_view word : {"SELECT", ",", "f(", ")", "FROM", "t"}) {
    const std::size_t at = sql.find(word);
    EXPECT_EQ(key.bytes().substr(key.in_key(at), word.size()), word);
    EXPECT_EQ(key.in_text(key.in_key(at)), at) << word;
  }
}

}  // namespace
}  // namespace relevo::session::postgres
